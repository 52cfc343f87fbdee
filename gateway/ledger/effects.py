"""What facts other than loans, returns and renewals do: gates, tags, machines, bins."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from edge.wire.facts import (
    BinChanged,
    Booted,
    BoxReceived,
    Fact,
    GateAlarm,
    GateHint,
    GateLetPass,
    Ordered,
    Repaired,
    Secured,
    StaffActed,
    StaffCalled,
    TagStillArmed,
    TagTrouble,
    TakenAside,
    Trouble,
    Well,
)
from gateway.ledger.boxes import Boxes
from gateway.ledger.store import Store
from gateway.ledger.worklist import Worklist
from gateway.when import bounded

BIN_FULL_PERCENT = 80
ON_LOAN, MISSING = "on_loan", "missing"
"""Words of gates: let pass because it is lent; seen though it is missing."""
Row = Mapping[str, Any]
"""Columns of a fact."""


class Effects:
    """Keeps allow-lists and the machines' entries of the worklist in step with what came in."""

    def __init__(self, store: Store, worklist: Worklist, boxes: Boxes) -> None:
        self._store = store
        self._worklist = worklist
        self._boxes = boxes
        self._quiet: set[str] = set()
        self._table: dict[type[Any], Callable[[Any, Row], None]] = {
            TagStillArmed: self._still_armed,
            Secured: self._secured,
            Repaired: self._secured,
            GateAlarm: self._alarm,
            GateLetPass: self._let_pass,
            GateHint: self._hint,
            TagTrouble: self._tag_trouble,
            TakenAside: self._aside,
            Trouble: self._trouble,
            Well: self._well,
            StaffCalled: self._staff_called,
            StaffActed: self._staff_acted,
            BinChanged: self._bin,
            BoxReceived: self._box,
            Ordered: self._ordered,
        }

    def look_ahead(self, site: str, facts: Iterable[Fact]) -> None:
        """Find out, for facts that come next in this transaction, which tags nobody waits for."""
        uids = {fact.uid.upper() for fact in facts if isinstance(fact, Secured | Repaired)}
        armed = self._store.among(
            "SELECT uid FROM allowed WHERE uid IN ({}) AND site = ?", uids, site
        )
        keys = {f"TAG_STILL_ARMED:{uid}" for uid in uids}
        work = self._store.among(
            "SELECT key FROM worklist WHERE key IN ({}) AND closed IS NULL", keys
        )
        self._quiet = uids - {row["uid"] for row in armed}
        self._quiet -= {row["key"].removeprefix("TAG_STILL_ARMED:") for row in work}

    def apply(self, fact: Fact, row: Row) -> list[str]:
        """Let a fact have its effect; return its codes. ``row`` is its row in the ledger."""
        effect = self._table.get(type(fact))
        if effect is not None:
            effect(fact, row)
        if isinstance(fact, Booted) and not fact.clean:
            return ["POWER_CUT"]
        if isinstance(fact, TakenAside):
            return [_aside_code(fact)]
        if isinstance(fact, GateLetPass) and fact.reason == ON_LOAN:
            return ["TAG_STILL_ARMED"]
        if isinstance(fact, GateHint):
            return ["FOUND_ITEM" if fact.reason == MISSING else "GATE_HINT"]
        return _CODES.get(type(fact), [])

    def allowed(self, site: str, now: int) -> dict[str, int]:
        """Return the tags that the gates of a site let pass: UID -> until (ms)."""
        rows = self._store.all(
            "SELECT uid, until FROM allowed WHERE site = ? AND until > ? ORDER BY uid", site, now
        )
        return {row["uid"]: row["until"] for row in rows}

    def _still_armed(self, fact: TagStillArmed, row: Row) -> None:
        self._quiet.discard(fact.uid.upper())
        self._store.run(
            "INSERT INTO allowed VALUES (?1, ?2, ?3, ?4) ON CONFLICT (site, uid) DO UPDATE SET "
            "until = max(until, ?3), fact = ?4",
            *(row["site"], fact.uid.upper(), bounded(fact.until), row["id"]),
        )
        self._open(row, f"TAG_STILL_ARMED:{fact.uid.upper()}", "TAG_STILL_ARMED", uid=fact.uid)

    def _secured(self, fact: Secured | Repaired, row: Row) -> None:
        uid = fact.uid.upper()
        if uid in self._quiet:
            return
        self._store.run("DELETE FROM allowed WHERE site = ? AND uid = ?", row["site"], uid)
        self._settle(row, f"TAG_STILL_ARMED:{uid}")

    def _alarm(self, fact: GateAlarm, row: Row) -> None:
        key = f"GATE_ALARM:{row['device']}:{fact.gate}:{fact.uid.upper()}"
        more = {"gate": fact.gate, "uid": fact.uid, "direction": fact.direction}
        self._open(row, key, "GATE_ALARM", **more)

    def _let_pass(self, fact: GateLetPass, row: Row) -> None:
        """A lent item whose tag alarms wants healing, until a pad has met it."""
        if fact.reason == ON_LOAN:
            uid = fact.uid.upper()
            self._quiet.discard(uid)
            self._open(row, f"TAG_STILL_ARMED:{uid}", "TAG_STILL_ARMED", uid=uid, gate=fact.gate)

    def _hint(self, fact: GateHint, row: Row) -> None:
        """Something that is looked for was seen at a gate."""
        if fact.reason == MISSING:
            key = f"FOUND_ITEM:{fact.item or fact.uid.upper()}"
            more = {"gate": fact.gate, "uid": fact.uid, "direction": fact.direction}
            self._open(row, key, "FOUND_ITEM", **more)

    def _tag_trouble(self, fact: TagTrouble, row: Row) -> None:
        key = f"TAG_TROUBLE:{row['device']}:{fact.uid.upper()}:{fact.reason}"
        more = {"reason": fact.reason, "uid": fact.uid, "station": fact.station}
        self._open(row, key, "TAG_TROUBLE", **more)

    def _aside(self, fact: TakenAside, row: Row) -> None:
        code = _aside_code(fact)
        self._open(row, f"{code}:{row['id']}", code, reason=fact.reason, uid=fact.uid, bin=fact.bin)

    def _trouble(self, fact: Trouble, row: Row) -> None:
        key = f"TROUBLE:{row['device']}:{fact.part}:{fact.reason}"
        self._open(row, key, "TROUBLE", part=fact.part, reason=fact.reason, why=fact.why)

    def _well(self, fact: Well, row: Row) -> None:
        self._settle(row, f"TROUBLE:{row['device']}:{fact.part}:{fact.reason}")

    def _staff_called(self, fact: StaffCalled, row: Row) -> None:
        key = f"STAFF_CALLED:{row['device']}:{fact.station}"
        self._open(row, key, "STAFF_CALLED", station=fact.station)

    def _staff_acted(self, fact: StaffActed, row: Row) -> None:
        """Somebody came: the call is answered."""
        self._settle(row, f"STAFF_CALLED:{row['device']}:{fact.station}")

    def _bin(self, fact: BinChanged, row: Row) -> None:
        key = f"BIN_FULL:{row['device']}:{fact.bin}"
        if fact.emptied or fact.percent < BIN_FULL_PERCENT:
            self._settle(row, key)
        else:
            self._open(row, key, "BIN_FULL", bin=fact.bin, percent=fact.percent, items=fact.items)

    def _ordered(self, fact: Ordered, row: Row) -> None:
        """Note what became of a command; a result is never taken back by an older word."""
        self._store.run(
            "UPDATE commands SET state = ?3, why = ?4, changed = ?5 WHERE id = ?1 AND device = ?2 "
            "AND (?3 <> 'received' OR state IN ('waiting', 'sent', 'expired')) "
            "AND state NOT IN ('done', 'failed', 'refused')",
            *(fact.order, row["device"], fact.outcome, fact.why[:200], row["received"]),
        )

    def _box(self, fact: BoxReceived, row: Row) -> None:
        branch = self._store.value("SELECT branch FROM sites WHERE site = ?", row["site"]) or ""
        where = (row["site"], row["device"])
        self._boxes.receive(
            fact.name, branch, row["device"], row["received"], where=where, fact=row["id"]
        )

    def _open(self, row: Row, key: str, code: str, **detail: Any) -> None:
        self._worklist.open(
            key,
            code,
            row["received"],
            where=(row["site"], row["device"]),
            about={"item": row["item"], "fact": row["id"]},
            detail={**detail, "at": row["at"]},
        )

    def _settle(self, row: Row, key: str) -> None:
        self._worklist.settle(key, row["received"])


def _aside_code(fact: TakenAside) -> str:
    return "NOT_IN_BIN" if fact.reason in ("jammed", "taken_out") else "TAKEN_ASIDE"


_CODES = {
    TagStillArmed: ["TAG_STILL_ARMED"],
    GateAlarm: ["GATE_ALARM"],
    TagTrouble: ["TAG_TROUBLE"],
    Trouble: ["TROUBLE"],
    StaffCalled: ["STAFF_CALLED"],
}
