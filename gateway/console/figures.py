"""Doors of what is counted: passages at gates, a year in figures, and where the sites lie."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from fastapi import FastAPI, Query, Response

from gateway.console.doorman import Counting, NotYoursError
from gateway.console.texts import catalogues
from gateway.errors import RefusedError
from gateway.ledger import gates, places, statistics
from gateway.worker import LedgerWorker

Year = Annotated[int, Query(ge=2000, le=2199)]
Site = Annotated[str, Query(max_length=48)]


class Figures:
    """The doors."""

    def __init__(self, reads: LedgerWorker, now: Callable[[], int]) -> None:
        self._reads, self._now = reads, now

    def add_to(self, app: FastAPI) -> None:
        """Put the doors into the application."""
        app.get("/api/gates")(self.gates)
        app.get("/api/map")(self.map)
        app.get("/api/statistics")(self.statistics)
        app.get("/api/statistics.csv")(self.statistics_file)

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
