"""Judges a sighting: is the tag armed, which item is it, may it leave, is it worth a word to staff.

The loan copy has the last word in favour of the reader: what is lent passes, whatever its tag says.
"""

from dataclasses import dataclass
from typing import Literal

from drivers.ports import Sighting
from drivers.tags import TagContent, decode
from edge.circulation.model import ItemView
from edge.gate.loancopy import LoanCopy
from edge.gate.tags import NOTHING, Sight
from edge.station import Services

RECENT_MS = 2 * 3_600_000
"""With ``armed_lent = "recent"``, a loan that is not older than this excuses an armed tag."""
WANTED = frozenset({"missing", "lost"})
"""Flags of items that are looked for."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How a site wants its gate to judge; see the options of the same names."""

    security: Literal["afi", "eas", "loans"] = "afi"
    armed_lent: Literal["pass", "recent", "ring"] = "pass"
    silent_unlent: Literal["hint", "nothing"] = "hint"


@dataclass(frozen=True, slots=True)
class Judgement:
    """``excuse`` is a word for GateLetPass (``allowed``, ``on_loan``, …), empty: no excuse.

    ``hint`` is a word for GateHint, empty: nothing to say.
    """

    uid: str
    armed: bool
    item: str | None = None
    excuse: str = ""
    hint: str = ""
    sight: Sight = NOTHING


def judge(services: Services, loans: LoanCopy, ways: Ways, sighting: Sighting) -> Judgement:
    """Judge one sighting by the tag, the allow-list and the loans that this device knows of."""
    uid = sighting.uid.hex().upper()
    content = decode(
        sighting.data, dsfid=sighting.dsfid, afi=sighting.afi, bank=sighting.bank, partial=True
    )
    view = services.replica.item_by_uid(uid)
    item = content.item_id or (view.item if view else None)
    if item and view is None:
        view = services.replica.item(item)
    since = loans.lent_since(item, uid)
    sight = _sight(sighting, content, since)
    armed, hint = _armed(services, ways, sighting.afi, view, lent=since is not None), ""
    if armed:
        excuse = _excuse(services, uid, content) or _lent(services, ways, since)
        return Judgement(uid, True, item, excuse, _wanted(view, since), sight)
    if ways.silent_unlent == "hint" and since is None and view is not None and not content.is_card:
        hint = "not_lent"
    return Judgement(uid, False, item, "", _wanted(view, since) or hint, sight)


def _sight(sighting: Sighting, content: TagContent, since: int | None) -> Sight:
    """Return what staff may want to see of it later."""
    told = sighting.data != b""
    return Sight(
        part=str(sighting.antenna or ""),
        afi=sighting.afi,
        rssi=None if sighting.rssi is None else round(sighting.rssi),
        format=content.format if told else "",
        owner=(content.owner or "")[:64],
        since=since or 0,
    )


def still_unlent(services: Services, loans: LoanCopy, uid: str, item: str | None) -> bool:
    """Say whether a silent tag's item is still not lent, as far as this gate can know at all.

    Cut off from both the site and the centre it cannot know what was lent meanwhile.
    """
    informed = services.desk.linked and services.replica.version > 0
    return informed and loans.lent_since(item, uid) is None


def _armed(
    services: Services, ways: Ways, afi: int | None, view: ItemView | None, *, lent: bool
) -> bool:
    """Say whether the tag asks for an alarm, before any excuse."""
    if ways.security == "loans":  # a coat's tag, or one of a library that we do not know, is none
        return view is not None and not lent and services.desk.linked
    return ways.security == "eas" or afi in (None, services.replica.policy.afi_in)


def _excuse(services: Services, uid: str, content: TagContent) -> str:
    if services.allowed.get(uid, 0) > services.clock.now_ms():
        return "allowed"
    if content.is_card:
        return "card"
    owners = services.replica.policy.owners
    return "foreign" if owners and content.owner and content.owner not in owners else ""


def _lent(services: Services, ways: Ways, since: int | None) -> str:
    if since is None or ways.armed_lent == "ring":
        return ""
    age = services.clock.now_ms() - since
    known = ways.armed_lent == "pass" or services.desk.online or age < RECENT_MS
    return "on_loan" if known else ""


def _wanted(view: ItemView | None, since: int | None) -> str:
    wanted = view is not None and since is None and WANTED.intersection(view.flags)
    return "missing" if wanted else ""
