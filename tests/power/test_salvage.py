"""A power cut while the facts of a damaged journal are saved into a new one."""

import contextlib
import itertools
from pathlib import Path

import pytest

from edge.clock import Clock
from edge.journal import Journal
from edge.wire.batch import decode_event
from edge.wire.facts import Return

DEVICE, FILE = "tinh-kiosk", "journal.db"


class PowerCutError(Exception):
    """The power went."""


@pytest.fixture
async def damaged(tmp_path, clock_of):
    """A journal of 300 facts with a page in its middle that cannot be read, and the facts' ids."""
    path = tmp_path / FILE
    journal = Journal.open(path, DEVICE, clock_of())
    for number in range(300):
        await journal.append(Return(item=f"B{number:04}", place="drop"))
    await journal.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xa5" * 4096)
    return path


@pytest.fixture
def clock_of():
    ticks = itertools.count(1_795_000_000, 0.25)
    return lambda: Clock(lambda: next(ticks), lambda: next(ticks), "boot-1", lambda: True)


@pytest.mark.parametrize("step", range(6))
async def test_what_was_saved_is_there_whenever_the_power_goes(
    damaged, clock_of, step, monkeypatch
):
    reader = Journal.open(copy_of(damaged), DEVICE, clock_of())
    expected = reader.salvaged
    await reader.close()
    assert expected > 200
    with monkeypatch.context() as patch, contextlib.suppress(PowerCutError):
        cut_at(patch, step)
        await Journal.open(damaged, DEVICE, clock_of()).close()
    journal = Journal.open(damaged, DEVICE, clock_of())
    ids = {decode_event(body).id for _, body in journal.waiting(0, 1000, 10**9)}
    await journal.close()
    assert len(ids) == expected
    assert not damaged.with_name(f"{FILE}.saved").exists()


def cut_at(patch, step):
    """The power goes at the so-many-th change of a file's name."""
    count = itertools.count()

    def cut(do):
        def change(self, *args, **options):
            if next(count) == step:
                raise PowerCutError
            return do(self, *args, **options)

        return change

    for verb in ("rename", "unlink"):
        patch.setattr(Path, verb, cut(getattr(Path, verb)))


def copy_of(path):
    folder = path.parent / "copy"
    folder.mkdir()
    for file in path.parent.glob(f"{FILE}*"):
        (folder / file.name).write_bytes(file.read_bytes())
    return folder / FILE
