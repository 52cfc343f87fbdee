"""What a site's copy costs to send, whole and after a while, and a bundle with a backlog.

``bench/sitecopy.py [FACTS]``: how many facts wait for the stick (default 100,000).
"""

import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import table

from edge.journal.database import open_database, plain
from edge.journal.rows import insert_events, write_meta
from edge.wire.batch import Event, Stamp
from edge.wire.facts import Loan, Return, card_ref
from edge.wire.messages import encode
from gateway import replica
from gateway.bundles import Stick
from gateway.config import GatewayOptions
from gateway.enrol import enrol, make_home, open_ledger
from gateway.feed import Feed, feed_of
from gateway.home import Home
from gateway.ids import new_id
from gateway.ledger.catalogue import Item, Reader
from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import NOW, Speaker

ITEMS, READERS, LENT, A_DAY = 30_000, 5_000, 3_000, 150
DAY, MINUTE = 86_400_000, 60_000
WORDS = [
    "dế",
    "mèn",
    "phiêu",
    "lưu",
    "ký",
    "truyện",
    "kiều",
    "số",
    "đỏ",
    "tắt",
    "đèn",
    "chí",
    "phèo",
    "lão",
    "hạc",
    "sách",
    "giáo",
    "khoa",
    "toán",
    "văn",
    "sử",
]
FAMILIES = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ"]
AGENT = """\
[agent]
site = "tinh"
device = "kiosk-1"
data = "{folder}"
site_key = "{folder}/keys/site.key"
[uplink]
ca = "{folder}/keys/ca.crt"
cert = "{folder}/keys/device.crt"
key = "{folder}/keys/device.key"
"""
EXPORT = """\
import resource, sys, time
from pathlib import Path
from edge.bundles.export import export
from edge.config import load
began = time.perf_counter()
done = export(load(Path(sys.argv[1])), Path(sys.argv[2]), 1)
took = time.perf_counter() - began
print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, done.size, done.count)
"""


def library(ledger: SqliteLedger, chance: random.Random) -> None:
    """Fill a ledger as a provincial library's would be."""
    with ledger.store.transaction():
        ledger.catalogue.put_items(
            Item(
                item=f"TV{n:07}",
                title=" ".join(chance.choices(WORDS, k=chance.randint(3, 8))).capitalize(),
                author=f"{chance.choice(FAMILIES)} {chance.choice(WORDS).capitalize()}",
                branch="tinh",
                uid=f"E004{chance.getrandbits(48):012X}",
            )
            for n in range(ITEMS)
        )
        people = [
            Reader(reader=f"R{n}", name=f"{chance.choice(FAMILIES)} {n}", cards=[f"C{n}"])
            for n in range(READERS)
        ]
        ledger.catalogue.put_readers([(one, NOW + 300 * DAY, 0) for one in people], NOW)


def lend(
    ledger: SqliteLedger, speaker: Speaker, key: bytes, count: int, chance: random.Random
) -> None:
    """Lend and take back, on a tenth of the stock more often than on the rest."""
    first = len(speaker.events) + 1
    for n in range(count):
        item = int(ITEMS * chance.random() ** 3)
        at = NOW - 40 * DAY + (first + n) * 3 * MINUTE
        ref = card_ref(key, f"C{chance.randrange(READERS)}")
        fact = Loan(item=f"TV{item:07}", card=ref, due=0) if n % 2 else Return(item=f"TV{item:07}")
        speaker.happened(fact, at)
    for begin in range(first, len(speaker.events) + 1, 500):
        ledger.apply("tinh", speaker.batch(begin, begin + 499), NOW)


