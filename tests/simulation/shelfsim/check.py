"""What must be true when all faults have stopped: the invariants of the design, and that all heals."""

import random
from collections import defaultdict
from typing import Any

import msgspec

from edge.uplink import astray
from edge.wire.batch import Batch, decode_event
from edge.wire.facts import Return
from gateway.ledger.sqlite import SqliteLedger
from gateway.replica import newest, snapshot
from shelfsim.order import clocks_tell, in_true_order
from shelfsim.pi import Pi
from shelfsim.world import KEYS, READERS, World

SLACK = 2_000


def quiet(world: World) -> str:
    """Return why the system has not come to rest yet; empty: it has."""
    for pi in world.pis:
        if not pi.up:
            return f"{pi.device} is not up"
        if not pi.retired and (count := pi.journal.backlog().count):
            return f"{pi.card.folder.name}: {count} facts wait"
        if not pi.retired and _lacks(world.gateway.staff, pi):
            return f"{pi.device}: it was not told yet that the ledger was put back"
    version = newest(world.gateway.staff)
    for pi in world.pis:
        if pi.replica.version != version:
            return f"{pi.device}: replica {pi.replica.version}, ledger {version}"
    return ""


def _lacks(ledger: SqliteLedger, pi: Pi) -> bool:
    """Return whether the ledger has less than this device believes (health says it in a minute)."""
    said = ledger.place(pi.device, pi.journal.epoch, pi.journal.past())
    return said.seq < pi.journal.acked or bool(pi.journal.beyond(said.past))


def check(world: World) -> None:
    """Note every broken promise."""
    ledger = world.gateway.staff
    _facts_once(world, ledger)
    _streams(world, ledger)
    _loans(world, ledger)
    _same_in_any_order(world, ledger)
    _time(world, ledger)
    _worklist(world, ledger)
    for pi in world.pis:
        _replica(world, ledger, pi)
        _private(world, pi)
    world.look_at_tags()
    world.look_at_acks()


def _facts_once(world: World, ledger: SqliteLedger) -> None:
    """Invariant 1: what is on a card that lives on is in the ledger, once, as it was."""
    there: dict[str, list[Any]] = defaultdict(list)
    for row in ledger.store.all("SELECT id, body, device FROM facts"):
        there[row["id"]].append(decode_event(row["body"]))
    for ident, truth in world.truths.items():
        found = there.pop(ident, [])
        if not found and ident not in world.doomed:
            world.breach(f"lost: {truth.card} {world.name(ident)}")
        if len(found) > 1:
            world.breach(f"doubled: {world.name(ident)}")
        if any((f.fact, f.at) != (truth.event.fact, truth.event.at) for f in found):
            world.breach(f"changed on the way: {world.name(ident)}")
    for ident in there:
        world.breach(f"doubled or invented: {there[ident][0].fact}")
    for ident in world.promised:
        if ident not in world.truths:
            world.breach(f"shown, and not recorded: {ident}")


def _streams(world: World, ledger: SqliteLedger) -> None:
    """Invariant 2: in sequence order, without gaps."""
    numbers: dict[Any, set[int]] = defaultdict(set)
    newest_of: dict[Any, int] = defaultdict(int)
    for row in ledger.store.all("SELECT device, epoch, seq, fork FROM facts ORDER BY arrival"):
        key = (row["device"], row["epoch"])
        numbers[key].add(row["seq"])
        if not row["fork"]:
            if row["seq"] < newest_of[key]:
                world.breach(f"{key}: {row['seq']} was applied after {newest_of[key]}")
            newest_of[key] = row["seq"]
    for row in ledger.store.all("SELECT device, epoch, seq FROM rejected"):
        numbers[row["device"], row["epoch"]].add(row["seq"])
    for row in ledger.store.all("SELECT * FROM streams"):
        got = numbers[row["device"], row["epoch"]]
        if got != set(range(1, row["cursor"] + 1)):
            missing = sorted(set(range(1, row["cursor"] + 1)) ^ got)
            world.breach(f"{row['device']} {row['epoch']}: gap at {missing}")


