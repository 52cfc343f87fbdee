"""Answers the desks' questions from the ledger. A question changes nothing; facts do.

A renewal that was granted here becomes true with the ``renewal_wish`` fact that follows it.
"""

import msgspec

from edge.circulation.model import ItemView, LoanView, ReaderView, Verdict
from edge.circulation.rules import Wanted, decide_loans, decide_renewal
from edge.wire.messages import Answer, Ask
from gateway.assess import Person
from gateway.ledger import bins
from gateway.ledger.sqlite import SqliteLedger

MAX_ITEMS = 50


def answer(ledger: SqliteLedger, site: str, ask: Ask, now: int) -> Answer:
    """Return the answer for a device of this site; ``error`` names what cannot be answered."""
    if len(ask.items) > MAX_ITEMS:
        return Answer(id=ask.id, now=now, error="too_many_items")
    if ask.what == "time":
        return Answer(id=ask.id, now=now)
    if ask.what == "take_back":
        items, named = _coming_back(ledger, site, ask.items), bins.named_bins(ledger, ask.items)
        return Answer(id=ask.id, now=now, items=items, bins=named)
    if ask.what not in ("reader", "lend", "renew"):
        return Answer(id=ask.id, now=now, error="unknown_question")
    person = ledger.catalogue.person(site, ask.card)
    if person is None:
        return Answer(id=ask.id, now=now, error="unknown_card")
    view = _view(ledger, site, ask.card, person, now)
    if ask.what == "reader":
        loans = ledger.catalogue.loans(site, "l.reader = ?", person.reader)
        return Answer(
            id=ask.id,
            now=now,
            reader=view,
            name=given_name(person.name),
            loans=loans,
            holds=ledger.holds.of_reader(person.reader),
            fees=ledger.fees.balance(person.reader, now),
            mail=ledger.mails.possible(person.reader),
        )
    verdicts = (_lend if ask.what == "lend" else _renew)(ledger, site, view, ask.items, now)
    return Answer(id=ask.id, now=now, reader=view, verdicts=verdicts)


def given_name(name: str) -> str:
    """Return the given name, which stands last in Vietnamese."""
    return name.split()[-1] if name.split() else ""


def _coming_back(ledger: SqliteLedger, site: str, items: list[str]) -> list[ItemView]:
    """Return what is known of items; ``held``: somebody waits, this copy will be set aside."""
    views = [view for item in items if (view := ledger.catalogue.item(item, site))]
    return [
        msgspec.structs.replace(view, held=view.held or ledger.holds.waits(view.item))
        for view in views
    ]


def _lend(
    ledger: SqliteLedger, site: str, reader: ReaderView, items: list[str], now: int
) -> list[Verdict]:
    _, policy = ledger.catalogue.policy()
    wanted = [
        Wanted(item, ledger.catalogue.item(item, site), _loan(ledger, site, item)) for item in items
    ]
    return decide_loans(policy, reader, wanted, now=now)


def _renew(
    ledger: SqliteLedger, site: str, reader: ReaderView, items: list[str], now: int
) -> list[Verdict]:
    _, policy = ledger.catalogue.policy()
    verdicts = []
    for item in items:
        view, loan = ledger.catalogue.item(item, site), _loan(ledger, site, item)
        verdicts.append(decide_renewal(policy, reader, view, loan, now=now, item_id=item))
    return verdicts


def _loan(ledger: SqliteLedger, site: str, item: str) -> LoanView | None:
    return ledger.catalogue.loan(site, item)


def _view(ledger: SqliteLedger, site: str, card: str, person: Person, now: int) -> ReaderView:
    view = person.view(loans=ledger.catalogue.open_loans(person.reader), card=card)
    _, policy = ledger.catalogue.policy()
    fees = ledger.fees.balance(person.reader, now) if policy.fee_limit else 0
    ref = ledger.catalogue.person_ref(site, person.reader)
    return msgspec.structs.replace(view, reader=ref, fees=fees)
