"""One connection to the broker. What the MQTT library and TLS can raise is translated here only."""

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import aiomqtt
import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.clock import BUILT_MS
from edge.config import UplinkOptions
from edge.wire import reasons

T = TypeVar("T")
INCOMING = 1000
"""Messages that may wait for us; more are dropped, and replica gaps are asked for again."""
DEAD_MS = 30_000
"""Unacknowledged bytes for so long end the connection (the other side is gone)."""
_QUIET = logging.getLogger("edge.uplink.mqtt")
_QUIET.setLevel(logging.CRITICAL)  # a loss is logged once, by the uplink
_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, for which Python has no name."""
PATIENCE = 30.0
"""For a handshake with certificates over 9,600 bits a second."""
PUBLISH_SECONDS = 60.0
"""A batch over a very slow link."""


class LinkLostError(Exception):
    """The broker cannot be reached, or not any more. ``busy``: it is there, and has no time."""

    def __init__(self, why: str = "", *, busy: bool = False) -> None:
        super().__init__(why)
        self.busy = busy


class Link:
    """An open connection; every method raises LinkLostError."""

    def __init__(self, client: aiomqtt.Client, aliases: int = 0) -> None:
        self._client = client
        self._aliases = aliases
        self._numbers: dict[str, int] = {}

    async def publish(self, topic: str, data: bytes, *, retain: bool = False) -> None:
        """Hand a message to the operating system's buffer (QoS 0: the ledger acknowledges).

        A topic that was said before on this connection is said by a number, if the broker lets us.
        """
        properties, name = None, topic
        if topic in self._numbers or len(self._numbers) < self._aliases:
            name = "" if topic in self._numbers else topic
            number = self._numbers.setdefault(topic, len(self._numbers) + 1)
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.TopicAlias = number
        with _translated():
            await _heeding(
                self._client.publish(name, data, 0, retain, properties, timeout=PUBLISH_SECONDS)
            )

    async def subscribe(self, topics: list[str]) -> list[str]:
        """Subscribe; return the topics that the broker refused."""
        with _translated():
            codes: Sequence[int | ReasonCode] = await _heeding(
                self._client.subscribe([(topic, 0) for topic in topics])
            )
        return [topic for topic, code in zip(topics, codes, strict=False) if _bad(code)]

    async def messages(self) -> AsyncIterator[tuple[str, bytes]]:
        """Yield topic and payload of what arrives."""
        with _translated():
            async for message in self._client.messages:
                payload = message.payload
                if isinstance(payload, bytes | bytearray):
                    yield str(message.topic), bytes(payload)


@asynccontextmanager
async def connect(
    options: UplinkOptions,
    name: str,
    will: tuple[str, bytes],
    keepalive: int | None = None,
    secrets: "Secrets | None" = None,
) -> AsyncIterator[Link]:
    """Give an open connection; ``will`` is retained when it ends without a goodbye.

    ``keepalive`` (seconds) stands in for the one of the options; ``secrets`` are those of the
    connection before.
    """
    if keepalive is not None:
        options = replace(options, keepalive=keepalive)
    tls = (secrets or Secrets(options)).context() if options.tls else None
    client = _client(options, name, will, tls)
    try:
        allowed = _aliases_allowed(client)
        with _translated(entering=True):
            await _enter(client, options.cert)
        try:
            yield Link(client, allowed())
        finally:
            with contextlib.suppress(aiomqtt.MqttError, OSError, ValueError):
                await client.__aexit__(None, None, None)
    finally:
        # A failed try leaves its socket, reader and task behind; closing twice is harmless.
        client._client._sock_close()  # noqa: SLF001
        _forget(client._disconnected)  # noqa: SLF001
        if tls is not None and tls.last is not None:
            tls.last.close()
        await asyncio.sleep(0)


def _client(
    options: UplinkOptions, name: str, will: tuple[str, bytes], tls: ssl.SSLContext | None
) -> aiomqtt.Client:
    five = options.protocol == "5"
    client = aiomqtt.Client(
        options.host,
        options.port,
        logger=_QUIET,
        identifier=name,
        protocol=aiomqtt.ProtocolVersion.V5 if five else aiomqtt.ProtocolVersion.V311,
        clean_session=None if five else True,
        properties=_session_ends() if five else None,
        keepalive=options.keepalive,
        will=aiomqtt.Will(will[0], will[1], qos=1, retain=True),
        tls_context=tls,
        socket_options=_socket_options(),
        max_queued_incoming_messages=INCOMING,
        timeout=PATIENCE,
    )
    client._client.connect_timeout = PATIENCE  # noqa: SLF001
    client._client.on_socket_register_write = _writes()  # noqa: SLF001
    return client


def _aliases_allowed(client: aiomqtt.Client) -> Callable[[], int]:
    """Return what says, once connected, how many topics the broker knows by number."""
    heard, allowed = client._client.on_connect, [0]  # noqa: SLF001

    def on_connect(*args: Any) -> None:
        allowed[0] = getattr(args[-1], "TopicAliasMaximum", 0)
        if heard is not None:
            heard(*args)

    client._client.on_connect = on_connect  # noqa: SLF001
    return lambda: allowed[0]


def _writes() -> Callable[[mqtt.Client, Any, Any], None]:
    """Return what the library does before it writes, without its race with a closing socket."""
    loop = asyncio.get_running_loop()

    def wanted(paho: mqtt.Client, _: Any, sock: socket.socket) -> None:
        def add() -> None:
            if sock.fileno() >= 0:
                loop.add_writer(sock.fileno(), paho.loop_write)

        loop.call_soon_threadsafe(add)

    return wanted


class _Socket(ssl.SSLSocket):
    """Leaves what the broker gave to shorten the next handshake with its context."""

    def close(self) -> None:
        with contextlib.suppress(ValueError):  # the handshake was cut: half a session is none
            session, context = self.session, self.context
            if session is not None and session.has_ticket and isinstance(context, _Context):
                context.session = session
        super().close()


class _Context(ssl.SSLContext):
    """Remembers its socket: the library forgets one whose handshake failed.

    And the session that the broker gave last: the next handshake takes two thirds of the bytes and
    a fraction of the broker's time, without certificates. A session serves once.
    """

    sslsocket_class = _Socket
    last: ssl.SSLSocket | None = None
    session: ssl.SSLSession | None = None

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        options["session"], self.session = self.session, None
        self.last = super().wrap_socket(*args, **options)
        return self.last


class Secrets:
    """The TLS settings of one connection after another, read again when their files change."""

    def __init__(self, options: UplinkOptions) -> None:
        self._options = options
        self._of: object = None
        self._context: _Context | None = None

    def context(self) -> _Context:
        """Return the settings; raise LinkLostError when their files cannot be used."""
        options = self._options
        now = [_changed_at(file) for file in (options.ca, options.cert, options.key)]
        if self._context is None or self._of != now or self._context.verify_flags & _NO_CHECK_TIME:
            self._context, self._of = context(options), now
        return self._context


def _changed_at(file: Path | None) -> int:
    with contextlib.suppress(OSError):
        return file.stat().st_mtime_ns if file is not None else 0
    return 0


def context(options: UplinkOptions) -> _Context:
    """Return the TLS settings: version 1.3, the broker checked by name, our own certificate.

    While this machine's clock stands before its own files were made, certificates count whatever
    their dates say: the right time comes over this very connection.
    """
    made = _Context(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        made.load_verify_locations(options.ca)
        if options.cert is not None:
            made.load_cert_chain(options.cert, options.key)
        if _clock_stands_before(options):
            made.verify_flags |= _NO_CHECK_TIME
    except OSError as error:
        raise LinkLostError(f"[uplink] ca, cert or key cannot be used: {error}") from None
    return made


def _clock_stands_before(options: UplinkOptions) -> bool:
    """Return whether a Pi without a battery clock believes to be before its own setting up."""
    files = [file for file in (options.ca, options.cert) if file is not None]
    newest = max((file.stat().st_mtime for file in files), default=0.0)
    return time.time() < max(newest, BUILT_MS / 1000)


async def _enter(client: aiomqtt.Client, cert: Path | None) -> None:
    """Connect, or hear soon that the broker hung up (the library would wait its full time)."""
    entering = asyncio.ensure_future(client.__aenter__())
    try:
        while not entering.done():
            await asyncio.wait((entering,), timeout=0.1)
            if _was_opened(client) and client._client.socket() is None and not entering.done():  # noqa: SLF001
                raise LinkLostError(reasons.refused(cert))
        await entering
    except BaseException:
        await _stop(client, entering)
        raise


async def _stop(client: aiomqtt.Client, entering: "asyncio.Future[aiomqtt.Client]") -> None:
    """End a try. The library opens the socket in a thread that cannot be stopped: wait for it."""
    while not entering.done() and not _was_opened(client):
        await asyncio.wait((entering,), timeout=0.05)
    entering.cancel()
    await asyncio.wait((entering,))
    _forget(entering)


async def _heeding(work: Coroutine[Any, Any, T]) -> T:
    """Do a call of the library, which in some moments swallows being cancelled; we never do."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait((task,))
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait((task,))
        _forget(task)
        raise
    return task.result()


def _forget(future: "asyncio.Future[Any]") -> None:
    """What this future raised is known already, or no longer matters."""
    if future.done() and not future.cancelled():
        future.exception()


def _was_opened(client: aiomqtt.Client) -> bool:
    return client._misc_task is not None  # noqa: SLF001


@contextlib.contextmanager
def _translated(*, entering: bool = False) -> Iterator[None]:
    try:
        yield
    except (aiomqtt.MqttError, OSError, ValueError) as error:
        busy = entering and reasons.has_no_time(error)
        raise LinkLostError(reasons.why(error), busy=busy) from error


def _session_ends() -> Properties:
    """Nothing of us rests in the broker: the session ends with the connection."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 0
    return properties


def _socket_options() -> list[tuple[int, int, int]]:
    found = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        found.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_MS))
    return found


def _bad(code: int | ReasonCode) -> bool:
    return (code.value if isinstance(code, ReasonCode) else code) >= 0x80
