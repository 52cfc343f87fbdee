"""The languages that the programs speak, and which of them a terminal asks for."""

from collections.abc import Mapping

LANGUAGES = ("vi", "en")


def language_of(environment: Mapping[str, str]) -> str:
    """Return the language of a terminal: Vietnamese where it says so, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "vi" if value.lower().startswith("vi") else "en"
    return "en"