def _loans(world: World, ledger: SqliteLedger) -> None:
    """Invariants 3 and 6, and that order is the true one wherever clocks allow to know it."""
    rows = ledger.store.all(
        "SELECT item FROM loans WHERE ended IS NULL GROUP BY item HAVING count(*) > 1"
    )
    for row in rows:
        world.breach(f"{row['item']} has two open loans")
    for row in ledger.store.all("SELECT l.due, f.body FROM loans l JOIN facts f ON f.id = l.id"):
        promised = decode_event(row["body"]).fact.due
        if row["due"] < promised:
            world.breach(f"due {row['due']} is before the promised {promised}")
    readers = {
        (site, ledger.store.value("SELECT ref FROM card_refs WHERE site = ? AND reader = ?", site, f"R{n}")): f"R{n}"
        for site in KEYS for n in range(1, READERS + 1)
    }  # fmt: skip
    holders = {
        row["item"]: row["reader"]
        for row in ledger.store.all("SELECT item, reader FROM loans WHERE ended IS NULL")
    }
    for book in world.books:
        item, holder, chain = book.item, None, in_true_order(world, book.item)
        if any(place is None for _, place in chain):
            continue
        for truth, place in chain:
            fact = truth.event.fact
            if isinstance(fact, Return):
                holder = None
            elif (place["site"], fact.card) in readers:
                holder = readers[place["site"], fact.card]
        sure = clocks_tell(chain)
        world.counts["items of known order"] += sure
        if sure and holders.get(item) != holder:
            world.breach(f"{item}: ledger says {holders.get(item)}, really {holder}")


def _same_in_any_order(world: World, ledger: SqliteLedger) -> None:
    """Invariant 3: another ledger that hears the same in another order comes to the same."""
    events: dict[Any, list[Any]] = defaultdict(list)
    for row in ledger.store.all("SELECT * FROM facts WHERE NOT fork ORDER BY arrival"):
        events[row["device"], row["epoch"]].append(row)
    forks = ledger.store.value("SELECT count(*) FROM facts WHERE fork")
    if forks or world.gateway.history:
        return
    other = SqliteLedger(":memory:", world.key)
    try:
        _copy_catalogue(ledger, other)
        dice, streams = random.Random(world.seed), list(events.values())
        with other.store.transaction():
            while streams:
                rows = dice.choice(streams)
                row = rows.pop(0)
                event = decode_event(row["body"])
                batch = Batch(
                    device=row["device"], epoch=row["epoch"], first=row["seq"], events=[event]
                )
                other.store.run(
                    "INSERT OR IGNORE INTO streams (device, epoch) VALUES (?, ?)",
                    row["device"],
                    row["epoch"],
                )
                other.store.run(
                    "UPDATE streams SET cursor = ? WHERE device = ? AND epoch = ?",
                    row["seq"] - 1, row["device"], row["epoch"],
                )  # fmt: skip
                other.apply(row["site"], batch, row["received"])
                streams = [rows for rows in streams if rows]
        query = "SELECT item, reader, since, due, renewals, ended, over, doubt FROM loans ORDER BY item, since, id"
        mine, theirs = ([tuple(r) for r in one.store.all(query)] for one in (ledger, other))
        if mine != theirs:
            differing = sorted(set(mine) ^ set(theirs), key=repr)[:4]
            world.breach(f"another order of arrival, other loans: {differing}")
    finally:
        other.close()


