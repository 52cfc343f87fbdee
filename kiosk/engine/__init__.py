"""Runs visits: turns what devices and fingers do into events, asks the table, does the effects."""

from kiosk.engine.core import Engine
from kiosk.engine.room import Counters, quietly

__all__ = ["Counters", "Engine", "quietly"]
