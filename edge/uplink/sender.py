"""Sends facts from the journal, window by window, until the ledger has acknowledged them."""

import asyncio
from collections.abc import Awaitable, Callable

from edge.journal import Journal
from edge.uplink.pace import Pace
from edge.uplink.window import Window
from edge.wire.batch import Known, encode_batch
from edge.wire.columns import NOTHING

LIVE_ROWS, LIVE_SECONDS = 100, 0.2
"""With so few waiting, facts are gathered for so long before they leave together."""
ROWS, BYTES = 2000, 1_000_000
"""The largest batch of a backlog, before it is packed."""


class Sender:
    """The facts' way up. :meth:`run` is a task of one connection; ``publish`` sends a batch."""

    def __init__(
        self,
        journal: Journal,
        publish: Callable[[bytes], Awaitable[None]],
        now: Callable[[], float] = lambda: asyncio.get_running_loop().time(),
        gather: float = LIVE_SECONDS,
        *,
        thrifty: bool = False,
        known: Known = NOTHING,
    ) -> None:
        self.pace = Pace(thrifty=thrifty)
        self._journal = journal
        self._publish = publish
        self._now = now
        self._gather = gather
        self._known = known
        self._window = Window()
        self._last = ("", 0, b"")
        self._news = asyncio.Event()

    @property
    def pressed(self) -> bool:
        """Whether facts wait on a link where every other byte delays them."""
        return self.pace.slow and self._journal.last_seq > self._window.base

    def begin(self, round_trip: float | None = None) -> None:
        """A new connection, or a new epoch: everything that is not acknowledged goes again.

        ``round_trip`` is what the first message of the connection took there and back.
        """
        if round_trip is not None:
            self.pace.begin(round_trip)
            self._window.expect(round_trip)
        self._window.begin(self._journal.acked)
        self._news.set()

    def wake(self) -> None:
        """There is a new fact."""
        self._news.set()

    def acknowledged(self, seq: int) -> None:
        """The ledger says it has everything up to ``seq``; it may have less than it said before."""
        if seq < self._window.base:
            self._window.begin(seq)
        else:
            self._window.acknowledged(min(seq, self._journal.last_seq), self._now())
            self.pace.acknowledged(seq, self._now())
        self._news.set()

    def misread(self) -> None:
        """The centre could not read a batch that refers to the catalogue: send it again in full."""
        if not self.pace.refers:
            return  # it speaks of one that left before we knew
        self.pace.misread()
        self._window.begin(self._window.base)
        self._news.set()

    async def run(self) -> None:
        """Send until the connection ends."""
        while True:
            self._news.clear()
            if not await self._send_some():
                await self._wait()

    async def _send_some(self) -> bool:
        """Send one batch; return False when nothing may be sent now."""
        window, journal, pace = self._window, self._journal, self.pace
        window.full = pace.window
        waiting, room = journal.last_seq - window.next, window.room()
        if waiting <= 0 or not room or (window.flying and room < min(pace.rows, waiting)):
            return False  # a small batch now would leave room for small ones only
        if waiting < LIVE_ROWS and self._gather:
            await asyncio.sleep(self._gather)
        room = window.room()
        rows = journal.waiting(window.next, min(ROWS, pace.rows, room), BYTES) if room else []
        if not rows:
            return False
        epoch, first, last = journal.epoch, rows[0][0], rows[-1][0]
        before = journal.mark(first - 1)
        bodies = [body for _, body in rows]
        known = self._known if pace.refers else None
        settled = b"" if window.flying or self._last[:2] != (epoch, first - 1) else self._last[2]
        payload = encode_batch(
            journal.device, epoch, first, bodies, before,
            small=pace.small, known=known, before=settled,
        )  # fmt: skip
        await journal.sending(last, epoch)
        if journal.epoch == epoch and window.next == first - 1:  # nothing turned us back meanwhile
            window.sent(last, self._now())
            pace.sent(last, len(payload), self._now())
            self._last = (epoch, last, bodies[-1])
            await self._publish(payload)
        return True

    async def _wait(self) -> None:
        """Wait for a fact or an acknowledgement; without progress in time, go back."""
        due = self._window.due()
        try:
            async with asyncio.timeout(None if due is None else max(0.0, due - self._now())):
                await self._news.wait()
        except TimeoutError:
            if due is not None and self._now() >= due:
                self._window.go_back()
                self.pace.lost()
