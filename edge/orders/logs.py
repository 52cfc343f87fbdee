"""The last lines of this agent's log, for staff far away: bounded, and without long numbers."""

import logging
import re
import unicodedata
from collections import deque

from edge.wire.commands import LOG_LINES, REPLY_BYTES

LONGEST = 300
_NUMBERS = re.compile(r"(?<![\w.])(?:[0-9]{6,}|(?=[0-9A-Fa-f]*[0-9])[0-9A-Fa-f]{8,})(?!\w)")
"""A card number, a reader's number or a UID is never needed to mend a machine."""


class LastLines(logging.Handler):
    """Keeps the last lines; add it to a logger."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[str] = deque(maxlen=LOG_LINES)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self._lines.append(masked(self.format(record)))

    def last(self, count: int) -> list[str]:
        """Return the last lines, oldest first, as many as fit into a reply."""
        kept: list[str] = []
        room = REPLY_BYTES
        for line in list(self._lines)[-count:][::-1]:
            room -= len(line.encode()) + 4
            if room < 0:
                break
            kept.append(line)
        return kept[::-1]


def masked(text: str) -> str:
    """Return one line without control characters, long numbers and endless words."""
    plain = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return _NUMBERS.sub("…", plain)[:LONGEST]
