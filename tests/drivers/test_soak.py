import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).parents[2] / "bench" / "soak_drivers.py"


def test_nothing_grows_while_drivers_work_and_cables_are_pulled() -> None:
    done = subprocess.run(
        [sys.executable, SOAK, "--seconds", "6", "--every", "0.25"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing grows" in done.stdout


def test_nothing_grows_in_a_short_day_on_bad_wires() -> None:
    done = subprocess.run(
        [sys.executable, SOAK.with_name("soak_day.py"), "--hours", "8", "--part", "0.01"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
