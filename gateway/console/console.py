"""Doors of the whole: totals, facts, what the page shows, an item, a reader, who looked at readers."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import FastAPI, Query
from pydantic import BaseModel, Field

from gateway.broker import Broker
from gateway.console.doorman import Auditing, Counting, Machines, Managing, Reading, Working
from gateway.console.live import Live
from gateway.ledger import accounts, history, views
from gateway.ledger.evidence import without_people
from gateway.pulse import Pulse
from gateway.worker import LedgerWorker


class Look(BaseModel):
    """Why a person opens a reader's record."""

    why: str = Field(max_length=200)


class Console:
    """The doors."""

    def __init__(
        self,
        writes: LedgerWorker,
        reads: LedgerWorker,
        live: Live,
        broker: Broker,
        now: Callable[[], int],
        pulse: Pulse,
    ) -> None:
        self._writes, self._reads, self._live, self._broker = writes, reads, live, broker
        self._now, self._pulse = now, pulse

    def add_to(self, app: FastAPI) -> None:
        """Put the doors into the application."""
        app.get("/api/summary")(self.summary)
        app.get("/api/facts")(self.facts)
        app.get("/api/board")(self.board)
        app.get("/api/items/{item:path}")(self.item)
        app.post("/api/readers/{reader}")(self.reader)
        app.get("/api/looks")(self.looks)
        app.get("/api/accounts")(self.accounts)

    async def summary(self, who: Machines) -> dict[str, Any]:
        """Return totals and devices."""
        found = await self._reads.call(views.summary, self._now())
        found["devices"] = [row for row in found["devices"] if who.sees(row["site"])]
        return {**found, "broker": self._broker.connected, "full": self._pulse.full}

    async def facts(
        self,
        who: Working,
        device: str = "",
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=views.MAX_ROWS)] = 100,
    ) -> list[dict[str, Any]]:
        """Return facts in the order of their arrival, after an arrival number."""
        rows = await self._reads.call(views.facts_after, device, after, limit)
        return [row for row in rows if who.sees(row["site"])]

    async def board(self, who: Counting) -> dict[str, Any]:
        """Return everything the page shows, by kind."""
        await self._live.refresh()
        state = {"broker": self._broker.connected, "full": self._pulse.full}
        return {"now": self._now(), **state, **self._live.everything(who)}

    async def item(self, item: str, who: Working) -> dict[str, Any]:
        """Return an item with its timeline."""
        found = await self._reads.call(history.timeline, item)
        return found if who.may("readers") else without_people(found)

    async def reader(self, reader: str, look: Look, who: Reading) -> dict[str, Any]:
        """Return a reader's record; that somebody looked is written down first."""
        signed = who.account or "console"
        return await self._writes.call(accounts.look, signed, reader, look.why, self._now())

    async def looks(self, _: Auditing) -> list[dict[str, Any]]:
        """Return who looked at readers' records lately, and why."""
        return await self._reads.call(accounts.looks)

    async def accounts(self, _: Managing) -> list[dict[str, Any]]:
        """Return the accounts."""
        return await self._reads.call(accounts.listed)
