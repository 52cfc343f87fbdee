"""Run every bench, or those named: ``bench/run.py journal drain``. Ends with all tables in order."""

import os
import subprocess
import sys
from pathlib import Path

import table
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

HERE = Path(__file__).parent
ALL = (
    "tags", "journal", "gate", "kiosk", "agent", "backlog", "drain", "wire", "link", "sitecopy",
    "console",
)  # fmt: skip


def main() -> int:
    """Run the benches one after another; return 1 if one could not finish."""
    names = sys.argv[1:] or ALL
    if unknown := set(names) - set(ALL):
        print(f"unknown: {', '.join(sorted(unknown))}; there are: {', '.join(ALL)}")
        return 2
    console = Console(stderr=True)
    failed = []
    print(table.machine(), flush=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task("", total=len(names))
        for name in names:
            progress.update(task, description=name)
            load = os.getloadavg()[0]
            done = subprocess.run(
                [sys.executable, HERE / f"{name}.py"], check=False, capture_output=True, text=True
            )
            print(f"\n{done.stdout.rstrip()}\n(load when it began {load:.1f})", flush=True)
            if done.returncode:
                failed.append(name)
                console.print(done.stderr[-2000:], markup=False)
            progress.advance(task)
    if failed:
        print(f"could not finish: {', '.join(failed)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
