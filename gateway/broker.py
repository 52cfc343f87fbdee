"""The gateway's connection to the broker: kept up, everything bounded, nothing trusted to it."""

import asyncio
import contextlib
import logging
import random
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import aiomqtt

from edge.wire import reasons, topics
from edge.wire.errors import WireError
from edge.wire.tables import ConfigError
from edge.wire.topics import Topic
from gateway.config import BrokerOptions

log = logging.getLogger(__name__)
_library = logging.getLogger(f"{__name__}.mqtt")
_library.setLevel(logging.ERROR)  # a loss is said once, by us

HEARD = (
    topics.FACTS, topics.ASK, topics.HEALTH, topics.REPLICA_WANTED, topics.REPLY,
    topics.ELSEWHERE_WANTED, topics.STATE,
)  # fmt: skip
QUEUE = 2000
"""Messages that may wait inside; more are dropped, and devices say them again."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.25, 5.0

Hear = Callable[[str, str, Topic, bytes], None]
"""Takes (site, device, topic row, payload) of a message; must not block."""


class Broker:
    """Hears what devices say, and says what the centre has to say while there is a connection."""

    def __init__(
        self, options: BrokerOptions, hear: Hear, up: Callable[[], Awaitable[None]]
    ) -> None:
        """Read the certificates; raise ConfigError when they cannot be used."""
        self._options = options
        self._tls = _tls(options)
        self._hear = hear
        self._up = up
        self._client: aiomqtt.Client | None = None
        self._lost = False

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._client is not None

    async def say(
        self, topic: Topic, site: str, payload: bytes, device: str = topics.SHARED
    ) -> bool:
        """Publish; False without a connection: whatever is said can be asked for again."""
        if self._client is None:
            return False
        try:
            await self._client.publish(topic.of(site, device), payload, retain=topic.retained)
        except aiomqtt.MqttError as error:
            log.debug("not said on %s: %s", topic.path, error)
            return False
        finally:
            _heed()
        return True

    async def run(self) -> None:
        """Stay connected until cancelled."""
        pause = SHORTEST_PAUSE
        while True:
            try:
                await self._session()
            except (aiomqtt.MqttError, OSError) as error:
                if not self._lost:
                    log.warning("the broker is unavailable: %s", reasons.why(error))
                    self._lost, pause = True, SHORTEST_PAUSE
            finally:
                self._client = None
            _heed()
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _session(self) -> None:
        async with _connected(self._options, self._tls) as client:
            await client.subscribe([(row.everywhere(), 0) for row in HEARD])
            _heed()
            self._client = client
            if self._lost:
                log.warning("the broker is back")
                self._lost = False
            await self._up()
            _heed()
            async for message in client.messages:
                self._take(str(message.topic), message.payload)

    def _take(self, topic: str, payload: object) -> None:
        try:
            site, device, row = topics.parse(topic)
        except WireError as error:
            log.warning("%s", error)
            return
        if isinstance(payload, bytes | bytearray):
            self._hear(site, device, row, bytes(payload))


def _heed() -> None:
    """End a task that was cancelled: in some moments the library swallows it (Python 3.11)."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


@contextlib.asynccontextmanager
async def _connected(
    options: BrokerOptions, tls: ssl.SSLContext | None
) -> AsyncIterator[aiomqtt.Client]:
    client = aiomqtt.Client(
        options.host,
        options.port,
        protocol=aiomqtt.ProtocolVersion.V5,
        logger=_library,
        keepalive=20,
        timeout=10,
        max_queued_incoming_messages=QUEUE,
        tls_context=tls,
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    )
    try:
        await _enter(client)
        yield client
    finally:
        with contextlib.suppress(aiomqtt.MqttError, OSError, ValueError):
            await client.__aexit__(None, None, None)
        # A try that failed leaves its socket open; closing it twice does no harm.
        client._client._sock_close()  # noqa: SLF001
        await asyncio.sleep(0)


async def _enter(client: aiomqtt.Client) -> None:
    """Connect; a cancellation waits for the library's thread, which cannot be stopped."""
    entering = asyncio.ensure_future(client.__aenter__())
    try:
        await asyncio.shield(entering)
    except asyncio.CancelledError:
        await asyncio.wait((entering,))
        if not entering.cancelled():
            entering.exception()
        raise


def _tls(options: BrokerOptions) -> ssl.SSLContext | None:
    if not options.tls or options.cert is None:
        return None
    try:
        context = ssl.create_default_context(cafile=options.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(options.cert, options.key)
    except OSError as error:
        raise ConfigError(f"[broker] ca, cert or key cannot be used: {error}") from None
    return context
