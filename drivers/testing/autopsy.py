"""What is found on a disk after a power cut, opened with the SQLite that the program runs on."""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from drivers.testing.powercut import Disk, Image
from drivers.testing.recorded_sqlite import fingerprint


@dataclass(slots=True)
class Findings:
    """The sums over many images.

    ``corrupt``: the file is damaged. ``lost``: a promised commit is not there. ``torn``: what is
    there was never a state between two commits. ``worst``: most promises lost in one image.
    """

    images: int = 0
    corrupt: int = 0
    lost: int = 0
    torn: int = 0
    worst: int = 0
    first: str = ""

    def __str__(self) -> str:
        """Return the line that is printed."""
        return (
            f"images={self.images} corrupt={self.corrupt} lost={self.lost} torn={self.torn} "
            f"worst={self.worst} {self.first}"
        ).rstrip()

    def add(self, image: Image, lost: int, trouble: str) -> None:
        """Count one image."""
        self.images += 1
        self.lost += lost > 0
        self.worst = max(self.worst, lost)
        self.corrupt += trouble.startswith("corrupt")
        self.torn += trouble == "torn"
        if (trouble or lost) and not self.first:
            self.first = f"(first: {trouble or 'lost'} after step {image.step}, {image.left})"


def lay_out(image: Image, folder: Path) -> Path:
    """Put the files of an image into an empty folder."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, data in image.files.items():
        (folder / name).write_bytes(data)
    return folder


def examine(disk: Disk, images: Iterable[Image], database: str, folder: Path) -> Findings:
    """Open every image with stock sqlite3 and compare it with what had been promised."""
    findings = Findings()
    states = ["", *disk.promises]
    for image in images:
        found = _state(lay_out(image, folder) / database)
        if found.startswith("corrupt"):
            findings.add(image, 0, found)
        elif found in states[image.kept : image.kept + 2]:
            findings.add(image, 0, "")
        elif found in states[: image.kept]:
            newest = max(n for n, state in enumerate(states[: image.kept]) if state == found)
            findings.add(image, image.kept - newest, "")
        else:
            findings.add(image, 0, "torn")
    return findings


def _state(path: Path) -> str:
    """Return the state of a database: empty of none, ``corrupt …`` of a damaged one."""
    try:
        with _opened(path) as db:
            (verdict,) = db.execute("PRAGMA integrity_check").fetchone()
            if verdict != "ok":
                return f"corrupt: {verdict}"[:80]
            empty = not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            return "" if empty else fingerprint(db)
    except sqlite3.DatabaseError as error:
        return f"corrupt: {error}"


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("PRAGMA synchronous = OFF")  # nobody pulls the plug while we look
        yield db
    finally:
        db.close()
