"""What the kiosk says, in each language: one JSON file a language, equal keys, NFC."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

FOLDER = Path(__file__).parent
LANGUAGES = ("vi", "en")
"""The languages in the order in which the language button goes through them."""

Text = str | dict[str, str]
"""A sentence with ``{placeholders}``, or its plural forms ``one`` and ``other`` chosen by ``n``."""


@cache
def catalogue(lang: str) -> Mapping[str, Text]:
    """Return all texts of a language by key."""
    texts: dict[str, Text] = json.loads((FOLDER / f"{lang}.json").read_text(encoding="utf-8"))
    return texts


def say(lang: str, key: str, **values: object) -> str:
    """Return a sentence; ``n`` chooses the plural form. A missing value stays visible as {name}."""
    text = catalogue(lang)[key]
    if isinstance(text, dict):
        text = text["one" if values.get("n") == 1 else "other"]
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def day(ms: int, zone: str) -> str:
    """Return a date as it is written in Viet Nam: dd/mm/yyyy."""
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).strftime("%d/%m/%Y")


def minute(ms: int, zone: str) -> str:
    """Return a time of day: HH:MM."""
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).strftime("%H:%M")
