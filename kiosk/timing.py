"""How long each screen waits for a reader, and when it asks for more time."""

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.session import WORKING, State

S = State
REST = "rest"
LASTS: dict[State, str] = {
    **dict.fromkeys((S.IDLE, S.OUT_OF_SERVICE, S.CLASS), REST),
    **dict.fromkeys((S.BOOKS_SEEN, S.CARD_WANTED, S.CARD_FOR_ACCOUNT, S.CARD_FOR_RENEWAL), "start"),
    **dict.fromkeys((S.PLACING_RETURNS, S.STAFF_CARD, S.STAFF), "start"),
    **dict.fromkeys((S.PLACING, S.COUNTING, S.LENT, S.RETURNED), "session"),
    **dict.fromkeys((S.ACCOUNT, S.RENEWAL, S.PROOF), "private"),
    **dict.fromkeys((S.PIN_TO_BORROW, S.PIN_FOR_ACCOUNT), "private"),
    **dict.fromkeys((S.PIN_FOR_RENEWAL, S.PIN_FOR_CLASS), "private"),
    **dict.fromkeys((S.CLASS_CARD, S.CLASS_CHOICE, S.CLASS_MENU), "start"),
    **dict.fromkeys((S.RECEIPT, S.RECEIPT_SHOWN), "receipt"),
    **dict.fromkeys(WORKING, "working"),
    S.BYE: "bye",
}
"""Which of the :class:`Limits` each state has: the whole rule, in one table (docs/kiosk.md)."""
RESTING = frozenset(state for state, kind in LASTS.items() if kind == REST)
NEXT_CHILD, CHILD = 6, 60
"""Seconds in a class: after everything is done and the pad is empty; in the middle of a visit."""
DONE = frozenset({S.LENT, S.RETURNED})
"""States in which a reader whose pad is empty has most likely gone."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds. ``start``: a card or books are awaited; ``session``: in the middle of a visit.

    ``private``: loans, a PIN or a proof are on the screen. ``away``: the pad of
    a known reader is empty.
    """

    start: int = 60
    session: int = 160
    private: int = 30
    away: int = 30
    receipt: int = 30
    bye: int = 5
    working: int = 90
    warning: int = 20

    def of(self, state: State) -> int:
        """Return how long a state lasts without a touch; 0: for ever."""
        kind = LASTS[state]
        return 0 if kind == REST else int(getattr(self, kind))


@dataclass(frozen=True, slots=True)
class Patience:
    """What the time of a visit hangs on.

    ``changed``: language or look are not the usual ones, which the next reader must not inherit;
    ``in_class``: the next child waits behind this one. ``clear_ms``: since when the pad is empty (monotonic), None while something lies there.
    """

    state: State
    changed: bool = False
    clear_ms: int | None = None
    in_class: bool = False


class Timer:
    """Counts from the last thing that happened."""

    def __init__(self, limits: Limits, mono_ms: Callable[[], int]) -> None:
        self._limits = limits
        self._mono = mono_ms
        self._from = mono_ms()

    def restart(self) -> None:
        """Somebody is there: begin anew."""
        self._from = self._mono()

    def still_s(self) -> int:
        """Return for how many seconds nobody has done anything."""
        return self._since(self._from)

    def over(self, now: Patience) -> bool:
        """Whether the patience of this moment is over."""
        left = self._left(now)
        return left is not None and left <= 0

    def warns(self, now: Patience) -> bool:
        """Whether the reader is asked now if more time is needed."""
        left = self._left(now)
        if now.in_class and self._walked_away(now):
            return False
        if left is None or now.state in WORKING | RESTING | {S.BYE}:
            return False
        return 0 < left <= self._warning(now)

    def seconds_left(self, now: Patience) -> int | None:
        """Return the seconds to show while the reader is warned, else None."""
        return self._left(now) if self.warns(now) else None

    def _left(self, now: Patience) -> int | None:
        """Return the seconds until the end, None when there is none."""
        limit = self._limits.of(now.state)
        if now.state in RESTING and now.changed:
            limit = self._limits.start
        if now.in_class:
            limit = min(limit, CHILD)
        if limit == 0:
            return None
        left = limit - self._since(self._from)
        if self._walked_away(now):
            gone = self._since(max(self._from, now.clear_ms or 0))
            left = min(left, (NEXT_CHILD if now.in_class else self._limits.away) - gone)
        return left

    def _walked_away(self, now: Patience) -> bool:
        """Whether the pad is empty where books lay, or where a known reader was to put some."""
        if now.clear_ms is None:
            return False
        return now.state in DONE or (now.state is S.PLACING and not now.in_class)

    def _since(self, ms: int) -> int:
        return (self._mono() - ms) // 1000

    def _warning(self, now: Patience) -> int:
        limit = self._limits.of(now.state)
        if self._walked_away(now):
            limit = min(limit, self._limits.away)
        return min(self._limits.warning, max(1, limit * 2 // 3))
