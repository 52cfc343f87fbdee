"""What a site knows of single tags: which gates let pass though armed, which are to be healed."""

from collections.abc import Callable
from functools import partial

from edge.replica import Replica
from edge.wire.facts import Fact, GateLetPass, Repaired, Return, Secured, TagStillArmed

LENT = "on_loan"
"""Why a gate let an armed tag pass: its item is lent. The tag wants healing."""
MOST = 1000
"""Changes that may wait to be written."""


class TagMarks:
    """Follows the facts of this device and of its neighbours; remembers over a restart.

    ``allowed``: UID -> until (ms). ``heal``: UID -> item, of tags that alarm though their item is
    lent; whoever meets one next disarms it.
    """

    def __init__(self, replica: Replica, allowed: dict[str, int], now: Callable[[], int]) -> None:
        self.allowed, self.heal = allowed, dict[str, str]()
        self.unwritten: list[Callable[[], None]] = []
        """What is to be done, beside the loop, to remember."""
        self._replica, self._now = replica, now
        for uid, item, until, heal in replica.tags():
            if until > now():
                allowed[uid] = until
            if heal:
                self.heal[uid] = item

    def note(self, fact: Fact) -> None:
        """Take a fact into account; facts that say nothing of a tag change nothing."""
        match fact:
            case TagStillArmed(item=item, uid=uid, until=until):
                if until > self._now():
                    self._put(uid, item, until, heal=True)
            case GateLetPass(uid=uid, item=str(item), reason="on_loan"):
                self._put(uid, item, self.allowed.get(uid, 0), heal=True)
            case Secured(uid=uid) | Repaired(uid=uid):
                self._put(uid, "", 0, heal=False)
            case Return(evidence=evidence) if evidence.uid:
                self._put(evidence.uid, "", 0, heal=False)

    def _put(self, uid: str, item: str, until: int, *, heal: bool) -> None:
        uid = uid.upper()
        known = uid in self.allowed or uid in self.heal
        self.allowed.pop(uid, None)
        self.heal.pop(uid, None)
        if until:
            self.allowed[uid] = until
        if heal:
            self.heal[uid] = item
        if known or until or heal:
            put = partial(self._replica.put_tag, uid, item, until, heal=heal)
            self.unwritten = [*self.unwritten[-MOST:], put]
