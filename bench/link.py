"""A day of a commune's library over a bad GSM link: how long until the ledger has it."""

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import table
from centre import centre
from uplink_rig import drained, paths_of, sending
from uplink_world import ITEMS, READERS, history, journal_of

from edge.config import UplinkOptions
from edge.uplink.testing import Link, through

DAYS = 5


async def commune(folder: Path) -> list[float]:
    """Return seconds from the first try to connect until a day's 150 facts are acknowledged."""
    found = []
    async with AsyncExitStack() as stack:
        supply = await stack.enter_async_context(centre(items=ITEMS, readers=READERS))
        options = paths_of(supply(folder))
        key = bytes.fromhex((folder / "site.key").read_text())
        for seed in range(DAYS):
            link = Link(rate=1200, delay=0.4, loss=0.1, seed=seed)
            async with through(link, int(str(options["port"]))) as port:
                place = folder / f"day{seed}"
                place.mkdir()
                journal = await journal_of(place / "journal.db", history(150, key, seed=seed))
                began = time.perf_counter()
                async with sending(place, journal, UplinkOptions(**options | {"port": port})):
                    found.append(await drained(journal) - began)
                await journal.close()
    return found


def main() -> None:
    """Measure, show the table."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        days = sorted(asyncio.run(commune(Path(name))))
    title = "150 facts; 9.6 kbit/s, 800 ms there and back, 10 % of segments lost; TLS 1.3"
    row = ("from the first SYN until all is acknowledged", *(f"{one:.1f} s" for one in days))
    table.show(title, ("target: under 15 s", *(f"{n}." for n in range(1, DAYS + 1))), [row])


if __name__ == "__main__":
    main()
