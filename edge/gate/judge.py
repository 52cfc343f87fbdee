"""Judges a sighting: is the tag armed, which item is it, and may it leave all the same."""

from dataclasses import dataclass

from drivers.ports import Sighting
from drivers.tags import TagContent, decode
from edge.circulation.model import Policy
from edge.station import Services

RECENT_MS = 2 * 3_600_000
"""A loan that is not older than this excuses an armed tag also while the centre is away."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """``excuse`` is a word for GateLetPass (``allowed``, ``on_loan``, …), empty: no excuse."""

    uid: str
    armed: bool
    item: str | None = None
    excuse: str = ""


def judge(services: Services, sighting: Sighting) -> Judgement:
    """Judge one sighting by the tag, the allow-list and the loans that this device knows of.

    An armed tag of an item on loan is a disarming that failed, or a return that has not come
    through to here. The centre's present word, or a loan of the last hours, decides for the reader.
    """
    policy = services.replica.policy
    uid = sighting.uid.hex().upper()
    if sighting.afi not in (None, policy.afi_in):
        return Judgement(uid, armed=False)
    content = decode(
        sighting.data, dsfid=sighting.dsfid, afi=sighting.afi, bank=sighting.bank, partial=True
    )
    view = services.replica.item_by_uid(uid)
    item = content.item_id or (view.item if view else None)
    return Judgement(
        uid, armed=True, item=item, excuse=_excuse(services, policy, uid, content, item)
    )


def _excuse(
    services: Services, policy: Policy, uid: str, content: TagContent, item: str | None
) -> str:
    now = services.clock.now_ms()
    if services.allowed.get(uid, 0) > now:
        return "allowed"
    if content.is_card:
        return "card"
    if policy.owners and content.owner and content.owner not in policy.owners:
        return "foreign"
    loan = services.replica.loan(item) if item else None
    if loan is not None and (services.desk.online or 0 <= now - loan.since < RECENT_MS):
        return "on_loan"
    return ""
