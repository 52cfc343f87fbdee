"""Programs that are wrong in one way each, and the seed that finds each out: a table.

A mutant is the real program with one thing patched while it runs.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parent))

import msgspec
from shelfsim.run import Result, run

from edge import tagwork
from edge.drop.station import Drop
from edge.gate.station import Gate
from edge.journal import rows, salvage, store
from edge.journal.ids import uuid7
from edge.tagwork import TagWork
from edge.uplink import sender
from edge.uplink.uplink import Uplink
from edge.wire.messages import Cursor, encode
from edge.wrongbits import Wish
from gateway import chain
from gateway.centre import Centre
from gateway.ledger.intake import Intake
from kiosk.shelf import Deed, Done
from kiosk.work import Work

Mutant = Callable[[], AbstractContextManager[Any]]
MUTANTS: dict[str, Mutant] = {}
WHERE: dict[str, dict[str, int]] = {}
"""The faults that a mutant is wrong about, where seeds with all faults would take long to meet it."""
SEEDS = 300


def mutant(name: str, **faults: int) -> Callable[[Callable[[], Iterator[None]]], Mutant]:
    """Enter a mutant into the table."""

    def keep(make: Callable[[], Iterator[None]]) -> Mutant:
        MUTANTS[name] = contextmanager(make)
        WHERE[name] = faults
        return MUTANTS[name]

    return keep


@mutant("delete on PUBACK")
def _puback() -> Iterator[None]:
    publish = Uplink._publish_batch

    async def sent_is_safe(self: Uplink, payload: bytes) -> None:
        await publish(self, payload)
        await self._journal.acknowledge(self._journal.epoch, self._sender._window.next)

    with patch.object(Uplink, "_publish_batch", sent_is_safe):
        yield


@mutant("acknowledged before commit", gateway_crash=3, part=1)
def _early() -> Iterator[None]:
    take = Centre._apply

    async def before(self: Centre, some: Any, facts: int) -> None:
        from edge.wire import topics

        for said, batch in some:
            last = batch.events[-1]
            mark = getattr(last, "id", "")[-8:]
            cursor = Cursor(epoch=batch.epoch, seq=last.seq, last=mark)
            await self.broker.say(topics.CURSOR, said.site, encode(cursor), said.device)
        await take(self, some, facts)

    with patch.object(Centre, "_apply", before):
        yield


@mutant("no dedup")
def _dedup() -> Iterator[None]:
    def again(self: Intake, event: Any) -> None:
        fresh = msgspec.structs.replace(event, id=uuid7(self._received))
        count = "SELECT count(*) FROM facts WHERE device = ? AND epoch = ? AND seq = ?"
        self._add(fresh, fork=self._store.value(count, *self._key, event.seq) + 1)

    with patch.object(Intake, "_repeat", again):
        yield


@mutant("a repeat under a new number is a new fact")
def _new_number() -> Iterator[None]:
    def known(self: Intake, event: Any, _: Any) -> None:
        self._add(msgspec.structs.replace(event, id=uuid7(self._received)))

    with patch.object(Intake, "_known_id", known):
        yield


@mutant("record after disarm")
def _after() -> Iterator[None]:
    lend = TagWork.lend

    async def disarm_first(self: TagWork, item: Any, *args: Any, **more: Any) -> Any:
        await self._write(item, self._services.replica.policy.afi_out)
        return await lend(self, item, *args, **more)

    with patch.object(TagWork, "lend", disarm_first):
        yield


@mutant("return recorded before it is armed")
def _return_first() -> Iterator[None]:
    write = TagWork._write

    async def later(
        self: TagWork, item: Any, place: Any, session: str = "", *, bin_name: str = "",
        choose: Any = None,
    ) -> Any:  # fmt: skip
        from edge.wire.facts import Return

        name = await choose() if choose else bin_name
        fact = Return(item=item.item, place=place, bin=name, session=session)
        [event] = await self._journal.append(fact)
        work = await write(self, item, self._services.replica.policy.afi_in)
        return tagwork.Returned(event.id, work.secured)

    with patch.object(TagWork, "take_back", later):
        yield


@mutant("shown before it is recorded")
def _shown() -> Iterator[None]:
    async def hurry(self: Any, *facts: Any, open_tasks: Any = (), close_tasks: Any = ()) -> Any:
        import asyncio

        stamp = self._clock.stamp()
        work = append(self, *facts, open_tasks=list(open_tasks), close_tasks=list(close_tasks))
        asyncio.ensure_future(work)
        await asyncio.sleep(0)
        return [store.Event(seq=1, id=uuid7(stamp.wall), at=stamp, fact=one) for one in facts]

    append = store.Journal.append
    with patch.object(store.Journal, "append", hurry):
        yield


@mutant("facts are sent in the order of the wall clock", clock=3, part=2, crash=1)
def _wall_order() -> Iterator[None]:
    waiting = store.Journal.waiting

    def by_clock(self: Any, after: int, limit: int = 500, size: int = 48_000) -> Any:
        found = waiting(self, after, limit, size)
        number = [seq for seq, _ in found]
        bodies = sorted((body for _, body in found), key=_wall)
        return [(n, _as(body, n)) for n, body in zip(number, bodies, strict=True)]

    with patch.object(store.Journal, "waiting", by_clock):
        yield


@mutant("items are reckoned in the order of arrival")
def _arrival() -> Iterator[None]:
    with patch.object(chain.Link, "place", property(lambda link: (link.arrival,))):
        yield


@mutant("journal synchronous=NORMAL")
def _normal() -> Iterator[None]:
    opened = store.open_database

    def lax(path: Path, connect: Any) -> Any:
        db = opened(path, connect)
        db.execute("PRAGMA synchronous = NORMAL")
        return db

    with patch.object(store, "open_database", lax):
        yield


@mutant("a restored card keeps its epoch", image=2, restore=2)
def _epoch() -> Iterator[None]:
    with patch.object(store.Journal, "diverged", lambda *_: False):
        yield


@mutant("a new epoch gives new ids")
def _new_ids() -> Iterator[None]:
    def renumber(body: str, seq: int) -> str:
        event = msgspec.json.decode(body)
        event["id"] = uuid7(event["at"]["wall"])
        return msgspec.json.encode({**event, "seq": seq}).decode()

    with (
        patch.object(rows, "_numbered", renumber),
        patch.object(salvage.rows, "_numbered", renumber),
    ):
        yield


@mutant("what is not acknowledged is never sent again")
def _never_again() -> Iterator[None]:
    with (
        patch.object(sender.Window, "go_back", lambda self: setattr(self, "_since", None)),
        patch.object(sender.Window, "begin", _forward),
    ):
        yield


@mutant("a gap is passed over")
def _gap() -> Iterator[None]:
    take = Intake.take

    def any_number(self: Intake, event: Any) -> bool:
        self._gap = False
        self._cursor = max(self._cursor, event.seq - 1)
        return take(self, event)

    with patch.object(Intake, "take", any_number):
        yield


@mutant("time follows the wall clock backwards")
def _backwards() -> Iterator[None]:
    from edge.clock import Clock

    stamp = Clock.stamp

    def plain(self: Clock) -> Any:
        return msgspec.structs.replace(stamp(self), wall=int(self._wall() * 1000))

    with patch.object(Clock, "stamp", plain):
        yield


@mutant("the due date is the ledger's own")
def _due() -> Iterator[None]:
    from gateway import assess

    with patch.object(assess, "_due", lambda fact, *_: fact.due - 86_400_000):
        yield


@mutant("a settled loan stays over the centre's word")
def _overlay() -> Iterator[None]:
    from edge import overlay

    with patch.object(overlay, "show", lambda *_: []):
        yield


@mutant("a put-back ledger repeats versions", backup=1, backup_restore=2, part=1)
def _versions() -> Iterator[None]:
    from gateway import replica

    with patch.object(replica, "begin", lambda ledger, _: replica.newest(ledger)):
        yield


@mutant("entries leave the worklist by themselves")
def _worklist() -> Iterator[None]:
    from gateway.ledger.worklist import Worklist

    def vanish(self: Worklist, key: str, *_: Any) -> None:
        self._store.run("DELETE FROM worklist WHERE key = ? AND closed IS NULL", key)

    with patch.object(Worklist, "settle", vanish):
        yield


@mutant("the open task is forgotten at a power cut")
def _tasks() -> Iterator[None]:
    with (
        patch.object(rows, "open_task", lambda *_: None),
        patch.object(TagWork, "_set", _blind(TagWork._set)),
    ):
        yield


@mutant("the chute opens before the return is recorded")
def _opens() -> Iterator[None]:
    back = Drop._take_back

    async def soon(self: Drop, item: Any, bin_name: str = "", choose: Any = None) -> bool:
        import asyncio

        name = await choose() if choose else bin_name
        asyncio.ensure_future(back(self, item, name))
        return True

    with patch.object(Drop, "_take_back", soon):
        yield


@mutant("the chute opens for a book whose tag was torn away")
def _lets_in() -> Iterator[None]:
    back = Drop._take_back

    async def anyhow(self: Drop, item: Any, bin_name: str = "", choose: Any = None) -> bool:
        await back(self, item, await choose() if choose else bin_name)
        return True

    with patch.object(Drop, "_take_back", anyhow):
        yield


@mutant("the kiosk says lent before the loan is recorded")
def _says_lent() -> Iterator[None]:
    lend = Work._lend

    async def said(self: Work, visit: Any, row: Any, *rest: Any) -> bool:
        visit.shelf.note(Done(Deed.LENT, row.pad.item, "", 0), row.key)
        rest[2]("ok")
        return await lend(self, visit, row, *rest)

    with patch.object(Work, "_lend", said):
        yield


@mutant("a gate sleeps while the centre is away", part=3, part_site=2)
def _asleep() -> Iterator[None]:
    seen = Gate._seen

    def only_online(self: Gate, sighting: Any) -> Any:
        return seen(self, sighting) if self._services.desk.online else []

    with patch.object(Gate, "_seen", only_online):
        yield


@mutant(
    "ledgers that were put back get nothing of earlier epochs",
    image=3, restore=4, backup=3, backup_restore=4,
)  # fmt: skip
def _past() -> Iterator[None]:
    with patch.object(store.Journal, "beyond", lambda *_: {}):
        yield


@mutant("a pad makes a lent book alarm")
def _arms_lent() -> Iterator[None]:
    known = tagwork.wish

    def whatever(services: Any, item: Any, uid: bytes, afi: Any) -> Any:
        found, loan = known(services, item, uid, afi), services.replica.loan(item.item)
        silent = afi == services.replica.policy.afi_out and loan is not None
        return Wish(services.replica.policy.afi_in, found=True) if silent else found

    with patch.object(tagwork, "wish", whatever):
        yield


@mutant("a silent book that is met stays silent")
def _stays() -> Iterator[None]:
    known = tagwork.wish

    def ordered(*about: Any) -> Any:
        found = known(*about)
        return None if found is not None and found.found else found

    with patch.object(tagwork, "wish", ordered):
        yield


def _blind(real: Any) -> Any:
    async def unread(self: TagWork, uid: bytes, now: Any, afi: int) -> Any:
        end = await real(self, uid, now, afi)
        armed = afi == self._services.replica.policy.afi_in
        return tagwork._End.DONE if armed else end

    return unread


def _forward(self: Any, base: int) -> None:
    self.base = base
    self.next = max(self.next, base)


def _wall(body: bytes) -> int:
    return int(msgspec.json.decode(body)["at"]["wall"])


def _as(body: bytes, seq: int) -> bytes:
    return msgspec.json.encode({**msgspec.json.decode(body), "seq": seq})


def hunt(name: str, seeds: int = SEEDS, first: int = 1) -> Result | None:
    """Return the first seed that finds a mutant out, or None."""
    with MUTANTS[name]():
        for seed in range(first, first + seeds):
            result = _tried(seed, WHERE[name])
            if _promises(result):
                return result
    return None


def _tried(seed: int, faults: dict[str, int]) -> Result:
    try:
        return run(seed, faults=faults or None)
    except Exception as error:  # noqa: BLE001  a mutant may be too wrong even to run
        from collections import Counter

        return Result(seed, [f"{type(error).__name__}: {error}"], [], Counter(), 0, [])


def _promises(result: Result) -> list[str]:
    """Return the promises that were broken; a program that stumbles over the patch breaks none."""
    stumbled = ("ended by itself", "a visit ended with", "TypeError", "AttributeError")
    return [one for one in result.broken if not any(word in one for word in stumbled)]


def row(name: str) -> tuple[str, str, bool]:
    """Hunt one mutant; return its line of the table."""
    begun = time.monotonic()
    caught = hunt(name)
    took = time.monotonic() - begun
    if caught is None:
        return name, f"{name:<48} | NOT CAUGHT in {SEEDS} seeds", False
    return (
        name,
        f"{name:<48} | seed {caught.seed:>3} | {took:5.1f} s | {_promises(caught)[0][:90]}",
        True,
    )


def main() -> int:
    """Print the table; 1 when a mutant lives."""
    names = sys.argv[1:] or list(MUTANTS)
    alive = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for _, line, caught in pool.map(row, names):
            print(line, flush=True)
            alive += not caught
    print(f"mutants={len(names)} alive={alive}")
    return 1 if alive else 0


if __name__ == "__main__":
    raise SystemExit(main())
