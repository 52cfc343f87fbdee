"""Talks to systemd over its socket; without systemd nothing happens."""

import os
import socket


def notify(*states: str) -> None:
    """Send states such as ``READY=1`` or ``STATUS=…``; a supervisor that is gone is no trouble."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto("\n".join(states).encode(), address)
    except OSError:
        return


def watchdog_seconds() -> float | None:
    """Return the time within which systemd wants to hear of us, None if it does not."""
    usec, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not usec.isdigit() or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / 1_000_000
