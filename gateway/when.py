"""When a fact happened, as well as can be known (rules R4, R5). Pure.

Within a boot time never runs backwards. What an unset or future clock stamped is placed by the
monotonic clock of its boot, else between the stream's last event and now; once a later event of the
stream is sure, it is placed anew (:func:`since`, :func:`after`, :func:`between`).
"""

import msgspec

from edge.wire.batch import Stamp

FUTURE_MS = 2 * 60_000
"""A stamp this much later than the gateway's clock is as good as none."""
SURE_MS = 60_000
"""A time that is off by no more needs no correction."""
DRIFT_PPM = 50
UNTRUSTED_MS = 12 * 3_600_000
LATEST_MS = 4_000_000_000_000
"""The year 2096: no time and no uncertainty is taken for more, whatever a message says."""


class Moment(msgspec.Struct, frozen=True):
    """A time in ms, and how far off it may be each way."""

    at: int
    unc: int

    @property
    def trusted(self) -> bool:
        """False when fines and order need a look by a person."""
        return self.unc <= UNTRUSTED_MS


class Last(msgspec.Struct, frozen=True):
    """The last event of the stream before this one."""

    at: int
    unc: int
    mono: int
    boot: str


def place(stamp: Stamp, received: int, last: Last | None, floor: int) -> Moment:
    """Return when an event with this stamp happened.

    ``received`` is the gateway's time on arrival; ``floor`` the earliest time at all (enrolment).
    """
    unc = bounded(stamp.unc)
    if stamp.clock != "unset" and 0 <= stamp.wall <= received + FUTURE_MS:
        sure = stamp.clock == "synced" and unc <= SURE_MS and stamp.wall >= floor
        if last is None or stamp.wall >= last.at or (sure and last.unc > SURE_MS):
            return Moment(stamp.wall, unc)
        return Moment(last.at, bounded(unc + last.at - stamp.wall))
    if last is not None and same_clock(last.boot, stamp.boot):
        moment = after(stamp.mono, last)
        return Moment(min(max(received, last.at), moment.at), moment.unc)
    low = min(last.at if last else floor, received)
    earliest = min(last.at - last.unc if last else floor, low)
    at = (low + received) // 2
    return Moment(at, bounded(max(received - at, at - earliest)))


def is_sure(stamp: Stamp, moment: Moment) -> bool:
    """Tell whether a confirmed clock stamped this, so that what was before can be told from it."""
    return stamp.clock == "synced" and moment.at == stamp.wall and moment.unc <= SURE_MS


def since(mono: int, sure: Last) -> Moment:
    """Return when it was so much earlier in the same boot as a sure event."""
    passed = max(0, sure.mono - mono)
    return Moment(max(0, sure.at - passed), bounded(sure.unc + _drift(passed)))


def after(mono: int, known: Last) -> Moment:
    """Return when it was so much later in the same boot as an event that was placed."""
    passed = max(0, mono - known.mono)
    return Moment(known.at + passed, bounded(known.unc + _drift(passed)))


def within(moment: Moment, low: int, high: int) -> Moment:
    """Return a moment no earlier and no later than these; as much less sure as it had to move."""
    at = max(low, min(moment.at, high))
    return Moment(at, bounded(moment.unc + abs(at - moment.at)))


def between(stamp: Stamp, passed: int, low: int, high: int) -> Moment:
    """Return when an event of an earlier, never confirmed boot was: between two known times.

    A clock that may be right is kept; else it was ``passed`` ms after the middle, which is where
    the boot's first event is put.
    """
    low, unc = min(low, high), max(bounded(stamp.unc), SURE_MS)
    moment = Moment(min(high, (low + high) // 2 + max(0, passed)), LATEST_MS)
    if stamp.clock != "unset" and low - unc <= stamp.wall <= high + unc:
        moment = within(Moment(stamp.wall, unc), low, high)
    return Moment(moment.at, min(moment.unc, max(high - moment.at, moment.at - low)))


def same_clock(boot: str, other: str) -> bool:
    """Tell whether two boots share a monotonic clock: a device that corrects itself adds ``+n``."""
    return boot.partition("+")[0] == other.partition("+")[0]


def _drift(ms: int) -> int:
    return ms * DRIFT_PPM // 1_000_000


def bounded(ms: int) -> int:
    """Return a time or length that a message names, within what can be reckoned with."""
    return min(max(ms, 0), LATEST_MS)
