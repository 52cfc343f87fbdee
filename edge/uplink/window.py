"""How far facts were sent and acknowledged, and when to go back. No I/O; time is given (seconds).

```
acknowledged ........ on the way ........ waiting in the journal
            ^ base               ^ next
```
"""

from dataclasses import dataclass, field

FULL = 1000
"""Facts that may be on the way at once."""
PROBES = (100, 20, 1)
"""The same after one, two, three and more times without progress: silence costs little."""
SHORTEST, LONGEST = 1.0, 30.0
"""Limits of the wait for progress."""


@dataclass(slots=True)
class Window:
    """The sender's memory within one connection."""

    base: int = 0
    next: int = 0
    full: int = FULL
    _silences: int = 0
    _since: float | None = None
    _probe: tuple[int, float] | None = None
    _rtt: float = 0.5
    _spread: float = field(default=0.25)

    def begin(self, base: int) -> None:
        """Start anew from what is acknowledged (a new connection, or a ledger that went back)."""
        self.base = self.next = base
        self._since = self._probe = None

    @property
    def flying(self) -> bool:
        """Whether anything is on the way."""
        return self.next > self.base

    def room(self) -> int:
        """Return how many more facts may be sent now."""
        limit = self.full if not self._silences else PROBES[min(self._silences, len(PROBES)) - 1]
        return max(0, limit - (self.next - self.base))

    def sent(self, upto: int, now: float) -> None:
        """Note that facts up to ``upto`` are on the way."""
        self.next = max(self.next, upto)
        if self._since is None:
            self._since = now
        if self._probe is None and not self._silences:
            self._probe = (upto, now)

    def acknowledged(self, seq: int, now: float) -> None:
        """Note that the ledger has everything up to ``seq``."""
        if seq <= self.base:
            return
        self.base, self.next = seq, max(seq, self.next)
        self._silences = 0
        self._since = now if self.next > self.base else None
        if self._probe is not None and seq >= self._probe[0]:
            self._measure(now - self._probe[1])
            self._probe = None

    def wait(self) -> float:
        """Return how long to wait for progress: twice the way there and back, doubling."""
        patience = max(SHORTEST, 2 * self._rtt + 4 * self._spread)
        return float(min(LONGEST, patience * 2**self._silences))

    def due(self) -> float | None:
        """Return when to go back if nothing is acknowledged until then; None: nothing is out."""
        return None if self._since is None else self._since + self.wait()

    def go_back(self) -> None:
        """Nothing was acknowledged in time: begin again after what is."""
        self._silences = min(self._silences + 1, 10)
        self.begin(self.base)

    def expect(self, round_trip: float) -> None:
        """Wait for at least so long a round trip: what a new connection's first message took."""
        self._rtt = max(self._rtt, round_trip)
        self._spread = max(self._spread, round_trip / 2)

    def _measure(self, took: float) -> None:
        self._spread += (abs(took - self._rtt) - self._spread) / 4
        self._rtt += (took - self._rtt) / 8
