import importlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points, packages_distributions
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from edge.clock import BUILT_MS

ROOT = Path(__file__).parents[1]
FOLDERS = ("drivers", "edge", "kiosk", "gateway", "demo")


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_import_name_belongs_to_shelfwire_alone(folder: str) -> None:
    assert set(packages_distributions().get(folder, [])) <= {"shelfwire"}
    found = importlib.import_module(folder).__file__
    assert found is not None
    assert Path(found).parents[1] == ROOT


@pytest.mark.parametrize("group", ["shelfwire.drivers", "shelfwire.stations"])
def test_every_entry_point_loads_under_its_own_name(group: str) -> None:
    found = list(entry_points(group=group))
    assert found
    for entry in found:
        assert entry.load().name == entry.name


@pytest.mark.parametrize("command", ["shelfwire", "shelfwire-gateway", "shelfwire-demo"])
def test_every_command_has_a_version_and_a_help_that_teaches(command: str) -> None:
    path = Path(sys.executable).parent / command
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    assert re.search(r"\d+\.\d+\.\d+", version.stdout)
    text = subprocess.run([path, "--help"], capture_output=True, text=True, check=True).stdout
    assert len(text.splitlines()) > 8
    assert text.count(f"{command} ") >= 3, "examples to copy"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_every_package_with_hashes_and_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(pins) > 20
    for pin in pins:
        assert "==" in pin
    assert text.count("--hash=sha256:") >= len(pins)


def test_the_runtime_lock_is_a_part_of_the_one_for_the_checks() -> None:
    def pins(name: str) -> set[str]:
        lines = (ROOT / name).read_text().splitlines()
        return {line.split()[0] for line in lines if "==" in line}

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_ci_calls_the_readmes_test_command_and_nothing_else() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    code = [line for line in lines if line and not line.startswith("#")]
    assert code[-1] == "exec make test"
    assert "make test" in (ROOT / "README.md").read_text()


def test_no_file_is_longer_than_a_room_should_be() -> None:
    names = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    long = {
        name: count
        for name in names
        if not name.startswith("tests/")
        and (count := len((ROOT / name).read_text().splitlines())) > 400
    }
    assert long == {}


def test_the_gateways_contract_names_every_other_part_of_the_edge() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (contract,) = (c for c in contracts["contracts"] if c["name"].startswith("The gateway knows"))
    modules = {
        f"edge.{path.stem}"
        for path in (ROOT / "edge").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    known = {
        "edge.wire",
        "edge.circulation",
        "edge.look",
        "edge.schema",
        "edge.__init__",
        "edge.__main__",
    }
    assert modules - known == set(contract["forbidden_modules"]) - {"drivers"}


@pytest.mark.parametrize("folder", ["gateway/schema", "edge/schema"])
def test_every_step_of_a_schema_has_a_number_of_its_own_and_none_is_left_out(folder: str) -> None:
    numbers = [
        int(re.findall(r"\d{4}", file.name)[0]) for file in sorted((ROOT / folder).glob("*.sql"))
    ]
    assert numbers == list(range(1, len(numbers) + 1))


def built(folder: Path, made: int) -> str:
    """Build the wheel of this checkout; return the clock's source in it."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps"]
    environment = {
        **os.environ,
        "SOURCE_DATE_EPOCH": str(made),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    subprocess.run([*command, "-w", str(folder), str(ROOT)], check=True, env=environment)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        return file.read("edge/clock.py").decode()


def test_a_build_lifts_the_floor_of_the_clock_to_when_its_source_was_made(tmp_path: Path) -> None:
    stamped, here = built(tmp_path, 1_900_000_000), (ROOT / "edge/clock.py").read_text("utf-8")
    assert "\nBUILT_MS = 1_900_000_000_000\n" in stamped
    assert stamped.replace("1_900_000_000_000", f"{BUILT_MS:_}") == here


def test_an_old_source_does_not_lower_the_floor_of_the_clock() -> None:
    found = spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert found is not None
    assert found.loader is not None
    found.loader.exec_module(build := module_from_spec(found))
    here = (ROOT / "edge/clock.py").read_text("utf-8")
    assert build.stamp(here, 0) == here
