"""Devices that are quickly looked at: printers and boards."""

from typing import Any

from drivers.gpio.options import every_role
from drivers.ports import Board, Paper, Printer
from edge.doctor.model import Finding, Tell


async def printer(tell: Tell, name: str, port: Printer) -> None:
    """Ask a printer how it is; silence is not well."""
    status = await port.status()
    what = [status.trouble] if status.trouble else []
    what += ["off line"] if not status.online else []
    what += ["cover open"] if status.cover_open else []
    what += [f"paper {status.paper}"] if status.paper is not Paper.OK else []
    if what:
        tell(Finding(name, "warn", "printer_look", {"what": ", ".join(what)}))
    else:
        tell(Finding(name, "ok", "printer_ok"))


def board(tell: Tell, name: str, port: Board, options: Any) -> None:
    """Tell which inputs are on just now."""
    for role, line in (getattr(options, "lines", None) or every_role()).items():
        if line.direction == "in" and port.active(role):
            tell(Finding(name, "note", "line_on", {"line": role}))
