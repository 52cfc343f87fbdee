"""A reader who asks to be forgotten: who it was is nowhere, what was lent still counts."""

import io
import json
import tarfile
from contextlib import closing

import msgspec
import pytest

from edge.wire.facts import PAPER, Loan, ReceiptWish, Return
from edge.wire.messages import Ask
from gateway import imports, replica
from gateway.answers import answer
from gateway.backup import backup
from gateway.cli import main
from gateway.enrol import make_home, open_ledger
from gateway.errors import RefusedError
from gateway.ledger import accounts, forgetting, statistics
from gateway.ledger.classes import Member
from gateway.ledger.fees import Fee
from gateway.ledger.holds import Hold
from gateway.ledger.pins import PEPPER
from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import DAY, HOUR, KEYS, NOW, POLICY, card, stock

READER, NAME, CARD = "TV-777001", "Hồ Thị Thử Nghiệm", "990077700199"
MAIL, PAPER_NUMBER = "thu.nghiem@example.vn", "001399888777"
TRACES = (READER, NAME, "Nghiệm", CARD, MAIL, PAPER_NUMBER)


@pytest.fixture
def ledger():
    made = stock(SqliteLedger(":memory:", {**KEYS, PEPPER: b"pepper"}.__getitem__))
    yield made
    made.close()


@pytest.fixture
def member(ledger, kiosk, tmp_path):
    """A reader about whom everything is known that can be, and who has nothing on loan."""
    joins(ledger, tmp_path)
    for n, item in enumerate(("B1", "B2")):
        kiosk.happened(Loan(item=item, card=card(CARD), due=0, session=f"s{n}"), NOW + n)
        kiosk.happened(Return(item=item), NOW + HOUR + n)
    kiosk.happened(ReceiptWish(card=card(CARD), session="s0"), NOW + 2 * HOUR)
    ledger.apply("tinh", kiosk.batch(), NOW + 2 * HOUR)
    with ledger.store.transaction():
        ledger.holds.put([Hold(hold="h1", reader=READER, item="B1", ready=True),
                          Hold(hold="h2", reader="R2", item="B1")], NOW)  # fmt: skip
        ledger.fees.put([Fee(fee="f1", reader=READER, amount=5000),
                         Fee(fee="f2", reader=READER, amount=-5000)], NOW)  # fmt: skip


def joins(ledger, folder):
    ledger.catalogue.put_policy(msgspec.structs.replace(POLICY, papers_at=["*"]), NOW)
    file = folder / "readers.jsonl"
    row = {"reader": READER, "name": NAME, "cards": [CARD], "branch": "tinh"}
    papers = {"email": MAIL, "papers": [PAPER_NUMBER], "paper_consent": "2026-09-05"}
    file.write_text(json.dumps(row | papers), "utf-8")
    imports.import_readers(ledger, file, NOW)
    ledger.store.run("INSERT INTO pins (reader, salt, hash) VALUES (?, ?, ?)", READER, b"s", b"h")
    ledger.classes.put(
        "3A", "tinh", "3A", 45, [READER], [Member(reader=READER, consent="2026-09-05")]
    )
    accounts.put(ledger, "hoa", "staff", NOW)
    accounts.look(ledger, "hoa", READER, "a question", NOW)


def everything(ledger):
    tables = ledger.store.all("SELECT name FROM sqlite_master WHERE type = 'table'")
    rows = [row for one in tables for row in ledger.store.all(f"SELECT * FROM {one['name']}")]  # noqa: S608
    return str(
        [[v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in r] for r in rows]
    )


def counted(ledger):
    found = statistics.year(ledger, 2026, "", lambda _: True, NOW)
    return {row["source"]: row["total"] for row in found["rows"]}


def test_nothing_in_the_ledger_says_who_it_was(ledger, member):
    assert all(trace in everything(ledger) for trace in (READER, NAME, CARD, MAIL))
    forgetting.forget(ledger, CARD, "hoa", NOW + DAY)
    left = everything(ledger)
    assert [trace for trace in TRACES if trace in left] == []
    assert ledger.store.one("SELECT * FROM pins") is None


def test_what_was_lent_counts_as_before_and_is_reckoned_the_same(ledger, member):
    before = counted(ledger)
    alias = forgetting.forget(ledger, READER, "hoa", NOW + DAY)
    assert counted(ledger) == before | {"readers": before["readers"] - 1}
    loans = "SELECT item, reader, since, due, ended FROM loans ORDER BY item"
    kept = [tuple(row) for row in ledger.store.all(loans)]
    assert {row[1] for row in kept} == {alias}
    with ledger.store.transaction():
        ledger.posting.judge_again(ledger.store.all("SELECT * FROM facts"), NOW + DAY)
    assert [tuple(row) for row in ledger.store.all(loans)] == kept
    assert ledger.store.one("SELECT 1 FROM worklist WHERE code = 'UNKNOWN_CARD'") is None


