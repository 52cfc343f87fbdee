"""Which commands were taken: on the disk before anything is done, so that none is done twice."""

import contextlib
import os
from pathlib import Path
from typing import Literal

import msgspec

from edge.files import write_whole

MOST = 500
"""So many commands are remembered; of those that go, the newest birth is kept as a floor."""

Phase = Literal["taken", "told", "floor"]


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the file: a command was taken, or its result was journaled."""

    id: str
    phase: Phase
    made: int = 0
    do: str = ""
    up: float = 0.0
    """Seconds since the computer started."""


class Memory:
    """The ids of commands, in a file of lines that only grows until it is written anew.

    Raises OSError when the disk cannot be written. A line that was torn by a power cut counts for
    nothing: its command was not begun.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._floor = 0
        self._known: dict[str, Line] = {}
        self._told: set[str] = set()
        for line in _read(path):
            self._note(line)
        if len(self._known) > MOST:
            with contextlib.suppress(OSError):  # it stays as it is until there is room
                self._compact()

    def knows(self, ident: str, made: int) -> bool:
        """Return whether a command was taken before, or may have been."""
        return ident in self._known or made <= self._floor

    def take(self, ident: str, made: int, do: str, up: float) -> None:
        """Remember a command, durably."""
        self._write(Line(id=ident, phase="taken", made=made, do=do, up=up))

    def told(self, ident: str) -> None:
        """Remember that the result of a command is in the journal."""
        self._write(Line(id=ident, phase="told"))

    def untold(self) -> list[Line]:
        """Return commands whose result was never journaled: something cut in."""
        return [line for line in self._known.values() if line.id not in self._told]

    def _note(self, line: Line) -> None:
        if line.phase == "taken":
            self._known[line.id] = line
        elif line.phase == "told":
            self._told.add(line.id)
        else:
            self._floor = max(self._floor, line.made)

    def _write(self, line: Line) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._note(line)

    def _compact(self) -> None:
        lines = list(self._known.values())
        gone, kept = lines[: -MOST // 2], lines[-MOST // 2 :]
        self._floor = max([self._floor, *(line.made for line in gone)])
        self._known = {line.id: line for line in kept}
        self._told &= set(self._known)
        rows = [Line(id="", phase="floor", made=self._floor), *kept]
        rows += [Line(id=ident, phase="told") for ident in sorted(self._told)]
        write_whole(self._path, b"".join(msgspec.json.encode(line) + b"\n" for line in rows))


def _read(path: Path) -> list[Line]:
    try:
        raw = path.read_bytes()
    except OSError:
        return []
    found = []
    for row in raw.split(b"\n"):
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            found.append(msgspec.json.decode(row, type=Line))
    return found
