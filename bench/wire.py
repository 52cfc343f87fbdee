"""How many bytes a fact takes at TCP, with MQTT and the ledger's acknowledgement, without TLS."""

import asyncio
import tempfile
from contextlib import AsyncExitStack, closing
from pathlib import Path

import table
from uplink_rig import KEY, broker, drained, ingest, sending
from uplink_world import history, journal_of, replica_part

from edge.config import UplinkOptions
from edge.journal import Journal, rows
from edge.replica import Replica
from edge.uplink import Uplink
from edge.uplink.testing import Link, through
from edge.wire.batch import Event, encode_batch, encode_event


async def sizes(
    folder: Path, count: int, batch: int, *, secured: bool, known: bool
) -> tuple[float, float]:
    """Return bytes a fact up and down at TCP, in batches of this size over an open session.

    A single fact is that of another reader than the fact before.
    """
    link = Link()
    if known:
        with closing(Replica.open(folder / "replica.db", lambda: 1)) as replica:
            replica.apply(replica_part(KEY))
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(broker(folder))
        events = history(count + 20, KEY, secured=secured)
        before = count if count > 1 else _next_visit(events)
        later = events[before : before + 1] if count == 1 else []
        await ingest(stack, port, folder / "sizes.db", before + len(later), "batches")
        near = await stack.enter_async_context(through(link, port))
        journal = await journal_of(folder / "journal.db", events[:before])
        stack.push_async_callback(journal.close)
        options = UplinkOptions(host="127.0.0.1", port=near, tls=False, bytes_a_day=1)
        uplink = await _held(stack, folder, journal, options, batch)
        while not uplink.connected:  # noqa: ASYNC110 - polled on purpose
            await asyncio.sleep(0.01)
        await asyncio.sleep(1.0)  # greetings; facts wait two seconds for a cursor
        link.forget()
        await drained(journal)
        await asyncio.sleep(0.1)
        if later:
            link.forget()
            await journal._writer.do(lambda db: rows.insert_events(db, later))  # noqa: SLF001
            journal._committed(later)  # noqa: SLF001
            await drained(journal)
            await asyncio.sleep(0.1)
        return link.up / count, link.down / count  # before the goodbye


def _next_visit(events: list[Event]) -> int:
    """Return after how many facts another reader comes."""
    sessions = [getattr(event.fact, "session", "") for event in events]
    return next(n for n, one in enumerate(sessions) if one not in ("", sessions[0]))


async def _held(
    stack: AsyncExitStack, folder: Path, journal: Journal, options: UplinkOptions, batch: int
) -> Uplink:
    """Start an uplink whose batches have one size; facts go when the greetings are over."""
    uplink = await stack.enter_async_context(sending(folder, journal, options, gather=False))
    pace = uplink._sender.pace  # noqa: SLF001
    pace.rows = batch
    pace.acknowledged = lambda *_: None  # type: ignore[method-assign]
    return uplink


def measure(root: Path) -> list[tuple[str, ...]]:
    """Return the lines of the table."""
    lines = []
    for what, secured in (("with tags secured", True), ("loans and returns", False)):
        for count, batch in ((5000, 500), (500, 10), (1, 1)):
            events = [encode_event(one) for one in history(batch, KEY, secured=secured)]
            plain = len(encode_batch("bench", "0" * 16, 1, events)) / batch
            line = [f"{what}, {batch} in a batch"]
            for known in (True, False):
                folder = root / f"{secured}{batch}{known}"
                folder.mkdir()
                up, down = asyncio.run(sizes(folder, count, batch, secured=secured, known=known))
                line += [f"{up:.1f} + {down:.1f}", f"{up + down:.1f}"]
            lines.append((*line, f"{plain:.1f}"))
    return lines


def main() -> None:
    """Measure, show the table."""
    head = ("", "known: up + ack", "together", "unknown: up + ack", "together", "JSON + zstd")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        table.show(
            "Bytes a fact; reader and item in the local copy, or not", head, measure(Path(name))
        )


if __name__ == "__main__":
    main()
