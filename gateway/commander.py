"""Sends commands: signs what waits in the ledger and says it to devices that are connected."""

import asyncio
import logging
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.wire import topics
from edge.wire.commands import LONGEST, Reply, write_order
from edge.wire.errors import WireError
from edge.wire.messages import decode, encode
from gateway.broker import Broker
from gateway.ledger import commands
from gateway.pulse import Pulse
from gateway.worker import LedgerWorker

log = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
LONGEST_REPLY = 64 * 1024


class Commander:
    """Looks for commands every second, whoever put them up: the console or the command line."""

    def __init__(
        self,
        key: Ed25519PrivateKey,
        writes: LedgerWorker,
        reads: LedgerWorker,
        broker: Broker,
        now: Callable[[], int],
        pulse: Pulse,
    ) -> None:
        self._key = key
        self._writes, self._reads, self._broker = writes, reads, broker
        self._now, self._pulse = now, pulse

    async def run(self) -> None:
        """Work until cancelled."""
        count = 0
        while True:
            count = await self._pulse.after(count, LOOK_SECONDS)
            if await self._writes.call(commands.expire, self._now()):
                self._pulse.beat()
            if self._broker.connected:
                await self._say()
            await asyncio.sleep(LOOK_SECONDS / 4)

    async def reply(self, device: str, payload: bytes) -> None:
        """Keep what a device sent back."""
        if len(payload) > LONGEST_REPLY:
            raise WireError(f"reply: longer than {LONGEST_REPLY} bytes")
        await self._writes.call(commands.put_reply, device, decode(payload, Reply), self._now())
        self._pulse.beat()

    async def _say(self) -> None:
        said = []
        for order in await self._reads.call(commands.to_say, self._now()):
            payload = encode(write_order(order, self._key))
            if len(payload) > LONGEST * 2:
                log.warning("command %s is too long and is left", order.id)
                continue
            if await self._broker.say(topics.COMMAND, order.site, payload, order.device):
                said.append(order.id)
        if said:
            await self._writes.call(commands.sent, said, self._now())
            self._pulse.beat()
