"""How much at once and in which code, how often to ping.

No I/O; time is given (seconds). All is learned from what the ledger acknowledged.
"""

import random

FIRST_ROWS, LEAST_ROWS, MOST_ROWS = 100, 10, 2000
QUICK, SLOW = 0.75, 3.0
"""A batch that is acknowledged so much later than an empty one could be: the next is larger; smaller.
"""
NEAR = 0.1
"""A round trip of a link on which bytes do not count."""
LEAST_BYTES = 2000
"""A batch of fewer bytes says nothing about the link's width."""
NARROW = 64_000.0
"""Bytes a second below which they do."""
MOST_IN_FULL = 512
"""Batches without references after one was not understood."""

FIRST_PAUSE = 0.5
STEADY = 10.0
"""A connection that lasted so long starts the pauses between tries anew."""
BUSY = 4
"""So many times the longest pause is waited for a broker that answers, but has too much to do."""

BOOT_MS = 120_000
"""A machine that runs for less than this has just been switched on."""


def first_wait(up_ms: int, spread: float) -> float:
    """Return how long to wait before the first connection of a machine that is up for so long.

    When the power comes back to a whole province, its devices do not knock all at once.
    """
    return random.uniform(0.0, spread) if up_ms < BOOT_MS else 0.0  # noqa: S311  no secret


class Pauses:
    """Seconds between tries to connect: they double, each by chance, up to ``most``.

    A broker that took the call and had no time for it hears of us less often still. Else a province
    that comes back at once would have it spend all its time on handshakes nobody waits for any more.
    """

    def __init__(self, most: float) -> None:
        self._most, self._next = most, FIRST_PAUSE

    def after(self, lasted: float, *, busy: bool = False) -> float:
        """Return the pause after a try, or a connection that lasted so long; ``busy``: see above."""
        if lasted > STEADY and not busy:
            self._next = FIRST_PAUSE
        most = self._most * (BUSY if busy else 1)
        self._next = min(max(self._next, self._most) if busy else self._next, most)
        pause = random.uniform(0.2, 1.0) * self._next  # noqa: S311  no secret
        self._next = min(self._next * 2, most)
        return pause


class Pace:
    """The size and code of the next batch.

    ``small``: the compact code. A batch in it that is never acknowledged is sent in JSON: perhaps
    the centre does not know the code yet.
    """

    def __init__(self, *, thrifty: bool = False) -> None:
        self.rows = FIRST_ROWS
        self._thrifty = thrifty
        self._round_trip = 0.0
        self._rate = 0.0
        self._plain = self._in_full = 0
        self._misread = 2
        self._probe: tuple[int, int, float, bool] | None = None

    def begin(self, round_trip: float) -> None:
        """A new connection, on which an empty message took so long there and back."""
        self._round_trip, self._probe = round_trip, None

    @property
    def slow(self) -> bool:
        """Whether bytes count on this link."""
        return self._round_trip > NEAR or 0 < self._rate < NARROW

    @property
    def narrow(self) -> bool:
        """Whether bytes count: on this link now, or because somebody pays for them."""
        return self._thrifty or self.slow

    @property
    def small(self) -> bool:
        """Whether the next batch goes in the compact code."""
        return self.narrow and not self._plain

    @property
    def refers(self) -> bool:
        """Whether the next batch may refer to the catalogue."""
        return self.small and not self._in_full

    def misread(self) -> None:
        """The centre's catalogue is another: say some batches in full, each time more of them."""
        self._misread = min(MOST_IN_FULL, 2 * self._misread)
        self._in_full, self._probe = self._misread, None

    @property
    def window(self) -> int:
        """How many facts may be on the way at once."""
        return 3 * self.rows

    def sent(self, upto: int, size: int, now: float) -> None:
        """Note a batch on its way; one at a time is watched."""
        if self._probe is None:
            self._probe = (upto, size, now, self.small)

    def acknowledged(self, seq: int, now: float) -> None:
        """Learn from a batch that arrived: larger ones while it is quick, smaller when slow."""
        if self._probe is None or seq < self._probe[0]:
            return
        _, size, at, _ = self._probe
        self._probe = None
        took = max(0.001, now - at - self._round_trip)
        if self._round_trip == 0 or now - at < self._round_trip:
            self._round_trip = now - at
        if size >= LEAST_BYTES:
            self._rate = size / took if not self._rate else (self._rate + size / took) / 2
        self._plain = max(0, self._plain - 1)
        self._in_full = max(0, self._in_full - 1)
        if took < QUICK:
            self.rows = min(MOST_ROWS, self.rows * 2)
        elif took > SLOW:
            self.rows = max(LEAST_ROWS, self.rows // 2)

    def lost(self) -> None:
        """Nothing was acknowledged in time."""
        if self._probe is not None and self._probe[3]:
            self._plain = 3
        self._probe = None
        self.rows = max(LEAST_ROWS, self.rows // 4)


class Keepalive:
    """Seconds between pings: as few as the carrier's address table lets live."""

    LEAST = 30
    GROWS_AFTER = 3600.0

    def __init__(self, most: int) -> None:
        self.seconds = self._most = most

    def ended(self, lasted: float, silent: float) -> None:
        """A connection of so many seconds was lost, after hearing nothing for so long.

        Whoever is heard until the end was not dropped silently. A connection that lived long gives
        back some of what was taken.
        """
        if silent >= self.seconds / 2 and lasted >= self.seconds / 2:
            self.seconds = max(min(self.LEAST, self._most), self.seconds // 2)
        elif lasted >= self.GROWS_AFTER:
            self.seconds = min(self._most, self.seconds + self.seconds // 4)
