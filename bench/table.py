"""How every bench shows its figures: one table, with ratios against the peers of the same run."""

import os
import platform
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table


def show(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Print one table; the first column is left, figures right."""
    table = Table(title=title, title_justify="left")
    for n, name in enumerate(head):
        table.add_column(name, justify="left" if n == 0 else "right")
    for row in rows:
        table.add_row(*row)
    Console(width=100).print(table)


def machine() -> str:
    """Return what this machine is, in a line."""
    cpus = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in cpus if line.startswith("model name")), "")
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores {model}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"load {os.getloadavg()[0]:.1f}"
    )


def quantile(values: list[float], part: float) -> float:
    """Return the value below which ``part`` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


@contextmanager
def lateness() -> Iterator[list[float]]:
    """Collect how late this machine wakes a thread that sleeps 5 ms: nothing here can be faster."""
    found: list[float] = []
    end = threading.Event()

    def sleep() -> None:
        while not end.is_set():
            began = time.perf_counter()
            time.sleep(0.005)
            found.append(time.perf_counter() - began - 0.005)

    thread = threading.Thread(target=sleep, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        end.set()
        thread.join()
