"""What happens to storage and clocks: full, failing, jumping. Nothing is lost, nothing doubled."""

import asyncio
import contextlib
import shutil
import sqlite3

import pytest

from edge.wire.batch import decode_event

pytestmark = pytest.mark.system
GOOD = {"lost": 0, "doubled": 0, "strange": 0}


def fill(folder):
    """Leave no room at all in a folder."""
    with (folder / "ballast").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


async def test_a_full_disk_at_the_gate(library, small_disk):
    small_disk(library.data)
    await library.start()
    await library.until(1)
    await library.carry(10)
    await library.until(11)
    for _ in range(2):  # the reserve is given up first
        fill(library.data)
        await library.carry(10, pause=0.05)
    assert library.agent.running
    await library.agent.kill()
    await library.agent.start()
    await asyncio.sleep(2)
    (library.data / "ballast").unlink()
    if not library.agent.running:  # no room to note even its start: systemd would start it again
        await library.agent.start()
    await library.until(len(library.journaled()) + 10)
    assert await library.settled(20) == GOOD


async def test_a_full_disk_at_the_centre(library, small_disk, tmp_path):
    full = small_disk(tmp_path / "disk", "8m")
    shutil.move(library.centre / "ledger.db", full / "ledger.db")
    (library.centre / "ledger.db").symlink_to(full / "ledger.db")
    await library.start()
    await library.carry(10)
    assert await library.settled(10) == GOOD
    fill(full)
    await library.carry(60)
    await library.until(70)
    await asyncio.sleep(1)
    assert library.sums()["lost"] > 0
    assert library.gateway.running
    (full / "ballast").unlink()
    assert await library.settled(70) == GOOD


@pytest.mark.parametrize("who", ["agent", "gateway"])
async def test_a_disk_whose_syncs_and_writes_fail_now_and_then(library, fiu, who):
    prefix, order = fiu
    child = getattr(library, who)
    child.command = [*prefix, *child.command]
    await library.start()
    await library.until(6)
    await library.settled(6)
    pid = child.pid
    for call in ("sync/fdatasync", "rw/pwrite", "rw/pwrite64"):
        order(pid, f"enable_random name=posix/io/{call},probability=0.4")
        for _ in range(8):  # chance may spare a short run
            await library.carry(15, pause=0.05)
            await asyncio.sleep(0.5)
            if "disk I/O error" in child.log.read_text("utf-8"):
                break
        order(pid, f"disable name=posix/io/{call}")
    assert child.running, child.last_words()
    assert "disk I/O error" in child.log.read_text("utf-8"), "the faults never happened"
    await library.carry(5)
    assert await library.settled(12) == GOOD
    assert integrity(library) == ["ok", "ok"]


def integrity(library):
    files = (library.data / "journal.db", library.centre / "ledger.db")
    found = []
    for file in files:
        with contextlib.closing(sqlite3.connect(file)) as db:
            found.append(db.execute("PRAGMA integrity_check").fetchone()[0])
    return found


async def test_a_clock_that_jumps_years_back_and_forth(library, fake_clock):
    environment, say = fake_clock
    library.agent.env = environment
    await library.start()
    await library.until(1)
    for jump in ("@2001-01-01 00:00:00", "+3d", "-1d", "+0"):
        say(jump)
        await library.carry(6)
        before = len(library.journaled())
        await library.carry(6)
        await library.until(before + 5)
    await library.agent.stop()
    say("@2001-01-01 00:00:00")
    await library.agent.start()
    await library.carry(6)
    assert await library.settled(40) == GOOD
    times = stamps(library)
    assert [one.wall for one in times] == sorted(one.wall for one in times)
    assert len({one.boot for one in times}) == 2


def stamps(library):
    with contextlib.closing(sqlite3.connect(library.data / "journal.db")) as db:
        rows = db.execute("SELECT body FROM events ORDER BY seq").fetchall()
    return [decode_event(body.encode()).at for (body,) in rows]
