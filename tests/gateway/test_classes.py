"""Classes at the centre: who may know what, what travels to the one site, and what a list may say."""

import msgspec
import pytest

from edge.circulation.model import Policy
from edge.wire.errors import WireError
from edge.wire.facts import ClassOpened, Loan, member_ref
from edge.wire.messages import Ask, Part, encode
from edge.wire.names import open_name
from gateway import replica
from gateway.answers import answer
from gateway.classcli import read_list
from gateway.errors import ImportLineError, RefusedError
from gateway.ledger.classes import MOST_PUPILS, Member
from gateway.testing import DAY, KEYS, NOW


def put(ledger, *members, ident="3A", site="xa", teachers=("R1",)):
    ledger.classes.put(ident, site, "Lớp 3A", 45, list(teachers), list(members))


def part(ledger, site) -> Part:
    [one] = replica.snapshot(ledger, site, NOW)
    return one


CONSENT = "2026-09-05"
MEMBERS = (Member(reader="R2", consent=CONSENT), Member(reader="R3"))


def test_only_the_site_of_a_class_learns_of_it(ledger):
    put(ledger, *MEMBERS)
    assert part(ledger, "tinh").policy["classes"] == []
    [one] = msgspec.convert(part(ledger, "xa").policy, Policy).classes
    assert (one.id, one.title, one.minutes, len(one.pupils)) == ("3A", "Lớp 3A", 45, 2)
    assert one.teachers == [ledger.catalogue.person_ref("xa", "R1")]


def test_a_name_travels_sealed_and_only_where_the_family_agreed(ledger):
    put(ledger, *MEMBERS)
    data = encode(part(ledger, "xa"))
    assert "Bình".encode() not in data
    with_name, without = msgspec.convert(part(ledger, "xa").policy, Policy).classes[0].pupils
    assert open_name(KEYS["xa"], with_name.card, with_name.name) == "Bình"
    assert without.name == ""
    for key, ref in ((KEYS["tinh"], with_name.card), (KEYS["xa"], without.card)):
        with pytest.raises(WireError):
            open_name(key, ref, with_name.name)


def test_the_same_list_is_the_same_bytes_again(ledger):
    put(ledger, *MEMBERS)
    assert part(ledger, "xa").policy == part(ledger, "xa").policy


def test_a_child_is_lent_to_under_a_reference_that_no_card_has(ledger, commune):
    put(ledger, *MEMBERS)
    ref = member_ref(KEYS["xa"], "R2")
    assert ref in {row.card for row in part(ledger, "xa").readers}
    assert answer(ledger, "xa", Ask(id="q", what="reader", card=ref), NOW).name == "Bình"
    opened = ClassOpened(
        station="kiosk", name="3A", by="t" * 32, until=NOW + DAY, reason="pin"
    )  # fmt: skip
    event = commune.happened(opened)
    commune.happened(Loan(item="B3", card=ref, due=0, by="class", about=event.id))
    ledger.apply("xa", commune.batch(), NOW)
    assert ledger.store.value("SELECT reader FROM loans WHERE item = 'B3'") == "R2"


def test_who_leaves_a_class_leaves_the_copy_of_the_site(ledger):
    put(ledger, *MEMBERS)
    before, ref = part(ledger, "xa").version, member_ref(KEYS["xa"], "R3")
    put(ledger, MEMBERS[0])
    [change] = replica.changes(ledger, "xa", before, NOW)
    assert f"readers:{ref}" in change.gone
    assert len(change.policy["classes"][0]["pupils"]) == 1
    before = change.version
    ledger.classes.remove("3A")
    [change] = replica.changes(ledger, "xa", before, NOW)
    assert change.policy["classes"] == []
    assert answer(ledger, "xa", Ask(id="q", what="reader", card=ref), NOW).error == "unknown_card"


def test_children_keep_their_picture_and_no_two_have_the_same(ledger):
    put(ledger, *MEMBERS)
    first = {row["reader"]: row["picture"] for row in ledger.classes.members("3A")}
    put(ledger, Member(reader="R4"), *reversed(MEMBERS))
    again = {row["reader"]: row["picture"] for row in ledger.classes.members("3A")}
    assert {r: again[r] for r in first} == first
    assert len(set(again.values())) == 3


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ((), "children"),
        ((Member(reader="R9"),), "not known"),
        ((Member(reader="R2"), Member(reader="R2")), "twice"),
        ((Member(reader="R2", picture="cat-1"), Member(reader="R3", picture="cat-1")), "twice"),
        ((Member(reader="R2", picture="wolf-1"),), "no picture"),
        ((Member(reader="R2", consent="yes"),), "no date"),
        ((Member(reader="R2", name="x" * 65),), "64 bytes at most"),
        (tuple(Member(reader=f"R{n}") for n in range(MOST_PUPILS + 1)), "children"),
    ],
)
def test_a_list_that_cannot_be_is_refused_whole(ledger, members, why):
    with pytest.raises(RefusedError, match=why):
        put(ledger, *members)
    assert ledger.classes.listed() == []


def test_a_class_of_no_site_is_refused(ledger):
    with pytest.raises(RefusedError, match="no site"):
        put(ledger, *MEMBERS, site="huyen")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_list_is_read_as_spreadsheets_write_it(tmp_path, mark):
    file = tmp_path / "lop.csv"
    rows = ["reader,Name,consent", "R2,Bình,2026-09-05", ",,", "R3,,"]
    file.write_text("\r\n".join(rows).replace(",", mark), "utf-8-sig")
    assert read_list(file) == [
        Member(reader="R2", name="Bình", consent="2026-09-05"), Member(reader="R3"),
    ]  # fmt: skip


def test_an_unknown_column_is_named_with_its_line(tmp_path):
    file = tmp_path / "lop.csv"
    file.write_text("reader,phone\nR2,0900\n")
    with pytest.raises(ImportLineError, match=r"line 2.*phone"):
        read_list(file)
