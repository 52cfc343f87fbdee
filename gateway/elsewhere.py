"""Tells gates what is lent elsewhere in the province: news to those who asked, older loans on request.

What a site's own copy holds is left out. Versions are those of the replicas: the list of changes
says what is news, and a device that is too far behind begins anew with the newest loans.
"""

from dataclasses import dataclass

import msgspec

from edge.wire.elsewhere import Elsewhere, Prints, Wanted, encode_elsewhere, pack_rows
from edge.wire.parts import with_certificate
from edge.wire.seal import Seal
from gateway import replica
from gateway.ledger.sqlite import SqliteLedger
from gateway.scope import Scope

PAGE = 2000
"""Loans in one message: some 30 kB."""
LAPSE_MS = 4_500_000
"""Who did not ask again for so long is told nothing more."""
FEWEST_SECONDS = 1.0
NEWEST, ALL = (1 << 53, ""), (0, "")
"""Where pages of loans begin and end."""


@dataclass(slots=True)
class Listener:
    """A device that wants news every so often (ms): how far it was told, how far was looked."""

    site: str
    version: int
    seen: int
    every: int
    told: int
    until: int


class Afar:
    """Everybody who wants to hear, in memory: they ask again."""

    def __init__(self, seal: Seal | None = None, *, everything: bool = False) -> None:
        """``everything``: the sites' copies hold the whole catalogue, and nothing is elsewhere."""
        self._seal, self._everything = seal, everything
        self._listeners: dict[str, Listener] = {}

    def answer(
        self, ledger: SqliteLedger, site: str, device: str, wanted: Wanted, now: int
    ) -> list[bytes]:
        """Return what a device asked for: news, and a page of older loans; listen for more."""
        with ledger.store.reading():
            scope = self._scope(ledger, site)
            if covers(ledger, scope):
                said = [Elsewhere(version=replica.newest(ledger), more=ALL, nothing=True)]
            elif replica.follows(ledger, wanted.after):
                said = [news(ledger, scope, wanted.after)]
                if wanted.before:
                    version, older = said[0].version, (wanted.before, wanted.item)
                    said.append(page(ledger, scope, version, version, older, wanted.since))
            else:
                said = [page(ledger, scope, 0, replica.newest(ledger), NEWEST, wanted.since)]
        self._listen(site, device, wanted, said[-1], now)
        messages = [encode_elsewhere(one, site, self._seal) for one in said]
        if self._seal is not None and wanted.key != self._seal.name.hex():
            messages[0] = with_certificate(messages[0], self._seal.cert)
        return messages

    def due(self, newest: int, now: int) -> list[tuple[str, str]]:
        """Return (site, device) of those for whom there may be news now."""
        for device in [name for name, one in self._listeners.items() if one.until < now]:
            del self._listeners[device]
        return [
            (one.site, device)
            for device, one in self._listeners.items()
            if one.seen < newest and now - one.told >= one.every
        ]

    def tell(self, ledger: SqliteLedger, device: str, now: int) -> bytes | None:
        """Return the news for a device that is due; None: nothing of it is elsewhere."""
        one = self._listeners.get(device)
        if one is None or not replica.follows(ledger, one.seen):
            return None
        with ledger.store.reading():
            found = news(ledger, self._scope(ledger, one.site), one.seen)
        one.told, one.seen = now, found.version
        if not found.rows:
            return None
        found = msgspec.structs.replace(found, start=one.version)
        one.version = found.version
        return encode_elsewhere(found, one.site, self._seal)

    def _listen(self, site: str, device: str, wanted: Wanted, said: Elsewhere, now: int) -> None:
        if wanted.seconds <= 0 or said.nothing:
            self._listeners.pop(device, None)
            return
        every = int(max(FEWEST_SECONDS, min(wanted.seconds, 86_400.0)) * 1000)
        upto = said.version
        self._listeners[device] = Listener(site, upto, upto, every, now, now + LAPSE_MS)

    def _scope(self, ledger: SqliteLedger, site: str) -> Scope:
        return Scope.of(ledger, site, everything=self._everything)


def covers(ledger: SqliteLedger, scope: Scope) -> bool:
    """Return whether a site's own copy holds the items of every branch, now and of new ones below."""
    return not scope.own or not ledger.store.one(
        f"SELECT 1 FROM branches WHERE branch NOT IN ({scope.own}) UNION ALL "  # noqa: S608
        f"SELECT 1 FROM items WHERE branch NOT IN ({scope.own}) LIMIT 1"
    )


def news(ledger: SqliteLedger, scope: Scope, after: int) -> Elsewhere:
    """Return what changed after a version, as far as it goes into one message."""
    rows = ledger.store.all(
        "SELECT c.key AS item, c.version, l.since, i.uid, coalesce("  # noqa: S608 - names of branches
        f"i.branch IN ({scope.own}), 1) AS own FROM (SELECT key, max(version) AS version "
        "FROM changes WHERE version > ? AND tab = 'loans' GROUP BY key) c "
        "LEFT JOIN loans l ON l.item = c.key AND l.ended IS NULL "
        "LEFT JOIN items i ON i.item = c.key ORDER BY c.version LIMIT ?",
        *(after, PAGE),
    )
    version = rows[-1]["version"] if len(rows) == PAGE else replica.newest(ledger)
    prints = _prints(ledger, scope)
    far = [prints.row(r["item"], r["uid"], r["since"] or 0) for r in rows if not r["own"]]
    return Elsewhere(version=version, start=after, rows=pack_rows(far))


def page(
    ledger: SqliteLedger,
    scope: Scope,
    start: int,
    version: int,
    before: tuple[int, str],
    since: int,
) -> Elsewhere:
    """Return open loans older than ``before``, the newest first, and where the next page begins."""
    rows = ledger.store.all(
        "SELECT l.item, l.since, i.uid FROM loans l JOIN items i USING (item) "  # noqa: S608 - names
        "WHERE l.ended IS NULL AND l.since >= ? AND (l.since, l.item) < (?, ?) "
        f"AND i.branch NOT IN ({scope.own}) ORDER BY l.since DESC, l.item DESC LIMIT ?",
        *(since, *before, PAGE),
    )
    prints = _prints(ledger, scope)
    packed = pack_rows(prints.row(row["item"], row["uid"], row["since"]) for row in rows)
    more = (rows[-1]["since"], rows[-1]["item"]) if len(rows) == PAGE else ALL
    return Elsewhere(version=version, start=start, rows=packed, more=more)


def _prints(ledger: SqliteLedger, scope: Scope) -> Prints:
    return Prints(ledger.catalogue.site_key(scope.site))
