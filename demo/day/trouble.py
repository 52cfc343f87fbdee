"""What goes wrong on the scripted day, and when: an outage, power cuts, a broker restart, a clone."""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiomqtt

from demo.broker import Broker
from demo.day.hands import Hall
from demo.places import PIS, Places
from edge.wire import topics

OUTAGE_SITE = "xa"
OFF_SECONDS = 1.5
Told = Callable[[str], None]


@dataclass(slots=True)
class Mishap:
    """Something that happens once so many visits are over."""

    after: int
    what: str
    happen: Callable[[], Awaitable[None]]


class Troubles:
    """The mishaps of a day of so many visits, in order; the same for the same seed."""

    def __init__(
        self, visits: int, seed: int, hall: Hall, broker: Broker, clone: "Clone", told: Told
    ) -> None:
        """Choose when and where."""
        chance = random.Random(f"trouble {seed}")
        self._hall, self._broker, self._told = hall, broker, told
        cuts = [(chance.uniform(0.1, 0.95), chance.choice(PIS).device) for _ in range(2)]
        cuts[0] = (cuts[0][0], chance.choice(("tinh-kiosk", "xa-all")))
        plan: list[tuple[float, str, Callable[[], Awaitable[None]]]] = [
            (0.30, "a batch is delivered once more", clone.deliver_again),
            (0.40, f"{OUTAGE_SITE} loses its network", lambda: self._network(False)),
            (0.65, f"{OUTAGE_SITE} has its network back", lambda: self._network(True)),
            (chance.uniform(0.7, 0.9), "the broker restarts", broker.restart),
        ]
        plan += [
            (at, f"{device} loses its power in the middle of it", self._cutter(device, chance.random() * 3))
            for at, device in cuts
        ]  # fmt: skip
        self._plan = sorted(
            (Mishap(max(1, int(share * visits)), what, do) for share, what, do in plan),
            key=lambda one: one.after,
        )
        self.happened = 0
        self._running: set[asyncio.Task[None]] = set()

    def visits_over(self, count: int) -> None:
        """Let happen what is due."""
        while self._plan and self._plan[0].after <= count:
            mishap = self._plan.pop(0)
            self._told(mishap.what)
            self._running.add(asyncio.ensure_future(self._happen(mishap)))

    async def all_over(self) -> None:
        """Let the rest happen, and wait until everything is mended."""
        self.visits_over(10**9)
        while self._running:
            await asyncio.gather(*self._running)
            self._running = {one for one in self._running if not one.done()}

    async def _happen(self, mishap: Mishap) -> None:
        await mishap.happen()
        self.happened += 1

    async def _network(self, on: bool) -> None:
        await self._hall.do("network", site=OUTAGE_SITE, on=on)

    def _cutter(self, device: str, delay: float) -> Callable[[], Awaitable[None]]:
        async def cut() -> None:
            await asyncio.sleep(delay)
            await self._hall.do("power", device=device, on=False)
            await asyncio.sleep(OFF_SECONDS)
            await self._hall.do("power", device=device, on=True)

        return cut


class Clone:
    """Hears the batches of the devices, and says one again: the same bytes in the same name."""

    def __init__(self, places: Places) -> None:
        """Listen with the gateway's certificate, repeat with the device's own."""
        self._places = places
        self._heard: dict[str, tuple[str, bytes]] = {}
        self.repeated = 0

    async def listen(self) -> None:
        """Remember the last batch of every device until cancelled; come back after every cut."""
        pki = self._places.centre / "pki"
        keys = (pki / "server-ca.crt", pki / "gateway.crt", pki / "gateway.key")
        while True:
            try:
                async with self._client("day-ear", *keys) as client:
                    await client.subscribe(topics.FACTS.everywhere(), qos=1)
                    async for message in client.messages:
                        topic = str(message.topic)
                        self._heard[topics.parse(topic)[1]] = (topic, bytes(message.payload))
            except aiomqtt.MqttError:
                await asyncio.sleep(0.3)

    async def deliver_again(self) -> None:
        """Publish every device's last batch once more."""
        for device, (topic, payload) in list(self._heard.items()):
            keys = self._places.pi(device) / "keys"
            files = (keys / "ca.crt", keys / "device.crt", keys / "device.key")
            async with self._client(f"{device}-clone", *files) as client:
                await client.publish(topic, payload, qos=1)
            self.repeated += 1

    def _client(self, name: str, ca: Any, cert: Any, key: Any) -> aiomqtt.Client:
        context = ssl.create_default_context(cafile=ca)
        context.load_cert_chain(cert, key)
        return aiomqtt.Client(
            "127.0.0.1",
            self._places.ports["broker"],
            identifier=name,
            protocol=aiomqtt.ProtocolVersion.V5,
            tls_context=context,
        )
