"""The process of the physical world: ``python -m demo.world FOLDER [--pace 1.0]``."""

import argparse
import asyncio
import contextlib
import logging
import signal
from pathlib import Path

from demo.catalogue import library
from demo.places import saved_places
from demo.world.world import World


async def live(folder: Path, pace: float) -> None:
    """Open the world and its hall until we are asked to end."""
    places = saved_places(folder)
    ended = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, ended.set)
    world = World(library(), places, pace=pace)
    async with world.open():
        # The Pis boot meanwhile: web servers take a while to load.
        import uvicorn

        from demo.world.hall import make_app

        server = uvicorn.Server(
            uvicorn.Config(
                make_app(world),
                host="127.0.0.1",
                port=places.ports["hall"],
                log_level="warning",
                access_log=False,
                ws="websockets-sansio",
                timeout_graceful_shutdown=1,
            )
        )
        # The signals are ours: uvicorn must not take them.
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
        page = asyncio.create_task(server.serve(), name="hall")
        ender = asyncio.create_task(ended.wait(), name="end")
        await asyncio.wait((page, ender), return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        ender.cancel()
        await page


def main() -> None:
    """Read the command line and live."""
    parser = argparse.ArgumentParser(prog="python -m demo.world")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pace", type=float, default=1.0)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(live(args.folder, args.pace))


if __name__ == "__main__":
    main()
