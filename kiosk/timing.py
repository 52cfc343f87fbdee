"""How long each screen waits for a reader, and when it asks for more time."""

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.session import WORKING, State

S = State


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds. ``start``: a card or books are awaited; ``session``: in the middle of a visit."""

    start: int = 60
    session: int = 160
    private: int = 60
    receipt: int = 40
    bye: int = 5
    working: int = 90
    warning: int = 20

    def of(self, state: State) -> int:
        """Return how long a state lasts without a touch; 0: for ever."""
        if state in (S.IDLE, S.OUT_OF_SERVICE):
            return 0
        if state is S.BYE:
            return self.bye
        if state in WORKING:
            return self.working
        if state in (S.RECEIPT, S.RECEIPT_SHOWN):
            return self.receipt
        if state in (S.ACCOUNT, S.RENEWAL):
            return self.private
        if state in (S.PLACING, S.COUNTING, S.LENT, S.RETURNED):
            return self.session
        return self.start


class Timer:
    """Counts from the last thing that happened."""

    def __init__(self, limits: Limits, mono_ms: Callable[[], int]) -> None:
        self._limits = limits
        self._mono = mono_ms
        self._from = mono_ms()

    def restart(self) -> None:
        """Somebody is there: begin anew."""
        self._from = self._mono()

    def over(self, state: State) -> bool:
        """Whether the patience of this state is over."""
        limit = self._limits.of(state)
        return limit > 0 and self._left(limit) <= 0

    def warns(self, state: State) -> bool:
        """Whether the reader is asked now if more time is needed."""
        limit = self._limits.of(state)
        if limit == 0 or state in WORKING or state is S.BYE:
            return False
        return 0 < self._left(limit) <= self._warning(limit)

    def seconds_left(self, state: State) -> int | None:
        """Return the seconds to show while the reader is warned, else None."""
        limit = self._limits.of(state)
        return max(0, self._left(limit)) if self.warns(state) else None

    def _left(self, limit: int) -> int:
        return limit - (self._mono() - self._from) // 1000

    def _warning(self, limit: int) -> int:
        return min(self._limits.warning, max(1, limit // 2))
