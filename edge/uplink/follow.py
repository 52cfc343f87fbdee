"""Keeps the local copy in step: takes parts in, asks for what is missing, goes on after a cut."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from edge.replica import Replica
from edge.threads import in_thread
from edge.uplink.trust import keep
from edge.wire.messages import PARTS_AT_ONCE, Have
from edge.wire.parts import decode_part
from edge.wire.seal import Trust, UnknownKeyError
from edge.wire.slices import Gathered, is_slice

log = logging.getLogger(__name__)
GAP_PAUSE = 5.0
HAVE_EVERY = 3600.0
"""The centre is asked for changes so often, though none were missed."""
STALLED = 90.0
"""Parts of a snapshot that do not come for so long are asked for again."""
HELD_BACK = 60.0
"""Over a slow link facts go first, but not for longer than this."""
LOOK = 1.0
SLICE = 4096
"""Bytes of a slice over a narrow link: three and a half seconds of 9,600 bits a second."""


class Follow:
    """The copy's way down. :meth:`run` is a task of one connection; ``say`` publishes a Have.

    ``pressed`` tells whether facts wait on a slow link, ``spent`` whether a metered link's budget is:
    then the copy waits (what the centre says unasked is taken in all the same). ``narrow`` tells
    whether long messages shall come in slices.
    """

    def __init__(
        self,
        replica: Replica,
        site: str,
        trust: Trust | None,
        data: Path,
        say: Callable[[Have], Awaitable[None]],
        *,
        pressed: Callable[[], bool],
        spent: Callable[[], bool],
        narrow: Callable[[], bool] = lambda: False,
    ) -> None:
        self._replica, self._site, self._trust, self._data = replica, site, trust, data
        self._say, self._pressed, self._spent, self._narrow = say, pressed, spent, narrow
        self._slices = Gathered()
        self._known = trust.newest if trust is not None else b""
        self._left, self._anew = 0, False
        self._gap, self._gap_asked = False, -GAP_PAUSE
        self._came = asyncio.Event()
        self._wanted = asyncio.Event()

    async def take(self, payload: bytes) -> bool:
        """Take a part in; return False when it does not fit (the right ones are asked for).

        Raises WireError of what cannot be understood or is not the centre's.
        """
        if is_slice(payload):
            whole = self._slices.take(payload)
            self._came.set()
            if whole is None:
                return True
            payload = whole
        try:
            part = decode_part(payload, self._site, self._trust)
        except UnknownKeyError as error:
            log.info("%s: asked for its certificate", error)
            self._ask_soon()
            return False
        if self._trust is not None and self._trust.newest != self._known:
            trust, self._known = self._trust, self._trust.newest
            await in_thread(lambda: keep(trust, self._data))
        fits = await in_thread(lambda: self._replica.apply(part))
        if not part.start:
            self._came.set()
            self._left -= 1
            if not self._replica.staged[1] or self._left <= 0:
                self._wanted.set()
        elif not fits:
            self._ask_soon()
        return fits

    def begin_anew(self) -> None:
        """Fetch everything again."""
        self._anew = True
        self._wanted.set()

    async def run(self) -> None:
        """Ask at the beginning, when something is missing, and now and then."""
        self._came, self._wanted = asyncio.Event(), asyncio.Event()
        while True:
            await self._let_facts_go_first()
            if self._gap:
                await asyncio.sleep(self._gap_asked + GAP_PAUSE - _now())
                self._gap, self._gap_asked = False, _now()
            self._wanted.clear()
            self._left = PARTS_AT_ONCE
            version, parts = self._replica.staged
            key = self._trust.newest.hex() if self._trust is not None else ""
            have = 0 if self._anew else self._replica.version
            self._anew = False
            size, (cut, got) = SLICE * self._narrow(), self._slices.ask()
            await self._say(Have(
                version=have, snapshot=version, parts=parts, key=key, slice=size, cut=cut, got=got,
            ))  # fmt: skip
            await self._wait()

    async def _wait(self) -> None:
        """Wait until it is time to ask again."""
        while not self._wanted.is_set():
            self._came.clear()
            limit = STALLED if self._replica.staged[1] else HAVE_EVERY
            waits = [asyncio.ensure_future(event.wait()) for event in (self._came, self._wanted)]
            try:
                done, _ = await asyncio.wait(
                    waits, timeout=limit, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                for one in waits:
                    one.cancel()
            if not done:
                return

    async def _let_facts_go_first(self) -> None:
        began = _now()
        while self._spent() or (self._pressed() and _now() - began < HELD_BACK):  # noqa: ASYNC110
            await asyncio.sleep(0.2 if self._pressed() else LOOK)

    def _ask_soon(self) -> None:
        self._gap = True
        self._wanted.set()


def _now() -> float:
    return asyncio.get_running_loop().time()
