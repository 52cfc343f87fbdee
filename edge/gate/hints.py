"""Tags that pass a gate in silence: seen once, remembered while they are here. Pure."""

from dataclasses import dataclass

from edge.gate.beams import Direction
from edge.gate.tags import NOTHING, Sight

MOST = 500
"""Silent tags followed at once; the oldest go first."""


@dataclass(slots=True)
class Silent:
    """A silent tag in the gate. ``hint`` is empty when there is nothing to say of it."""

    uid: str
    item: str | None
    hint: str
    last: int
    direction: Direction = ""
    sight: Sight = NOTHING
    reads: int = 0


class Hints:
    """Follows silent tags; times are of a clock that never goes back."""

    def __init__(self, absence_ms: int) -> None:
        self._absence_ms = absence_ms
        self._tags: dict[str, Silent] = {}

    def same(self, uid: str, afi: int | None) -> bool:
        """Whether the tag is known as it is, so that it needs no judging again."""
        tag = self._tags.get(uid)
        return tag is not None and tag.sight.afi == afi

    def seen(
        self,
        uid: str,
        now: int,
        direction: Direction,
        *,
        item: str | None = None,
        hint: str = "",
        sight: Sight = NOTHING,
    ) -> None:
        """Take a sighting; what is said of the tag is that of its first."""
        tag = self._tags.get(uid)
        if tag is None:
            if len(self._tags) >= MOST:
                del self._tags[next(iter(self._tags))]
            tag = self._tags[uid] = Silent(uid, item, hint, now, sight=sight)
        tag.last, tag.direction = now, direction or tag.direction
        tag.reads += 1

    def tick(self, now: int, direction: Direction) -> list[Silent]:
        """Let time pass; return the tags that have gone and are worth a word.

        A tag that walked in, or back in, is not worth one.
        """
        gone = [tag for tag in self._tags.values() if now - tag.last >= self._absence_ms]
        for tag in self._tags.values():
            if direction and now - tag.last < self._absence_ms:
                tag.direction = direction
        for tag in gone:
            del self._tags[tag.uid]
        return [
            tag for tag in gone if tag.hint and (tag.direction != "in" or tag.hint == "missing")
        ]
