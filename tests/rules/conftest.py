"""A library where a desk without a line and the ledger decide on the same rows with the same code."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.circulation.model import Policy
from edge.clock import Clock
from edge.desk import Desk
from edge.journal import Journal
from edge.replica import Replica
from edge.wire.batch import decode_batch, decode_event, encode_batch
from edge.wire.facts import Fact, Loan
from edge.wire.messages import Ask
from gateway import replica as copies
from gateway.answers import answer
from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import DAY, KEYS, NOW, POLICY, SITE, card, stock

DEVICE = "kiosk-1"


class Both:
    """The kiosk of a branch with its local copy, and the centre's ledger. ``now`` is in ms."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.clock = Clock(lambda: self.now / 1000, lambda: self.now / 1000, "b1", lambda: True)
        self.ledger = stock(SqliteLedger(":memory:", KEYS.__getitem__))
        self.journal = Journal.open(folder / "journal.db", DEVICE, self.clock)
        self.replica = Replica.open(folder / "replica.db", self.clock.now_ms)
        self.journal.listen(self.replica.note)
        self.connected, self.heard_ms = False, 0
        self.desk = Desk(KEYS[SITE], self.replica, self.clock, self)
        self.copy()

    async def ask(self, question: Ask, _seconds: float) -> Any:
        """Be the line: nobody answers while it is down."""
        return answer(self.ledger, SITE, question, self.now) if self.connected else None

    def policy(self, **fields: Any) -> Policy:
        """Put a policy in force, at the centre and here."""
        policy = msgspec.structs.replace(POLICY, **fields)
        with self.ledger.store.transaction():
            self.ledger.catalogue.put_policy(policy, self.now)
        self.copy()
        return policy

    def copy(self) -> None:
        """Bring the local copy to what the ledger is."""
        for part in copies.snapshot(self.ledger, SITE, self.now):
            assert self.replica.apply(part)

    def pass_days(self, days: float) -> None:
        self.now += int(days * DAY)

    async def alone(self, who: str, *items: str) -> list[str]:
        """Ask the desk without a line; return its reasons, empty where it lends."""
        self.connected = False
        verdicts = await self.desk.lend(card(who), items)
        assert not verdicts.online
        return [verdict.reason for verdict in verdicts]

    async def centre(self, who: str, *items: str) -> list[str]:
        """Ask the centre the same."""
        question = Ask(id="q", what="lend", card=card(who), items=list(items), at=self.now)
        said = answer(self.ledger, SITE, question, self.now)
        return [said.error] * len(items) if said.error else [v.reason for v in said.verdicts]

    async def lend(self, who: str, *items: str, online: bool = False) -> list[str]:
        """Lend what the desk allows, as a kiosk does; return the reasons."""
        self.connected = online
        verdicts = await self.desk.lend(card(who), items)
        for one in verdicts:
            if one.ok:
                loan = Loan(item=one.item, card=card(who), due=one.due, online=verdicts.online)
                await self.journal.append(loan)
            self.now += 1
        return [one.reason for one in verdicts]

    async def happens(self, *facts: Fact) -> None:
        """Journal facts."""
        await self.journal.append(*facts)
        self.now += 1

    async def bring(self, *, settle: bool = True) -> dict[str, list[str]]:
        """Bring what waits to the ledger; return its codes by number."""
        journal, first = self.journal, self.journal.acked + 1
        bodies = [body for _, body in journal.waiting(journal.acked)]
        batch = decode_batch(encode_batch(DEVICE, journal.epoch, first, bodies, ""))
        applied = self.ledger.apply(SITE, batch, self.now)
        assert not applied.gap
        if settle:
            await journal.acknowledge(journal.epoch, applied.cursor)
            self.copy()
            self.replica.settle(applied.cursor, journal.epoch, applied.version)
        return applied.outcomes

    def loans(self) -> dict[str, str]:
        """Return the open loans of the ledger: item -> reader."""
        rows = self.ledger.store.all("SELECT item, reader FROM loans WHERE ended IS NULL")
        return {row["item"]: row["reader"] for row in rows}

    def work(self) -> list[str]:
        """Return the codes that wait for staff."""
        rows = self.ledger.store.all("SELECT code FROM worklist WHERE closed IS NULL")
        return sorted(row["code"] for row in rows)

    def facts(self) -> list[Fact]:
        return [decode_event(body).fact for _, body in self.journal.waiting(0)]


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Both]:
    made = Both(tmp_path)
    with contextlib.closing(made.ledger), contextlib.closing(made.replica):
        yield made
        await made.journal.close()
