"""How a backlog is cut into batches."""

import asyncio
import contextlib
from pathlib import Path

from edge.clock import Clock
from edge.journal import Journal
from edge.uplink.sender import Sender
from edge.wire.batch import decode_batch
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
