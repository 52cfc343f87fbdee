"""Watches how long certificates are good, and puts them on the worklist before they end."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from gateway.home import Home
from gateway.ledger.sqlite import SqliteLedger
from gateway.pulse import Pulse
from gateway.worker import LedgerWorker

log = logging.getLogger(__name__)
CODE = "CERTIFICATE_ENDS"
STAGES = (0, 14, 60)
"""Days before the end at which staff hear of it (once more each, if they only noted it)."""
LOOK_SECONDS = 6 * 3600.0
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Life:
    """A certificate in use: whose (site, device; the centre's own have no site) and its end (ms)."""

    site: str
    device: str
    until: int


def lives(home: Home, ledger: SqliteLedger) -> list[Life]:
    """Return the ends of the centre's own certificates and of every device that may speak."""
    files = [("", name, home.pki(f"{name}.crt")) for name in ("broker", "gateway")]
    files += [
        (row["site"], row["device"], home.device_cert(row["device"]))
        for row in ledger.devices()
        if not row["revoked"]
    ]
    found = [(site, name, until) for site, name, path in files if (until := _until(path))]
    return [Life(*one) for one in found]


def look(ledger: SqliteLedger, home: Home, now: int) -> list[Life]:
    """Make the worklist's entries those of certificates that end soon; return these."""
    soon = [life for life in lives(home, ledger) if life.until - now < STAGES[-1] * DAY_MS]
    wanted = {_key(life, now): life for life in soon}
    with ledger.store.transaction():
        for row in ledger.store.all(
            "SELECT key FROM worklist WHERE code = ? AND closed IS NULL", CODE
        ):
            if row["key"] not in wanted:
                ledger.worklist.settle(row["key"], now)
        for key, life in wanted.items():
            until = datetime.fromtimestamp(life.until / 1000, UTC)
            detail = {"name": life.device, "until": f"{until:%d/%m/%Y}"}
            where = (life.site, life.device if life.site else "")
            ledger.worklist.open_once(key, CODE, now, where=where, detail=detail)
    return soon


async def watch(writes: LedgerWorker, home: Home, now: Callable[[], int], pulse: Pulse) -> None:
    """Look now and then, until cancelled."""
    while True:
        try:
            for life in await writes.call(look, home, now()):
                days = (life.until - now()) // DAY_MS
                log.warning("the certificate of %s ends in %d days", life.device, days)
            pulse.beat()
        except sqlite3.OperationalError as error:
            log.warning("certificates were not looked at: %s", error)
        await asyncio.sleep(LOOK_SECONDS)


def _until(path: Path) -> int:
    """Return when a certificate ends (ms); 0 where there is none that can be read."""
    try:
        cert = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return 0
    return int(cert.not_valid_after_utc.timestamp() * 1000)


def _key(life: Life, now: int) -> str:
    stage = next(days for days in STAGES if life.until - now < days * DAY_MS or days == STAGES[-1])
    return f"{CODE}:{life.device}:{life.until}:{stage}"
