"""A folder in memory, a recorded storage, and how thorough to be: quick, or every step often."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.testing.autopsy import Findings, examine
from drivers.testing.powercut import Disk, Image
from drivers.testing.recorded_sqlite import RecordedStorage


@dataclass(frozen=True)
class Care:
    """How much is done: the length of a story, the share of its steps, dice and seeds."""

    steps: int
    share: float
    dice: int
    seeds: int

    def images(self, disk: Disk) -> Iterator[Image]:
        for seed in range(self.seeds):
            yield from disk.images(seed, share=self.share, dice=self.dice)


@pytest.fixture(
    params=[
        pytest.param(Care(12, 0.3, 1, 1), id="quick"),
        pytest.param(
            Care(60, 1.0, 3, 2),
            id="every step",
            marks=[pytest.mark.power, pytest.mark.timeout(3600)],
        ),
    ]
)
def care(request) -> Care:
    return request.param


@pytest.fixture
def ram() -> Iterator[Path]:
    memory = Path("/dev/shm")  # noqa: S108  made unique below
    folder = Path(tempfile.mkdtemp(prefix="power-", dir=memory if memory.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def recorded(ram) -> Iterator[Callable[..., tuple[Disk, RecordedStorage, Path]]]:
    made = []

    def record(*, lying=False, synchronous="", files=None):
        disk = Disk(lying=lying, files=files or {})
        storage = RecordedStorage(disk, synchronous)
        made.append(storage)
        folder = ram / f"disk{len(made)}"
        folder.mkdir()
        for name, data in disk.files.items():
            (folder / name).write_bytes(data)
        return disk, storage, folder

    yield record
    for storage in made:
        storage.close()


@pytest.fixture
def found(ram, request) -> Callable[..., Findings]:
    def look(disk, images, database) -> Findings:
        findings = examine(disk, images, database, ram / "found")
        sys.stdout.write(f"\n{request.node.name}: {findings}\n")
        return findings

    return look
