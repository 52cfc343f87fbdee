"""The fault menu of ``shelfwire simulate``: what a bad wire or a sick device does, on command."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from drivers.testing.faults import Faults
from drivers.testing.serve import Served
from edge.simdevices import Word

_AWAY = 2.0
_LONGEST = 3600.0
_AT_START = ("drop", "flip", "split", "delay", "dead")


class FaultMenu:
    """The words for one served device. ``say`` tells what is wrong now."""

    def __init__(
        self,
        faults: Faults,
        simulator: object,
        say: Callable[[str], None],
        own: Sequence[Word] = (),
    ) -> None:
        """Move ``faults`` of the wire, and the device's ``own`` ones, which are words of its bench.

        A reboot goes through the simulator's ``power_up``, mending through its ``mend``, what is
        wrong through its ``wrong``, if it has them.
        """
        self._faults = faults
        self._simulator = simulator
        self._say = say
        self._served: Served | None = None
        self._has_cable_of_its_own = False
        self._away: asyncio.Task[None] | None = None
        self._at_start = (*_AT_START, *(word.name for word in own))
        self.words = [
            *own,
            Word("drop", "PERCENT", "lose so much of what is said", self._percent("drop")),
            Word("flip", "PERCENT", "one wrong bit in so much of it", self._percent("flip")),
            Word("split", "MS|off", "answers byte by byte, so far apart", self._split),
            Word("delay", "MS", "answers so much later", self._delay),
            Word("dead", "on|off", "hear nothing and say nothing", self._dead),
            Word("reboot", "[SECONDS]", "start anew, forget what was not saved", self._reboot),
            Word("unplug", "[SECONDS]", "pull the cable for so long", self._unplug),
            Word("faults", "", "show what is wrong", self._show),
            Word("well", "", "mend everything", self._mend),
        ]

    def begin(self, options: Sequence[str]) -> None:
        """Take the faults of the command line; ValueError names the one that cannot be."""
        words = {word.name: word for word in self.words}
        for option in options:
            name, _, rest = option.strip().partition(" ")
            if name not in self._at_start:
                raise ValueError(f"--fault {option!r}: use {', '.join(self._at_start)}")
            words[name].do(rest)

    def connect(self, served: Served, *, drops_on_reboot: bool) -> None:
        """Take the wire; over TCP a device that starts anew drops its connection too."""
        self._served = served
        self._has_cable_of_its_own = not drops_on_reboot

    async def close(self) -> None:
        """End what is under way."""
        if self._away is not None:
            self._away.cancel()
            await asyncio.wait((self._away,))

    def _percent(self, name: str) -> Callable[[str], None]:
        return lambda rest: self._faults.set(name, _number(name, rest))

    def _split(self, rest: str) -> None:
        value = None if rest.strip() == "off" else _number("split", rest) / 1000
        self._faults.set("split", value)

    def _delay(self, rest: str) -> None:
        self._faults.set("delay", _number("delay", rest) / 1000)

    def _dead(self, rest: str) -> None:
        word = rest.strip() or "on"
        if word not in ("on", "off"):
            raise ValueError(f"{word!r}: use on or off")
        self._faults.dead = word == "on"

    def _reboot(self, rest: str) -> None:
        seconds = _seconds(rest)
        power_up: Any = getattr(self._simulator, "power_up", None)
        if power_up is not None:
            power_up()
        self._go_away(self._silent(seconds) if self._has_cable_of_its_own else self._off(seconds))

    def _unplug(self, rest: str) -> None:
        self._go_away(self._off(_seconds(rest)))

    def _go_away(self, absence: Any) -> None:
        if self._away is not None and not self._away.done():
            absence.close()
            raise ValueError("it is away already")
        self._away = asyncio.get_running_loop().create_task(absence, name="simulated absence")

    async def _silent(self, seconds: float) -> None:
        was, self._faults.dead = self._faults.dead, True
        await asyncio.sleep(seconds)
        self._faults.dead = was
        self._say("back")

    async def _off(self, seconds: float) -> None:
        if self._served is None:
            return
        await self._served.unplug()
        await asyncio.sleep(seconds)
        while True:
            try:
                await self._served.plug()
            except OSError as error:  # somebody took the port meanwhile
                self._say(f"cannot come back yet: {error}")
                await asyncio.sleep(1.0)
            else:
                break
        self._say("back")

    def _show(self, _rest: str) -> None:
        wrong: Any = getattr(self._simulator, "wrong", str)
        self._say(f"faults: {', '.join(filter(None, (self._faults.wrong(), wrong()))) or 'none'}")

    def _mend(self, _rest: str) -> None:
        self._faults.clear()
        mend: Any = getattr(self._simulator, "mend", None)
        if mend is not None:
            mend()


def _number(name: str, rest: str) -> float:
    try:
        return float(rest.strip().rstrip("%"))
    except ValueError:
        raise ValueError(f"{name} {rest.strip()!r}: use a number") from None


def _seconds(rest: str) -> float:
    seconds = _number("seconds", rest) if rest.strip() else _AWAY
    if not 0 <= seconds <= _LONGEST:
        raise ValueError(f"{rest.strip()}: use seconds, 0 to {_LONGEST:.0f}")
    return seconds
