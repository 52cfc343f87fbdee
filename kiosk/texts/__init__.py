"""What the kiosk says, in each language: one JSON file a language, equal keys, NFC."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

FOLDER = Path(__file__).parent
LANGUAGES = ("vi", "en")
"""The languages that are shipped and complete."""

Text = str | dict[str, str]
"""A sentence with ``{placeholders}``, or its plural forms ``one`` and ``other`` chosen by ``n``."""

_folders: list[Path] = [FOLDER]
_CODE = re.compile(r"[a-z]{2,3}\Z")


def found(folder: Path) -> set[str]:
    """Return the languages of a folder; raise ValueError when a file is no catalogue of texts."""
    for file in sorted(folder.glob("*.json")):
        if not _CODE.match(file.stem):
            raise ValueError(f"{file.name}: name it after its language, like fr.json")
        _read(file)
    return {file.stem for file in folder.glob("*.json")}


@contextmanager
def speaking(folder: Path | None) -> Iterator[None]:
    """Add a folder with a file for each further language (``docs/translating.md``), and its texts."""
    added = [folder] if folder is not None else []
    _folders.extend(added)
    _anew()
    try:
        yield
    finally:
        for one in added:
            _folders.remove(one)
        _anew()


def _anew() -> None:
    languages.cache_clear()
    catalogue.cache_clear()


@cache
def languages() -> tuple[str, ...]:
    """Return all languages in the order in which the language button goes through them."""
    added = {f.stem for folder in _folders[1:] for f in folder.glob("*.json")}
    return (*LANGUAGES, *sorted(added - set(LANGUAGES)))


@cache
def catalogue(lang: str) -> Mapping[str, Text]:
    """Return all texts of a language by key; what a translation lacks yet is said in English."""
    texts: dict[str, Text] = {} if lang in LANGUAGES else dict(catalogue("en"))
    for folder in _folders:
        if (file := folder / f"{lang}.json").is_file():
            texts |= _read(file)
    return texts


def _read(file: Path) -> dict[str, Text]:
    try:
        texts = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise ValueError(f"{file}: {error}") from None
    if not isinstance(texts, dict) or not all(_is_text(text) for text in texts.values()):
        raise ValueError(f"{file}: every key has a sentence, or its forms one and other")
    return texts


def _is_text(text: object) -> bool:
    if isinstance(text, dict):
        return set(text) == {"one", "other"} and all(isinstance(t, str) for t in text.values())
    return isinstance(text, str)


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


def money(dong: int) -> str:
    """Return an amount as it is written in Viet Nam: 25.000 đ."""
    return f"{dong:,} đ".replace(",", ".")


def minute(ms: int, zone: str) -> str:
    """Return a time of day: HH:MM."""
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).strftime("%H:%M")
