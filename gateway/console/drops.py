"""Doors of the page of drops and boxes: emptied bins ticked off, boxes packed and received."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from gateway.console.doorman import NotYoursError, Settling, Working
from gateway.ledger import bins
from gateway.ledger.accounts import Account
from gateway.ledger.sqlite import SqliteLedger
from gateway.pulse import Pulse
from gateway.worker import LedgerWorker

PAGE = Path(__file__).parent / "static" / "drops.html"
MOST = 500


class Ticks(BaseModel):
    """What a person says of items of an emptied bin."""

    items: list[str] = Field(min_length=1, max_length=MOST)
    state: bins.Tick = "seen"
    note: str = Field(default="", max_length=500)
    who: str = Field(default="", max_length=80)


class Signed(BaseModel):
    """Who does it, where nobody signs in."""

    who: str = Field(default="", max_length=80)


class NewBox(Signed):
    """A box to pack."""

    box: str = Field(min_length=1, max_length=40)
    origin: str = Field(max_length=48)
    goal: str = Field(max_length=48)
    items: list[str] = Field(min_length=1, max_length=5000)


class Arrival(Signed):
    """A box that came; ``seen`` are the items that were looked at, None: nobody looked."""

    seen: list[str] | None = Field(default=None, max_length=5000)


class Drops:
    """The doors."""

    def __init__(
        self, writes: LedgerWorker, reads: LedgerWorker, now: Callable[[], int], pulse: Pulse
    ) -> None:
        self._writes, self._reads, self._now, self._pulse = writes, reads, now, pulse

    def add_to(self, app: FastAPI) -> None:
        """Put the doors into the application."""
        app.get("/drops", response_class=FileResponse)(lambda: PAGE)
        app.get("/api/bins")(self.bins)
        app.get("/api/bins/{emptied}")(self.bin)
        app.post("/api/bins/{emptied}/tick")(self.tick)
        app.post("/api/bins/{emptied}/close")(self.close)
        app.get("/api/boxes")(self.boxes)
        app.get("/api/boxes/{box}")(self.box)
        app.post("/api/boxes")(self.pack)
        app.post("/api/boxes/{box}/receive")(self.receive)

    async def bins(self, who: Working) -> list[dict[str, Any]]:
        """Return the latest emptied bins."""
        rows = await self._reads.call(bins.emptyings)
        return [row for row in rows if who.sees(row["site"])]

    async def bin(self, emptied: str, who: Working) -> dict[str, Any]:
        """Return an emptied bin."""
        return await self._mine(emptied, who)

    async def tick(self, emptied: str, ticks: Ticks, who: Settling) -> dict[str, Any]:
        """Tick items off."""
        await self._mine(emptied, who)
        signed = who.who or ticks.who
        return await self._writes.call(
            bins.tick, emptied, ticks.items, signed, self._now(), ticks.state, ticks.note
        )

    async def close(self, emptied: str, signed: Signed, who: Settling) -> dict[str, Any]:
        """End the ticking of a bin; what is left is missing and goes to the worklist."""
        await self._mine(emptied, who)
        found = await self._writes.call(bins.close, emptied, who.who or signed.who, self._now())
        self._pulse.beat()
        return found

    async def boxes(self, who: Working) -> dict[str, Any]:
        """Return the boxes within reach, and the branches that one may go to."""
        found, branches, own = await self._reads.call(_boxes, who)
        rows = [row for row in found if own is None or {row["origin"], row["goal"]} & own]
        return {"boxes": rows, "branches": branches}

    async def box(self, box: str, who: Working) -> dict[str, Any]:
        """Return a box with its items."""
        return await self._reads.call(_box, box, who)

    async def pack(self, new: NewBox, who: Settling) -> dict[str, Any]:
        """Write down a box."""
        return await self._writes.call(_pack, new, who, self._now())

    async def receive(self, box: str, arrival: Arrival, who: Settling) -> dict[str, Any]:
        """Take a box in as one unit."""
        found = await self._writes.call(_receive, box, arrival, who, self._now())
        self._pulse.beat()
        return found

    async def _mine(self, emptied: str, who: Account) -> dict[str, Any]:
        found = await self._reads.call(bins.emptying, emptied)
        if not who.sees(found["site"]):
            raise NotYoursError("this bin is not within your reach")
        return found


def _own(ledger: SqliteLedger, who: Account) -> set[str] | None:
    """Return the branches of somebody's sites; None: all."""
    if not who.sites:
        return None
    rows = ledger.store.all("SELECT site, branch FROM sites")
    return {row["branch"] or row["site"] for row in rows if who.sees(row["site"])}


def _boxes(ledger: SqliteLedger, who: Account) -> tuple[list[Any], list[Any], set[str] | None]:
    rows = ledger.store.all("SELECT branch, name FROM branches ORDER BY name")
    return ledger.boxes.all(), [dict(row) for row in rows], _own(ledger, who)


def _box(ledger: SqliteLedger, box: str, who: Account) -> dict[str, Any]:
    found, own = ledger.boxes.one(box), _own(ledger, who)
    if own is not None and not {found["origin"], found["goal"]} & own:
        raise NotYoursError("this box is not within your reach")
    return found


def _pack(ledger: SqliteLedger, new: NewBox, who: Account, now: int) -> dict[str, Any]:
    own = _own(ledger, who)
    if own is not None and new.origin not in own:
        raise NotYoursError("a box is packed where it is; this branch is not within your reach")
    signed = who.who or new.who
    return ledger.boxes.pack(new.box, new.origin, new.goal, new.items, signed, now)


def _receive(
    ledger: SqliteLedger, box: str, arrival: Arrival, who: Account, now: int
) -> dict[str, Any]:
    goal, own = _box(ledger, box, who)["goal"], _own(ledger, who)
    if own is not None and goal not in own:
        raise NotYoursError("a box is received where it goes; that is not within your reach")
    with ledger.store.transaction():
        ledger.boxes.receive(box, goal, who.who or arrival.who, now, seen=arrival.seen)
    return ledger.boxes.one(box)
