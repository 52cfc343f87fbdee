"""What a device knows of items, readers and loans without asking; it can always be fetched again.

Two layers. The *base* is what the centre sent, at one version: a snapshot in parts, then changes
without gaps. The *overlay* is what this device or a neighbour of its site did and the base does not
show yet: the last loan or return of each item. An overlay row leaves when the ledger has settled
its fact and the base has come to the version in which that shows.
"""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Self

import msgspec

from edge import base, overlay
from edge.circulation.credit import late_until
from edge.circulation.model import ItemView, LoanView, Policy, ReaderView
from edge.replicafile import LOG_BYTES, Connect, every_loan, log_bytes, open_file, plain
from edge.wire.batch import Event
from edge.wire.errors import WireError
from edge.wire.facts import Loan, Return
from edge.wire.messages import Part, policy_of

log = logging.getLogger(__name__)
NEVER_MS = 1 << 53
"""The age of a copy that never came."""


class Replica:
    """The device's copy. Look-ups and notes take microseconds and never wait for an :meth:`apply`.

    ``apply`` and ``settle`` may run in a thread of their own; everything else belongs to the event
    loop. What is noted while they work is kept in memory and written by whoever comes next; what a
    power cut takes of it is noted again from the journal.
    """

    def __init__(self, path: Path, now_ms: Callable[[], int], connect: Connect) -> None:
        self._now = now_ms
        self._path, self._connect = path, connect
        self._lock = threading.RLock()
        self._writer = open_file(path, connect)
        self._reader = connect(path)
        self._followers: list[Callable[[Sequence[str] | None], None]] = []
        self._spoken_of: list[str] = []
        self._noted = overlay.Noted()
        self._failing, self.neighbour_days = False, 0
        self._load()

    @classmethod
    def open(cls, path: Path, now_ms: Callable[[], int], *, connect: Connect | None = None) -> Self:
        """Open or make the copy. One that is damaged or newer than this program is made anew."""
        return cls(path, now_ms, connect or plain)

    def close(self) -> None:
        """Let go of the file; closing twice is harmless."""
        with self._lock:  # an apply in its own thread ends first
            with contextlib.suppress(sqlite3.ProgrammingError):
                self._write_down()
            self._reader.close()
            self._writer.close()

    @property
    def version(self) -> int:
        """The version of the base; 0 when there is none yet."""
        return self._version

    @property
    def staged(self) -> tuple[int, list[int]]:
        """Version and numbers of the parts of a snapshot that is still arriving (0: none is)."""
        rows = self._reader.execute("SELECT version, number FROM parts ORDER BY number").fetchall()
        return (rows[0][0] if rows else 0), [number for _, number in rows]

    @property
    def age_ms(self) -> int:
        """How long ago the centre last said that this is how things are; NEVER_MS without a base."""
        return max(0, self._now() - self._made) if self._version else NEVER_MS

    @property
    def policy(self) -> Policy:
        """The lending policy; the built-in one until the centre sends its own."""
        return self._policy

    def follow(self, follower: Callable[[Sequence[str] | None], None]) -> None:
        """Call ``follower`` with items whose loan may be another now (None: all), in any thread."""
        self._followers.append(follower)

    def every_loan(self) -> Generator[tuple[str, int, str]]:
        """Return item, since (ms) and tag UID of each loan of the base; for any one thread."""
        return every_loan(self._connect(self._path))

    def overlaid(self) -> list[str]:
        """Return the items of which something happened that the base does not show."""
        rows = self._reader.execute("SELECT item FROM overlay")
        return [*self._noted.rows(), *(item for (item,) in rows)]

    def happened(self, item: str) -> bool:
        """Return whether something happened to an item that the base does not show."""
        return overlay.last(self._reader, self._noted, item) is not None

    def item(self, item_id: str) -> ItemView | None:
        """Return what is known of an item."""
        return base.one(self._reader, "items", "key", item_id, ItemView)

    def item_by_uid(self, uid: bytes | str) -> ItemView | None:
        """Return the item whose tag has this UID."""
        text = uid.hex() if isinstance(uid, bytes) else uid
        return base.one(self._reader, "items", "ref", text.upper(), ItemView)

    def reader(self, card: str) -> ReaderView | None:
        """Return the reader of a card reference, ``loans`` counting what happened here since."""
        view = base.one(self._reader, "readers", "key", card, ReaderView)
        if view is None:
            return None
        sent = {loan.item for loan in base.loans_of(self._reader, view.reader)}
        now = {loan.item for loan in self.loans_of(view.reader)}
        return msgspec.structs.replace(view, loans=max(0, view.loans + len(now) - len(sent)))

    def cards(self, begins: str) -> list[str]:
        """Return two at most of the card references that begin so."""
        return base.cards(self._reader, begins)

    def loan(self, item_id: str) -> LoanView | None:
        """Return the open loan of an item, with what happened here taken into account."""
        if (noted := self._noted.get(item_id)) is not None:
            return noted.loan
        row = self._reader.execute("SELECT body FROM overlay WHERE item = ?", (item_id,)).fetchone()
        if row is not None:
            return msgspec.json.decode(row[0], type=LoanView) if row[0] is not None else None
        return base.one(self._reader, "loans", "key", item_id, LoanView)

    def loans_of(self, reader: str) -> list[LoanView]:
        """Return the open loans of a reader reference, soonest due first."""
        noted = self._noted.rows()
        own = self._reader.execute("SELECT body FROM overlay WHERE ref = ?", (reader,)).fetchall()
        loans = [msgspec.json.decode(body, type=LoanView) for (body,) in own if body is not None]
        loans += [
            loan for loan in base.loans_of(self._reader, reader) if not self.happened(loan.item)
        ]
        loans = [loan for loan in loans if loan.item not in noted]
        loans += [row.loan for row in noted.values() if row.loan and row.lent_to(reader)]
        return sorted(loans, key=lambda loan: (loan.due, loan.item))

    def came_back(self, reader: str) -> list[tuple[int, int]]:
        """Return (due, costs until) in ms of the reader's loans that ended and the base shows open."""
        return overlay.came_back(self._reader, self._noted, base.loans_of(self._reader, reader))

    def lent_unsettled(self, reader: str) -> int:
        """Return how many loans of this reader the ledger has not settled: those of the outage."""
        query = "SELECT item FROM overlay WHERE ref = ? AND NOT settled AND body IS NOT NULL"
        noted = self._noted.rows()
        items = {item for (item,) in self._reader.execute(query, (reader,))} - noted.keys()
        return len(items) + sum(row.lent_to(reader) for row in noted.values())

    def note(self, event: Event, *, again: bool = False) -> None:
        """Take a journaled loan or return into account at once; other facts change nothing.

        Noting the facts that wait in the journal ``again``, in their order, changes nothing either.
        What the storage does not take (a full disk) is known all the same, and written later.
        """
        row = self._row(event)
        if row is not None:
            self._noted.put(row)
            if self._lock.acquire(blocking=False):  # else: by whoever has it, or comes next
                try:
                    self._write_down(again=again)
                finally:
                    self._lock.release()
            self._tell([row.item])

    def hear(self, device: str, epoch: str, events: Sequence[Event], upto: int) -> None:
        """Take in what a neighbour did, up to its fact ``upto``: an item lent there is lent here."""
        rows = [row for event in events if (row := self._row(event, device, epoch)) is not None]
        with self._lock:
            self._write_down()
            with self._changing() as news:
                news += overlay.hear(self._writer, rows)
                overlay.put_heard(self._writer, device, epoch, upto)
                overlay.tend(self._writer)

    def heard(self) -> dict[str, tuple[str, int]]:
        """Return how far each neighbour was heard: device -> epoch and number."""
        return overlay.heard(self._reader)

    def settle_neighbour(self, device: str, epoch: str, seq: int, version: int) -> None:
        """The ledger has committed a neighbour's facts up to ``seq``: see :meth:`settle`."""
        with self._changing() as news:
            overlay.settle_neighbour(self._writer, device, epoch, seq, version)
            news += self._shown(self._version, self._made)

    def tags(self) -> list[tuple[str, str, int, bool]]:
        """Return the tags that the site speaks of: UID, item, let pass until (ms), to be healed."""
        return overlay.tags(self._reader)

    def put_tag(self, uid: str, item: str, until: int, *, heal: bool) -> None:
        """Keep what the site says of a tag; with neither, it is forgotten."""
        with self._lock, self._surviving(), self._writer:
            overlay.put_tag(self._writer, uid, item, until, heal=heal)

    def settle(self, seq: int, epoch: str, version: int = 0) -> None:
        """The ledger has committed this device's facts of ``epoch`` up to ``seq``.

        ``version``: of a base in which that shows (0: not known).
        """
        with self._lock:
            if not self._write_down():
                return
            with self._changing() as news:
                overlay.settle_own(self._writer, seq, version)
                base.put(self._writer, "settled", f"{epoch} {seq}")
                news += self._shown(self._version, self._made)
            self._carry_home()

    def settled(self, epoch: str) -> int | None:
        """Return up to which fact of an epoch this file knows that the ledger has it.

        None: a program made it that did not keep this. A power cut may take this file back some
        commits (never the journal): what was noted since is then to be noted again from here.
        """
        return overlay.settled(self._writer, epoch)

    def newest_own(self) -> tuple[int, str]:
        """Return number and id of the newest own fact in the file, which has all before it too."""
        return overlay.newest_own(self._writer)

    def adopt(self, epoch: str) -> None:
        """The journal is in this epoch; whatever of another it does not note again was settled."""
        with self._lock, self._surviving(), self._writer:
            query = "SELECT 1 FROM meta WHERE key = 'settled' AND value NOT LIKE ? || ' %'"
            if self._writer.execute(query, (epoch,)).fetchone():
                overlay.end_epoch(self._writer)
                base.put(self._writer, "settled", f"{epoch} 0")

    def apply(self, part: Part) -> bool:
        """Take in a part; return False when changes do not fit this version (ask for a snapshot).

        A snapshot shows when its last part is here; changes that are known already are harmless.
        What the storage does not take is left: the next changes will not fit, and it is asked for.
        Raises WireError, and changes nothing, when the part cannot be understood.
        """
        if part.number not in range(part.count):
            raise WireError(f"Part.number is {part.number} of {part.count}")
        with self._lock:
            if part.start and part.start != self._version:
                return part.version <= self._version
            policy = policy_of(part.policy)
            self._spoken_of = []
            with self._surviving(), self._writer:
                if part.start:
                    self._spoken_of += base.change(self._writer, part, self._gen)
                elif not base.stage(self._writer, part, self._gen, self._version):
                    return True
                self._keep(part, policy)
            self._load()
            self._tell(self._spoken_of if part.start else None)
            self._carry_home()
        return True

    def _keep(self, part: Part, policy: Policy | None) -> None:
        self._spoken_of += self._shown(part.version, part.made)
        base.put(self._writer, "version", str(part.version))
        base.put(self._writer, "made", str(part.made or self._now()))
        if policy is not None and part.policy is not None:
            base.put(self._writer, "policy", msgspec.json.encode(part.policy).decode())

    def _shown(self, version: int, made: int) -> list[str]:
        return overlay.show(self._writer, version, made, self._policy, self.neighbour_days)

    def _load(self) -> None:
        meta = dict(self._writer.execute("SELECT key, value FROM meta").fetchall())
        self._version, self._gen = int(meta.get("version", 0)), int(meta["gen"])
        self._made = int(meta.get("made", 0))
        raw = meta.get("policy")
        self._policy = policy_of(msgspec.json.decode(raw) if raw else None) or Policy()

    def _tell(self, items: Sequence[str] | None) -> None:
        for follower in self._followers if items is None or items else ():
            follower(items)

    def _row(self, event: Event, device: str = "", epoch: str = "") -> overlay.Row | None:
        """Return what a loan or return is in the overlay; None of any other fact."""
        fact, at, loan = event.fact, event.at, None
        if isinstance(fact, Loan):
            view = base.one(self._reader, "readers", "key", fact.card, ReaderView)
            item = self.item(fact.item)
            reader, title = view.reader if view else fact.card, item.title if item else ""
            loan = LoanView(item=fact.item, reader=reader, due=fact.due, since=at.wall, title=title)
        elif not isinstance(fact, Return):
            return None
        drop = getattr(fact, "place", "") == "drop"
        late = late_until(self._policy, at.wall, at.unc, drop=drop)
        where = (loan, device, epoch)
        return overlay.Row(fact.item, event.seq, at.wall, event.id, *where, at.unc, late)

    def _write_down(self, *, again: bool = False) -> bool:
        """Write what was noted; return whether the storage took it."""
        noted = self._noted.rows()
        with self._surviving(), self._writer:
            overlay.put_own(self._writer, noted.values(), again=again)
        if not self._failing:
            self._noted.written(noted)
        return not self._failing

    def _carry_home(self) -> None:
        """Write what came meanwhile; empty the log, so that no note pays for slow storage."""
        self._write_down()
        if log_bytes(self._path) > LOG_BYTES:
            with self._surviving():
                self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    @contextlib.contextmanager
    def _changing(self) -> Iterator[list[str]]:
        """Write; the items that are put into the list are told when it is committed."""
        news: list[str] = []
        with self._lock:
            with self._surviving(), self._writer:
                yield news
            self._tell(news)

    @contextlib.contextmanager
    def _surviving(self) -> Iterator[None]:
        """Outlive a full or failing disk: this copy can be fetched again, the work goes on."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if self._writer.in_transaction:
                self._writer.rollback()
            if not self._failing:
                log.warning("the local copy cannot be written: %s", error)
            self._failing = True
        else:
            self._failing = False
