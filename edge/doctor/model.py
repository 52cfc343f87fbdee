"""What the doctor finds: a key with values, so that it can be said in two languages and as JSON."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from edge.texts import Texts

Level = Literal["ok", "note", "warn", "bad"]
"""``note``: worth knowing; ``warn``: will be a trouble; ``bad``: is one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. ``part`` is a device's name, or ``machine``, ``journal``, ``broker``, …."""

    part: str
    level: Level
    key: str
    values: dict[str, Any] = field(default_factory=dict)

    def text(self, texts: Texts) -> str:
        """Return what is so."""
        return texts.say(f"doctor.{self.key}", **self.values)

    def mend(self, texts: Texts) -> str:
        """Return what to do, empty when there is nothing."""
        key = f"mend.{self.key}"
        return texts.say(key, **self.values) if key in texts else ""

    def as_json(self, texts: Texts) -> dict[str, Any]:
        """Return all of it for another program."""
        return {
            "part": self.part,
            "level": self.level,
            "key": self.key,
            "text": self.text(texts),
            "mend": self.mend(texts),
            "values": self.values,
        }


Tell = Callable[[Finding], None]
