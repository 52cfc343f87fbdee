"""What the page shows, kept once for all pages; each is told only what changed since its last word."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

from gateway.accounts.rights import MACHINE_CODES
from gateway.broker import Broker
from gateway.ledger import board, trends
from gateway.ledger.accounts import Account
from gateway.pulse import Pulse
from gateway.worker import LedgerWorker

MOST_GONE = 5000
"""So many pieces that went are remembered; a page that was away longer begins anew."""
SLOW_MS = 20_000
"""Forecasts and rates are reckoned anew so often."""
Doc = dict[str, Any]
_PEOPLE = ("reader", "reader_name")


class Live:
    """Numbered changes of small pieces. A page says which number it has seen; none is missed."""

    def __init__(
        self, reads: LedgerWorker, broker: Broker, now: Callable[[], int], pulse: Pulse
    ) -> None:
        self.run = secrets.token_hex(4)
        self.version = 0
        self._reads, self._broker, self._now, self._pulse = reads, broker, now, pulse
        self._docs: dict[str, dict[str, tuple[int, Any]]] = {}
        self._gone: dict[str, tuple[int, Doc]] = {}
        self._floor = 0
        self._count = -1
        self._refreshing = asyncio.Lock()
        self._slow: dict[str, Doc] = {}
        self._slow_at = 0

    async def refresh(self) -> None:
        """Bring the pieces up to what the ledger says, unless nothing happened since."""
        async with self._refreshing:
            if self._count == self._pulse.count and self._docs:
                return
            self._count = self._pulse.count
            now = self._now()
            if not self._slow or now - self._slow_at >= SLOW_MS:
                self._slow_at, self._slow = now, await self._reads.call(trends.trends, now)
            fresh = await self._reads.call(board.docs, now) | self._slow
            fresh["centre/state"] = {"broker": self._broker.connected, "full": self._pulse.full}
            self._take(fresh)

    def changes(self, since: str, who: Account) -> Doc | None:
        """Return what is new to a page that has seen ``since`` (``run.version``); None: nothing.

        ``reset``: the page has nothing, or something too old, and begins with this.
        """
        run, _, number = since.partition(".")
        seen = int(number) if run == self.run and number.isdigit() else -1
        reset = seen < self._floor or seen > self.version
        if reset:
            seen = -1
        news = {
            key: fields
            for key, doc in self._docs.items()
            if (fields := {k: v for k, (at, v) in doc.items() if at > seen})
            and visible(key, plain(doc), who)
        }
        gone = [
            key for key, (at, doc) in self._gone.items() if at > seen and visible(key, doc, who)
        ]
        if not (news or gone or reset):
            return None
        if not who.may("readers"):
            news = {key: _without_people(fields) for key, fields in news.items()}
        return {"reset": reset, "set": news, "gone": [] if reset else gone}

    def everything(self, who: Account) -> dict[str, list[Doc]]:
        """Return all that an account may see, by kind."""
        found: dict[str, list[Doc]] = {kind: [] for kind in kinds(who)}
        for key, fields in self._docs.items():
            doc = plain(fields)
            if visible(key, doc, who):
                kept = doc if who.may("readers") else _without_people(doc)
                found.setdefault(key.partition("/")[0], []).append(kept)
        return found

    def _take(self, fresh: dict[str, Doc]) -> None:
        version = self.version + 1
        changed = False
        for key in [key for key in self._docs if key not in fresh]:
            self._gone[key] = (version, plain(self._docs.pop(key)))
            changed = True
        for key, doc in fresh.items():
            old = self._docs.get(key)
            if old is None:
                self._gone.pop(key, None)
                old = self._docs[key] = {}
            for name, value in doc.items():
                if name not in old or old[name][1] != value:
                    old[name] = (version, value)
                    changed = True
            for name in [name for name in old if name not in doc and old[name][1] is not None]:
                old[name] = (version, None)
                changed = True
        self._docs = {key: self._docs[key] for key in fresh}
        while len(self._gone) > MOST_GONE:
            oldest = next(iter(self._gone))
            self._floor = max(self._floor, self._gone.pop(oldest)[0])
        if changed:
            self.version = version


def plain(fields: dict[str, tuple[int, Any]]) -> Doc:
    """Return a piece without the numbers of its changes."""
    return {name: value for name, (_, value) in fields.items()}


def kinds(who: Account) -> list[str]:
    """Return the kinds of pieces that a role is for."""
    found = ["centre", "sites"]
    found += ["devices", "bins", "desks"] if who.may("machines") else []
    found += ["worklist", "settled"] if who.may("work") else []
    return found + (["recent", "alarms"] if who.may("readers") else [])


def visible(key: str, doc: Doc, who: Account) -> bool:
    """Return whether an account may see a piece: by its role and its sites."""
    kind = key.partition("/")[0]
    if "site" in doc and not who.sees(doc["site"]):
        return False
    if kind not in kinds(who):
        return False
    if kind not in ("worklist", "settled") or who.may("readers"):
        return True
    return doc.get("code") in MACHINE_CODES


def _without_people(fields: Doc) -> Doc:
    return {name: value for name, value in fields.items() if name not in _PEOPLE}
