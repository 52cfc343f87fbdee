"""Questions of the desk are answered from the ledger and change nothing."""

from edge.wire.facts import Loan
from edge.wire.messages import Ask
from gateway.answers import answer, given_name
from gateway.testing import DAY, NOW, card


def ask(ledger, what, who="C1", *items, at=NOW):
    question = Ask(id="q", what=what, card=card(who), items=list(items))
    return answer(ledger, "tinh", question, at)


def said(got):
    return [(v.item, v.ok, v.reason) for v in got.verdicts]


def lend(ledger, kiosk, item, who):
    kiosk.happened(Loan(item=item, card=card(who), due=0))
    ledger.apply("tinh", kiosk.batch(), NOW)


def test_a_reader_hears_of_loans_with_titles_and_only_the_given_name(ledger, kiosk):
    lend(ledger, kiosk, "B1", "C1")
    got = ask(ledger, "reader")
    assert (got.name, got.reader.loans) == ("An", 1)
    assert [(loan.item, loan.title) for loan in got.loans] == [("B1", "Truyện Kiều")]
    assert got.loans[0].reader == got.reader.reader
    assert given_name("") == ""


def test_a_card_that_is_not_known_is_said_to_be_so(ledger):
    assert ask(ledger, "reader", "C9").error == "unknown_card"
    assert (ask(ledger, "time").error, ask(ledger, "time").now) == ("", NOW)
    assert ask(ledger, "teleport").error == "unknown_question"
    assert ask(ledger, "lend", "C1", *(["B1"] * 51)).error == "too_many_items"


def test_the_items_of_a_stack_count_against_the_limit_together(ledger, kiosk):
    lend(ledger, kiosk, "B1", "C1")
    assert said(ask(ledger, "lend", "C1", "B1", "B2", "B3", "B4", "B9")) == [
        ("B1", False, "already_yours"),
        ("B2", True, ""),
        ("B3", True, ""),
        ("B4", False, "limit"),
        ("B9", False, "unknown_item"),
    ]
    assert ledger.store.value("SELECT count(*) FROM loans") == 1


def test_what_is_on_loan_to_somebody_else_is_said(ledger, kiosk):
    lend(ledger, kiosk, "B1", "C2")
    assert said(ask(ledger, "lend", "C1", "B1")) == [("B1", False, "on_loan")]
    assert said(ask(ledger, "lend", "C3", "B2")) == [("B2", False, "expired")]
    assert said(ask(ledger, "lend", "C4", "B2")) == [("B2", False, "blocked")]


def test_a_renewal_is_answered_with_the_new_due_date_but_not_yet_made(ledger, kiosk):
    lend(ledger, kiosk, "B1", "C1")
    got = ask(ledger, "renew", "C1", "B1", "B2", at=NOW + 3 * DAY)
    assert said(got) == [("B1", True, ""), ("B2", False, "unknown_item")]
    assert got.verdicts[0].due > ledger.store.value("SELECT due FROM loans")
    assert ledger.store.value("SELECT renewals FROM loans") == 0


def test_items_that_come_back_are_described(ledger):
    got = ask(ledger, "take_back", "", "B3", "B9", "B1")
    assert [item.title for item in got.items] == ["Chí Phèo", "Truyện Kiều"]
