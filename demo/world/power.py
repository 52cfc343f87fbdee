"""The mains plug of a Raspberry Pi: its agent runs, is cut off (SIGKILL), or boots again."""

import asyncio
import contextlib
from collections.abc import Callable

from demo.places import Pi, Places
from demo.processes import Child, program

RESTART_SECONDS = 2.0


class PiPower:
    """A Pi: while it has power its agent runs, and is started again should it end by itself."""

    def __init__(self, pi: Pi, places: Places, changed: Callable[[], None]) -> None:
        """Describe the Pi; it is off. ``changed`` is called whenever its state changes."""
        self.pi = pi
        self.on = False
        self.ended = 0
        """How often the agent ended by itself: 0 on a good day."""
        self._changed = changed
        config = places.pi(pi.device) / "edge.toml"
        command = [program("shelfwire"), "agent", "--config", str(config)]
        self.agent = Child(pi.device, command, places.log / f"{pi.device}.log")
        self._watch: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether the agent is there right now."""
        return self.agent.running

    async def boot(self) -> None:
        """Give it power; the agent starts."""
        if self.on:
            return
        self.on = True
        await self.agent.start()
        self._watch = asyncio.create_task(self._keep(), name=f"watch {self.pi.device}")
        self._changed()

    async def cut(self) -> None:
        """Pull the plug: SIGKILL, no goodbye."""
        await self._unwatch()
        await self.agent.kill()
        self._changed()

    async def shut_down(self) -> None:
        """Shut it down as one should: SIGTERM, then off."""
        await self._unwatch()
        await self.agent.stop()
        self._changed()

    async def _unwatch(self) -> None:
        self.on = False
        if self._watch:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None

    async def _keep(self) -> None:
        """Start the agent again whenever it ends by itself, as systemd would."""
        while True:
            await self.agent.wait()
            self.ended += 1
            self._changed()
            await asyncio.sleep(RESTART_SECONDS)
            await self.agent.start()
            self._changed()
