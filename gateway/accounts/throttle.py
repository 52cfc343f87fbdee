"""Slows down whoever guesses passwords: by account and by address, bounded in memory."""

from collections import OrderedDict

FREE = 5
FIRST_MS, LONGEST_MS = 15_000, 15 * 60_000
FORGET_MS = 30 * 60_000
MOST = 5000


class Throttle:
    """Counts wrong tries; after ``free`` of them each costs twice the wait of the one before."""

    def __init__(self, free: int = FREE) -> None:
        self._free = free
        self._wrong: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def wait_ms(self, who: str, now: int) -> int:
        """Return how long this one must wait before the next try; 0: not at all."""
        tries, last = self._wrong.get(who, (0, 0))
        if tries < self._free or now - last >= FORGET_MS:
            return 0
        wait = min(LONGEST_MS, FIRST_MS << min(tries - self._free, 10))
        return max(0, last + wait - now)

    def wrong(self, who: str, now: int) -> None:
        """Count a wrong try."""
        tries, last = self._wrong.pop(who, (0, 0))
        if now - last >= FORGET_MS:
            tries = 0
        self._wrong[who] = (tries + 1, now)
        while len(self._wrong) > MOST:
            self._wrong.popitem(last=False)

    def right(self, who: str) -> None:
        """Forget the wrong tries of one who got in."""
        self._wrong.pop(who, None)
