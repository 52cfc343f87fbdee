"""The idle screen: what the centre sent, when the doors open, when the screen rests."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.circulation.model import Board, Event, Policy
from kiosk.idle import Around, board, opens_again, rest
from kiosk.testing import NOW
from kiosk.texts import LANGUAGES

MORNING = int(NOW * 1000)  # a Sunday, 09:00
HOUR = 3_600_000


class Nothing:
    def item(self, _):
        return None


def around(now=MORNING, still_s=0, dim_s=300, **policy):
    return Around(Policy(**policy), Nothing(), now, still_s, dim_s)


async def test_events_to_come_and_new_books_are_shown_in_both_languages(box):
    data = await box.screen("idle", lambda d: d["board"]["books"])
    assert [e["title"] for e in data["board"]["events"]] == [
        "Giờ kể chuyện cho thiếu nhi", "Câu lạc bộ Truyện Kiều",
    ]  # fmt: skip
    assert data["board"]["events"][0]["when"] == "28/11 09:00"
    assert next(b["title"] for b in data["board"]["books"]) == "Truyện Kiều"
    assert len(data["board"]["books"]) == 3
    box.press("language")
    data = await box.screen("idle", lambda d: d["board"]["note"].startswith("Library"))
    assert data["board"]["events"][0]["title"] == "Story hour for children"


async def test_without_the_centre_the_last_board_stays(box):
    box.centre.connected = False
    data = await box.screen("idle", lambda d: d["board"]["events"])
    assert len(data["board"]["events"]) == 2


async def test_nobody_for_five_minutes_dims_the_screen_and_a_touch_or_a_book_wakes_it(box):
    box.pass_time(301)
    await box.screen("idle", lambda d: d["rest"] == "dim")
    box.press("more_time")
    await box.screen("idle", lambda d: d["rest"] == "")
    box.pass_time(301)
    await box.screen("idle", lambda d: d["rest"] == "dim")
    box.put(1)
    await box.screen("books")


async def test_after_closing_the_screen_is_dark_and_says_when_the_doors_open(box):
    box.pass_time(10 * 3600)  # 19:00
    data = await box.screen("idle", lambda d: d["rest"] == "night")
    assert data["opens_again"] == "Mở cửa lại: thứ Hai 23/11, 07:30"
    box.press("more_time")
    await box.screen("idle", lambda d: d["rest"] == "")
    box.pass_time(61)
    await box.screen("idle", lambda d: d["rest"] == "night")


@pytest.mark.parametrize(
    ("hour", "expected"), [(7, "dim"), (6.9, "night"), (17.4, "dim"), (17.6, "night"), (3, "night")]
)
def test_half_an_hour_around_the_opening_hours_belongs_to_them(hour, expected):
    now = MORNING + int((hour - 9) * HOUR)
    assert rest(around(now, still_s=600)) == expected


def test_a_day_of_closure_is_night_and_the_next_open_day_is_named():
    closed = around(still_s=600, closed_weekdays=[6, 0])
    assert rest(closed) == "night"
    assert opens_again(closed, "en") == "Open again: Tuesday 24/11, 07:30"
    assert opens_again(around(closed_weekdays=list(range(7))), "vi") == ""


def test_a_screen_that_shall_never_dim_does_not():
    assert rest(around(still_s=9999, dim_s=0)) == ""


texts = st.text(max_size=40)
dates = st.dates().map(str)
boards = st.builds(
    Board,
    events=st.lists(st.builds(Event, title=texts, date=dates, time=texts, place=texts), max_size=9),
    books=st.lists(texts, max_size=9), note=texts,
)  # fmt: skip


@given(boards, st.sampled_from(LANGUAGES))
def test_whatever_the_centre_sends_becomes_a_small_board(sent, lang):
    policy = msgspec.convert(msgspec.to_builtins(Policy(board=sent)), Policy)
    made = board(Around(policy, Nothing(), MORNING, 0, 300), lang)
    assert len(made["events"]) <= 3
    assert made["books"] == []
