"""Run every bench, or those named: ``bench/run.py journal gate``."""

import subprocess
import sys
from pathlib import Path

import table

HERE = Path(__file__).parent
ALL = ("tags", "journal", "gate", "kiosk", "agent", "uplink", "sitecopy", "console")


def main() -> int:
    """Run the benches one after another; return 1 if one could not finish."""
    names = sys.argv[1:] or ALL
    print(table.machine())
    codes = []
    for n, name in enumerate(names, 1):
        print(f"\n[{n}/{len(names)}] {name}", flush=True)
        codes.append(subprocess.run([sys.executable, HERE / f"{name}.py"], check=False).returncode)
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