def _copy_catalogue(ledger: SqliteLedger, other: SqliteLedger) -> None:
    for table in (
        "policies",
        "sites",
        "devices",
        "branches",
        "items",
        "readers",
        "cards",
        "card_refs",
    ):
        for row in ledger.store.all(f"SELECT * FROM {table}"):  # noqa: S608
            marks = ", ".join("?" * len(tuple(row)))
            other.store.run(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", *tuple(row))  # noqa: S608


def _time(world: World, ledger: SqliteLedger) -> None:
    """Invariant 5: never backwards within a boot; bounded where it cannot be known."""
    last: dict[Any, Any] = {}
    for truth in world.truths.values():
        stamp = truth.event.at
        before = last.get(stamp.boot)
        if before is not None and (stamp.wall < before.wall or stamp.mono < before.mono):
            world.breach(f"{stamp.boot}: time ran backwards at {world.name(truth.event.id)}")
        last[stamp.boot] = stamp
    ats: dict[Any, int] = defaultdict(int)
    for row in ledger.store.all("SELECT * FROM facts WHERE NOT fork ORDER BY arrival"):
        key = (row["device"], row["epoch"], decode_event(row["body"]).at.boot)
        if row["at"] < ats[key]:
            world.breach(f"{key}: time ran backwards in the ledger at {row['seq']}")
        ats[key] = row["at"]
        truth = world.truths.get(row["id"])
        if truth is None or truth.event.at.clock == "holdover":
            continue  # a plausible clock that nobody confirmed may be wrong
        moments = (truth.event.at.wall / 1000, truth.at / 1000)
        if any(abs(moment - leap) < 1 for leap in world.leaps for moment in moments):
            continue  # stamped before a leap, committed after it
        off = abs(row["at"] - truth.at)
        world.counts["times checked"] += 1
        if off > row["unc"] + SLACK:
            clock = truth.event.at.clock
            world.breach(
                f"{clock} time off by {off} ms, said {row['unc']}: {world.name(row['id'])}"
            )


def _worklist(world: World, ledger: SqliteLedger) -> None:
    """Invariant 7: nothing leaves without a resolution."""
    for row in ledger.store.all(
        "SELECT number, code FROM worklist w WHERE closed IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM resolutions r WHERE r.entry = w.number)"
    ):
        world.breach(f"entry {row['number']} {row['code']} left without a resolution")
    count, newest_ = ledger.store.row("SELECT count(*), coalesce(max(number), 0) FROM worklist")
    if count != newest_:
        world.breach(f"{newest_ - count} entries of the worklist vanished")
    for pi in world.pis:
        for reason in astray.open_reasons(pi.journal):
            key = f"TROUBLE:{pi.device}:{astray.PART}:{reason}"
            world.counts[f"told of {reason}"] += 1
            if not ledger.store.one("SELECT 1 FROM worklist WHERE key = ?", key):
                world.breach(f"{pi.device}: staff were not told of {reason}")


def _replica(world: World, ledger: SqliteLedger, pi: Pi) -> None:
    """All heals: every device knows what the ledger knows."""
    [part] = snapshot(ledger, pi.site, 0)
    plain = lambda view: msgspec.structs.replace(view, title="")  # noqa: E731
    loans = {loan.item: loan for loan in part.loans}
    for item in part.items:
        if pi.replica.item(item.item) != item:
            world.breach(f"{pi.device}: item {item.item} differs")
        mine, theirs = pi.replica.loan(item.item), loans.get(item.item)
        same = mine is None if theirs is None else mine is not None and plain(mine) == plain(theirs)
        if not same:
            world.breach(f"{pi.device}: loan of {item.item} is {mine}, ledger has {theirs}")
    for reader in part.readers:
        if pi.replica.reader(reader.card) != reader:
            world.breach(f"{pi.device}: reader {pi.replica.reader(reader.card)} is {reader}")


def _private(world: World, pi: Pi) -> None:
    """Invariant 8: a stolen card tells nobody's name or card number."""
    secrets = ("Nguyễn Thị Hồng".encode(), b"7731000001"[:7], KEYS[pi.site])
    for file in pi.card.path.iterdir():
        data = file.read_bytes()
        for secret in secrets:
            if secret in data:
                world.breach(f"{file.name} of {pi.device} holds {secret!r}")
