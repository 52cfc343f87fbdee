"""What the centre may ask of a kiosk from afar, and its screen without anything of the reader."""

from typing import Any

from kiosk.stage import Message

_SEEN = ("state", "goal", "library", "time", "stack", "waiting", "seen", "total", "settled",
         "lent", "returned", "failed", "staff_called", "hours", "printed")  # fmt: skip
"""Fields of a screen that say nothing of a person or a book."""


def masked(message: Message) -> dict[str, Any]:
    """Return a screen as staff far away may see it: no name, no book, no sentence with either."""
    data = message.get("data", {})
    return {
        "screen": message["screen"],
        "lang": message["lang"],
        "online": message["online"],
        "look": message.get("look", []),
        "seconds_left": message.get("seconds_left"),
        "data": {name: data[name] for name in _SEEN if name in data},
        "items": [str(row.get("state", "")) for row in data.get("items", [])][:50],
        "notice": data["notice"]["tone"] if data.get("notice") else "",
    }
