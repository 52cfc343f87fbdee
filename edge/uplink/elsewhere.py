"""Asks the centre what is lent elsewhere in the province, as far as the link allows."""

import asyncio
from collections.abc import Awaitable, Callable

from edge.clock import Clock
from edge.config import UplinkOptions
from edge.elsewhere import Lent
from edge.threads import in_thread
from edge.wire.elsewhere import Wanted, decode_elsewhere
from edge.wire.errors import WireError
from edge.wire.seal import Trust, UnknownKeyError

RENEW, SELDOM = 1800.0, 86_400.0
"""The centre forgets who does not ask again for two and a half times as long (s); and where the
site's own copy holds every branch, it is only asked whether that is still so."""
AGAIN, FIRST = 5.0, 30.0
"""Pause (s) before what did not fit is asked again; and what did not come, for the first time."""
KEEP = 3600.0
DAY_MS = 86_400_000


class Afar:
    """The way down of the loans elsewhere. :meth:`run` is a task of one connection.

    ``pressed`` tells whether facts wait on a slow link; ``pause`` by what pauses are multiplied on
    a metered one (None: its budget is spent; what is known stays). ``say`` publishes a Wanted.
    """

    def __init__(
        self,
        lent: Lent,
        options: UplinkOptions,
        site: str,
        trust: Trust | None,
        clock: Clock,
        say: Callable[[Wanted], Awaitable[None]],
        *,
        pressed: Callable[[], bool],
        pause: Callable[[], float | None],
    ) -> None:
        self._lent, self._options, self._site, self._trust = lent, options, site, trust
        self._clock, self._say, self._pressed, self._pause = clock, say, pressed, pause
        self._came = asyncio.Event()
        self._again = False

    @property
    def on(self) -> bool:
        """Whether a gate here wants to know, and the site pays for it."""
        return self._lent.wanted and self._options.elsewhere_days > 0

    async def take(self, payload: bytes) -> None:
        """Take a message in; raise WireError of what cannot be understood or is not the centre's."""
        if not self.on:
            return
        try:
            message = decode_elsewhere(payload, self._site, self._trust)
            self._again = not self._lent.take(message)
        except UnknownKeyError:
            self._again = True  # its certificate comes with the answer
        except WireError:
            self._again = True
            raise
        finally:
            self._came.set()

    def doubt(self) -> None:
        """The centre may have begun anew, and not know any more that we listen."""
        self._again = True
        self._came.set()

    async def run(self) -> None:
        """Ask at the beginning, for older loans page by page, and now and then."""
        self._came = asyncio.Event()
        kept, patience = _now(), FIRST
        while self.on:
            pause = await self._may_ask()
            self._again = False
            self._came.clear()
            before = self._lent.before
            await self._say(self._wish(pause))
            heard = await self._wait(patience, before)
            patience = RENEW if heard else min(RENEW, patience * 2)
            if _now() - kept > KEEP:
                kept = _now()
                await in_thread(self._lent.keep)

    async def _may_ask(self) -> float:
        """Wait while facts go first or the budget is spent; return the factor of pauses."""
        while self._pressed() or (pause := self._pause()) is None:  # noqa: ASYNC110
            await asyncio.sleep(1.0)
        return pause

    def _wish(self, pause: float) -> Wanted:
        lent, days = self._lent, self._options.elsewhere_days
        return Wanted(
            after=lent.version,
            before=lent.before if pause == 1.0 else 0,
            item=lent.item if pause == 1.0 else "",
            since=max(0, self._clock.now_ms() - int(days * DAY_MS)),
            seconds=self._options.elsewhere_seconds * pause,
            key=self._trust.newest.hex() if self._trust is not None else "",
        )

    async def _wait(self, patience: float, before: int) -> bool:
        """Wait until it is time to ask again, soon when more is to be had; return if all is well."""
        began = _now()
        while (left := began + patience - _now()) > 0:
            try:
                await asyncio.wait_for(self._came.wait(), left)
            except TimeoutError:
                break
            self._came.clear()
            if self._again:
                await asyncio.sleep(AGAIN)
                return True
            patience = SELDOM if self._lent.nothing else RENEW
            if self._lent.before not in (0, before) and self._pause() == 1.0:
                return True
        return patience >= RENEW


def _now() -> float:
    return asyncio.get_running_loop().time()
