"""The gate's lamp, buzzer, relay and lock. A fire alarm silences and opens everything at once.

The lock must let go by itself when its power is cut by the fire panel's contact (wired in series);
what is done here comes on top of that and can never hold it shut.
"""

import logging
from collections.abc import Awaitable, Callable

from drivers.errors import DriverError, OptionError
from drivers.ports import Board, GateReader, Relays
from edge.device import Device, DeviceAwayError
from edge.gate.options import GateOptions

log = logging.getLogger(__name__)


class Bell:
    """Makes an alarm seen and heard."""

    def __init__(
        self, options: GateOptions, board: Device[Board] | None, reader: Device[GateReader]
    ) -> None:
        self._options, self._board, self._reader = options, board, reader
        self.fire = False

    async def ring(self, *, sound: bool = True) -> None:
        """Light the lamp first, then everything else; what is away is left out."""
        if self.fire:
            return
        options = self._options
        await self._switch("lamp", options.lamp_seconds)
        if sound:
            await self._switch("buzzer", options.buzzer_seconds)
        if options.relay:
            try:
                await self._reader.call(self._switch_relay)
            except DriverError as error:
                log.warning("%s: alarm without the reader's relay: %s", options.name, error)

    async def set_fire(self, active: bool) -> None:
        """Let everything go while there is a fire alarm; hold the lock again after it."""
        self.fire = active
        if self._board is None:
            return
        if active:
            for line in ("lamp", "buzzer"):
                await self._set(line, False)
        if self._options.lock:
            await self._set(self._options.lock, not active)

    async def _switch(self, line: str, seconds: float) -> None:
        if self._board is None or seconds <= 0:
            return
        try:
            await self._board.call(_switching(line, True, seconds))
        except DriverError as error:
            log.warning("%s: alarm without %s: %s", self._options.name, line, error)

    async def _set(self, line: str, active: bool) -> None:
        if self._board is None:
            return
        try:
            await self._board.call(_switching(line, active, None))
        except DeviceAwayError:
            return  # told once by the device itself
        except (DriverError, OptionError, KeyError) as error:
            log.warning("%s: %s could not be switched: %s", self._options.name, line, error)

    async def _switch_relay(self, reader: GateReader) -> None:
        if isinstance(reader, Relays):
            await reader.set_relay(self._options.relay, True, self._options.lamp_seconds)


def _switching(
    line: str, active: bool, seconds: float | None
) -> Callable[[Board], Awaitable[None]]:
    return lambda board: board.set(line, active, seconds)
