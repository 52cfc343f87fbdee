"""How long somebody who guesses has to wait: each wrong try waits twice as long as the one before."""

from collections.abc import Callable

FORGET_MS = 15 * 60_000
LONGEST_MS = 300_000
FREE = 8
"""Wrong tries of all cards together that cost nothing more than their own card's wait."""
MOST_CARDS = 100


class Tries:
    """Counts wrong PINs and unknown typed numbers, for a card and for the whole machine."""

    def __init__(self, mono_ms: Callable[[], int]) -> None:
        self._mono = mono_ms
        self._cards: dict[str, tuple[int, int]] = {}
        self._all: list[int] = []

    def wrong(self, card: str) -> None:
        """Somebody guessed wrong."""
        now = self._mono()
        count, _ = self._known(card)
        self._cards.pop(card, None)
        self._cards[card] = (count + 1, now)
        while len(self._cards) > MOST_CARDS:
            self._cards.pop(next(iter(self._cards)))
        self._all = [*(at for at in self._all if now - at < FORGET_MS), now][-64:]

    def right(self, card: str) -> None:
        """The reader knew; the card's wrong tries are forgotten, the machine's are not."""
        self._cards.pop(card, None)

    def wait(self, card: str) -> int:
        """Return the seconds until the next try counts; 0: now."""
        count, since = self._known(card)
        left = _pause(count) - (self._mono() - since) if count else 0
        recent = [at for at in self._all if self._mono() - at < FORGET_MS]
        if len(recent) > FREE:
            left = max(left, _pause(len(recent) - FREE) - (self._mono() - recent[-1]))
        return max(0, -(-left // 1000))

    def _known(self, card: str) -> tuple[int, int]:
        count, since = self._cards.get(card, (0, 0))
        return (count, since) if self._mono() - since < FORGET_MS else (0, 0)


def _pause(count: int) -> int:
    return min(LONGEST_MS, 1000 << min(count, 20))
