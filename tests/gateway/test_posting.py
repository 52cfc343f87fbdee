"""Loans and returns come to the ledger as rules R6 and R7 say."""

import pytest

from edge.circulation.rules import due_date
from edge.wire.facts import Loan, RenewalWish, Return
from gateway.ledger.catalogue import Item, Reader
from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import DAY, HOUR, MINUTE, NOW, POLICY, Speaker, card

DUE = due_date(POLICY, "adult", NOW)


def loan(item: str, who: str, site: str = "tinh", due: int = 0, **more: bool) -> Loan:
    return Loan(item=item, card=card(who, site), due=due, **more)


def apply(
    ledger: SqliteLedger, speaker: Speaker, received: int = NOW + HOUR
) -> dict[str, list[str]]:
    return ledger.apply(speaker.site, speaker.batch(), received).outcomes


def open_loans(ledger: SqliteLedger) -> dict[str, str]:
    rows = ledger.store.all("SELECT item, reader FROM loans WHERE ended IS NULL")
    return {row["item"]: row["reader"] for row in rows}


def entries(ledger: SqliteLedger) -> list[str]:
    rows = ledger.store.all("SELECT code FROM worklist WHERE closed IS NULL ORDER BY number")
    return [row["code"] for row in rows]


def test_a_loan_is_posted_with_the_promised_due_date(ledger, kiosk):
    kiosk.happened(loan("B1", "C1", due=DUE))
    assert apply(ledger, kiosk) == {}
    row = ledger.store.row("SELECT * FROM loans")
    assert (row["item"], row["reader"], row["since"], row["due"]) == ("B1", "R1", NOW, DUE)


def test_the_later_of_promise_and_policy_is_the_due_date(ledger, kiosk):
    kiosk.happened(loan("B1", "C1", due=DUE - 2 * DAY))
    kiosk.happened(loan("B2", "C1", due=DUE + 2 * DAY))
    assert apply(ledger, kiosk) == {"1": ["DUE_DATE_DIFFERS"]}
    dues = {row["item"]: row["due"] for row in ledger.store.all("SELECT * FROM loans")}
    assert dues == {"B1": DUE, "B2": DUE + 2 * DAY}


def test_a_reader_of_two_cards_is_one_reader(ledger, kiosk):
    kiosk.happened(loan("B1", "C1"))
    kiosk.happened(loan("B1", "UID:04A1B2C3"), NOW + HOUR)
    assert apply(ledger, kiosk) == {"2": ["ALREADY_ON_LOAN_SAME"]}


def test_a_return_closes_the_loan_when_it_happened(ledger, kiosk):
    kiosk.happened(loan("B1", "C1"))
    kiosk.happened(Return(item="B1"), NOW + HOUR)
    assert apply(ledger, kiosk) == {}
    assert ledger.store.value("SELECT ended FROM loans") == NOW + HOUR


@pytest.mark.parametrize(
    ("item", "who", "codes", "posted"),
    [
        ("B1", "C3", ["READER_BLOCKED"], True),
        ("B1", "C4", ["READER_BLOCKED"], True),
        ("B1", "C9", ["UNKNOWN_CARD"], False),
        ("B9", "C1", ["UNKNOWN_ITEM"], False),
        ("B9", "C9", ["UNKNOWN_ITEM", "UNKNOWN_CARD"], False),
        ("B5", "C1", ["NOT_FOR_LOAN_TAKEN"], True),
        ("B6", "C1", ["FOUND_ITEM"], True),
    ],
)
def test_what_does_not_fit_is_recorded_and_shown_to_staff(ledger, kiosk, item, who, codes, posted):
    kiosk.happened(loan(item, who))
    assert apply(ledger, kiosk) == {"1": codes}
    assert bool(open_loans(ledger)) is posted
    assert entries(ledger) == codes
    assert ledger.store.value("SELECT count(*) FROM facts") == 1


def test_a_reader_blocked_after_the_loan_is_no_finding(ledger, kiosk):
    blocked = Reader(reader="R1", name="Nguyễn Văn An", blocked=True, cards=["C1"])
    ledger.catalogue.put_readers([(blocked, 0, 0)], NOW + HOUR)
    kiosk.happened(loan("B1", "C1"))
    assert apply(ledger, kiosk, NOW + DAY) == {}


def test_loans_made_alone_over_the_limit_are_shown(ledger, kiosk):
    for n, item in enumerate(("B1", "B2", "B3", "B4")):
        kiosk.happened(loan(item, "C1"), NOW + n)
    assert apply(ledger, kiosk) == {"4": ["READER_BLOCKED"]}
    assert len(open_loans(ledger)) == 4


def test_a_loan_to_somebody_else_closes_the_first_at_that_moment(ledger, kiosk):
    kiosk.happened(loan("B1", "C1"))
    kiosk.happened(loan("B1", "C2"), NOW + HOUR)
    assert apply(ledger, kiosk) == {"1": ["SUPERSEDED"], "2": ["OTHER_LOAN_CLOSED"]}
    assert open_loans(ledger) == {"B1": "R2"}
    assert ledger.store.value("SELECT ended FROM loans WHERE reader = 'R1'") == NOW + HOUR


def test_a_loan_that_comes_late_is_history_and_the_newer_one_stays(ledger, kiosk, commune):
    kiosk.happened(loan("B1", "C2"), NOW + HOUR)
    apply(ledger, kiosk)
    commune.happened(loan("B1", "C1", "xa"), NOW)
    assert apply(ledger, commune) == {"1": ["SUPERSEDED", "NO_RETURN_SEEN"]}
    assert open_loans(ledger) == {"B1": "R2"}
    assert ledger.store.value("SELECT ended FROM loans WHERE reader = 'R1'") == NOW + HOUR


