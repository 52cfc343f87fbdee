"""Wrong security bits: what the byte of a tag that is merely met should be, and how often that is tried.

A pad meets tags that nobody lends or returns just now. Some have open work in the journal, some alarm
though their item is lent, and some are silent though nobody has lent their item.
"""

from collections.abc import Callable
from dataclasses import dataclass

from edge.items import PadItem
from edge.station import Services

FRESH_MS = 2 * 3_600_000
"""With an older copy no silent tag is armed; a copy in touch with the centre is confirmed hourly."""
REST_MS = 8 * 3_600_000
"""A tag that could not be put right is left alone for so long."""
TRIES = 3
"""Meetings at which a tag may get away before it is left alone."""
MOST = 200
"""Tags that are remembered because they could not be put right."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the byte should become. ``about``: the event this finishes; ``found``: nobody asked for it."""

    afi: int
    about: str = ""
    found: bool = False


def wish(services: Services, item: PadItem, uid: bytes, afi: int | None) -> Wish | None:
    """Say what is to be done with one tag of an item that has a number; None: nothing.

    A loan in doubt changes nothing: the tag stays as it is until it is known to be over or not.
    """
    policy, name, number = services.replica.policy, uid.hex().upper(), item.item or ""
    task, loan = services.journal.task(name), services.replica.loan(number)
    if task is not None and task.about:
        if loan is not None and (loan.doubt or task.afi == policy.afi_in):
            return None
        wanted = policy.afi_in if loan is None else policy.afi_out
        return Wish(wanted, task.about if wanted == task.afi else "")
    if loan is not None:
        marked = services.heal.get(name) == number and afi == policy.afi_in
        return Wish(policy.afi_out) if marked and not loan.doubt else None
    if item.by == "tag" and afi == policy.afi_out and _surely_ours(services, item, name):
        return Wish(policy.afi_in, found=True)
    return None


def _surely_ours(services: Services, item: PadItem, uid: str) -> bool:
    """Whether a silent tag is one of this library's, of whose loans everybody here would know.

    Not told of are loans of a site without its line, so the copy must be a fresh one; a site's copy
    has every loan of its own items alone. Whoever speaks of the tag at the site knows better.
    """
    replica, now = services.replica, services.clock.now_ms()
    view = replica.item(item.item or "")
    if view is None or view.branch not in ("", services.agent.site):
        return False
    if view.uid and view.uid.upper() != uid and (item.parts or 1) == 1:
        return False  # another copy's label, or an old one
    if not services.desk.linked or replica.age_ms > FRESH_MS or services.clock.state() != "synced":
        return False  # an age by a clock that may be behind says nothing
    if uid in services.heal or services.allowed.get(uid, 0) > now:
        return False
    return services.lent is None or services.lent.since(view.item, uid) is None


class Rests:
    """Tags that were tried in vain, by UID; they are left alone for a while."""

    def __init__(self, mono_ms: Callable[[], int]) -> None:
        """No tag was tried yet."""
        self._mono = mono_ms
        self._tags: dict[bytes, tuple[int, int]] = {}

    def resting(self, uid: bytes) -> bool:
        """Return whether a tag is left alone now."""
        tries, until = self._tags.get(uid, (0, 0))
        return tries >= TRIES and self._mono() < until

    def failed(self, uid: bytes, *, refused: bool) -> bool:
        """Note a try in vain; return whether this is the first time that the tag is given up."""
        before, _ = self._tags.pop(uid, (0, 0))
        tries = max(before, TRIES - 1) + 1 if refused else before + 1
        self._tags[uid] = (tries, self._mono() + REST_MS)
        while len(self._tags) > MOST:
            self._tags.pop(next(iter(self._tags)))
        return before < TRIES <= tries

    def done(self, uid: bytes) -> None:
        """The tag is as it should be."""
        self._tags.pop(uid, None)
