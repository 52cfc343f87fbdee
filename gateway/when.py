"""When a fact happened, as well as can be known (rules R4, R5). Pure.

Within a stream time never runs backwards. What an unset or future clock stamped is placed by the
monotonic clock of its boot, else between the stream's last event and now.
"""

import msgspec

from edge.wire.batch import Stamp

FUTURE_MS = 2 * 60_000
"""A stamp this much later than the gateway's clock is as good as none."""
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
        if last is None or stamp.wall >= last.at:
            return Moment(stamp.wall, unc)
        return Moment(last.at, max(unc, last.at - stamp.wall))
    if last is not None and last.boot == stamp.boot:
        at = min(max(received, last.at), last.at + max(0, stamp.mono - last.mono))
        return Moment(at, max(last.unc, unc))
    low = min(last.at if last else floor, received)
    return Moment((low + received) // 2, max((received - low) // 2, unc))


def bounded(ms: int) -> int:
    """Return a time or length that a message names, within what can be reckoned with."""
    return min(max(ms, 0), LATEST_MS)
