"""Sticks: facts carried to the centre and its answer back, beside the network or instead of it.

The real bundles on real keys. A stick may be torn on the way, come late, or come twice; what comes
again must be known, and what is torn must change nothing.
"""

import asyncio
import atexit
import io
import random
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from edge.bundles.answer import Answer, find
from edge.bundles.export import export
from edge.bundles.files import whole
from edge.bundles.inbox import FILE, Inbox
from edge.config import AgentOptions, Config, UplinkOptions
from edge.wire.bundle import BundleError
from gateway.bundles import Stick, Taken
from gateway.enrol import centre_seal, enrol, make_home, open_ledger
from gateway.feed import Feed
from gateway.home import Home

if TYPE_CHECKING:
    from shelfsim.pi import Pi
    from shelfsim.world import World


@cache
def keys(devices: tuple[tuple[str, str], ...]) -> tuple[Path, dict[str, str]]:
    """Make the keys of a centre and its devices, once; return the folder and the serials."""
    folder = Path(tempfile.mkdtemp(prefix="sim-keys-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    home = make_home(folder / "centre", ["127.0.0.1"])
    ledger = open_ledger(home)
    for site, device in devices:
        enrol(home, ledger, site, device, folder / device, 1)
    serials = {row["device"]: row["serial"] for row in ledger.devices()}
    ledger.close()
    return folder, serials


class Ways:
    """What a device needs for sticks: its keys, and where the agent finds an answer."""

    def __init__(self, folder: Path, pi: "Pi") -> None:
        own = folder / pi.device
        self.uplink = UplinkOptions(
            ca=own / "ca.crt", cert=own / "device.crt", key=own / "device.key"
        )
        self.agent = AgentOptions(
            site=pi.site, device=pi.device, data=pi.card.path, site_key=own / "site.key"
        )

    @property
    def config(self) -> Config:
        """Return it as the bundles' code wants it."""
        return cast("Config", self)


def inbox(pi: "Pi") -> Inbox:
    """Return the agent's inbox of a device that is up."""
    config = Ways(pi.world.keys, pi).config
    return Inbox(config, pi.journal, pi.replica, pi.clock, pi.uplink)


async def trip(world: "World", pi: "Pi", dice: random.Random) -> None:
    """Carry facts to the centre and the answer back, as it goes."""
    usb = Path(tempfile.mkdtemp(prefix="usb-", dir=world.folder))
    try:
        facts = _export(world, pi, usb, everything=dice.random() < 0.3)
        await asyncio.sleep(dice.uniform(1, 60))
        taken = _at_the_centre(world, facts, dice)
        file = _answered(world, pi, usb, taken)
        await asyncio.sleep(dice.uniform(1, 60))
        await _at_the_branch(world, pi, file, dice)
        if dice.random() < 0.4:  # the same stick once more, after whatever was synced meanwhile
            await asyncio.sleep(dice.uniform(5, 60))
            _at_the_centre(world, facts, dice)
            await _at_the_branch(world, pi, file, dice)
    except BundleError as error:
        world.counts[f"stick: {error.word}"] += 1


def _export(world: "World", pi: "Pi", usb: Path, *, everything: bool) -> Path:
    file = export(Ways(world.keys, pi).config, usb, _now(world), everything=everything).file
    world.counts["sticks written"] += 1
    return file


def _at_the_centre(world: "World", facts: Path, dice: random.Random) -> Taken:
    ledger = world.gateway.staff
    home = Home(world.keys / "centre")
    stick = Stick(home, ledger, Feed(centre_seal(home)))
    if dice.random() < 0.3:
        before = _facts(world)
        try:
            stick.take_in(_torn(facts, dice), _now(world))
        except BundleError:
            world.counts["sticks torn"] += 1
        else:
            world.breach("a torn stick was taken in")
        if _facts(world) != before:
            world.breach("a torn stick changed the ledger")
    taken = stick.take_in(facts, _now(world))
    world.counts[f"stick at the centre: {taken.word or 'taken in'}"] += 1
    world.counts["facts that came on a stick"] += taken.fresh
    again = stick.take_in(facts, _now(world))
    if again.fresh or again.cursor < taken.cursor:
        world.breach(f"a stick that came twice gave {again.fresh} new facts")
    return taken


def _answered(world: "World", pi: "Pi", usb: Path, taken: Taken) -> Path:
    home = Home(world.keys / "centre")
    stick = Stick(home, world.gateway.staff, Feed(centre_seal(home)))
    return stick.answer(pi.device, usb, _now(world), taken).file


async def _at_the_branch(world: "World", pi: "Pi", file: Path, dice: random.Random) -> None:
    """Lay the answer into the agent's folder; it is taken in at once, or when the agent starts."""
    if pi.retired or not pi.card.path.exists():
        return
    config = Ways(world.keys, pi).config
    if dice.random() < 0.3:
        bad = _torn(file, dice)
        try:
            Answer(io.BytesIO(bad.read_bytes()), bad.name, config).check(None)
        except BundleError:
            world.counts["answers torn"] += 1
        else:
            world.breach("a torn answer was taken for whole")
    data = find(file.parent, pi.device).read_bytes()
    Answer(io.BytesIO(data), file.name, config).check(None)
    with whole(pi.card.path / FILE) as copy:
        copy.write(data)
    world.counts["answers carried back"] += 1
    if pi.up:
        task = pi.serve(inbox(pi).take())
        if task is not None:
            await asyncio.wait((task,), timeout=60)


def _torn(file: Path, dice: random.Random) -> Path:
    """Return a copy that was pulled out too early, or that the stick spoilt."""
    data = bytearray(file.read_bytes())
    place = dice.randrange(len(data))
    if dice.random() < 0.5:
        del data[place:]
    else:
        data[place] ^= 1 << dice.randrange(8)
    torn = file.with_name(f"torn-{file.name}")
    torn.write_bytes(data)
    return torn


def _facts(world: "World") -> int:
    return int(world.gateway.staff.store.value("SELECT count(*) FROM facts"))


def _now(world: "World") -> int:
    return int(world.loop.now() * 1000)
