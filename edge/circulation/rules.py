"""The lending rules: may this reader have this item, until when. Pure; time is an argument.

The edge and the ledger call the same functions, so that a decision made alone is the one the centre
would have made from the same rows. Not a row is changed here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from edge.circulation.model import GroupRule, ItemView, LoanView, Policy, ReaderView, Verdict

DAY_MS = 86_400_000
TRUSTED_READER = "unknown"
"""The reader reference of a card that is lent to on trust (``offline_trust``)."""
_KEPT_IN_HOUSE = frozenset({"reference", "restricted", "withdrawn"})
_LONGEST_CLOSURE = 366
_LONGEST_LATE = 3660


@dataclass(frozen=True, slots=True)
class Offline:
    """The decision is made without the centre (rule R10).

    ``age_ms``: age of the local copy. ``lent``: what this reader was already lent in this outage.
    """

    age_ms: int
    lent: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """One item of a stack: what is known of it and of its open loan (None: nothing)."""

    item_id: str
    item: ItemView | None
    loan: LoanView | None = None


def decide_loan(
    policy: Policy,
    reader: ReaderView | None,
    item: ItemView | None,
    loan: LoanView | None,
    *,
    now: int,
    offline: Offline | None = None,
    item_id: str = "",
) -> Verdict:
    """Say whether the reader may take the item now.

    ``item_id`` names an item that is not in the catalogue (``item`` None). An item that the reader
    has already is ``already_yours`` with ``renews`` and the due date it has. Offline, a loan to
    somebody else does not stand in the way: the book is here, and the local copy cannot know what
    another machine took back; the ledger closes the other loan (R6).
    """
    name = item.item if item else item_id
    if reader is None and offline and policy.offline_trust:
        reader = ReaderView(card="", reader=TRUSTED_READER)
    if reader is None:
        return _no(name, "card_unverified" if offline else "unknown_card")
    if loan is not None and loan.reader == reader.reader:
        return Verdict(item=name, ok=False, reason="already_yours", due=loan.due, renews=True)
    reason = (
        reader_refusal(policy, reader, now=now)
        or _item_trouble(policy, item, reader)
        or _only_with_centre(policy, item, offline)
        or ("on_loan" if loan is not None and offline is None else "")
        or _too_many(policy, reader, offline)
    )
    if reason:
        return _no(name, reason)
    hold = item is not None and item.held
    return Verdict(item=name, ok=True, due=due_date(policy, reader.group, now), hold=hold)


def decide_loans(
    policy: Policy,
    reader: ReaderView | None,
    wanted: Iterable[Wanted],
    *,
    now: int,
    offline: Offline | None = None,
) -> list[Verdict]:
    """Decide a stack in its order, each granted item counting against the limits of the next."""
    verdicts = []
    for one in wanted:
        verdict = decide_loan(
            policy, reader, one.item, one.loan, now=now, offline=offline, item_id=one.item_id
        )
        verdicts.append(verdict)
        if verdict.ok and reader is not None:
            reader = msgspec.structs.replace(reader, loans=reader.loans + 1)
        if verdict.ok and offline is not None:
            offline = Offline(offline.age_ms, offline.lent + 1)
    return verdicts


def decide_renewal(
    policy: Policy,
    reader: ReaderView | None,
    item: ItemView | None,
    loan: LoanView | None,
    *,
    now: int,
    offline: Offline | None = None,
    item_id: str = "",
) -> Verdict:
    """Say whether the reader may keep the item longer; alone it is never promised (R9)."""
    name = item.item if item else loan.item if loan else item_id
    if offline is not None:
        return _no(name, "needs_network")
    if reader is None:
        return _no(name, "unknown_card")
    if loan is None or item is None:
        return _no(name, "unknown_item")
    if loan.reader != reader.reader:
        return _no(name, "on_loan")
    reason = reader_trouble(reader, now=now) or ("held" if kept_for_another(item, reader) else "")
    if not reason and loan.renewals >= group_rule(policy, reader.group).renewals:
        reason = "renewals"
    if reason:
        return _no(name, reason)
    due = max(loan.due, due_date(policy, reader.group, now))
    return Verdict(item=name, ok=True, due=due, renews=True)


def reader_trouble(reader: ReaderView, *, now: int) -> str:
    """Return why this reader may not borrow at all (``blocked``, ``expired``), or nothing."""
    if reader.blocked:
        return "blocked"
    return "expired" if reader.expires and reader.expires <= now else ""


def reader_refusal(policy: Policy, reader: ReaderView, *, now: int) -> str:
    """Return why this reader may borrow nothing now: as reader_trouble, or ``fees``."""
    owes = 0 < policy.fee_limit <= reader.fees
    return reader_trouble(reader, now=now) or ("fees" if owes else "")


def owed(
    policy: Policy,
    settled: int,
    loans: Iterable[LoanView],
    back: Iterable[tuple[int, int]],
    now: int,
) -> int:
    """Return what a reader owes: what was ``settled`` before, and what late loans add.

    ``loans`` are open now, ``back`` (due, returned) came back since.
    """
    late = sum(late_fee(policy, loan.due, now) for loan in loans)
    late += sum(late_fee(policy, due, ended) for due, ended in back)
    return max(0, settled + late)


def kept_for_another(item: ItemView, reader: ReaderView) -> bool:
    """Return whether somebody else than this reader waits for the item."""
    return item.held and item.held_for != reader.reader


def late_fee(policy: Policy, due: int, back: int) -> int:
    """Return what a loan costs that was due then and came back then: days of opening only.

    A day of return that became a day of closure (an outage, a storm) moves to the next opening.
    """
    if not policy.fee_per_day or back <= due:
        return 0
    due = _end_after(policy, due, 0)
    back = min(back, due + _LONGEST_LATE * DAY_MS)
    first = datetime.fromtimestamp(due / 1000, _zone(policy.zone)).date() + _days(1)
    last = datetime.fromtimestamp(back / 1000, _zone(policy.zone)).date()
    late = range((last - first).days + 1)
    fee = policy.fee_per_day * sum(not is_closed(policy, first + _days(n)) for n in late)
    return min(fee, policy.fee_most) if policy.fee_most else fee


def group_rule(policy: Policy, group: str) -> GroupRule:
    """Return the rule of a reader group; a group nobody wrote a rule for has the adults' one."""
    return policy.groups.get(group) or policy.groups.get("adult") or GroupRule()


