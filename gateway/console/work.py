"""Doors of the worklist: settle an entry or take that back, say who looks at it, see what speaks for it."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field

from gateway.accounts.rights import MACHINE_CODES
from gateway.console.doorman import NotYoursError, Settling, Working
from gateway.ledger import plans
from gateway.ledger.accounts import Account
from gateway.ledger.evidence import evidence, without_people
from gateway.ledger.sqlite import SqliteLedger
from gateway.pulse import Pulse
from gateway.worker import LedgerWorker


class Decision(BaseModel):
    """What a person decides about a worklist entry."""

    action: str = Field(max_length=40)
    who: str = Field(default="", max_length=80)
    note: str = Field(default="", max_length=500)


class Plan(BaseModel):
    """Who shall look at an entry, by when (ms)."""

    assignee: str = Field(default="", max_length=80)
    due: int | None = None


class Several(BaseModel):
    """Several entries."""

    numbers: list[int] = Field(max_length=plans.MOST_AT_ONCE)


class Many(Several):
    """Several entries that are settled alike."""

    action: str = Field(max_length=40)


class Work:
    """The doors."""

    def __init__(
        self, writes: LedgerWorker, reads: LedgerWorker, now: Callable[[], int], pulse: Pulse
    ) -> None:
        self._writes, self._reads, self._now, self._pulse = writes, reads, now, pulse

    def add_to(self, app: FastAPI) -> None:
        """Put the doors into the application."""
        app.post("/api/worklist/{number}/resolve")(self.resolve)
        app.post("/api/worklist/{number}/reopen")(self.reopen)
        app.post("/api/worklist/{number}/plan")(self.plan)
        app.post("/api/worklist/{number}/unplan")(self.unplan)
        app.get("/api/worklist/{number}")(self.entry)
        app.post("/api/worklist")(self.resolve_all)
        app.post("/api/worklist/reopen")(self.reopen_all)

    async def resolve(self, number: int, decision: Decision, who: Settling) -> dict[str, bool]:
        """Settle an entry."""
        await self._may_settle(number, who)
        signed = who.who or decision.who
        await self._writes.call(
            SqliteLedger.resolve, number, decision.action, signed, decision.note, self._now()
        )
        self._pulse.beat()
        return {"done": True}

    async def reopen(self, number: int, decision: Decision, who: Settling) -> dict[str, bool]:
        """Take a decision back."""
        await self._may_settle(number, who)
        await self._writes.call(SqliteLedger.reopen, number, who.who or decision.who, self._now())
        self._pulse.beat()
        return {"done": True}

    async def plan(self, number: int, said: Plan, who: Settling) -> dict[str, bool]:
        """Say who shall look at an entry and by when."""
        await self._may_settle(number, who)
        await self._writes.call(plans.plan, number, said.assignee, said.due, who.who, self._now())
        self._pulse.beat()
        return {"done": True}

    async def unplan(self, number: int, who: Settling) -> dict[str, bool]:
        """Take back who shall look at an entry, and by when."""
        await self._may_settle(number, who)
        await self._writes.call(plans.unplan, number, who.who, self._now())
        self._pulse.beat()
        return {"done": True}

    async def entry(self, number: int, who: Working) -> dict[str, Any]:
        """Return an entry with what speaks for it, and all that was decided about it."""
        await self._may_settle(number, who)
        found = await self._reads.call(evidence, number)
        return found if who.may("readers") else without_people(found)

    async def resolve_all(self, many: Many, who: Settling) -> dict[str, int]:
        """Settle several entries that only inform."""
        for number in many.numbers:
            await self._may_settle(number, who)
        count = await self._writes.call(
            plans.resolve_all, many.numbers, many.action, who.who, self._now()
        )
        self._pulse.beat()
        return {"done": count}

    async def reopen_all(self, several: Several, who: Settling) -> dict[str, int]:
        """Take decisions about several entries back together."""
        for number in several.numbers:
            await self._may_settle(number, who)
        count = await self._writes.call(plans.reopen_all, several.numbers, who.who, self._now())
        self._pulse.beat()
        return {"done": count}

    async def _may_settle(self, number: int, who: Account) -> None:
        entry = await self._reads.call(lambda ledger: ledger.worklist.entry(number))
        machines_only = not who.may("readers")
        if not who.sees(entry["site"]) or (machines_only and entry["code"] not in MACHINE_CODES):
            raise NotYoursError("this entry is not within your reach")
