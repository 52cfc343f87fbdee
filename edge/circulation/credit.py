"""From which moment a return through a drop counts (rule R8). Pure; the clock is the drop's own."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from edge.circulation.model import Policy
from edge.circulation.rules import is_closed

LONGEST_CLOSURE = 366
"""Days that are searched for an open one."""


def credited(policy: Policy, at: int) -> int:
    """Return from when a return at ``at`` (ms) counts as given back, by ``credit_to``.

    ``drop_time``: when it fell in. ``last_open_close``: while closed, when the library last closed.
    ``next_open``: while closed, when it opens next. A library that is never open counts the drop.
    """
    if policy.credit_to not in ("last_open_close", "next_open"):
        return at
    zone = ZoneInfo(policy.zone)
    there = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
    if is_open(policy, there):
        return at
    step = -1 if policy.credit_to == "last_open_close" else 1
    clock = policy.closes if step < 0 else policy.opens
    hours, _, minutes = clock.partition(":")
    for days in range(LONGEST_CLOSURE + 1):
        day = there + timedelta(days=step * days)
        moment = day.replace(hour=int(hours), minute=int(minutes), second=0, microsecond=0)
        if not is_closed(policy, moment.date()) and (moment - there) * step >= timedelta(0):
            return int(moment.timestamp() * 1000)
    return at


def late_until(policy: Policy, at: int, unc: int = 0, *, drop: bool = False) -> int:
    """Return until when (ms) a loan that came back at ``at`` may cost, ``unc`` ms sure (R4, R5).

    As early as it may have been, and as a drop credits it, but never later than it came back.
    """
    at -= unc
    return min(at, credited(policy, at)) if drop else at


def is_open(policy: Policy, there: datetime) -> bool:
    """Say whether the library is open at a local time."""
    return not is_closed(policy, there.date()) and policy.opens <= f"{there:%H:%M}" < policy.closes
