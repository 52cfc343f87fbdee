"""A device that is looked after: opened, watched, opened again when it was lost.

Log and journal hear of a loss once and of the return once. A station asks through
:meth:`Device.call` and gets DeviceAwayError while the device is not there.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from drivers.errors import DriverError
from drivers.ports import Driver
from edge.journal import Journal, JournalError
from edge.wire.facts import Trouble, Well

log = logging.getLogger(__name__)
P = TypeVar("P")
R = TypeVar("R")

GRACE = 10.0
"""Seconds a device may be away before staff hear of it."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
_REASONS = {
    "ItemReader": "reader_lost",
    "GateReader": "reader_lost",
    "CardReader": "card_reader_lost",
    "Scanner": "scanner_lost",
    "Printer": "printer_lost",
    "Board": "board_lost",
}


class DeviceAwayError(DriverError):
    """The device is not there just now; it is being tried again. The text says which and why."""

    retryable = True
    hint = "Check the cable and the power of the device."


@dataclass(frozen=True, slots=True)
class _Session(Generic[P]):
    """One time that the device was open. ``lost`` is done when it ends."""

    port: P
    lost: asyncio.Future[DriverError]

    def lose(self, error: DriverError) -> None:
        if not self.lost.done():
            self.lost.set_result(error)


class Device(Generic[P]):
    """A supervised device of the configuration. :meth:`run` is a task of the agent.

    ``pause`` is how the supervisor waits (tests give their own); ``grace`` in seconds.
    """

    def __init__(
        self,
        name: str,
        driver: Driver,
        options: Any,
        journal: Journal,
        *,
        grace: float = GRACE,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = name
        self.driver = driver
        self.why = "not opened yet"
        self._options = options
        self._journal = journal
        self._grace = grace
        self._pause = pause
        self._session: _Session[P] | None = None
        self._opened = asyncio.Event()
        self._reported = False

    @property
    def up(self) -> bool:
        """Whether the device is open and answered last time."""
        return self._session is not None

    @property
    def reason(self) -> str:
        """The word for this device's loss in Trouble and Well."""
        return _REASONS.get(self.driver.port.__name__, "device_lost")

    async def wait_up(self) -> None:
        """Wait until the device is there."""
        await self._opened.wait()

    async def call(self, action: Callable[[P], Awaitable[R]]) -> R:
        """Do something with the port and return what it gives.

        Raises DeviceAwayError when the device is away or goes away meanwhile; other DriverErrors
        (TagLostError, RefusedError, …) come through, the device stays open.
        """
        session = self._session
        if session is None:
            raise DeviceAwayError(f"{self.name}: {self.why}")
        task = asyncio.ensure_future(_run(action, session.port))
        try:
            await asyncio.wait((task, session.lost), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        except DriverError as error:
            if not error.retryable:
                raise
            session.lose(error)
        finally:
            await _end(task)
        cause = session.lost.result()
        raise DeviceAwayError(f"{self.name}: {_words(cause)}") from cause

    def port(self) -> P:
        """Return the open port for what needs no waiting (a line's last state)."""
        if self._session is None:
            raise DeviceAwayError(f"{self.name}: {self.why}")
        return self._session.port

    def lose(self, error: DriverError) -> None:
        """Say that the device does not work although no call failed: it is opened anew."""
        if self._session is not None:
            self._session.lose(error)

    async def run(self) -> None:
        """Keep the device open until cancelled."""
        async with asyncio.TaskGroup() as group:
            alarm: asyncio.Task[None] | None = None
            pauses = _Pauses()
            while True:
                if alarm is None:
                    alarm = group.create_task(self._alarm(), name=f"{self.name} alarm")
                try:
                    async with self._driver_open() as session:
                        await self._came(alarm)
                        alarm, pauses = None, _Pauses()
                        error = await asyncio.shield(session.lost)
                        self._went(error)
                except DriverError as error:
                    self._went(error)
                await self._pause(pauses.next())

    @contextlib.asynccontextmanager
    async def _driver_open(self) -> Any:
        async with self.driver.open(self._options) as port:
            session: _Session[P] = _Session(port, asyncio.get_running_loop().create_future())
            self._session = session
            self._opened.set()
            try:
                yield session
            finally:
                self._session = None
                self._opened.clear()
                session.lose(DeviceAwayError("closed"))

    async def _came(self, alarm: asyncio.Task[None] | None) -> None:
        await _end(alarm)
        if self._reported:
            log.info("%s is back", self.name)
        self._reported = False
        self.why = ""
        if (self.name, self.reason) in self._journal.troubles:
            await self._tell(Well(part=self.name, reason=self.reason))

    def _went(self, error: DriverError) -> None:
        self.why = _words(error)
        if not self._reported:
            log.warning("%s is unavailable: %s", self.name, self.why)
        self._reported = True

    async def _alarm(self) -> None:
        """Tell staff when the device stays away longer than the grace."""
        await self._pause(self._grace)
        if (self.name, self.reason) not in self._journal.troubles:
            await self._tell(Trouble(part=self.name, reason=self.reason, why=self.why))

    async def _tell(self, fact: Trouble | Well) -> None:
        try:
            await self._journal.append(fact)
        except JournalError as error:
            log.warning("%s: %s", self.name, error)


class _Pauses:
    """Pauses between tries: doubling, jittered, with a longest one."""

    def __init__(self) -> None:
        self._last = FIRST_PAUSE / 2

    def next(self) -> float:
        self._last = min(self._last * 2, LONGEST_PAUSE)
        return self._last * random.uniform(0.7, 1.0)  # noqa: S311  no secret


async def _run(action: Callable[[P], Awaitable[R]], port: P) -> R:
    return await action(port)


async def _end(task: "asyncio.Task[Any] | None") -> None:
    """Cancel a task that still runs and wait for its end; what it raises no longer matters."""
    if task is None:
        return
    if not task.done():
        task.cancel()
        await asyncio.wait((task,))
    if not task.cancelled():
        task.exception()


def _words(error: DriverError) -> str:
    return f"{error}. {error.hint}" if error.hint and error.hint not in str(error) else str(error)
