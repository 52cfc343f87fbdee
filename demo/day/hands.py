"""The hands of a scripted reader: the hall's acts, and a finger on the kiosk's screen."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from demo.places import Places
from demo.stack import fetch
from kiosk.door import fetch_pass

Screen = dict[str, Any]


class HandError(Exception):
    """The hall said no; the text is its reason."""


class KioskAwayError(Exception):
    """The kiosk does not answer, or does not come to what a reader waits for."""


class Hall:
    """The acts of the hall over its own interface, as the page uses it."""

    def __init__(self, places: Places) -> None:
        """Act in the hall of these places."""
        self._url = places.url("hall") + "api/"

    async def do(self, act: str, **values: Any) -> None:
        """Do one act; HandError when the hall refuses it."""
        answer = await fetch(self._url + "do", {"do": act} | values)
        if answer is None:
            raise HandError(f"{act}: the hall does not answer")
        if answer[0] != 200:
            raise HandError(f"{act} {values}: {answer[1]}")

    async def scene(self) -> dict[str, Any]:
        """Return what can be seen now."""
        answer = await fetch(self._url + "scene")
        if answer is None:
            raise HandError("the hall does not answer")
        scene: dict[str, Any] = answer[1]
        return scene

    async def times(self) -> dict[str, list[float]]:
        """Return what the world measured, in seconds."""
        answer = await fetch(self._url + "times")
        return {} if answer is None else dict(answer[1])


class Finger:
    """A finger on one kiosk's screen, through the same WebSocket as the page."""

    def __init__(self, places: Places, site: str) -> None:
        """Point at the kiosk of a site; nothing is touched yet."""
        self._url = places.url(f"kiosk-{site}")
        self._socket: Any = None
        self._changed = asyncio.Condition()
        self.screen: Screen = {}

    @contextlib.asynccontextmanager
    async def touching(self, patience: float) -> AsyncIterator["Finger"]:
        """Hold on to the screen for a visit; wait for a kiosk that is booting."""
        origin = self._url.rstrip("/")
        address = origin.replace("http", "ws", 1) + "/ws"
        try:
            socket = await _connect(address, origin, patience)
        except (OSError, WebSocketException, TimeoutError) as error:
            raise KioskAwayError(f"no kiosk: {error}") from None
        self._socket, self.screen = socket, {}
        reader = asyncio.create_task(self._read(socket))
        try:
            yield self
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            await socket.close()
            self._socket = None

    async def press(self, what: str, arg: str = "") -> None:
        """Press a button."""
        try:
            await self._socket.send(json.dumps({"press": what, "arg": arg}))
        except (OSError, WebSocketException) as error:
            raise KioskAwayError(f"press {what}: {error}") from None

    async def until(self, right: Callable[[Screen], bool], patience: float, what: str) -> Screen:
        """Wait until the screen is right; KioskAwayError when it does not become so."""
        try:
            async with asyncio.timeout(patience), self._changed:
                await self._changed.wait_for(lambda: self._over() or self._shows(right))
        except TimeoutError:
            raise KioskAwayError(f"waited for {what}, still {self._where()}") from None
        if not self._shows(right):
            raise KioskAwayError(f"waited for {what}, the kiosk went away")
        return self.screen

    def _shows(self, right: Callable[[Screen], bool]) -> bool:
        return bool(self.screen) and right(self.screen)

    def _over(self) -> bool:
        return bool(self.screen.get("gone"))

    def _where(self) -> str:
        data = self.screen.get("data", {})
        rows = [(row["item"] or row["key"], row["state"]) for row in data.get("items", [])]
        return f"{self.screen.get('screen')} {data.get('state')} {rows}"

    async def _read(self, socket: Any) -> None:
        with contextlib.suppress(OSError, WebSocketException):
            async for message in socket:
                await self._show(json.loads(message))
        await self._show({"screen": "", "data": {}, "gone": True})

    async def _show(self, screen: Screen) -> None:
        async with self._changed:
            self.screen = screen
            self._changed.notify_all()


async def _connect(address: str, origin: str, patience: float) -> Any:
    async with asyncio.timeout(patience):
        while True:
            try:
                cookie = {"Cookie": await asyncio.to_thread(fetch_pass, origin)}
                return await connect(
                    address, origin=Origin(origin), additional_headers=cookie, proxy=None
                )
            except (OSError, WebSocketException):
                await asyncio.sleep(0.2)


def states(screen: Screen) -> dict[str, str]:
    """Return how each book on the screen stands, by its number."""
    return {row["item"]: row["state"] for row in screen["data"].get("items", []) if row["item"]}


def pick(chance: random.Random, choices: dict[str, int]) -> str:
    """Return a word by its weight."""
    return chance.choices(list(choices), list(choices.values()))[0]
