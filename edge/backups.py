"""Old settings of RFID readers, kept in a file so that a change can be taken back."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.feig.service import MEMORIES, Block
from edge.files import write_whole


class BackupError(Exception):
    """The file with the old settings cannot be used; the text names it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change: when (ms), at which reader, by which profile, and the blocks as they were."""

    made: int
    url: str
    reader: str
    profile: str
    blocks: tuple[Block, ...]


class Backups:
    """The changes made to one reader, the newest last."""

    def __init__(self, path: Path) -> None:
        """Use this file; it need not exist."""
        self.path = path

    def steps(self) -> list[Step]:
        """Return all changes; BackupError if the file is damaged."""
        try:
            rows = json.loads(self.path.read_text(encoding="utf-8"))["steps"]
            return [_step(row) for row in rows]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BackupError(f"{self.path}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError) as error:
            raise BackupError(f"{self.path}: damaged ({error})") from None

    def push(self, step: Step) -> None:
        """Keep the blocks of a change; they are on the disk when this returns."""
        self._write([*self.steps(), step])

    def pop(self) -> None:
        """Forget the newest change: it was taken back."""
        self._write(self.steps()[:-1])

    def _write(self, steps: list[Step]) -> None:
        text = json.dumps({"steps": [_row(step) for step in steps]}, indent=1)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path, text.encode())
        except OSError as error:
            raise BackupError(f"{self.path}: {error.strerror}") from None


def _row(step: Step) -> dict[str, Any]:
    return {
        "made": step.made,
        "url": step.url,
        "reader": step.reader,
        "profile": step.profile,
        "blocks": [[b.memory, b.number, b.data.hex()] for b in step.blocks],
    }


def _step(row: dict[str, Any]) -> Step:
    blocks = []
    for memory, number, digits in row["blocks"]:
        if memory not in MEMORIES or not 0 <= number <= 63:
            raise ValueError(f"block {memory} {number}")
        data = bytes.fromhex(digits)
        if len(data) != 14:
            raise ValueError(f"block {memory} {number} has {len(data)} bytes")
        blocks.append(Block(memory, number, data))
    return Step(
        int(row["made"]), str(row["url"]), str(row["reader"]), str(row["profile"]), tuple(blocks)
    )
