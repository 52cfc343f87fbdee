"""One seed: a world, its plan, the end of all faults, and the checks."""

import asyncio
import contextlib
import logging
import shutil
import tempfile
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from edge.drop import station as drop
from edge.gate import station as gate
from edge.uplink import follow, uplink
from edge.wire import slices
from kiosk import station as kiosk
from shelfsim.broker import connecting
from shelfsim.check import check, quiet
from shelfsim.conductor import Conductor
from shelfsim.plan import Action, plan
from shelfsim.sticks import keys
from shelfsim.timeline import history
from shelfsim.world import DEVICES, World

PATIENCE = 400.0
"""Virtual seconds in which everything must have healed once the faults stop."""


@dataclass(frozen=True)
class Result:
    """What became of a seed. ``digest`` is the same whenever the same history was played."""

    seed: int
    broken: list[str]
    log: list[str]
    counts: Counter[str]
    digest: int
    actions: list[Action]

    @property
    def ok(self) -> bool:
        return not self.broken


def run(
    seed: int, only: Collection[int] | None = None, faults: dict[str, int] | None = None
) -> Result:
    """Play a seed, or only some of its actions; ``faults``: a plan that has no others."""
    memory = Path("/dev/shm")  # noqa: S108  made unique below
    folder = Path(tempfile.mkdtemp(prefix="sim-", dir=memory if memory.is_dir() else None))
    logging.disable(logging.CRITICAL)
    keys(DEVICES)  # before the dice of the history are thrown
    actions = [one for one in plan(seed, faults) if only is None or one.number in only]
    try:
        with history(seed) as loop, contextlib.ExitStack() as patches:
            world = World(loop, seed, folder)
            for place, name, value in _instead(world):
                patches.enter_context(patch.object(place, name, value))
            try:
                main = loop.create_task(_play(world, actions))
                loop.run_until_complete(main)
                world.broken += loop.unhandled
                world.counts["steps"], world.counts["facts"] = loop.steps, len(world.truths)
                _count(world)
                digest = hash_of(world.log)
            finally:
                world.gateway.close()
                for pi in world.pis:
                    pi.card.close()
    finally:
        logging.disable(logging.NOTSET)
        shutil.rmtree(folder, ignore_errors=True)
    return Result(seed, world.broken, world.log, world.counts, digest, actions)


def _instead(world: World) -> list[tuple[Any, str, Any]]:
    """Return what has no place in the simulation, or would only take its time."""
    return [
        (uplink, "connect", connecting(world.chaos)),
        (kiosk, "_listen", lambda *_: SimpleNamespace(getsockname=lambda: ("", 0))),
        (kiosk, "LOOK_IDLE", 1.0),
        (kiosk, "LOOK_BUSY", 0.3),
        (kiosk, "TICK", 0.4),
        (drop, "TICK", 1.0),
        (gate, "TICK", 0.4),
        (follow, "SLICE", 200),
        (slices, "LEAST", 200),  # its copies are small
    ]


def _count(world: World) -> None:
    """Add up what the faults did."""
    world.counts["histories forked"] = world.gateway.staff.store.value(
        "SELECT count(*) FROM facts WHERE fork"
    )
    for pi in world.pis:
        world.counts["writes refused by a full card"] += pi.card.refused
        world.counts["unsynced bytes lost"] += pi.card.dropped
        world.counts["tags torn away in a write"] += pi.antenna.torn


def hash_of(log: list[str]) -> int:
    """Return a number that stands for a history."""
    import zlib

    return zlib.crc32("\n".join(log).encode())


async def _play(world: World, actions: list[Action]) -> None:
    conductor = Conductor(world)
    world.gateway.boot()
    for pi in world.pis:
        pi.boot()
    await conductor.play(actions)
    conductor.heal()
    await _rest(world)
    await _mend(world)
    await _rest(world)
    check(world)


async def _rest(world: World) -> None:
    """Wait until everything has healed."""
    loop = world.loop
    give_up = loop.time() + PATIENCE
    await asyncio.sleep(5)
    while why := quiet(world):
        if loop.time() > give_up:
            world.breach(f"does not heal: {why}")
            return
        await asyncio.sleep(1)


async def _mend(world: World) -> None:
    """Staff lay every book with open work on the pad where the work is open."""
    for pi in world.pis:
        if not pi.up:
            continue
        open_ = {task.uid for task in pi.journal.open_tasks()}
        books = [book for book in world.books if book.tag.uid.hex().upper() in open_]
        if books and (task := pi.serve(pi.mend(books))) is not None:
            await asyncio.wait((task,), timeout=60)
