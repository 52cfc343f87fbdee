"""The local copy, read beside an agent that may be writing to it: whether it is there, how old."""

import contextlib
import sqlite3
import time
from pathlib import Path

import msgspec

from edge.circulation.model import Policy
from edge.doctor.model import Finding, Tell

PART = "copy"
_DAY_MS = 86_400_000


def look(tell: Tell, folder: Path) -> None:
    """Look at the copy of a data folder."""
    path = folder / "replica.db"
    meta: dict[str, str] = {}
    with contextlib.suppress(sqlite3.Error):
        address = f"{path.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=5)) as db:
            meta = dict(db.execute("SELECT key, value FROM meta"))
    if not int(meta.get("version", 0)):
        tell(Finding(PART, "note", "copy_none"))
        return
    policy = _policy(meta.get("policy"))
    age = max(0, time.time() * 1000 - int(meta["made"]))
    values = {"days": int(age // _DAY_MS), "stop": policy.offline_stop_days}
    if age > policy.offline_stop_days * _DAY_MS:
        tell(Finding(PART, "bad", "copy_stopped", values))
    elif age > policy.offline_days * _DAY_MS:
        tell(Finding(PART, "warn", "copy_old", values))
    else:
        tell(Finding(PART, "ok", "copy_ok", values))


def _policy(raw: str | None) -> Policy:
    try:
        return msgspec.json.decode(raw, type=Policy) if raw else Policy()
    except msgspec.DecodeError:
        return Policy()
