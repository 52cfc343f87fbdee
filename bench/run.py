"""Run every bench, or those named: ``bench/run.py journal drain``. Ends with all tables in order."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import table
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

HERE = Path(__file__).parent
ALL = (
    "tags", "journal", "gate", "kiosk", "agent", "backlog", "drain", "wire", "link", "sitecopy",
    "console",
)  # fmt: skip


def run(name: str, tell: Callable[[str], None]) -> tuple[str, str, bool]:
    """Run one, telling how far it is; return its tables, what it said else, and if it ended well."""
    said = []
    with tempfile.TemporaryFile("w+") as shown:
        command = [sys.executable, HERE / f"{name}.py"]
        with subprocess.Popen(command, stdout=shown, stderr=subprocess.PIPE, text=True) as process:
            for line in process.stderr or ():
                said.append(line)
                tell(f"{name}: {line.strip()[:60]}")
        shown.seek(0)
        return shown.read(), "".join(said), process.returncode == 0


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
            shown, said, well = run(name, lambda line: progress.update(task, description=line))
            print(f"\n{shown.rstrip()}\n(load when it began {load:.1f})", flush=True)
            if not well:
                failed.append(name)
                console.print(said[-2000:], markup=False)
            progress.advance(task)
    if failed:
        print(f"could not finish: {', '.join(failed)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
