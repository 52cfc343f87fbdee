"""Holds and fees in the ledger: who waits, what is set aside, what is owed."""

import msgspec
import pytest

from edge.circulation.model import Policy
from edge.circulation.rules import late_fee
from edge.wire.facts import Loan, RenewalWish, Return
from edge.wire.messages import Ask
from gateway import replica
from gateway.answers import answer
from gateway.errors import RefusedError
from gateway.ledger.board import worklist
from gateway.ledger.catalogue import Item
from gateway.ledger.fees import Fee
from gateway.ledger.holds import Hold
from gateway.testing import DAY, NOW, POLICY, card


def ask(ledger, what, who="C1", *items, site="tinh", at=NOW):
    question = Ask(id="q", what=what, card=card(who, site), items=list(items))
    return answer(ledger, site, question, at)


def hold(ledger, name="H1", reader="R1", item="B1", **more):
    more = {"item": item, "site": "tinh", "placed": NOW - 5 * DAY} | more
    with ledger.store.transaction():
        return ledger.holds.put([Hold(hold=name, reader=reader, **more)], NOW)


def lend(ledger, kiosk, item, who, at=NOW):
    kiosk.happened(Loan(item=item, card=card(who, kiosk.site), due=0), at)
    return ledger.apply(kiosk.site, kiosk.batch(), at)


def back(ledger, kiosk, item, at=NOW):
    kiosk.happened(Return(item=item), at)
    return ledger.apply(kiosk.site, kiosk.batch(), at)


def verdict(ledger, who, item):
    [one] = ask(ledger, "lend", who, item).verdicts
    return one.ok, one.reason or ("hold" if one.hold else "")


def codes(ledger):
    return [entry["code"] for entry in worklist(ledger)]


def test_a_copy_that_comes_back_is_set_aside_for_who_waits_longest(ledger, kiosk):
    lend(ledger, kiosk, "B1", "C2")
    hold(ledger, "H2", "R3", placed=NOW - DAY)
    hold(ledger, "H1", "R1", placed=NOW - 2 * DAY)
    assert [(h.ready, h.ahead) for h in ask(ledger, "reader", "C3").holds] == [(False, 1)]
    back(ledger, kiosk, "B1")
    [mine] = ask(ledger, "reader", "C1").holds
    assert (mine.ready, mine.title, mine.until) == (True, "Truyện Kiều", NOW + 7 * DAY)
    assert [(h.ready, h.ahead) for h in ask(ledger, "reader", "C3").holds] == [(False, 0)]
    assert codes(ledger) == ["HOLD_CAUGHT"]


def test_a_copy_that_is_kept_is_lent_to_its_reader_and_to_nobody_else(ledger, kiosk):
    hold(ledger, ready=True)
    assert verdict(ledger, "C2", "B1") == (False, "held")
    assert verdict(ledger, "C1", "B1") == (True, "hold")
    lend(ledger, kiosk, "B1", "C1")
    assert ask(ledger, "reader", "C1").holds == []
    assert codes(ledger) == []
    assert ledger.store.value("SELECT how FROM holds") == "lent"


def test_a_hold_that_somebody_took_stays_first_and_staff_hear_of_it(ledger, kiosk):
    hold(ledger, ready=True)
    applied = lend(ledger, kiosk, "B1", "C2")
    assert applied.outcomes["1"] == ["HOLD_TAKEN"]
    [mine] = ask(ledger, "reader", "C1").holds
    assert not mine.ready
    back(ledger, kiosk, "B1", NOW + DAY)
    assert ask(ledger, "reader", "C1").holds[0].ready


def test_a_loan_that_is_held_is_not_renewed_but_an_old_renewal_stands(ledger, kiosk):
    lend(ledger, kiosk, "B1", "C1", NOW - 6 * DAY)
    kiosk.happened(RenewalWish(item="B1", card=card("C1")), NOW - DAY)
    ledger.apply("tinh", kiosk.batch(), NOW - DAY)
    due = ledger.store.value("SELECT due FROM loans")
    hold(ledger, reader="R2")
    assert ask(ledger, "renew", "C1", "B1").verdicts[0].reason == "held"
    back(ledger, kiosk, "B1")
    assert ledger.store.value("SELECT due FROM loans") == due


def test_a_hold_of_a_work_takes_any_copy_but_only_as_many_as_needed(ledger, kiosk):
    with ledger.store.transaction():
        ledger.catalogue.put_items(
            [Item(item=f"K{n}", title="Truyện Kiều", work="kieu") for n in (1, 2)]
        )
    hold(ledger, "H1", "R1", item="", work="kieu")
    assert verdict(ledger, "C2", "K1") == (True, "")  # the other copy is still here for R1
    lend(ledger, kiosk, "K1", "C2")
    assert ask(ledger, "lend", "C2", "K2").verdicts[0].reason == "held"
    back(ledger, kiosk, "K1", NOW + DAY)
    [mine] = ask(ledger, "reader", "C1", at=NOW + DAY).holds
    assert (mine.item, mine.ready) == ("K1", True)


def test_a_copy_that_comes_back_elsewhere_is_on_its_way_until_staff_shelved_it(
    ledger, kiosk, commune
):
    lend(ledger, kiosk, "B1", "C2", NOW - DAY)
    hold(ledger)
    back(ledger, commune, "B1")
    assert not ask(ledger, "reader", "C1").holds[0].ready
    assert verdict(ledger, "C2", "B1") == (False, "held")
    [entry] = worklist(ledger)
    assert entry["detail"]["to"] == "tinh"
    ledger.resolve(entry["number"], "shelved", "Mai", "", NOW)
    assert ask(ledger, "reader", "C1").holds[0].ready
    ledger.reopen(entry["number"], "Mai", NOW)
    assert not ask(ledger, "reader", "C1").holds[0].ready
    with pytest.raises(RefusedError):
        ledger.resolve(entry["number"], "mended", "Mai", "", NOW)


