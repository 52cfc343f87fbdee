from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.gate.hours import mode_at, read

ZONE = "Asia/Ho_Chi_Minh"


def at(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("when", "mode"),
    [
        ("2026-11-23T12:30", "record"),  # a Monday
        ("2026-11-23T13:00", "ring"),
        ("2026-11-28T12:30", "ring"),  # a Saturday
        ("2026-11-28T22:00", "lamp"),
        ("2026-11-29T05:59", "lamp"),
        ("2026-11-29T06:00", "ring"),
        ("2026-11-29T23:00", "ring"),  # nights of the working week and Saturday only
    ],
)
def test_the_first_row_that_holds_counts_and_nights_belong_to_the_day_they_begin(when, mode):
    rows = [read("record 12:00-13:00 0-4"), read("lamp 22:00-06:00 0-5")]
    assert mode_at(rows, at(when), ZONE) == mode


@given(st.text(max_size=30) | st.from_regex(r"lamp \d\d:\d\d-\d\d:\d\d \d-\d", fullmatch=True))
def test_any_text_is_a_row_or_a_value_error(text):
    try:
        row = read(text)
    except ValueError:
        return
    assert 0 <= row.first <= 6
    assert 0 <= row.start < 1440
