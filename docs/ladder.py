"""The quality of every driver, from what lies in the repository: nobody writes it by hand."""

import ast
import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests" / "drivers"
PEERS: dict[str, Any] = tomllib.loads(
    (Path(__file__).with_name("peers.toml")).read_text(encoding="utf-8")
)
HEAD = ("driver", "port", "public frames", "simulator", "bad wires", "real wire",
        "foreign programs", "on hardware", "rungs")  # fmt: skip
_WIRES = {
    "drip": r"Dripping|\"split\"|split=", "flip": r"Flipping|\"flip\"|flip=|flipped_bits", "cut": r"Cut(|connection_cut",
    "late": r"Late(|\"delay\"|delay=", "twice": r"Twice|come_twice", "lost": r"Swallowing|Deaf|Lossy|\"drop\"|drop=", "torn away": "tear_after", "silent": "NoReplyError",
    "pulled": r"unplug\(|SIGKILL|kill\(", "babbling": "Babbling|noise=",
}  # fmt: skip
_ENOUGH_WIRES = 3
_NO_DEVICE = {"board-memory", "board-socket"}


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of the drivers of one package that share a port."""

    names: tuple[str, ...]
    port: str
    frames: int
    simulator: str
    wires: tuple[str, ...]
    real: bool
    peers: tuple[str, ...]
    by_hand: tuple[str, ...]
    hardware: str

    def cells(self) -> tuple[str, ...]:
        """Return the row as text; a rung for every cell that is not empty."""
        peers = ", ".join((*self.peers, *(f"{name} (once)" for name in self.by_hand)))
        rungs = (self.frames, self.simulator, len(self.wires) >= _ENOUGH_WIRES, self.real,
                 self.peers, self.hardware)  # fmt: skip
        return (
            ", ".join(f"`{name}`" for name in self.names),
            self.port,
            str(self.frames or "–"),
            self.simulator or "–",
            ", ".join(self.wires) or "–",
            "yes" if self.real else "–",
            peers or "–",
            self.hardware or "not yet",
            f"{sum(map(bool, rungs))} of {len(rungs)}",
        )


def rows() -> list[tuple[str, ...]]:
    """Return the table, best first within each kind of device."""
    entries = sorted(entry_points(group="shelfwire.drivers"), key=lambda entry: entry.name)
    groups: dict[tuple[str, str], list[EntryPoint]] = {}
    for entry in entries:
        if entry.name not in _NO_DEVICE:
            made = entry.load()
            package = entry.value.partition(":")[0].split(".")[1]
            groups.setdefault((package, _words(made.port.__name__)), []).append(entry)
    found = [_row(package, port, names) for (package, port), names in groups.items()]
    return [row.cells() for row in sorted(found, key=lambda row: (row.port, row.names))]


def _row(package: str, port: str, entries: list[EntryPoint]) -> Row:
    files = list(_tests_of(package))
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    peers = PEERS.get(package, {})
    for name, test in peers.get("tests", {}).items():
        if name.replace("-", "_") not in (ROOT / test).read_text(encoding="utf-8").replace(
            "-", "_"
        ):
            raise ValueError(f"docs/peers.toml: {test} does not name {name}")
    frames = TESTS / package / "frames.json"
    return Row(
        names=tuple(entry.name for entry in entries),
        port=port,
        frames=len(json.loads(frames.read_text(encoding="utf-8"))) if frames.exists() else 0,
        simulator=", ".join(_simulators(package)) or peers.get("simulator", ""),
        wires=tuple(word for word, sign in _WIRES.items() if re.search(_sign(sign), text)),
        real=bool(re.search(r"\bserve_pty\b|\bserve_tcp\b|\bserve\b|mkfifo|create_server", text)),
        peers=tuple(peers.get("tests", {})),
        by_hand=tuple(peers.get("by_hand", ())),
        hardware=peers.get("hardware", ""),
    )


def _sign(sign: str) -> str:
    return sign.replace("Cut(", r"\bCut\(").replace("Late(", r"\bLate\(")


def _tests_of(package: str) -> Iterable[Path]:
    """Yield the tests that use a package themselves, or whose folder's fixtures do."""
    for file in sorted(TESTS.rglob("test_*.py")):
        fixtures = file.with_name("conftest.py")
        whose = (file, fixtures) if fixtures.exists() else (file,)
        if file.parent.name == package or any(_uses(one, package) for one in whose):
            yield file


def _uses(file: Path, package: str) -> bool:
    whole = f"drivers.{package}"
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module=str(module), names=names):
                if module == whole or module.startswith(whole + "."):
                    return True
                if module == "drivers" and package in {name.name for name in names}:
                    return True
            case _:
                pass
    return False


def _simulators(package: str) -> list[str]:
    found = []
    for file in sorted((ROOT / "drivers" / package).glob("*simulator*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        found += [
            f"`{node.name}`"
            for node in tree.body
            if isinstance(node, ast.ClassDef) and node.name.endswith("Simulator")
        ]
    return found


def _words(name: str) -> str:
    return " ".join(re.findall("[A-Z][a-z]+", name)).lower()