def copies(folder: Path) -> None:
    """Print what a copy of a site costs."""
    home, ledger = made(folder)
    chance, speaker = random.Random(1), Speaker("kiosk-1", "tinh")
    key = home.site_key("tinh")
    library(ledger, chance)
    lend(ledger, speaker, key, 2 * LENT, chance)
    feed = feed_of(home, GatewayOptions(home.folder))
    replica.trim(ledger)
    month_ago = replica.newest(ledger)
    plain_size = sum(len(encode(part)) for part in replica.snapshot(ledger, "tinh", NOW))
    began = time.perf_counter()
    whole = feed.whole(ledger, "tinh", 0, NOW)
    took = time.perf_counter() - began
    lend(ledger, speaker, key, 29 * 2 * A_DAY, chance)
    day_ago = replica.newest(ledger)
    lend(ledger, speaker, key, 2 * A_DAY, chance)
    uncoalesced = ledger.store.value("SELECT count(*) FROM changes WHERE version > ?", month_ago)
    month = feed.whole(ledger, "tinh", month_ago, NOW)
    day = feed.whole(ledger, "tinh", day_ago, NOW)
    rows = [
        (f"whole ({ITEMS:,} items, {READERS:,} readers)", whole, plain_size),
        (f"a month missed ({uncoalesced:,} changes)", month, 0),
        (f"a day missed ({A_DAY} loans, {A_DAY} returns)", day, 0),
    ]
    table.show(
        f"A site's copy, signed (made in {took:.1f} s)",
        ("what", "bytes", "parts", "as bare JSON", "at 9,600 bit/s"),
        (
            (
                name,
                f"{size:,}",
                str(len(parts)),
                f"{bare:,}" if bare else "-",
                f"{size * 8 / 9600 / 60:.1f} min",
            )
            for name, parts, bare in rows
            for size in (sum(map(len, parts)),)
        ),
    )
    ledger.close()


def bundle(folder: Path, count: int) -> None:
    """Print what a backlog on a stick costs."""
    home, ledger = made(folder)
    key = home.site_key("tinh")
    journal(folder / "journal.db", key, count)
    (folder / "agent.toml").write_text(AGENT.format(folder=folder))
    (folder / "keys").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", EXPORT, folder / "agent.toml", folder / "x.bundle"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    took, memory, size, facts = map(float, done.stdout.split())
    stick = Stick(home, ledger, Feed())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began = time.perf_counter()
    taken = stick.take_in(folder / "x.bundle", NOW)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert taken.fresh == facts == count
    table.show(
        f"A bundle of {count:,} facts: {size / 1e6:.1f} MB, {size / count:.1f} bytes a fact",
        ("what", "seconds", "facts/s", "MiB of memory"),
        (
            ("export (edge)", f"{took:.1f}", f"{count / took:,.0f}", f"{memory:.0f}"),
            (
                "import (centre, verified first)",
                f"{seconds:.1f}",
                f"{count / seconds:,.0f}",
                f"{before:.0f} to {after:.0f}",
            ),
        ),
    )
    ledger.close()


def made(folder: Path) -> tuple[Home, SqliteLedger]:
    """Return a gateway of its own with one device."""
    home = make_home(folder / "centre", ["127.0.0.1"])
    ledger = open_ledger(home)
    if ledger.site_of("kiosk-1") is None:
        enrol(home, ledger, "tinh", "kiosk-1", folder / "keys", NOW - 60 * DAY, branch="tinh")
    return home, ledger


def journal(path: Path, key: bytes, count: int) -> None:
    """Write a journal with a backlog."""
    db = open_database(path, plain)
    db.execute("BEGIN")
    write_meta(db, device="kiosk-1", epoch="0123456789abcdef", acked=0, sent=0, clean=1)
    for seq in range(1, count + 1):
        at = NOW - 30 * DAY + seq * 100
        item = f"TV{seq * 7919 % ITEMS:07}"
        fact = (
            Loan(item=item, card=card_ref(key, f"C{seq % READERS}"), due=at + DAY)
            if seq % 2
            else Return(item=item)
        )
        stamp = Stamp(wall=at, mono=seq * 100, boot="b1")
        insert_events(db, [Event(seq=seq, id=new_id(at), at=stamp, fact=fact)])
    db.execute("COMMIT")
    db.close()


def main() -> None:
    """Measure both."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        copies(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        bundle(Path(folder), count)


if __name__ == "__main__":
    main()