def test_the_copies_of_the_sites_lose_every_reference_with_their_next_change(ledger, member):
    before = replica.newest(ledger)
    refs = {card(CARD), card(PAPER + PAPER_NUMBER)}
    assert refs <= {row.card for row in replica.snapshot(ledger, "tinh", NOW)[0].readers}
    forgetting.forget(ledger, READER, "hoa", NOW + DAY)
    [change] = replica.changes(ledger, "tinh", before, NOW + DAY)
    assert {f"readers:{ref}" for ref in refs} <= {*change.gone}
    assert "pupils" not in change.policy["classes"][0]
    assert not refs & {row.card for row in replica.snapshot(ledger, "tinh", NOW)[0].readers}
    ask = Ask(id="q", what="reader", card=card(CARD))
    assert answer(ledger, "tinh", ask, NOW).error == "unknown_card"


def test_the_copy_that_was_set_aside_goes_to_who_waits_next(ledger, member):
    forgetting.forget(ledger, READER, "hoa", NOW + DAY)
    assert ledger.catalogue.item("B1").held_for == "R2"
    assert ledger.store.value("SELECT caught FROM holds WHERE hold = 'h2'") == "B1"


def test_a_receipt_that_still_waits_is_not_sent(ledger, member):
    ledger.mails.enabled = True
    assert len(ledger.mails.waiting(NOW + DAY)) == 1
    forgetting.forget(ledger, READER, "hoa", NOW + DAY)
    assert ledger.store.one("SELECT * FROM mails") is None


def test_whom_staff_named_for_a_loan_is_forgotten_too(ledger, member, kiosk):
    kiosk.happened(Loan(item="B3", card=card("strange"), due=0), NOW + 3 * HOUR)
    kiosk.happened(Return(item="B3"), NOW + 4 * HOUR)
    ledger.apply("tinh", kiosk.batch(), NOW + 4 * HOUR)
    number = ledger.store.value("SELECT number FROM worklist WHERE code = 'UNKNOWN_CARD'")
    ledger.resolve(number, "assign", "hoa", CARD, NOW + 5 * HOUR)
    alias = forgetting.forget(ledger, READER, "hoa", NOW + DAY)
    assert CARD not in everything(ledger)
    assert ledger.store.value("SELECT reader FROM loans WHERE item = 'B3'") == alias


@pytest.mark.parametrize("what", ["on loan", "owes", "library system"])
def test_while_something_is_open_nothing_is_forgotten_and_the_reason_is_said(
    ledger, member, kiosk, what
):
    if what == "on loan":
        kiosk.happened(Loan(item="B3", card=card(CARD), due=0), NOW + 3 * HOUR)
        ledger.apply("tinh", kiosk.batch(), NOW + 3 * HOUR)
    elif what == "owes":
        ledger.fees.put([Fee(fee="f3", reader=READER, amount=1)], NOW)
    else:
        fact = ledger.store.value("SELECT id FROM facts WHERE kind = 'loan' LIMIT 1")
        ledger.store.run(
            "INSERT INTO ils_posts (fact, item, at, arrival) VALUES (?, 'B1', 0, 1)", fact
        )
    with pytest.raises(RefusedError, match=what):
        forgetting.forget(ledger, READER, "hoa", NOW + DAY)
    assert ledger.catalogue.find_person(CARD).name == NAME


def test_nobody_is_forgotten_twice_or_by_a_number_that_nobody_has(ledger, member):
    alias = forgetting.forget(ledger, READER, "hoa", NOW + DAY)
    for text, why in ((READER, "no reader"), (alias, "already")):
        with pytest.raises(RefusedError, match=why):
            forgetting.forget(ledger, text, "hoa", NOW + DAY)
    assert [(r["reader"], r["who"]) for r in ledger.store.all("SELECT * FROM forgotten")] == [
        (alias, "hoa")
    ]


def test_the_command_says_first_what_would_go_and_then_no_copy_of_the_file_has_it(tmp_path, capsys):
    home = make_home(tmp_path / "centre", ["localhost"])
    with closing(open_ledger(home)) as ledger:
        joins(stock(ledger), tmp_path)
    words = ["forget", READER, "--home", str(home.folder)]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert NAME in said and "Nothing was changed" in said
    assert main([*words, "--yes", "--who", "hoa"]) == 0
    assert "gone-" in capsys.readouterr().out
    out = io.BytesIO()
    backup(home, out)
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as tar:
        data = tar.extractfile("ledger.db").read()
    for kept in (data, home.ledger.read_bytes()):
        assert [trace for trace in TRACES if trace.encode() in kept] == []
    assert main(words) == 1
    assert "no reader has" in capsys.readouterr().err