def test_a_hold_that_nobody_fetches_goes_to_the_next(ledger, kiosk):
    lend(ledger, kiosk, "B1", "C2")
    hold(ledger, "H1", "R1")
    hold(ledger, "H2", "R3", placed=NOW - DAY)
    back(ledger, kiosk, "B1")
    assert ledger.expire_holds(NOW + 6 * DAY) == 0
    assert ledger.expire_holds(NOW + 8 * DAY) == 1
    assert ask(ledger, "reader", "C1").holds == []
    assert ask(ledger, "reader", "C3", at=NOW + 8 * DAY).holds[0].ready


def test_a_void_loan_gives_its_hold_back(ledger, kiosk):
    hold(ledger, ready=True)
    hold(ledger, "H9", "R2", item="B2", ready=True)
    applied = lend(ledger, kiosk, "B1", "C4")  # blocked: an entry that staff can void
    assert "HOLD_TAKEN" in applied.outcomes["1"]
    number = next(e["number"] for e in worklist(ledger) if e["code"] == "READER_BLOCKED")
    ledger.resolve(number, "void", "Mai", "nhầm", NOW)
    assert verdict(ledger, "C2", "B1") == (False, "held")


def test_a_hold_that_is_cancelled_lets_everybody_borrow(ledger):
    assert hold(ledger, ready=True) == 1
    assert hold(ledger, ready=True) == 0
    assert hold(ledger, ended=True) == 1
    assert verdict(ledger, "C2", "B1") == (True, "")


def test_a_return_is_told_that_somebody_waits(ledger, kiosk):
    with ledger.store.transaction():
        ledger.catalogue.put_items(
            [Item(item=f"K{n}", title="Truyện Kiều", work="kieu") for n in (1, 2)]
        )
    hold(ledger, "H1", "R1", item="", work="kieu")
    assert [view.held for view in ask(ledger, "take_back", "", "K1", "B2").items] == [True, False]


def test_a_site_hears_for_whom_a_copy_is_kept_by_its_own_reference_only(ledger):
    before = replica.newest(ledger)
    hold(ledger, ready=True)
    [part] = replica.changes(ledger, "tinh", before, NOW)
    [item] = part.items
    assert item.held
    assert item.held_for == ledger.catalogue.person_ref("tinh", "R1") != "R1"
    for site in ("tinh", "xa"):
        parts = replica.snapshot(ledger, site, NOW)
        assert b'"R1"' not in b"".join(msgspec.json.encode(part) for part in parts)
        answers = [ask(ledger, what, "C2", "B1", site=site) for what in ("take_back", "lend")]
        assert b'"R1"' not in b"".join(msgspec.json.encode(one) for one in answers)


def test_fees_are_entries_and_late_days_under_the_policy_of_the_day(ledger, kiosk):
    dear = msgspec.structs.replace(POLICY, fee_per_day=1000, fee_most=5000)
    with ledger.store.transaction():
        ledger.catalogue.put_policy(dear, NOW - 40 * DAY)
        ledger.fees.put([Fee(fee="F1", reader="R1", amount=20_000, why="thẻ")], NOW)
        assert ledger.fees.put([Fee(fee="F1", reader="R1", amount=99)], NOW) == 0
    lend(ledger, kiosk, "B1", "C1", NOW - 17 * DAY)  # due 3 days ago
    assert ask(ledger, "reader").fees == 23_000
    back(ledger, kiosk, "B1")
    assert ask(ledger, "reader", at=NOW + 30 * DAY).fees == 23_000
    with ledger.store.transaction():
        ledger.catalogue.put_policy(POLICY, NOW)
        ledger.fees.put([Fee(fee="P1", reader="R1", amount=-30_000, why="đã nộp")], NOW)
    assert ask(ledger, "reader").fees == 0


def test_a_late_loan_costs_nothing_on_days_of_closure_and_has_an_end():
    policy = Policy(fee_per_day=1000, closed_weekdays=[6])
    assert late_fee(policy, NOW, NOW) == 0
    assert late_fee(policy, NOW + DAY, NOW + 8 * DAY) == 6000, "due on a Monday"
    assert late_fee(policy, NOW, NOW + 7 * DAY) == 5000, (
        "who was due on a Sunday may come on Monday"
    )
    capped = msgspec.structs.replace(policy, fee_most=2500)
    assert late_fee(capped, NOW, NOW + 400 * DAY) == 2500
    assert late_fee(policy, 0, 1 << 52) < 4_000_000


def test_what_readers_owe_travels_only_where_it_decides_and_without_what_is_still_open(
    ledger, kiosk
):
    def fees():
        return {row.card: row.fees for row in replica.snapshot(ledger, "tinh", NOW)[0].readers}

    with ledger.store.transaction():
        ledger.fees.put([Fee(fee="F1", reader="R1", amount=20_000, why="thẻ")], NOW)
    assert set(fees().values()) == {0}
    with ledger.store.transaction():
        policy = msgspec.structs.replace(POLICY, fee_limit=10_000, fee_per_day=1000)
        ledger.catalogue.put_policy(policy, NOW)
    assert fees()[card("C1")] == 20_000
    before = replica.newest(ledger)
    with ledger.store.transaction():
        ledger.fees.put([Fee(fee="P1", reader="R1", amount=-15_000, why="đã nộp")], NOW)
    [change] = replica.changes(ledger, "tinh", before, NOW)
    assert {row.fees for row in change.readers} == {5_000}
