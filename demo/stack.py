"""The whole demo as processes: broker, gateway, world (which holds the Pis). Started and stopped.

Each is what it is in real life: its own process, its own folder, nothing shared but the network.
"""

import asyncio
import contextlib
import fcntl
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from demo.accounts import make_accounts
from demo.broker import NOTICE, Broker
from demo.catalogue import library
from demo.places import PIS, Places
from demo.processes import Child, ChildError, program, python
from demo.provision import Progress, configure, is_ready, provision

START_SECONDS = 30.0
RESTART_SECONDS = 1.0


class BusyError(ChildError):
    """Another demo runs in this folder."""


class Stack:
    """Every process of one demo. ``quick`` is for the demo day: people walk fast, screens too."""

    def __init__(
        self,
        places: Places,
        say: Progress,
        *,
        embedded: bool | None = None,
        quick: bool = False,
        pace: float = 1.0,
    ) -> None:
        """Describe it; ``embedded`` forces the choice of the broker."""
        self.places = places
        self._say = say
        self._embedded = embedded
        self._quick = quick
        gateway = [program("shelfwire-gateway"), "run", "--config"]
        gateway += [str(places.centre / "gateway.toml")]
        world = [*python("demo.world"), str(places.folder), "--pace", str(pace)]
        self.gateway = Child("gateway", gateway, places.log / "gateway.log")
        self.world = Child("world", world, places.log / "world.log")
        self.broker: Broker | None = None
        self.up = False

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run everything while the context lasts; a process that ends by itself starts again."""
        with _alone(self.places.folder):
            if not is_ready(self.places):
                await provision(self.places, library(), self._say)
            await asyncio.to_thread(make_accounts, self.places)
            configure(self.places, quick=self._quick)
            self.broker = Broker(self.places, embedded=self._embedded)
            if self.broker.embedded:
                self._say(NOTICE)
            async with contextlib.AsyncExitStack() as stack:
                await self._start(stack)
                self.up = True
                yield

    async def _start(self, stack: contextlib.AsyncExitStack) -> None:
        assert self.broker is not None  # noqa: S101 - running() made it
        stack.push_async_callback(self.broker.process.stop)
        await self.broker.start()
        for child in (self.gateway, self.world):
            stack.push_async_callback(child.stop)
            await child.start()
        kiosks = [f"kiosk-{pi.site}" for pi in PIS if "kiosk" in pi.stations]
        waits = [(self.gateway, "console", "api/summary"), (self.world, "hall", "api/scene")]
        waits += [(self.world, kiosk, "health") for kiosk in kiosks]
        async with asyncio.TaskGroup() as group:
            for child, door, path in waits:
                group.create_task(self._answers(child, self.places.url(door) + path))
        keeper = asyncio.create_task(self._keep(), name="keep the demo running")
        stack.push_async_callback(_cancelled, keeper)

    async def informed(self) -> None:
        """Wait until every device has its copy of readers, items and policy; ChildError if not."""
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while not await self._all_informed():
            if asyncio.get_running_loop().time() > deadline:
                raise ChildError(f"not every device got its replica; see {self.places.log}")
            await asyncio.sleep(0.3)

    async def _all_informed(self) -> bool:
        answer = await ask_console(self.places, "api/summary")
        if answer is None or answer[0] != 200:
            return False
        healths = [row["health"] for row in answer[1]["devices"]]
        return len(healths) == len(PIS) and all(
            health and health.get("replica", 0) == answer[1]["replica"] for health in healths
        )

    async def _answers(self, child: Child, url: str) -> None:
        """Wait until a page is there."""
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while await fetch(url) is None:
            late = asyncio.get_running_loop().time() > deadline
            if late or not child.running:
                raise ChildError(
                    f"{child.name} did not start; the end of {child.log}:\n{child.last_words()}"
                )
            await asyncio.sleep(0.1)

    async def _keep(self) -> None:
        """Start again what ended by itself, as systemd would, and say so."""
        assert self.broker is not None  # noqa: S101 - running() made it
        children = (self.broker.process, self.gateway, self.world)
        while True:
            await asyncio.sleep(RESTART_SECONDS)
            for child in children:
                if not child.running and not self.broker.restarting:
                    self._say(f"{child.name} ended by itself and starts again: see {child.log}")
                    await child.start()


async def ask_console(places: Places, path: str) -> tuple[int, Any] | None:
    """Return what the console answers to the demo's own account; None when nobody does."""
    token = places.secrets()["token"]
    return await asyncio.to_thread(_fetch, places.url("console") + path, None, token)


async def fetch(url: str, body: dict[str, Any] | None = None) -> tuple[int, Any] | None:
    """Return status and JSON of a page of ours; None when nobody answers."""
    return await asyncio.to_thread(_fetch, url, body)


def _fetch(url: str, body: dict[str, Any] | None, token: str = "") -> tuple[int, Any] | None:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - our own loopback pages
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"null")
    except (OSError, ValueError):
        return None


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder for ourselves; BusyError when another demo has it."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                f"another demo runs in {folder}; stop it first (Ctrl-C there)"
            ) from None
        yield
