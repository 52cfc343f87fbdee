"""What the tools of the command line say, in Vietnamese and English."""

import json
import string
from importlib.resources import files
from typing import Any


class Texts:
    """The sentences of one language; unknown keys are shown as they are."""

    def __init__(self, language: str) -> None:
        """Load ``vi`` or ``en``."""
        raw = (files("edge.texts") / f"{language}.json").read_text(encoding="utf-8")
        self._sentences: dict[str, str] = json.loads(raw)
        self.language = language

    def __contains__(self, key: str) -> bool:
        """Whether there is a sentence for a key."""
        return key in self._sentences

    def say(self, key: str, **values: Any) -> str:
        """Return a sentence with its values filled in; ``{n:tag|tags}`` is ``1 tag`` or ``2 tags``."""
        return _Counting().vformat(self._sentences.get(key, key), (), values)


class _Counting(string.Formatter):
    """Fills in values; a number with two words takes the one that fits it."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        """Return a value as its place wants it."""
        one, bar, many = format_spec.partition("|")
        return f"{value} {one if value == 1 else many}" if bar else format(value, format_spec)
