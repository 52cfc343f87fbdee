"""Whatever happens to wire, power and storage: every fact that is kept arrives exactly once."""

import asyncio
import contextlib
import random
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.clock import Clock
from edge.config import AgentOptions, UplinkOptions
from edge.journal import Journal
from edge.replica import Replica
from edge.uplink import LinkLostError, Uplink, pace, sender, uplink, window
from edge.wire import topics
from edge.wire.batch import Event, decode_batch, decode_event
from edge.wire.facts import StaffCalled
from edge.wire.messages import Cursor, Health, State, decode, encode

SITE, DEVICE = "tinh", "tinh-kiosk"


class Centre:
    """Broker and ledger in memory: a wire that loses and repeats, a ledger that counts."""

    def __init__(self, seed: int, loss: float) -> None:
        self.dice, self.loss = random.Random(seed), loss
        self.cursors: dict[str, int] = {}
        self.facts: dict[str, Event] = {}
        self.down: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    @contextlib.asynccontextmanager
    async def connect(self, *_: Any) -> AsyncIterator["Centre"]:
        self.down = asyncio.Queue()
        yield self

    async def subscribe(self, _: list[str]) -> list[str]:
        return []

    async def messages(self) -> AsyncIterator[tuple[str, bytes]]:
        while True:
            yield await self.down.get()

    async def publish(self, topic: str, data: bytes, **_: bool) -> None:
        await asyncio.sleep(0)
        if topic.endswith("state"):
            epoch = decode(data, State).epoch
            self.say(epoch)
        elif topic.endswith("up/facts"):
            if self.dice.random() < self.loss / 4:
                raise LinkLostError("cut")
            for _ in range(self.dice.choice((1, 1, 2))):
                if self.dice.random() >= self.loss:
                    self.take(data)

    def take(self, data: bytes) -> None:
        batch = decode_batch(data)
        for event in batch.events:
            assert isinstance(event, Event)
            if event.seq == self.cursors.get(batch.epoch, 0) + 1:
                self.cursors[batch.epoch] = event.seq
                known = self.facts.setdefault(event.id, event)
                assert known.fact == event.fact
        if self.dice.random() >= self.loss:
            self.say(batch.epoch)

    def say(self, epoch: str) -> None:
        cursor = Cursor(epoch=epoch, seq=self.cursors.get(epoch, 0))
        self.down.put_nowait((topics.CURSOR.of(SITE, DEVICE), encode(cursor)))


class Pi:
    """A device whose power is cut and whose storage is put back to an older image."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, Clock()
        self.image: Path | None = None
        self.count = 0
        self.boot()

    def boot(self) -> None:
        self.journal = Journal.open(self.folder / "live" / "journal.db", DEVICE, self.clock)
        self.replica = Replica.open(self.folder / "live" / "replica.db", self.clock.now_ms)

    async def off(self) -> None:
        await self.journal.close(clean=False)
        self.replica.close()

    async def append(self, count: int) -> None:
        for _ in range(count):
            self.count += 1
            await self.journal.append(StaffCalled(station=str(self.count)))

    async def keep_image(self) -> None:
        await self.off()
        self.image = self.folder / "image"
        shutil.rmtree(self.image, ignore_errors=True)
        shutil.copytree(self.folder / "live", self.image)
        self.boot()

    async def put_back(self) -> None:
        if self.image is not None:
            await self.off()
            shutil.rmtree(self.folder / "live")
            shutil.copytree(self.image, self.folder / "live")
            self.boot()

    async def online(self, seconds: float) -> None:
        agent = AgentOptions(site=SITE, device=DEVICE, data=self.folder, site_key=self.folder)
        link = Uplink(
            UplinkOptions(host="x", tls=False, retry_max=0.01, boot_spread=0.0), agent, self.journal, self.replica,
            self.clock, health=lambda: Health(at=0, version="", boot=""), allowed={},
        )  # fmt: skip
        link._sender._gather = 0
        task = asyncio.create_task(link.run())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.journal.backlog().count:  # noqa: ASYNC110
                    await asyncio.sleep(0.002)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


STEP = st.one_of(
    st.tuples(st.just("append"), st.integers(1, 12)),
    st.tuples(st.sampled_from(["cut", "image", "put back", "online"]), st.just(0)),
)


OLD_IMAGE = [
    ("append", 3), ("image", 0), ("append", 5), ("online", 0), ("put back", 0), ("append", 9),
    ("cut", 0), ("online", 0),
]  # fmt: skip


async def live(folder: Path, steps: list[tuple[str, int]], centre: Centre) -> None:
    pi = Pi(folder)
    for word, count in steps:
        if word == "append":
            await pi.append(count)
        elif word == "cut":
            await pi.off()
            pi.boot()
        elif word == "image":
            await pi.keep_image()
        elif word == "put back":
            await pi.put_back()
        else:
            await pi.online(0.1)
    centre.loss = 0.0
    await pi.append(1)
    await pi.online(20)
    kept = [decode_event(body) for _, body in pi.journal.waiting(0, 10_000, 1 << 30)]
    waiting = pi.journal.backlog().count
    cursor, last = centre.cursors.get(pi.journal.epoch), pi.journal.last_seq
    await pi.off()
    assert waiting == 0
    assert cursor == last
    for event in kept:
        assert centre.facts[event.id].fact == event.fact


@settings(max_examples=20)
@example(OLD_IMAGE, 1, 0.0)
@example(OLD_IMAGE, 2, 0.4)
@given(st.lists(STEP, max_size=14), st.integers(0, 2**32), st.floats(0, 0.5))
def test_facts_survive_lost_wires_power_cuts_and_old_images(
    steps: list[tuple[str, int]], seed: int, loss: float
) -> None:
    centre = Centre(seed, loss)
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(uplink, "connect", centre.connect),
        patch.object(pace, "FIRST_PAUSE", 0.005),
        patch.object(uplink, "CURSOR_WAIT", 0.02),
        patch.object(window, "SHORTEST", 0.01),
        patch.object(sender, "ROWS", 5),
    ):
        asyncio.run(live(Path(folder), steps, centre))
