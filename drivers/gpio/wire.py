"""What is said between us and a simulated I/O board: lines of JSON, either direction.

::

    host    {"ask": "lines"}                       at the beginning
    board   {"lines": {"beam_a": false, ...}}      every input it knows
    board   {"line": "beam_a", "active": true}     an input changed
    host    {"line": "lamp", "active": true}       switch an output
    board   {"done": "lamp", "active": true}       it is switched
"""

import json
from typing import Any

MAX_LINE = 4096


def encode(message: dict[str, Any]) -> bytes:
    """Return the message as one line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


class MessageReader:
    """Cut bytes into messages; what is not a JSON object is dropped."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Take any number of bytes; return the messages they complete."""
        self._buffer += data
        *lines, rest = bytes(self._buffer).split(b"\n")
        self._buffer[:] = rest[:MAX_LINE]
        messages = (_message(line) for line in lines)
        return [message for message in messages if message is not None]


def level_of(message: dict[str, Any], key: str) -> tuple[str, bool] | None:
    """Return line and state of ``{key: line, "active": state}``, or None if it is another one."""
    line, active = message.get(key), message.get("active")
    return (line, active) if isinstance(line, str) and isinstance(active, bool) else None


def _message(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
