"""What the page and programs can ask and say, beside the stream of changes."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from fastapi import FastAPI, Query, Response
from pydantic import BaseModel, Field

from gateway.accounts.rights import MACHINE_CODES
from gateway.broker import Broker
from gateway.console.doorman import (
    Auditing,
    Commanding,
    Counting,
    Machines,
    Managing,
    NotYoursError,
    Reading,
    Settling,
    Working,
)
from gateway.console.live import Live
from gateway.console.texts import catalogues
from gateway.errors import RefusedError
from gateway.ledger import (
    accounts,
    commands,
    gates,
    history,
    places,
    plans,
    replay,
    statistics,
    trends,
    views,
)
from gateway.ledger.accounts import Account
from gateway.ledger.evidence import evidence, without_people
from gateway.ledger.sqlite import SqliteLedger
from gateway.pulse import Pulse
from gateway.worker import LedgerWorker

Year = Annotated[int, Query(ge=2000, le=2199)]
Site = Annotated[str, Query(max_length=48)]


class Decision(BaseModel):
    """What a person decides about a worklist entry."""

    action: str = Field(max_length=40)
    who: str = Field(default="", max_length=80)
    note: str = Field(default="", max_length=500)


class Plan(BaseModel):
    """Who shall look at an entry, by when (ms)."""

    assignee: str = Field(default="", max_length=80)
    due: int | None = None


class Many(BaseModel):
    """Several entries that are settled alike."""

    numbers: list[int] = Field(max_length=plans.MOST_AT_ONCE)
    action: str = Field(max_length=40)


class Several(BaseModel):
    """Several entries."""

    numbers: list[int] = Field(max_length=plans.MOST_AT_ONCE)


class Wish(BaseModel):
    """What a person asks a device to do."""

    device: str = Field(max_length=48)
    do: str = Field(max_length=40)
    args: dict[str, str | int] = Field(default_factory=dict, max_length=8)


class Look(BaseModel):
    """Why a person opens a reader's record."""

    why: str = Field(max_length=200)


