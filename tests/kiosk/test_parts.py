"""Codes, receipt, timing, options: the small parts."""

from importlib.metadata import entry_points

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ports import Card, Scan
from edge.wire.facts import PAPER
from edge.wire.tables import ConfigError, options, read_table
from kiosk.codes import candidates, card_texts
from kiosk.receipt import WIDTH, fold, lines, write
from kiosk.session import State
from kiosk.shelf import Deed, Done
from kiosk.station import STATION, KioskOptions
from kiosk.timing import LASTS, Limits, Patience, Timer
from kiosk.visit import PROVING

DUE = 1_795_312_800_000


@given(st.text(max_size=700))
def test_any_scan_gives_numbers_or_nothing(text):
    for number in candidates(Scan(text)):
        assert number
        assert number.isprintable()
        assert len(number) <= 64


def test_the_number_of_an_identity_paper_stands_apart_and_a_paper_that_was_not_reduced_is_nothing():
    assert candidates(Scan("001099000001", paper=True)) == [PAPER + "001099000001"]
    assert candidates(Scan("001099000001")) == ["001099000001"]
    assert candidates(Scan(PAPER + "001099000001")) == []
    assert candidates(Scan("001099000001||Người Thử|01011999|Nam|Một địa chỉ|01012021")) == []
    assert candidates(Scan("001099000001|x")) == []


def test_codabar_is_taken_with_and_without_its_letters():
    assert candidates(Scan("A123456B")) == ["A123456B", "123456"]
    assert candidates(Scan(" TV000001 ")) == ["TV000001"]


def test_a_card_is_known_by_its_number_and_by_a_lasting_uid_only():
    uid = bytes.fromhex("04A1B2C3")
    assert card_texts(Card(uid, "ntag213", "100001")) == ["100001", "UID:04A1B2C3"]
    assert card_texts(Card(uid, "iso14443-4", uid_is_random=True)) == []


def test_a_receipt_names_what_was_done_and_no_reader():
    done = [
        Done(Deed.LENT, "B1", "Truyện Kiều", DUE),
        Done(Deed.RETURNED, "B2", "Số đỏ"),
        Done(Deed.RENEWED, "B3", "Tắt đèn", DUE),
    ]
    paper = write(done, "vi", "Thư viện tỉnh", "AB12", DUE, "Asia/Ho_Chi_Minh")
    assert [section.head for section in paper.sections] == ["Sách mượn", "Sách trả", "Sách gia hạn"]
    assert paper.sections[0].rows[0].due == "Hạn trả: 22/11/2026"
    assert paper.sections[1].rows[0].due == ""
    assert paper.foot[0] == "Mã giao dịch: AB12"
    assert "1. Truyện Kiều" in [line.text for line in lines(paper)]


def test_a_receipt_made_alone_says_to_keep_it():
    done = [Done(Deed.LENT, "B1", "Truyện Kiều", DUE, sure=False)]
    paper = write(done, "en", "Library", "AB12", DUE, "Asia/Ho_Chi_Minh")
    assert paper.sections[0].rows[0].due == "Expected due date: 22/11/2026"
    assert "keep this" in paper.foot[0]


@given(st.text(max_size=300))
def test_folding_loses_no_word_and_no_line_is_too_long(text):
    folded = fold(text)
    assert all(len(line) <= WIDTH for line in folded)
    assert "".join("".join(folded).split()) == "".join(text.split())


@pytest.mark.parametrize("state", State)
def test_every_state_but_rest_ends_by_itself_and_warns_first(state):
    now, at = [0], Patience(state)
    timer = Timer(Limits(), lambda: now[0])
    if state in (State.IDLE, State.OUT_OF_SERVICE, State.CLASS):
        now[0] = 10_000_000
        assert not timer.over(at)
        assert timer.seconds_left(at) is None
        return
    warned = False
    while not timer.over(at):
        warned = warned or timer.warns(at)
        assert timer.warns(at) == (timer.seconds_left(at) is not None)
        now[0] += 500
        assert now[0] < 200_000
    short = {State.BYE, State.LENDING, State.RETURNING, State.RENEWING, State.PRINTING}
    assert warned == (state not in short)


@pytest.mark.parametrize("state", [State.LENT, State.RETURNED])
def test_who_is_done_and_took_the_books_has_half_a_minute_and_is_warned(state):
    now = [0]
    timer = Timer(Limits(), lambda: now[0])
    now[0] = 100_000
    assert not timer.over(Patience(state))
    lifted = Patience(state, clear_ms=90_000)
    assert timer.seconds_left(lifted) == 20
    now[0] = 120_000
    assert timer.over(lifted)
    timer.restart()
    assert not timer.over(lifted)


PRIVATE = [state for state, kind in LASTS.items() if kind in ("private", "receipt")]


@pytest.mark.parametrize("state", PRIVATE)
def test_what_is_private_is_shown_for_no_more_than_half_a_minute_with_time_to_answer(state):
    now = [0]
    timer = Timer(Limits(), lambda: now[0])
    now[0] = 10_000
    assert timer.seconds_left(Patience(state)) == 20  # WCAG 2.2.1: at least twenty seconds
    now[0] = 30_000
    assert timer.over(Patience(state))


def test_the_one_table_of_patience_names_every_state_and_asks_where_a_name_or_a_loan_is_seen():
    assert set(LASTS) == set(State)
    private = {State.ACCOUNT, State.RENEWAL, State.PROOF, State.RECEIPT, State.RECEIPT_SHOWN}
    assert private | PROVING <= set(PRIVATE)


def test_a_known_reader_whose_pad_stays_empty_has_half_a_minute_too():
    now = [100_000]
    timer = Timer(Limits(), lambda: now[0])
    empty = Patience(State.PLACING, clear_ms=0)
    now[0] = 115_000
    assert timer.warns(empty)
    assert not timer.warns(Patience(State.PLACING))
    now[0] = 130_000
    assert timer.over(empty)


@pytest.mark.parametrize("state", [State.IDLE, State.OUT_OF_SERVICE])
def test_a_look_that_was_left_behind_ends_without_a_question(state):
    now = [0]
    timer = Timer(Limits(), lambda: now[0])
    now[0] = 50_000
    assert not timer.warns(Patience(state, changed=True))
    now[0] = 60_000
    assert timer.over(Patience(state, changed=True))


def test_the_options_are_explained_and_wrong_ones_are_told():
    assert all(option.help for option in options(KioskOptions))
    table = {"pad": "pad", "host": "0.0.0.0"}  # noqa: S104
    with pytest.raises(ConfigError, match="127.0.0.1"):
        read_table(KioskOptions, table, "edge.toml [stations.kiosk]")
    with pytest.raises(ConfigError, match="option pad is missing"):
        read_table(KioskOptions, {}, "edge.toml [stations.kiosk]")
    with pytest.raises(ConfigError, match="did you mean printer"):
        read_table(KioskOptions, {"pad": "p", "prnter": "x"}, "edge.toml [stations.kiosk]")


def test_the_station_is_found_by_its_name():
    [entry] = entry_points(group="shelfwire.stations", name="kiosk")
    assert entry.load() is STATION
