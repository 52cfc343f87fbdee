"""Doors of the machines: what each says of itself, commands to it, its visits, who makes most work."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field

from gateway.console.doorman import Commanding, Machines, NotYoursError, Reading
from gateway.ledger import commands, replay, trends, views
from gateway.ledger.accounts import Account
from gateway.ledger.sqlite import SqliteLedger
from gateway.pulse import Pulse
from gateway.worker import LedgerWorker


class Wish(BaseModel):
    """What a person asks a device to do."""

    device: str = Field(max_length=48)
    do: str = Field(max_length=40)
    args: dict[str, str | int] = Field(default_factory=dict, max_length=8)


class Fleet:
    """The doors."""

    def __init__(
        self, writes: LedgerWorker, reads: LedgerWorker, now: Callable[[], int], pulse: Pulse
    ) -> None:
        self._writes, self._reads, self._now, self._pulse = writes, reads, now, pulse

    def add_to(self, app: FastAPI) -> None:
        """Put the doors into the application."""
        app.get("/api/devices/{device}")(self.device)
        app.get("/api/commands")(self.commands)
        app.get("/api/commands/{ident}")(self.command)
        app.post("/api/commands")(self.ask)
        app.get("/api/ranking")(self.ranking)
        app.get("/api/visits/{device}")(self.visits)
        app.get("/api/visits/{device}/{session}")(self.visit)

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
