"""What devices last said about themselves, and what could not be understood of them."""

import msgspec

from edge.wire.messages import Health, State
from gateway.ledger.sqlite import SqliteLedger


def put_state(ledger: SqliteLedger, device: str, state: State, now: int) -> None:
    """Keep whether a device is connected; ``changed`` is when that last changed."""
    ledger.store.run(
        "INSERT INTO status (device, seen, online, changed, epoch) VALUES (?1, ?2, ?3, ?2, ?4) "
        "ON CONFLICT (device) DO UPDATE SET changed = CASE WHEN online = ?3 THEN changed ELSE ?2 "
        "END, online = ?3, seen = CASE WHEN ?3 THEN ?2 ELSE seen END, "
        "epoch = CASE WHEN ?4 = '' THEN epoch ELSE ?4 END",
        *(device, now, int(state.online), state.epoch),
    )


def put_health(ledger: SqliteLedger, device: str, health: Health, now: int) -> None:
    """Keep how a device is."""
    ledger.store.run(
        "INSERT INTO status (device, seen, online, changed, health) VALUES (?1, ?2, 1, ?2, ?3) "
        "ON CONFLICT (device) DO UPDATE SET seen = ?2, health = ?3",
        *(device, now, msgspec.json.encode(health)),
    )


def put_garbled(
    ledger: SqliteLedger, site: str, device: str, path: str, why: str, now: int
) -> None:
    """Show staff that a device says what cannot be understood at all."""
    with ledger.store.transaction():
        ledger.worklist.open(
            f"REJECTED:{device}:{path}",
            "REJECTED",
            now,
            where=(site, device),
            detail={"why": why, "topic": path},
        )
