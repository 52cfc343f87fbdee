"""What goes down to a copy: the smaller transfer, a few parts at once, the same ones after a cut."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.replica import Replica
from edge.wire.messages import PARTS_AT_ONCE, Have
from edge.wire.parts import decode_part
from edge.wire.seal import Trust, seal_from
from edge.wire.slices import Gathered, is_slice
from gateway import pki, replica
from gateway.feed import Feed
from gateway.ledger.catalogue import Branch, Item
from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import DAY, NOW

AUTHORITY = pki.make_authority("a")
_PAIR = pki.make_signer(AUTHORITY, "centre")
SEAL = seal_from(_PAIR.key_pem, _PAIR.cert_pem)
MANY = 14_000


@pytest.fixture
def many(ledger: SqliteLedger) -> SqliteLedger:
    with ledger.store.transaction():
        rows = (
            Item(item=f"X{n:06}", title=f"Truyện {n * 7919}", uid=f"E0{n:014}") for n in range(MANY)
        )
        ledger.catalogue.put_items(rows)
    return ledger


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    return Feed(SEAL, tmp_path / "copies")


class Device:
    """A copy that asks as the uplink does, over a line that may be cut after some parts."""

    def __init__(self, path: Path) -> None:
        self.path, self.trust, self.heard = path, Trust(AUTHORITY.cert_pem), 0
        self.slices = Gathered()
        self.replica = Replica.open(path, lambda: NOW)

    def restart(self) -> None:
        self.replica.close()
        self.replica = Replica.open(self.path, lambda: NOW)

    def ask(
        self, feed: Feed, ledger: SqliteLedger, now: int = NOW, cut: int = 99, size: int = 0
    ) -> int:
        """Ask once, take the first ``cut`` messages in; return how many came.

        ``size``: in slices of so many bytes.
        """
        version, parts = self.replica.staged
        have = Have(
            version=self.replica.version, snapshot=version, parts=parts,
            key=self.trust.newest.hex(), slice=size, cut=self.slices.name, got=self.slices.got,
        )  # fmt: skip
        messages = feed.answer(ledger, "tinh", have, now)[:cut]
        for message in messages:
            self.heard += len(message)
            whole = self.slices.take(message) if is_slice(message) else message
            if whole is not None:
                assert self.replica.apply(decode_part(whole, "tinh", self.trust))
        return len(messages)

    def fill(self, feed: Feed, ledger: SqliteLedger) -> None:
        while self.replica.version != replica.newest(ledger):
            assert self.ask(feed, ledger)


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    made = Device(tmp_path / "replica.db")
    yield made
    made.replica.close()


def test_a_new_copy_comes_in_a_few_parts_at_once(feed, many, device):
    assert device.ask(feed, many) == PARTS_AT_ONCE
    assert device.replica.version == 0
    device.fill(feed, many)
    assert device.replica.item(f"X{MANY - 1:06}").title == f"Truyện {(MANY - 1) * 7919}"


def test_after_a_cut_and_restarts_of_both_only_the_missing_parts_come(feed, many, device, tmp_path):
    device.ask(feed, many, cut=5)
    device.restart()
    many.catalogue.put_items([Item(item="B1", title="Truyện Kiều, bản mới", branch="tinh")])
    again = Feed(SEAL, tmp_path / "copies")
    begun, numbers = device.replica.staged
    assert numbers == [0, 1, 2, 3, 4]
    while device.replica.staged[1]:
        assert device.replica.staged[0] == begun
        before = set(device.replica.staged[1])
        device.ask(again, many, NOW + 3 * DAY)
        assert before < set(device.replica.staged[1]) or not device.replica.staged[1]
    assert device.replica.version == begun
    device.ask(again, many)
    assert device.replica.item("B1").title == "Truyện Kiều, bản mới"


def test_over_a_narrow_link_a_part_goes_on_at_the_byte_where_it_stopped(
    feed, many, device, tmp_path
):
    device.ask(feed, many, cut=2, size=4096)
    assert (device.replica.staged[1], device.slices.got) == ([], 2 * 4096)
    again = Feed(SEAL, tmp_path / "copies")  # a restart of the gateway
    while device.replica.version != replica.newest(many):
        assert device.ask(again, many, cut=7, size=4096)
    cut_in_slices, device.heard = device.heard, 0
    other = Device(tmp_path / "other.db")
    try:
        other.fill(again, many)
        assert cut_in_slices <= other.heard * 1.02, "nothing came twice"
    finally:
        other.replica.close()


def test_changes_that_were_cut_go_on_though_more_has_changed_meanwhile(feed, many, device):
    device.fill(feed, many)
    many.catalogue.put_items(Item(item=f"X{n:06}", title=f"mới {n * 7919}") for n in range(900))
    device.ask(feed, many, cut=2, size=2048)
    assert device.slices.got == 2 * 2048
    many.catalogue.put_items([Item(item="X000001", title="mới nhất")])
    before, device.heard = device.slices.got, 0
    device.ask(feed, many, NOW + DAY, size=2048)
    assert device.slices.got == 0
    assert device.replica.item("X000899").title == f"mới {899 * 7919}"
    [message] = feed.answer(many, "tinh", Have(version=1), NOW)[:1]
    assert device.heard < len(message) - before + 2048
    device.fill(feed, many)
    assert device.replica.item("X000001").title == "mới nhất"


def test_a_copy_a_month_behind_gets_the_smaller_transfer(feed, many, device):
    device.fill(feed, many)
    whole = device.heard
    for n in range(300):
        many.catalogue.put_items([Item(item=f"X{n % 40:06}", title=f"mới {n}")])
    device.heard = 0
    device.fill(feed, many)
    few = device.heard
    assert few < whole / 50, "each row once, though it changed often"
    many.catalogue.put_items(Item(item=f"X{n:06}", title=f"khác {n}") for n in range(MANY))
    device.heard = 0
    device.fill(feed, many)
    assert device.heard <= whole * 1.1, "a snapshot, not changes of everything"
    assert device.replica.item("X000001").title == "khác 1"


def test_a_trimmed_list_of_changes_is_still_followed_until_its_floor(feed, many, device):
    device.fill(feed, many)
    has = device.replica.version
    for n in range(50):
        many.catalogue.put_items([Item(item="B1", title=f"mới {n}", branch="tinh")])
    rows = many.store.value("SELECT count(*) FROM changes")
    assert replica.trim(many) >= 49
    assert many.store.value("SELECT count(*) FROM changes") <= rows - 49
    assert replica.follows(many, has)
    device.fill(feed, many)
    assert device.replica.item("B1").title == "mới 49"
    many.catalogue.put_items([Item(item=f"Y{n}", title="y") for n in range(5)])
    replica.trim(many, keep=3)
    assert not replica.follows(many, has)
    device.fill(feed, many)
    assert device.replica.item("Y4").title == "y"


def test_the_centres_certificate_comes_only_where_it_is_not_known(feed, ledger):
    newest = replica.newest(ledger)
    [first] = feed.answer(ledger, "tinh", Have(version=newest), NOW)
    [later] = feed.answer(ledger, "tinh", Have(version=newest, key=SEAL.name.hex()), NOW)
    assert len(first) - len(later) == len(SEAL.cert)
    assert len(later) < 150


def test_who_belongs_where_changes_for_everybody_at_once(feed, ledger, device):
    ledger.catalogue.put_items([Item(item="H1", title="Bỉ vỏ", branch="huyen")])
    device.fill(feed, ledger)
    assert device.replica.item("H1") is None
    assert device.replica.item("B3") is not None, "a branch below"
    ledger.catalogue.put_branches([Branch(branch="huyen", name="Huyện", parent="tinh")])
    device.fill(feed, ledger)
    assert device.replica.item("H1") is not None


def test_a_whole_catalogue_can_be_asked_for(ledger, device):
    ledger.catalogue.put_items([Item(item="H1", title="Bỉ vỏ", branch="huyen")])
    device.fill(Feed(SEAL, everything=True), ledger)
    assert device.replica.item("H1") is not None
