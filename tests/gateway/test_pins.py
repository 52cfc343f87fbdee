"""PINs at the centre: slow hashes under a secret that is not in the ledger, a few tries."""

import pytest

from edge.wire.errors import WireError
from edge.wire.messages import Ask
from edge.wire.pins import seal, unseal
from gateway.errors import RefusedError
from gateway.imports import import_readers
from gateway.ledger import pins
from gateway.ledger.pins import PEPPER
from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import KEYS, MINUTE, NOW, card, stock

KEY = KEYS["tinh"]
COST = dict(pins._SCRYPT)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    """PINs of tests need not be slow to guess."""
    monkeypatch.setitem(pins._SCRYPT, "n", 1 << 6)


def test_a_guess_costs_what_owasp_asks_for():
    assert (COST["n"], COST["r"], COST["p"]) == (1 << 14, 8, 5)


@pytest.fixture
def ledger():
    made = stock(SqliteLedger(":memory:", (KEYS | {PEPPER: b"a secret of pins"}).__getitem__))
    with made.store.transaction():
        made.pins.put("R1", "4711")
    yield made
    made.close()


def attempt(ledger, pin, who="C1", at=NOW, name="q1", key=KEY):
    sealed = seal(key, name, card(who), pin)
    ask = Ask(id=name, what="pin", card=card(who), sealed=sealed)
    return ledger.check_pin("tinh", ask, at)


def test_a_pin_is_right_wrong_or_not_there(ledger):
    assert attempt(ledger, "4711").pin == "right"
    assert attempt(ledger, "4712").pin == "wrong"
    assert attempt(ledger, "4711", who="C2").pin == "unset"
    assert attempt(ledger, "4711", who="C9").error == "unknown_card"


def test_five_wrong_ones_in_a_row_lock_it_for_a_while_also_the_right_one(ledger):
    assert [attempt(ledger, "0000").pin for _ in range(4)] == ["wrong"] * 4
    assert attempt(ledger, "4711").pin == "right"
    assert [attempt(ledger, "0000").pin for _ in range(5)] == ["wrong"] * 4 + ["locked"]
    locked = attempt(ledger, "4711", at=NOW + MINUTE)
    assert (locked.pin, locked.wait) == ("locked", 14 * 60)
    assert attempt(ledger, "4711", at=NOW + 16 * MINUTE).pin == "right"


def test_a_pin_that_was_overheard_is_good_for_its_own_question_only(ledger):
    sealed = seal(KEY, "q1", card("C1"), "4711")
    replayed = Ask(id="q2", what="pin", card=card("C1"), sealed=sealed)
    assert ledger.check_pin("tinh", replayed, NOW).error == "not_sealed"
    assert attempt(ledger, "4711", key=KEYS["xa"]).error == "not_sealed"
    for broken in ("", "zz", "00" * 40, sealed[:-2], sealed + "00" * 40):
        with pytest.raises(WireError):
            unseal(KEY, "q1", card("C1"), broken)
    assert unseal(KEY, "q1", card("C1"), sealed) == "4711"
    assert b"4711".hex() not in sealed


def test_the_ledger_holds_neither_the_pin_nor_what_proves_it_without_the_secret(ledger):
    dump = "\n".join(ledger.store._db.iterdump())
    assert "4711" not in dump
    with ledger.store.transaction():
        assert ledger.pins.put("R1", "4711") is False
        assert ledger.pins.put("R1", "123456") is True
    assert attempt(ledger, "4711").pin == "wrong"


@pytest.mark.parametrize("pin", ["12", "abcd", "12 4", "1" * 33, "١٢٣٤"])
def test_what_is_no_pin_is_refused_with_a_sentence(ledger, pin):
    with pytest.raises(RefusedError, match="4 to 32 digits"):
        ledger.pins.put("R1", pin)


def test_readers_come_with_their_pins(ledger, tmp_path):
    file = tmp_path / "readers.jsonl"
    file.write_text('{"reader": "R2", "cards": ["C2"], "pin": "2468"}\n')
    assert import_readers(ledger, file, NOW) >= 1
    assert attempt(ledger, "2468", who="C2").pin == "right"
