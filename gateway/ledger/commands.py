"""Commands to devices in the ledger: who asked for what, whether it was sent, what became of it."""

import uuid
from typing import Any

import msgspec

from edge.wire.commands import LONGEST_LIFE_MS, AnyDeed, Order, Reply
from gateway.errors import RefusedError
from gateway.ledger.sqlite import SqliteLedger

LIFE_MS = 15 * 60_000
"""How long a command may wait for its device, unless somebody says otherwise."""
AGAIN_MS = 15_000
"""A command that the device has not taken is said again after so long."""
MOST_OPEN = 20
KEEP_REPLY_MS = 3 * 24 * 3_600_000
OPEN = ("waiting", "sent", "received")


def read_deed(name: str, args: dict[str, Any]) -> AnyDeed:
    """Return a typed deed; raise RefusedError naming what is wrong with it."""
    try:
        deed: AnyDeed = msgspec.convert({**args, "do": name}, AnyDeed)
    except msgspec.ValidationError as error:
        raise RefusedError(f"no such command: {error}") from None
    return deed


def ask(
    ledger: SqliteLedger, device: str, deed: AnyDeed, who: str, now: int, life: int = LIFE_MS
) -> str:
    """Put a command up for a device; return its id. The gateway that runs sends it."""
    site = ledger.site_of(device)
    if site is None:
        raise RefusedError(f"{device} is not enrolled")
    if not 0 < life <= LONGEST_LIFE_MS:
        raise RefusedError("a command lives for at most 7 days")
    with ledger.store.transaction():
        waiting = ledger.store.value(
            "SELECT count(*) FROM commands WHERE device = ? AND state IN ('waiting', 'sent')",
            device,
        )
        if waiting >= MOST_OPEN:
            raise RefusedError(f"{waiting} commands wait for {device} already")
        ident = str(uuid.uuid4())
        ledger.store.run(
            "INSERT INTO commands (id, site, device, deed, who, made, expires, changed) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6)",
            *(ident, site, device, msgspec.json.encode(deed).decode(), who, now, now + life),
        )
    return ident


def to_say(ledger: SqliteLedger, now: int) -> list[Order]:
    """Return what must be said (again) now to devices that are connected."""
    rows = ledger.store.all(
        "SELECT c.* FROM commands c JOIN status s USING (device) JOIN devices d USING (device) "
        "WHERE c.state IN ('waiting', 'sent') AND s.online AND NOT d.revoked AND c.expires > ?1 "
        "AND c.said <= ?2 ORDER BY c.number LIMIT 50",
        *(now, now - AGAIN_MS),
    )
    return [
        Order(
            id=row["id"],
            site=row["site"],
            device=row["device"],
            made=row["made"],
            expires=row["expires"],
            deed=msgspec.json.decode(row["deed"], type=AnyDeed),
        )
        for row in rows
    ]


def sent(ledger: SqliteLedger, idents: list[str], now: int) -> None:
    """Note that these were published."""
    with ledger.store.transaction():
        for ident in idents:
            ledger.store.run(
                "UPDATE commands SET said = ?2, changed = CASE state WHEN 'waiting' THEN ?2 ELSE "
                "changed END, state = 'sent' WHERE id = ?1 AND state IN ('waiting', 'sent')",
                *(ident, now),
            )


def expire(ledger: SqliteLedger, now: int) -> int:
    """Close what no device took in time, take old replies away; return how many were closed."""
    if not ledger.store.one(
        "SELECT 1 FROM commands WHERE state IN ('waiting', 'sent') AND expires <= ?1 "
        "UNION ALL SELECT 1 FROM commands WHERE reply IS NOT NULL AND made < ?2",
        *(now, now - KEEP_REPLY_MS),
    ):
        return 0
    with ledger.store.transaction():
        ledger.store.run(
            "UPDATE commands SET reply = NULL WHERE reply IS NOT NULL AND made < ?",
            now - KEEP_REPLY_MS,
        )
        return ledger.store.run(
            "UPDATE commands SET state = 'expired', changed = ?1 "
            "WHERE state IN ('waiting', 'sent') AND expires <= ?1",
            now,
        )


def put_reply(ledger: SqliteLedger, device: str, reply: Reply, now: int) -> None:
    """Keep what a device sent back; only for a command of its own that asked for it."""
    ledger.store.run(
        "UPDATE commands SET reply = ?3 WHERE id = ?1 AND device = ?2 AND made > ?4",
        *(reply.order, device, msgspec.json.encode(reply), now - KEEP_REPLY_MS),
    )


def listed(ledger: SqliteLedger, device: str = "", limit: int = 50) -> list[dict[str, Any]]:
    """Return the latest commands, newest first."""
    rows = ledger.store.all(
        "SELECT number, id, site, device, deed, who, made, expires, state, changed, why, "
        "reply IS NOT NULL AS replied FROM commands WHERE ?1 IN ('', device) "
        "ORDER BY number DESC LIMIT ?2",
        *(device, limit),
    )
    return [_row(row) for row in rows]


def one(ledger: SqliteLedger, ident: str) -> dict[str, Any]:
    """Return a command with its reply."""
    row = ledger.store.one(
        "SELECT *, reply IS NOT NULL AS replied FROM commands WHERE id = ?", ident
    )
    if row is None:
        raise RefusedError(f"there is no command {ident}")
    found = _row(row)
    return {**found, "reply": msgspec.json.decode(row["reply"]) if row["reply"] else None}


def _row(row: Any) -> dict[str, Any]:
    deed = msgspec.json.decode(row["deed"])
    names = ("number", "id", "site", "device", "who", "made", "expires", "state", "changed", "why")
    return {
        **{name: row[name] for name in names},
        "do": deed.pop("do"),
        "args": {key: value for key, value in deed.items() if value != ""},
        "replied": bool(row["replied"]),
    }
