"""What the sites' replicas are fed: parts of bounded size, changes that lead to the same copy."""

import random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edge.wire.facts import Loan, Return
from edge.wire.messages import Part, encode
from gateway import replica
from gateway.ledger.catalogue import Item, Reader
from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import KEYS, MINUTE, NOW, POLICY, READERS, Speaker, card, stock


class Copy:
    """A replica as a device would keep it: snapshot when whole, changes only without a gap."""

    def __init__(self) -> None:
        self.version = 0
        self.rows: dict[str, bytes] = {}

    def apply(self, parts: list[Part]) -> None:
        if parts and parts[0].start == 0:
            assert [part.number for part in parts] == list(range(parts[0].count))
            self.rows.clear()
        for part in parts:
            assert part.start in (0, self.version)
            for row in part.items:
                self.rows[f"items:{row.item}"] = msgspec.json.encode(row)
            for row in part.readers:
                self.rows[f"readers:{row.card}"] = msgspec.json.encode(row)
            for row in part.loans:
                self.rows[f"loans:{row.item}"] = msgspec.json.encode(row)
            for key in part.gone:
                self.rows.pop(key, None)
            if part.policy is not None:
                self.rows["policy"] = msgspec.json.encode(part.policy)
        for part in parts:
            self.version = part.version


def test_a_snapshot_is_cut_into_parts_of_bounded_size(ledger):
    with ledger.store.transaction():
        ledger.catalogue.put_items(
            Item(item=f"X{n}", title="Việt Nam phong tục " * 4) for n in range(4000)
        )
    parts = replica.snapshot(ledger, "tinh", NOW)
    assert len(parts) > 2
    assert max(len(encode(part)) for part in parts) <= replica.PART_BYTES
    assert sum(len(part.items) for part in parts) == 4006
    assert [part.policy is not None for part in parts] == [True] + [False] * (len(parts) - 1)


def test_sites_know_the_same_reader_by_other_references(ledger):
    one, other = (replica.snapshot(ledger, site, NOW)[0] for site in ("tinh", "xa"))
    assert {r.card for r in one.readers}.isdisjoint(r.card for r in other.readers)
    assert {r.reader for r in one.readers}.isdisjoint(r.reader for r in other.readers)
    assert card("C1") in {r.card for r in one.readers}
    assert all(row.name.encode() not in encode(one) for row in READERS)


def test_a_replica_that_is_new_or_from_another_ledger_gets_a_snapshot(ledger):
    newest = replica.newest(ledger)
    for have in (0, newest + 1):
        assert replica.missing(ledger, "tinh", have, NOW)[0].start == 0
    [same] = replica.missing(ledger, "tinh", newest, NOW)
    assert (same.start, same.version, same.items) == (newest, newest, [])


def test_a_replica_far_behind_gets_a_snapshot_instead_of_a_flood(ledger):
    for n in range(replica.FAR_BEHIND + 1):
        ledger.catalogue.note("items", f"B{n}")
    assert replica.missing(ledger, "tinh", 1, NOW)[0].start == 0
    step = replica.CHANGES_A_PART
    behind = replica.newest(ledger) - 2 * step - 5
    parts = replica.missing(ledger, "tinh", behind, NOW)
    assert [part.start for part in parts] == [behind, behind + step, behind + 2 * step]


@given(st.integers(0, 2**32))
def test_following_the_changes_leads_to_what_a_snapshot_says(seed):
    order = random.Random(seed)
    ledger = stock(SqliteLedger(":memory:", KEYS.__getitem__))
    try:
        speakers = {site: Speaker(f"{site}-1", site, site) for site in ("tinh", "xa")}
        copies = {site: Copy() for site in speakers}
        for site, copy in copies.items():
            copy.apply(replica.missing(ledger, site, 0, NOW))
        for n in range(20):
            match order.randrange(5):
                case 0:
                    branch = order.choice(["", "tinh", "xa"])
                    item = Item(item=f"B{order.randrange(9)}", title=f"T{n}", branch=branch)
                    ledger.catalogue.put_items([item])
                case 1:
                    who = order.randrange(1, 7)
                    branch = order.choice(["", "tinh", "xa"])
                    reader = Reader(
                        reader=f"R{who}", blocked=n % 2 == 0, cards=[f"C{n % 6}"], branch=branch
                    )
                    ledger.catalogue.put_readers([(reader, 0, 0)], NOW)
                case 2:
                    ledger.catalogue.put_policy(msgspec.structs.replace(POLICY, version=n), NOW)
                case 3:
                    site = order.choice(["tinh", "xa"])
                    ref = card(f"C{order.randrange(1, 4)}", site)
                    item = f"B{order.randrange(1, 5)}"
                    at = NOW + n * 5 * MINUTE
                    speakers[site].happened(Loan(item=item, card=ref, due=0), at)
                case _:
                    item = f"B{order.randrange(1, 5)}"
                    speakers["tinh"].happened(Return(item=item), NOW + n * 5 * MINUTE)
            for site, speaker in speakers.items():
                ledger.apply(site, speaker.batch(), NOW + 1000 * MINUTE)
            if order.random() < 0.2:
                replica.trim(ledger)
            for site, copy in copies.items():
                if order.random() < 0.4:
                    copy.apply(replica.missing(ledger, site, copy.version, NOW))
        for site, copy in copies.items():
            copy.apply(replica.missing(ledger, site, copy.version, NOW))
            fresh = Copy()
            fresh.apply(replica.snapshot(ledger, site, NOW))
            assert copy.rows == fresh.rows
    finally:
        ledger.close()


def test_a_replica_of_a_ledger_that_was_put_back_gets_everything_anew(ledger, tmp_path):
    backup = tmp_path / "backup.db"
    ledger.store.run("VACUUM INTO ?", str(backup))
    ledger.catalogue.put_flags("B1", ["lost"])
    has = replica.newest(ledger)
    other = SqliteLedger(backup, KEYS.__getitem__)
    try:
        replica.begin(other, NOW)
        other.catalogue.put_flags("B2", ["lost"])
        [part] = replica.missing(other, "tinh", has, NOW)
        assert part.start == 0
        [part] = replica.missing(other, "tinh", replica.begin(other, NOW), NOW)
        assert (part.start, part.version) == (NOW + 2, NOW + 2)
    finally:
        other.close()


def test_the_rest_of_a_set_travels_with_each_of_its_items(ledger):
    before = replica.newest(ledger)
    with ledger.store.transaction():
        rows = [Item(item=name, title=name, together=["B1", "B2"]) for name in ("B1", "B2")]
        ledger.catalogue.put_items(rows)
    [part] = replica.changes(ledger, "tinh", before, NOW)
    assert {row.item: row.together for row in part.items} == {"B1": ["B2"], "B2": ["B1"]}
