"""The console's sentences, in Vietnamese and English."""

import json
from importlib.resources import files

LANGUAGES = ("vi", "en")


def catalogues() -> dict[str, dict[str, str]]:
    """Return all texts: language -> key -> sentence."""
    folder = files("gateway").joinpath("texts")
    return {
        language: json.loads(folder.joinpath(f"{language}.json").read_text("utf-8"))
        for language in LANGUAGES
    }
