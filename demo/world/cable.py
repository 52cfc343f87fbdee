"""A simulated device on its cable: served on a wire that can be pulled, with an ear on it."""

from collections.abc import Callable

from demo.world.words import Ear, Word
from drivers.testing.serve import Served
from drivers.testing.simulator import Reply, Simulator

Heard = Callable[[str, Word, bytes], None]
"""Called with who spoke (``host`` or ``device``), the word and the bytes it ended with."""


class Tapped:
    """A simulator with somebody listening: answers as the device does, and tells what was said."""

    def __init__(self, device: Simulator, ear: Ear, heard: Heard) -> None:
        """Listen to ``device`` with ``ear``."""
        self._device = device
        self._ear = ear
        self._heard = heard

    def connected(self, send: Callable[[bytes], None]) -> None:
        """Pass on that somebody opened the line."""

        def say(data: bytes) -> None:
            self._tell("device", data)
            send(data)

        self._device.connected(say)

    def feed(self, data: bytes) -> list[Reply]:
        """Pass on what the host says, and return what the device answers."""
        self._tell("host", data)
        replies = self._device.feed(data)
        for reply in replies:
            self._tell("device", reply.data)
        return replies

    def _tell(self, who: str, data: bytes) -> None:
        words = self._ear.host(data) if who == "host" else self._ear.device(data)
        for word in words:
            self._heard(who, word, data)


class Cable:
    """The cable of one device: ``name`` as in the agent's configuration, in or out."""

    def __init__(self, name: str, served: Served) -> None:
        """Take a device that is served already."""
        self.name = name
        self.plugged = True
        self._served = served

    async def unplug(self) -> None:
        """Pull it."""
        self.plugged = False
        await self._served.unplug()

    async def plug(self) -> None:
        """Put it back in."""
        await self._served.plug()
        self.plugged = True

    async def close(self) -> None:
        """Stop serving."""
        await self._served.close()
