"""A PIN where the policy asks for one, a typed card number, and what guessing costs."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.wire.facts import card_ref
from kiosk.testing import KEY
from kiosk.tries import LONGEST_MS, Tries

PIN = "4711"


@pytest.fixture
def pins(box):
    box.centre.pins = {card_ref(KEY, number): PIN for number in ("100001", "100004")}
    return box


async def test_without_a_policy_nobody_is_asked_for_a_pin(pins):
    pins.tap("100001")
    await pins.screen("books", lambda d: d["known"])


async def test_a_pin_for_everything_is_asked_before_a_loan_and_then_the_count_follows(pins):
    pins.policy(pin_for="all")
    pins.put(1, 2)
    await pins.screen("books")
    pins.tap("100001")
    data = await pins.screen("pin", lambda d: not d["checking"])
    assert (data["dots"], data["items"], "name" in data) == (0, [], False)
    pins.type(PIN)
    await pins.screen("count", lambda d: d["waiting"] == 2)
    pins.press("count_yes")
    await pins.screen("results", lambda d: d["lent"] == 2)
    pins.press("account")
    await pins.screen("account")


async def test_a_pin_for_the_account_leaves_borrowing_as_simple_as_it_was(pins):
    pins.policy(pin_for="account")
    pins.tap("100004")
    await pins.screen("books", lambda d: d["known"])
    pins.press("account")
    await pins.screen("pin")
    pins.press("back")
    await pins.screen("books", lambda d: d["known"])
    pins.press("renew")
    await pins.screen("pin", lambda d: d["state"] == "pin_for_renewal")
    pins.type(PIN)
    await pins.screen("renew", lambda d: len(d["items"]) == 2)


async def test_the_way_round_by_a_return_leads_to_no_loan_without_a_pin(pins):
    pins.policy(pin_for="all")
    pins.tap("100001")
    await pins.screen("pin")
    pins.press("return")
    await pins.screen("books", lambda d: d["state"] == "placing_returns")
    pins.press("borrow")
    await pins.screen("identify")


async def test_a_wrong_pin_is_said_and_each_one_waits_longer(pins):
    pins.policy(pin_for="all")
    pins.tap("100001")
    await pins.screen("pin")
    pins.type("1111")
    data = await pins.screen("pin", lambda d: d.get("notice"))
    assert "Mã PIN chưa đúng" in data["notice"]["text"]
    assert (data["wait"], data["dots"]) == (2, 0)
    pins.type(PIN)  # too early: it does not count, and it is not sent
    pins.press("help")
    await pins.screen("pin", lambda d: d["staff_called"])
    assert pins.centre.wrong == 1
    pins.pass_time(3)
    await pins.screen("pin", lambda d: d["wait"] == 0)
    pins.type("2222")
    await pins.screen("pin", lambda d: d["wait"] == 4)
    pins.pass_time(5)
    await pins.screen("pin", lambda d: d["wait"] == 0)
    pins.type("3333")
    await pins.screen("pin", lambda d: d["wait"] == 8)
    pins.pass_time(9)
    await pins.screen("pin", lambda d: d["wait"] == 0)
    pins.type(PIN)
    data = await pins.screen("pin", lambda d: "tạm khóa 15 phút" in str(d.get("notice")))
    assert pins.facts("loan") == []


async def test_without_the_centre_a_pin_is_refused_or_left_out_as_the_policy_says(pins):
    pins.policy(pin_for="all")
    pins.centre.connected = False
    pins.tap("100001")
    await pins.screen("pin")
    pins.type(PIN)
    await pins.screen("pin", lambda d: "Khi mất mạng" in str(d.get("notice")))
    pins.press("finish")
    await pins.screen("bye")
    pins.policy(pin_offline="skip")
    pins.tap("100004")
    await pins.screen("books", lambda d: d["known"])


async def test_a_reader_without_a_pin_is_sent_to_staff(pins):
    pins.policy(pin_for="all")
    pins.centre.pins = {}
    pins.tap("100001")
    await pins.screen("pin")
    pins.type(PIN)
    await pins.screen("pin", lambda d: "chưa có mã PIN" in str(d.get("notice")))


async def test_a_card_number_is_typed_only_where_a_pin_follows(pins):
    pins.press("borrow")
    data = await pins.screen("identify")
    assert not data["may_type"]
    pins.press("type_card")
    pins.press("help")
    await pins.screen("identify", lambda d: d["staff_called"] and not d["typing"])
    pins.policy(pin_for="account")
    data = await pins.screen("identify", lambda d: d["may_type"])
    assert not data["typing"]
    pins.press("type_card")
    await pins.screen("identify", lambda d: d["typing"])
    pins.type("100001")
    data = await pins.screen("pin")
    assert data["state"] == "pin_to_borrow"
    pins.type(PIN)
    await pins.screen("books", lambda d: d["known"])


async def test_typed_numbers_that_nobody_has_cost_time_too(pins):
    pins.policy(typed_card="always")
    pins.press("borrow")
    pins.press("type_card")
    await pins.screen("identify", lambda d: d["typing"])
    pins.type("999")
    data = await pins.screen("identify", lambda d: d["wait"] > 0)
    assert "Không tìm thấy" in data["notice"]["text"]
    pins.press("back")
    await pins.screen("identify", lambda d: not d["typing"])


async def test_no_pin_is_on_a_screen_in_the_log_or_in_the_journal(pins, caplog):
    seen = []
    original = pins.kiosk.stage.show
    pins.kiosk.stage.show = lambda message: (seen.append(json.dumps(message)), original(message))
    pins.policy(pin_for="all")
    caplog.set_level("DEBUG")
    pins.tap("100001")
    await pins.screen("pin")
    pins.type(PIN)
    await pins.screen("books", lambda d: d["known"])
    pins.press("help")
    await pins.screen("books", lambda d: d["staff_called"])
    assert not any(PIN in message for message in seen)
    assert PIN not in caplog.text
    assert PIN not in str(pins.facts())
    assert PIN not in repr(pins.kiosk.engine.visit)
    assert pins.kiosk.engine.visit.typed == ""


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 400_000)), max_size=80))
def test_a_wait_is_never_endless_and_never_below_zero(guesses):
    now = [0]
    tries = Tries(lambda: now[0])
    for card, pause in guesses:
        tries.wrong(card)
        assert 2 <= tries.wait(card) <= LONGEST_MS // 1000
        now[0] += pause
        assert tries.wait(card) >= 0
    now[0] += 16 * 60_000
    assert tries.wait("a") == 0


def test_many_cards_in_a_row_make_the_whole_machine_wait():
    tries = Tries(lambda: 0)
    for number in range(14):
        tries.wrong(str(number))
    assert tries.wait("a card nobody guessed at") == 64
    tries.right("13")
    assert tries.wait("13") == 64
