"""The ``report`` command: what the ledger holds, in tables for a terminal."""

import json
from typing import Any

from rich.console import Console
from rich.table import Table

from gateway.ledger import views
from gateway.ledger.sqlite import SqliteLedger


def show(ledger: SqliteLedger, now: int, console: Console | None = None) -> None:
    """Print devices, totals and what waits for a person."""
    console = console or Console()
    summary = views.summary(ledger, now)
    table = Table(title="Devices")
    for head in ("site", "device", "online", "epoch", "cursor", "waiting"):
        table.add_column(head)
    for row in summary["devices"]:
        online = "yes" if row["online"] else "no"
        table.add_row(
            row["site"], row["device"], online, row["epoch"][:8], str(row["cursor"]),
            str(row["waiting"]),
        )  # fmt: skip
    console.print(table)
    totals = Table(title="Ledger", show_header=False)
    for name in ("facts", "rejected", "items", "readers", "loans_open", "alarms", "worklist_open"):
        totals.add_row(name.replace("_", " "), f"{summary[name]}")
    console.print(totals)


def command(found: dict[str, Any]) -> str:
    """Return a command and what became of it, with what was sent back."""
    text = f"{found['do']} of {found['device']}: {found['state']}"
    lines = [f"{text} – {found['why']}" if found["why"] else text]
    if found["state"] in ("waiting", "sent"):
        lines.append("the device has not taken it yet; it will be told until the command expires")
    reply = found["reply"] or {}
    lines += reply.get("lines", [])
    if "screen" in reply:
        lines.append(json.dumps(reply["screen"], ensure_ascii=False, indent=2))
    return "\n".join(lines)