class Console:
    """The doors behind the sign-in."""

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
        app.get("/api/devices/{device}")(self.device)
        app.get("/api/commands")(self.commands)
        app.get("/api/commands/{ident}")(self.command)
        app.post("/api/commands")(self.ask)
        app.post("/api/readers/{reader}")(self.reader)
        app.get("/api/gates")(self.gates)
        app.get("/api/looks")(self.looks)
        app.get("/api/map")(self.map)
        app.get("/api/statistics")(self.statistics)
        app.get("/api/statistics.csv")(self.statistics_file)
        app.get("/api/accounts")(self.accounts)
        app.post("/api/worklist/{number}/resolve")(self.resolve)
        app.post("/api/worklist/{number}/reopen")(self.reopen)
        app.post("/api/worklist/{number}/plan")(self.plan)
        app.post("/api/worklist/{number}/unplan")(self.unplan)
        app.get("/api/worklist/{number}")(self.entry)
        app.post("/api/worklist")(self.resolve_all)
        app.post("/api/worklist/reopen")(self.reopen_all)
        app.get("/api/ranking")(self.ranking)
        app.get("/api/visits/{device}")(self.visits)
        app.get("/api/visits/{device}/{session}")(self.visit)

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

    async def gates(
        self,
        who: Counting,
        site: Annotated[str, Query(max_length=48)],
        date: Annotated[str, Query(pattern=r"^(\d{4}-\d\d-\d\d)?$")] = "",
    ) -> dict[str, Any]:
        """Return a site's passages by quarters of an hour, people served, alarms and false ones."""
        if not who.sees(site):
            raise NotYoursError("this site is not within your reach")
        try:
            found = await self._reads.call(gates.day, site, date, self._now())
        except ValueError:
            raise RefusedError(f"{date} is no date") from None
        false = await self._reads.call(gates.false_alarms, site, self._now())
        return {**found, "false_alarms": false}

    async def device(self, device: str, who: Machines) -> dict[str, Any]:
        """Return all that a device said of itself, and its latest commands."""
        await self._reach(device, who)
        rows = await self._reads.call(views.devices)
        asked = await self._reads.call(commands.listed, device, 12)
        return {**next(row for row in rows if row["device"] == device), "commands": asked}

    async def commands(self, who: Commanding, device: str = "") -> list[dict[str, Any]]:
        """Return the latest commands."""
        rows = await self._reads.call(commands.listed, device)
        return [row for row in rows if who.sees(row["site"])]

    async def command(self, ident: str, who: Commanding) -> dict[str, Any]:
        """Return a command with what the device sent back."""
        found = await self._reads.call(commands.one, ident)
        if not who.sees(found["site"]):
            raise NotYoursError("this device is not within your reach")
        return found

    async def ask(self, wish: Wish, who: Commanding) -> dict[str, str]:
        """Ask a device to do something."""
        await self._reach(wish.device, who)
        if wish.do not in who.deeds:
            raise NotYoursError("your role may not ask for this")
        args = {**wish.args, "who": who.who[:80]} if wish.do == "mute" else wish.args
        deed = commands.read_deed(wish.do, dict(args))
        signed = who.who or "console"
        ident = await self._writes.call(commands.ask, wish.device, deed, signed, self._now())
        self._pulse.beat()
        return {"id": ident}

    async def reader(self, reader: str, look: Look, who: Reading) -> dict[str, Any]:
        """Return a reader's record; that somebody looked is written down first."""
        signed = who.account or "console"
        return await self._writes.call(accounts.look, signed, reader, look.why, self._now())

    async def statistics(self, who: Counting, year: Year, site: Site = "") -> dict[str, Any]:
        """Return a year in figures, by month, of a site or of all within reach."""
        if site and not who.sees(site):
            raise NotYoursError("this site is not within your reach")
        return await self._reads.call(statistics.year, year, site, who.sees, self._now())

    async def statistics_file(
        self, who: Counting, year: Year, site: Site = "", lang: Literal["vi", "en"] = "vi"
    ) -> Response:
        """Return the same as a file for a spreadsheet."""
        found = await self.statistics(who, year, site)
        text = statistics.as_csv(found, statistics.words(catalogues()[lang]), lang)
        return Response(text, media_type="text/csv; charset=utf-8")

    async def map(self, who: Counting) -> dict[str, Any]:
        """Return where the sites lie, as it is drawn."""
        found = msgspec.to_builtins(await self._reads.call(places.drawn_map))
        found["places"] = {site: at for site, at in found["places"].items() if who.sees(site)}
        return dict(found)

    async def looks(self, _: Auditing) -> list[dict[str, Any]]:
        """Return who looked at readers' records lately, and why."""
        return await self._reads.call(accounts.looks)

    async def accounts(self, _: Managing) -> list[dict[str, Any]]:
        """Return the accounts."""
        return await self._reads.call(accounts.listed)

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

    async def ranking(self, who: Machines) -> list[dict[str, Any]]:
        """Return machines by the work they made."""
        rows = await self._reads.call(trends.ranking, self._now())
        return [row for row in rows if who.sees(row["site"])]

    async def visits(self, device: str, who: Reading) -> list[dict[str, Any]]:
        """Return the latest visits at a machine."""
        await self._reach(device, who)
        return await self._reads.call(replay.visits, device)

    async def visit(self, device: str, session: str, who: Reading) -> dict[str, Any]:
        """Return one visit, second by second."""
        await self._reach(device, who)
        return await self._reads.call(replay.visit, device, session)

    async def _reach(self, device: str, who: Account) -> None:
        site = await self._reads.call(SqliteLedger.site_of, device)
        if site is None or not who.sees(site):
            raise NotYoursError("this device is not within your reach")

    async def _may_settle(self, number: int, who: Account) -> None:
        entry = await self._reads.call(lambda ledger: ledger.worklist.entry(number))
        machines_only = not who.may("readers")
        if not who.sees(entry["site"]) or (machines_only and entry["code"] not in MACHINE_CODES):
            raise NotYoursError("this entry is not within your reach")
