"""A UHF reader of the low-cost families that is asked what it is."""

from drivers.uhfauto.detect import GATE, ORDER, PAD, AutoOptions, Guess, found, guesses, search

__all__ = ["GATE", "ORDER", "PAD", "AutoOptions", "Guess", "found", "guesses", "search"]
