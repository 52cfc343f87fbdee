"""The line to the library system: one question at a time, deadlines, and a pause after each loss."""

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import Callable
from pathlib import Path

from gateway.sip2.errors import (
    GarbledError,
    LineError,
    LoginError,
    SilentError,
    Sip2Error,
    UnansweredError,
)
from gateway.sip2.line import Cutter, Received, open_line, seal
from gateway.sip2.message import ANSWERS, Message
from gateway.sip2.options import Sip2Options
from gateway.sip2.words import Writer

log = logging.getLogger(__name__)
CONNECT_SECONDS = 10.0
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""How long to leave a library system alone after so many losses in a row."""
IDLE_SECONDS = 30.0
"""A line that was silent for so long is asked for its status before anything that matters."""
REPEATS = 2
"""How often a line is said again that one side could not read."""


class Client:
    """One connection, made when it is needed. Calls wait for each other."""

    def __init__(
        self,
        options: Sip2Options,
        zone: str = "Asia/Ho_Chi_Minh",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options, self._clock = options, clock
        self._password = _secret(options.password)
        terminal = _secret(options.terminal)
        utc = options.zone == "utc"
        self.words = Writer(options.institution, terminal, zone, utc)
        self.status: Message | None = None
        """What the library system last said of itself (98)."""
        self._one = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._cutter, self._lines = Cutter(), list[bytes]()
        self._seq = self._losses = 0
        self._rest_until = self._used = 0.0
        self._up: bool | None = None
        self._odd_sum = False

    async def ask(self, message: Message, seconds: float | None = None) -> Message:
        """Return the answer to a message.

        Raises LineError when nothing was sent, UnansweredError when nobody knows what became of it.
        Never sends a message twice, unless the other side says that it could not read it.
        """
        async with self._one:
            try:
                async with asyncio.timeout(seconds or self._options.seconds):
                    await self._ready()
            except TimeoutError:
                silent = self._streams is not None
                why = SilentError("it says nothing") if silent else LineError("no connection")
                raise self._lost(why) from None
            try:
                async with asyncio.timeout(seconds or self._options.seconds):
                    answer = await self._exchange(message)
            except TimeoutError:
                raise self._lost(UnansweredError("no answer in time")) from None
            except (OSError, asyncio.IncompleteReadError) as error:
                raise self._lost(UnansweredError(f"the line was cut: {_words(error)}")) from None
            except GarbledError as error:
                raise self._lost(UnansweredError(f"the answer cannot be read: {error}")) from None
            except asyncio.CancelledError:
                self._close()  # an answer that comes later would be taken for another one
                raise
            self._used = self._clock()
            self._losses = 0
            return answer

    async def close(self) -> None:
        """Hang up."""
        streams = self._streams
        self._close()
        if streams is not None:
            with contextlib.suppress(OSError, ssl.SSLError):
                await streams[1].wait_closed()

    async def _ready(self) -> None:
        """Have a line that works: connected, logged in, not gone in its sleep."""
        if self._streams is not None and self._clock() - self._used > IDLE_SECONDS:
            try:
                async with asyncio.timeout(self._options.seconds / 2):
                    self.status = await self._exchange(self.words.status())
            except (TimeoutError, OSError, asyncio.IncompleteReadError, Sip2Error):
                self._close()  # gone while nobody spoke: no loss, a fresh one is made
        if self._streams is not None:
            return
        if self._clock() < self._rest_until:
            raise LineError("the library system was away a moment ago")
        try:
            await self._connect()
            await self._log_in()
        except (OSError, asyncio.IncompleteReadError, GarbledError) as error:
            raise self._lost(LineError(f"no connection: {_words(error)}")) from None
        except LoginError as error:
            raise self._lost(error) from None
        self._used = self._clock()
        if self._up is False:
            log.info("the library system answers again")
        self._up = True

    async def _connect(self) -> None:
        one = self._options
        context = ssl.create_default_context(cafile=one.ca) if one.tls else None
        async with asyncio.timeout(CONNECT_SECONDS):
            self._streams = await asyncio.open_connection(one.host, one.port, ssl=context)
        self._cutter, self._lines = Cutter(), []

    async def _log_in(self) -> None:
        one = self._options
        if one.user:
            login = self.words.login(one.user, self._password, one.location)
            if (await self._exchange(login))["ok"] != "1":
                raise LoginError("the library system refuses user or password")
        self.status = await self._exchange(self.words.status())

    async def _exchange(self, message: Message) -> Message:
        """Send a message and return its answer; what cannot be read is asked for again."""
        assert self._streams is not None  # noqa: S101  the callers saw to it
        seq, self._seq = self._seq, (self._seq + 1) % 10
        await self._send(message, seq)
        wanted, repeats = ANSWERS[message.code], 0
        while True:
            received = await self._receive()
            if received is None or received.message.code == "96":
                repeats += 1
                if repeats > REPEATS:
                    raise GarbledError("the two sides cannot read each other")
                await self._send(Message("97") if received is None else message, seq)
            elif received.message.code == wanted:
                return received.message
            else:
                log.debug("a %s came while %s was awaited", received.message.code, wanted)

    async def _send(self, message: Message, seq: int) -> None:
        assert self._streams is not None  # noqa: S101
        one = self._options
        number = seq if one.error_detection else None
        line = seal(message, one.charset, one.delimiter, number)
        end = b"\r" if one.line_end == "cr" else b"\r\n"
        self._streams[1].write(line + end)
        await self._streams[1].drain()

    async def _receive(self) -> Received | None:
        """Return the next message; None when it should be said again.

        A wrong checksum of a message that can be read is noted once: a TCP line tears no bytes, but
        some servers reckon their sums wrongly.
        """
        assert self._streams is not None  # noqa: S101
        while not self._lines:
            data = await self._streams[0].read(8192)
            if not data:
                raise asyncio.IncompleteReadError(b"", None)
            self._lines = self._cutter.feed(data)
        line = self._lines.pop(0)
        try:
            received = open_line(line, self._options.charset, self._options.delimiter)
        except GarbledError as error:
            log.info("the library system said something that is no SIP2: %s", error)
            return None
        if received.sound is False and not self._odd_sum:
            self._odd_sum = True
            log.warning("the library system reckons checksums wrongly; its messages are read")
        return received

    def _lost(self, error: Sip2Error) -> Sip2Error:
        """Hang up, note the loss, and leave the other side alone for a while."""
        self._close()
        pause = PAUSES[min(self._losses, len(PAUSES) - 1)]
        self._losses += 1
        self._rest_until = self._clock() + pause
        if self._up is not False:
            log.warning("the library system cannot be asked: %s", error)
        self._up = False
        return error

    def _close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _words(error: Exception) -> str:
    """Return why in a few words; never what was said, which may name a reader."""
    if isinstance(error, asyncio.IncompleteReadError):
        return "the other side hung up"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error)


def _secret(path: Path | None) -> str:
    try:
        return path.read_text("utf-8").strip() if path is not None else ""
    except (OSError, UnicodeDecodeError) as error:
        raise LoginError(f"{path}: the password cannot be read ({error})") from None
