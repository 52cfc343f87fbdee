from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.circulation.credit import credited, late_until
from edge.circulation.model import Policy

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
POLICY = Policy(
    opens="07:30", closes="17:00", closed_weekdays=[6], closed_dates=["2026-09-02"], zone=str(ZONE)
)


def ms(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


@pytest.mark.parametrize(
    ("credit_to", "at", "counts"),
    [
        ("drop_time", "2026-11-21T23:59", "2026-11-21T23:59"),
        ("last_open_close", "2026-11-20T10:00", "2026-11-20T10:00"),
        ("last_open_close", "2026-11-20T23:59", "2026-11-20T17:00"),
        ("last_open_close", "2026-11-21T06:00", "2026-11-20T17:00"),
        ("last_open_close", "2026-11-22T12:00", "2026-11-21T17:00"),
        ("next_open", "2026-11-20T23:59", "2026-11-21T07:30"),
        ("next_open", "2026-11-21T17:00", "2026-11-23T07:30"),
        ("next_open", "2026-09-02T09:00", "2026-09-03T07:30"),
        ("next_open", "2026-11-20T07:30", "2026-11-20T07:30"),
        ("something else", "2026-11-20T23:59", "2026-11-20T23:59"),
    ],
)
def test_a_return_out_of_hours_counts_by_policy(credit_to, at, counts):
    policy = msgspec.structs.replace(POLICY, credit_to=credit_to)
    assert credited(policy, ms(at)) == ms(counts)


def test_a_library_that_is_never_open_counts_the_drop():
    policy = msgspec.structs.replace(
        POLICY, closed_weekdays=list(range(7)), credit_to="last_open_close"
    )
    assert credited(policy, ms("2026-11-20T23:59")) == ms("2026-11-20T23:59")


@given(st.integers(ms("2026-01-01T00:00"), ms("2027-12-31T00:00")))
def test_it_never_counts_later_than_it_fell_in_unless_the_next_opening_is_asked_for(at):
    for credit_to in ("drop_time", "last_open_close"):
        assert credited(msgspec.structs.replace(POLICY, credit_to=credit_to), at) <= at
    assert credited(msgspec.structs.replace(POLICY, credit_to="next_open"), at) >= at


@given(
    st.integers(ms("2026-01-01T00:00"), ms("2027-12-31T00:00")),
    st.integers(0, 3 * 86_400_000),
    st.booleans(),
    st.sampled_from(["drop_time", "last_open_close", "next_open"]),
)
def test_no_late_day_follows_the_earliest_moment_it_may_have_come_back(at, unc, drop, credit_to):
    policy = msgspec.structs.replace(POLICY, credit_to=credit_to)
    until = late_until(policy, at, unc, drop=drop)
    assert until <= at - unc
    assert drop or until == at - unc
