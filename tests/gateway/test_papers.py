"""Identity papers at the centre: with consent, as references, for the sites that take them."""

import json

import msgspec
import pytest

from edge.wire.facts import PAPER
from edge.wire.messages import Ask
from gateway import imports, replica
from gateway.answers import answer
from gateway.errors import RefusedError
from gateway.testing import NOW, POLICY, card

NUMBER = "001300999999"  # made up


@pytest.fixture
def take(ledger, tmp_path):
    """Import a reader with papers, as from a file."""

    def importing(**more):
        file = tmp_path / "readers.jsonl"
        row = {"reader": "R9", "name": "Thử", "cards": ["C9"], "branch": "xa"} | more
        file.write_text(json.dumps(row))
        return imports.import_readers(ledger, file, NOW)

    return importing


@pytest.fixture
def taken_at_xa(ledger):
    ledger.catalogue.put_policy(msgspec.structs.replace(POLICY, papers_at=["xa"]), NOW)


def known(ledger, site):
    ask = Ask(id="q", what="reader", card=card(PAPER + NUMBER, site))
    return answer(ledger, site, ask, NOW).error == ""


def test_a_paper_is_known_at_the_sites_that_take_papers_and_its_number_nowhere(
    ledger, take, taken_at_xa
):
    take(papers=[NUMBER], paper_consent="2026-09-05")
    assert (known(ledger, "xa"), known(ledger, "tinh")) == (True, False)
    tables = ledger.store.all("SELECT name FROM sqlite_master WHERE type = 'table'")
    rows = [row for one in tables for row in ledger.store.all(f"SELECT * FROM {one['name']}")]  # noqa: S608
    assert NUMBER not in str([tuple(row) for row in rows])
    assert card(PAPER + NUMBER, "xa") in {
        row.card for row in replica.snapshot(ledger, "xa", NOW)[0].readers
    }


def test_a_consent_that_is_withdrawn_leaves_nothing_at_the_centre_and_in_the_copies(
    ledger, take, taken_at_xa
):
    take(papers=[NUMBER], paper_consent="2026-09-05")
    before = replica.newest(ledger)
    take(paper_consent="withdrawn")
    assert not known(ledger, "xa")
    [change] = replica.changes(ledger, "xa", before, NOW)
    assert f"readers:{card(PAPER + NUMBER, 'xa')}" in change.gone


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"papers": [NUMBER]}, "paper_consent"),
        ({"papers": [NUMBER], "paper_consent": "yes"}, "paper_consent"),
        ({"papers": ["12"], "paper_consent": "2026-09-05"}, "digits"),
    ],
)
def test_papers_without_consent_or_shape_are_refused(ledger, take, taken_at_xa, row, why):
    with pytest.raises(RefusedError, match=why):
        take(**row)
    assert not known(ledger, "xa")


def test_papers_are_refused_where_no_site_takes_any(take):
    with pytest.raises(RefusedError, match="papers_at"):
        take(papers=[NUMBER], paper_consent="2026-09-05")