def offline_limit(policy: Policy, age_ms: int) -> int:
    """Return how many items a reader may be lent in one outage with a local copy of this age.

    The full number up to ``offline_days``, half of it (at least one) up to ``offline_stop_days``,
    then none.
    """
    if age_ms > policy.offline_stop_days * DAY_MS:
        return 0
    if age_ms > policy.offline_days * DAY_MS:
        return min(policy.offline_limit, max(1, policy.offline_limit // 2))
    return policy.offline_limit


def due_date(policy: Policy, group: str, from_ms: int) -> int:
    """Return the end of the last day of a loan that begins now: never a day of closure."""
    return _end_after(policy, from_ms, group_rule(policy, group).days)


def next_open_day(policy: Policy, from_ms: int) -> int:
    """Return the end of the first day of opening after the day of ``from_ms``."""
    return _end_after(policy, from_ms, 1)


def end_of_day(policy: Policy, day: date) -> int:
    """Return the last second of a day in the policy's time zone, in ms."""
    return _last_second(policy.zone, day)


def is_closed(policy: Policy, day: date) -> bool:
    """Return whether the policy names this day as a day of closure."""
    return _closed((*policy.closed_weekdays,), (*policy.closed_dates,), day)


def _end_after(policy: Policy, from_ms: int, days: int) -> int:
    begun = datetime.fromtimestamp(from_ms / 1000, _zone(policy.zone)).date()
    return _end_of_open_day(
        policy.zone, (*policy.closed_weekdays,), (*policy.closed_dates,), begun, days
    )


@lru_cache(maxsize=1024)
def _end_of_open_day(
    zone: str, weekdays: tuple[int, ...], dates: tuple[str, ...], begun: date, days: int
) -> int:
    """Days are few and facts are many: a due date is reckoned once a day and rule."""
    day = begun + _days(days)
    for later in range(_LONGEST_CLOSURE):
        if not _closed(weekdays, dates, day + _days(later)):
            return _last_second(zone, day + _days(later))
    return _last_second(zone, day)  # closed for good: any day is as right as another


def _closed(weekdays: tuple[int, ...], dates: tuple[str, ...], day: date) -> bool:
    return day.weekday() in weekdays or day.isoformat() in dates


def _last_second(zone: str, day: date) -> int:
    last = datetime.combine(day, time(23, 59, 59), tzinfo=_zone(zone))
    return int(last.astimezone(UTC).timestamp()) * 1000


def _item_trouble(policy: Policy, item: ItemView | None, reader: ReaderView) -> str:
    """Lost and missing are no reason: here it is, found (the ledger tells staff, R6)."""
    if item is None:
        return "unknown_item"
    if item.kind in policy.never_lend_kinds or not _KEPT_IN_HOUSE.isdisjoint(item.flags):
        return "not_for_loan"
    return "held" if kept_for_another(item, reader) else ""


def _only_with_centre(policy: Policy, item: ItemView | None, offline: Offline | None) -> str:
    kept = offline is not None and item is not None and item.kind in policy.offline_never_kinds
    return "needs_network" if kept else ""


def _too_many(policy: Policy, reader: ReaderView, offline: Offline | None) -> str:
    if reader.loans >= group_rule(policy, reader.group).limit:
        return "limit"
    if offline is None:
        return ""
    allowed = offline_limit(policy, offline.age_ms)
    if offline.lent < allowed:
        return ""
    return "offline_limit" if allowed or not policy.offline_limit else "offline_stale"


def _no(item: str, reason: str) -> Verdict:
    return Verdict(item=item, ok=False, reason=reason)


def _days(count: int) -> timedelta:
    return timedelta(days=count)


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
