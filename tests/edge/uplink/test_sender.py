"""How a backlog is cut into batches."""

import asyncio
import contextlib
from pathlib import Path

from edge.clock import Clock
from edge.journal import Journal
from edge.uplink.sender import Sender
from edge.wire.batch import GOING_ON, GOING_ON_TRAINED, decode_batch, encode_event
from edge.wire.columns import Nothing
from edge.wire.facts import StaffCalled

CALLED = StaffCalled(station="kiosk")


async def test_acknowledged_batches_make_room_for_batches_as_large(
    tmp_path: Path, clock: Clock
) -> None:
    journal = Journal.open(tmp_path / "journal.db", "kiosk", clock)
    for _ in range(8):
        await journal.append(*[CALLED] * 500)
    sizes: list[int] = []

    async def publish(payload: bytes) -> None:
        batch = decode_batch(payload)
        sizes.append(len(batch.events))
        upto = batch.first + len(batch.events) - 1
        asyncio.get_running_loop().call_later(0.01, sender.acknowledged, upto)
        if upto == 4000:
            task.cancel()

    sender = Sender(journal, publish)
    sender.begin(0.001)
    task = asyncio.create_task(sender.run())
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await journal.close()
    assert sum(sizes) == 4000
    assert sizes[:-1] == sorted(sizes[:-1])


async def test_a_batch_goes_on_only_from_what_is_acknowledged(tmp_path: Path, clock: Clock) -> None:
    journal = Journal.open(tmp_path / "journal.db", "kiosk", clock)
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    sender = Sender(journal, heard.put, gather=0.0, thrifty=True, known=Nothing())
    sender.begin(0.001)
    task = asyncio.create_task(sender.run())

    async def fact() -> tuple[bytes, bool]:
        (event,) = await journal.append(CALLED)
        sender.wake()
        data = await heard.get()
        return encode_event(event), data[1] in (GOING_ON, GOING_ON_TRAINED)

    async def acknowledge() -> None:
        await journal.acknowledge(journal.epoch, journal.last_seq)
        sender.acknowledged(journal.last_seq)

    assert not (await fact())[1]  # nothing was said before
    await acknowledge()
    assert (await fact())[1]
    assert not (await fact())[1]  # the one before is still on its way
    await acknowledge()
    assert (await fact())[1]
    await acknowledge()
    sender.misread()
    assert not (await fact())[1]
    await acknowledge()
    await journal.begin_epoch()
    sender.begin()
    for _ in range(3):  # after one that was not understood, some go in full
        assert not (await fact())[1]
        await acknowledge()
    assert (await fact())[1]
    task.cancel()
    await asyncio.wait((task,))
    await journal.close()