def test_a_loan_made_alone_and_returned_elsewhere_before_it_was_told_is_closed(
    ledger, kiosk, commune
):
    kiosk.happened(Return(item="B3", place="drop"), NOW + HOUR)
    assert apply(ledger, kiosk) == {"1": ["NOT_ON_LOAN"]}
    commune.happened(loan("B3", "C1", "xa"))
    assert apply(ledger, commune) == {}
    assert open_loans(ledger) == {}
    assert ledger.apply("tinh", kiosk.batch(), NOW + DAY).outcomes == {}


def test_a_return_that_comes_late_does_not_close_a_newer_loan(ledger, kiosk, commune):
    kiosk.happened(loan("B3", "C1"), NOW + HOUR)
    apply(ledger, kiosk)
    commune.happened(Return(item="B3"))
    assert apply(ledger, commune) == {"1": ["RETURN_BEFORE_LOAN"]}
    assert open_loans(ledger) == {"B3": "R1"}


@pytest.mark.parametrize(
    ("fact", "codes"),
    [
        (Return(item="B1"), ["NOT_ON_LOAN"]),
        (Return(item="B9", bin="1"), ["UNKNOWN_ITEM"]),
        (Return(item="B9", owner="VN-KHAC"), ["FOREIGN_ITEM"]),
        (Return(item="B9", owner="VN-TINH"), ["UNKNOWN_ITEM"]),
        (Return(item="B6"), ["LOST_RETURNED", "NOT_ON_LOAN"]),
    ],
)
def test_every_return_is_taken_and_what_is_strange_is_said(ledger, kiosk, fact, codes):
    kiosk.happened(fact)
    assert apply(ledger, kiosk) == {"1": codes}


def test_the_same_scan_twice_is_one_loan_and_no_renewal(ledger, kiosk):
    kiosk.happened(loan("B1", "C1", due=DUE))
    kiosk.happened(loan("B1", "C1", due=DUE), NOW + MINUTE)
    assert apply(ledger, kiosk) == {"2": ["DUPLICATE_SCAN"]}
    assert ledger.store.value("SELECT renewals FROM loans") == 0


def test_returned_and_lent_again_within_a_minute_are_two_loans(ledger, kiosk):
    kiosk.happened(loan("B1", "C1"))
    kiosk.happened(Return(item="B1"), NOW + 20_000)
    kiosk.happened(loan("B1", "C1"), NOW + 40_000)
    assert apply(ledger, kiosk) == {}
    assert ledger.store.value("SELECT count(*) FROM loans") == 2


def test_a_wish_prolongs_a_loan_as_often_as_the_policy_allows(ledger, kiosk):
    kiosk.happened(loan("B1", "C1"))
    kiosk.happened(RenewalWish(item="B1", card=card("C1")), NOW + 2 * DAY)
    kiosk.happened(RenewalWish(item="B1", card=card("C1")), NOW + 4 * DAY)
    kiosk.happened(RenewalWish(item="B2", card=card("C1")), NOW + 4 * DAY)
    assert apply(ledger, kiosk, NOW + 5 * DAY) == {
        "2": ["RENEWED"],
        "3": ["RENEWAL_REFUSED"],
        "4": ["RENEWAL_REFUSED"],
    }
    row = ledger.store.row("SELECT * FROM loans")
    assert (row["due"], row["renewals"]) == (due_date(POLICY, "adult", NOW + 2 * DAY), 1)


def test_the_item_came_back_before_it_went_out_again_when_two_clocks_disagree(
    ledger, kiosk, commune
):
    kiosk.happened(loan("B1", "C1"), NOW - DAY)
    kiosk.happened(loan("B1", "C2"), NOW, unc=5 * MINUTE)
    commune.happened(Return(item="B1"), NOW + MINUTE, unc=5 * MINUTE)
    apply(ledger, commune)
    assert apply(ledger, kiosk) == {}
    assert open_loans(ledger) == {"B1": "R2"}
    assert ledger.apply("xa", commune.batch(), NOW).outcomes == {"1": ["ORDER_ASSUMED"]}


def test_a_new_policy_does_not_change_what_was_promised_before(ledger, kiosk):
    kiosk.happened(loan("B1", "C1"))
    apply(ledger, kiosk)
    due = ledger.store.value("SELECT due FROM loans")
    ledger.catalogue.put_policy(type(POLICY)(), NOW)
    kiosk.happened(Return(item="B1"), NOW + HOUR)
    apply(ledger, kiosk)
    assert ledger.store.value("SELECT due FROM loans") == due


def test_a_catalogue_that_learns_the_item_and_the_card_settles_the_finding(ledger, kiosk):
    kiosk.happened(loan("B9", "C9"))
    apply(ledger, kiosk)
    ledger.catalogue.put_items([Item(item="B9", title="Dế Mèn phiêu lưu ký")])
    ledger.posting.settle_unknown(NOW + HOUR)
    assert entries(ledger) == ["UNKNOWN_CARD"]
    ledger.catalogue.put_readers([(Reader(reader="R9", cards=["C9"]), 0, 0)], NOW)
    ledger.posting.settle_unknown(NOW + HOUR)
    assert entries(ledger) == []
    assert open_loans(ledger) == {"B9": "R9"}
