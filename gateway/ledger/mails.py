"""Receipts by e-mail: who wants one, what it says, and when it is tried again."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from edge.wire.batch import decode_event
from edge.wire.facts import Loan, RenewalWish, Return
from gateway.errors import RefusedError
from gateway.ledger.catalogue import Catalogue
from gateway.ledger.store import Store
from gateway.ledger.worklist import Worklist

PATIENCE_MS = (60_000, 300_000, 900_000, 3_600_000, 6 * 3_600_000, 24 * 3_600_000)
"""Pauses between tries; after the last one it is given up."""
_VISIT_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Mail:
    """One to be sent now."""

    fact: str
    to: str
    subject: str
    text: str


class Mails:
    """The outbox, in one database. ``enabled``: a mail server is configured."""

    def __init__(self, store: Store, catalogue: Catalogue, worklist: Worklist) -> None:
        self._store = store
        self._catalogue = catalogue
        self._worklist = worklist
        self.enabled = False

    def put_address(self, reader: str, email: str) -> bool:
        """Keep a reader's address; False when it is known. Raise RefusedError if it is none."""
        name, at, host = email.partition("@")
        plain = email.isprintable() and not any(c.isspace() or c in ',;<>"' for c in email)
        if not (name and at and "." in host and "@" not in host and plain and len(email) <= 254):
            raise RefusedError(f"reader {reader}: the address is no e-mail address")
        return bool(
            self._store.run(
                "INSERT INTO emails VALUES (?1, ?2) ON CONFLICT (reader) DO UPDATE SET email = ?2 "
                "WHERE email <> ?2",
                *(reader, email),
            )
        )

    def possible(self, reader: str) -> bool:
        """Whether a receipt can be sent to this reader."""
        sql = "SELECT 1 FROM emails WHERE reader = ?"
        return self.enabled and self._store.one(sql, reader) is not None

    def want(self, fact: str, reader: str | None, device: str, session: str, now: int) -> None:
        """Put a receipt into the outbox, once; a reader without an address gets none."""
        if reader is None or not self._store.one("SELECT 1 FROM emails WHERE reader = ?", reader):
            return
        self._store.run(
            "INSERT OR IGNORE INTO mails (fact, reader, device, session, wanted, next) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            *(fact, reader, device, session, now),
        )

    def waiting(self, now: int, most: int = 20) -> list[Mail]:
        """Return what is to be sent now."""
        rows = self._store.all(
            "SELECT m.*, e.email FROM mails m JOIN emails e USING (reader) "
            "WHERE m.sent IS NULL AND NOT m.over AND m.next <= ? ORDER BY m.next LIMIT ?",
            *(now, most),
        )
        return [
            Mail(
                row["fact"], row["email"], *self._text(row["device"], row["session"], row["wanted"])
            )
            for row in rows
        ]

    def sent(self, fact: str, now: int) -> None:
        """It went."""
        self._store.run("UPDATE mails SET sent = ? WHERE fact = ?", now, fact)
        self._worklist.settle(_key(fact), now)

    def failed(self, fact: str, now: int, why: str = "", *, for_good: bool = False) -> None:
        """It did not go: try later, a few times; given up, a person decides.

        ``for_good``: the mail server will not take it tomorrow either. ``why``: a word for staff.
        """
        tries = self._store.value("SELECT tries FROM mails WHERE fact = ?", fact) or 0
        over = int(for_good or tries >= len(PATIENCE_MS))
        pause = PATIENCE_MS[min(tries, len(PATIENCE_MS) - 1)]
        self._store.run(
            "UPDATE mails SET tries = tries + 1, next = ?, over = ? WHERE fact = ?",
            *(now + pause, over, fact),
        )
        if over:
            self._give_up(fact, why, now)

    def again(self, fact: str, now: int) -> None:
        """Try a receipt that was given up once more from the beginning."""
        self._store.run(
            "UPDATE mails SET tries = 0, next = ?, over = 0 WHERE fact = ? AND sent IS NULL",
            *(now, fact),
        )

    def drop(self, reader: str, now: int) -> None:
        """Send this reader nothing that still waits."""
        rows = self._store.all("SELECT fact FROM mails WHERE reader = ? AND sent IS NULL", reader)
        for row in rows:
            self._worklist.settle(_key(row["fact"]), now)
        self._store.run("DELETE FROM mails WHERE reader = ? AND sent IS NULL", reader)

    def _give_up(self, fact: str, why: str, now: int) -> None:
        """Put it before a person: the reader was promised a letter and has none."""
        row = self._store.one(
            "SELECT m.reader, m.session, m.device, d.site FROM mails m "
            "LEFT JOIN devices d USING (device) WHERE m.fact = ?",
            fact,
        )
        if row is None:
            return
        self._worklist.open(
            _key(fact),
            "RECEIPT_NOT_SENT",
            now,
            where=(row["site"] or "", row["device"]),
            about={"reader": row["reader"], "fact": fact},
            detail={"session": row["session"], "why": why},
        )

    def _text(self, device: str, session: str, wanted: int) -> tuple[str, str]:
        """Return subject and text of a visit's receipt, in Vietnamese and English."""
        rows = self._store.all(
            "SELECT f.body, f.item, l.due, i.title FROM facts f LEFT JOIN loans l ON l.id = f.id "
            "LEFT JOIN items i ON i.item = f.item WHERE f.device = ?1 AND f.kind IN "
            "('loan', 'return', 'renewal_wish') AND f.received BETWEEN ?2 AND ?3 ORDER BY f.arrival",
            *(device, wanted - _VISIT_MS, wanted + _VISIT_MS),
        )
        zone = ZoneInfo(self._catalogue.policy()[1].zone)
        lines = []
        for row in rows:
            fact = decode_event(row["body"]).fact
            if isinstance(fact, Loan | Return | RenewalWish) and fact.session == session:
                title = " ".join((row["title"] or row["item"] or "").split())
                due = row["due"] if isinstance(fact, Loan) else None
                lines.append(f"- {title} ({row['item']}): {_said(fact, due, zone)}")
        head = f"Biên nhận {session} · Receipt {session}"
        foot = "Thư này được gửi tự động theo yêu cầu của bạn.\nSent automatically, as you asked."
        return head, "\n".join([head, "", *lines, "", foot, ""])


def _key(fact: str) -> str:
    return f"RECEIPT_NOT_SENT:{fact}"


def _said(fact: Loan | Return | RenewalWish, due: int | None, zone: ZoneInfo) -> str:
    if isinstance(fact, Return):
        return "đã trả · returned"
    if isinstance(fact, RenewalWish):
        return "xin gia hạn · renewal asked for"
    day = datetime.fromtimestamp((due or fact.due) / 1000, zone).strftime("%d/%m/%Y")
    return f"mượn, hạn trả {day} · borrowed, due {day}"
