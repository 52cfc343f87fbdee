"""Tells people on duty what came up and what is over: looks every second, sends one by one."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gateway.console.texts import catalogues
from gateway.ledger import notices
from gateway.notices.roster import Roster
from gateway.notices.services import Service
from gateway.notices.ways import Message, NotSentError, Way
from gateway.pulse import Pulse
from gateway.worker import LedgerWorker

log = logging.getLogger(__name__)
LOOK_SECONDS = 2.0
_REASONS = frozenset({"TAG_TROUBLE", "TAKEN_ASIDE", "NOT_IN_BIN"})
"""Codes whose reason is a word of the texts."""


class Notifier:
    """``ways`` by their name in the roster."""

    def __init__(
        self,
        roster: Roster,
        ways: Mapping[str, Way],
        writes: LedgerWorker,
        now: Callable[[], int],
        pulse: Pulse,
        zone: str,
    ) -> None:
        self._roster, self._ways, self._writes = roster, ways, writes
        self._now, self._pulse, self._zone = now, pulse, zone
        self._texts = catalogues()
        self._gone: set[int] = set()  # messages that left, and nobody could write it down yet

    async def run(self) -> None:
        """Work until cancelled."""
        await self._pulse.outlast(lambda: self._writes.call(notices.begin))
        count = 0
        while True:
            await self._pulse.outlast(self.look)
            count = await self._pulse.after(count, LOOK_SECONDS)
            await asyncio.sleep(LOOK_SECONDS / 2)

    async def look(self) -> None:
        """Gather what is new, send what is due."""
        await self._writes.call(notices.gather, self.told, self._now())
        for row in await self._writes.call(notices.due, self._now()):
            await self._send(row)

    def told(self, code: str, site: str, now: int) -> list[tuple[str, str, str, int]]:
        """Return who is told, and from when on: in the quiet hours most only when they are over."""
        found: list[tuple[str, str, str, int]] = [
            (one.way, one.to, one.language, now)
            for one in self._roster.told(code, site, now, self._zone)
        ]
        at = datetime.fromtimestamp(now / 1000, ZoneInfo(self._zone))
        if self._roster.quiet(at):
            later = self._morning(at)
            waking = {one[:3] for one in found}
            found += [
                (one.way, one.to, one.language, later)
                for one in self._roster.told(code, site, later, self._zone)
                if (one.way, one.to, one.language) not in waking
            ]
        return found

    def _morning(self, at: datetime) -> int:
        """Return when the quiet hours are over."""
        hour, minute = (int(part) for part in self._roster.quiet_until.split(":"))
        end = at.replace(hour=hour % 24, minute=minute, second=0, microsecond=0)
        return int((end if end > at else end + timedelta(days=1)).timestamp() * 1000)

    async def _send(self, row: dict[str, Any]) -> None:
        message = self._words(row)
        if row["number"] in self._gone:
            await self._left(row["number"])
            return
        if message is None:
            await self._writes.call(notices.done, row["number"], "dropped", self._now())
            return
        way = self._ways.get(row["way"])
        try:
            if way is None:
                raise NotSentError(f"[notices] does not say how to send {row['way']}", final=True)
            most = way.a_day if isinstance(way, Service) else None
            if most is not None:
                sent = await self._writes.call(notices.sent_lately, row["way"], self._now())
                if sent >= most:
                    raise NotSentError(f"{most} messages a day are the most")
            await asyncio.to_thread(way, message)
        except NotSentError as error:
            state = await self._writes.call(
                notices.failed, row["number"], str(error), self._now(), final=error.final
            )
            log.warning("a message by %s is %s: %s", row["way"], state, error)
            if state == "given_up":
                then = way.then if isinstance(way, Service) else ""
                await self._writes.call(notices.give_up, row["number"], then, self._now())
        else:
            await self._left(row["number"])

    async def _left(self, number: int) -> None:
        self._gone.add(number)
        await self._writes.call(notices.done, number, "sent", self._now())
        self._gone.discard(number)

    def _words(self, row: dict[str, Any]) -> Message | None:
        texts = self._texts[row["language"]]
        lines = [self._line(entry, texts) for entry in row["open"]]
        over = [f"{texts['notice.fine']}: {self._line(entry, texts)}" for entry in row["over"]]
        shown = (lines + over)[: notices.MOST_LINES]
        if not shown:
            return None
        more = len(lines) + len(over) - len(shown)
        if more:
            shown.append(texts["notice.more"].format(n=more))
        if len(lines) + len(over) > 1:
            title, body = texts["notice.many"].format(n=len(lines)), "\n".join(shown)
        else:
            title = shown[0]
            body = self._advice(row["open"][0], texts) if row["open"] else title
        return Message(row["goal"], f"Shelfwire: {title}"[:120], body or title)

    def _line(self, entry: dict[str, Any], texts: dict[str, str]) -> str:
        key = f"trouble.{entry['detail'].get('reason')}" if entry["code"] == "TROUBLE" else ""
        text = texts.get(key) or texts.get(f"code.{entry['code']}", entry["code"])
        at = datetime.fromtimestamp(entry["opened"] / 1000, ZoneInfo(self._zone))
        words = text.format_map(_values(entry, texts))
        where = ", ".join(filter(None, (entry["place"], entry["machine"])))
        return f"{at:%H:%M} {where}: {words}" if where else f"{at:%H:%M} {words}"

    def _advice(self, entry: dict[str, Any], texts: dict[str, str]) -> str:
        """Return what to do, as the worklist says it; empty when it says nothing."""
        key = f"mend.{entry['detail'].get('reason')}" if entry["code"] == "TROUBLE" else ""
        text = texts.get(key) or texts.get(f"hint.{entry['code']}", "")
        return text.format_map(_values(entry, texts))


def _values(entry: dict[str, Any], texts: dict[str, str]) -> "_Blank":
    """Return what a sentence may name, in the reader's language; nothing that names a reader."""
    detail, code = entry["detail"], entry["code"]
    reason = detail.get("reason")
    said = "" if code.startswith("ILS") else detail.get("why", "")
    values = {**detail, "why": texts.get(f"ils.{reason}", said or "–"), "place": entry["machine"]}
    if code in _REASONS:
        keys = (f"{one}.{reason}" for one in ("aside", "tag", "refused"))
        values["reason"] = next((texts[key] for key in keys if key in texts), texts["tag.other"])
    return _Blank(values)


class _Blank(dict[str, Any]):
    """What a sentence names and an entry lacks is left blank."""

    def __missing__(self, key: str) -> str:
        return "–"
