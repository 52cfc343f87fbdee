"""The first day: a catalogue, readers, a centre, keys for every device, a configuration for each Pi.

Done once for a folder; ``ready`` in it says so. Everything goes through the doors that a real
library uses: the commands of ``shelfwire-gateway``.
"""

import json
import tomllib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from demo import bins, school, waiting
from demo.board import board
from demo.catalogue import BRANCHES, DATA, Library
from demo.places import PIS, Pi, Places
from demo.processes import program, run

Progress = Callable[[str], None]

_STATIONS: dict[str, dict[str, str]] = {
    "kiosk": {"pad": "pad", "card": "card", "scanner": "scanner", "printer": "printer"},
    "gate": {"reader": "gate", "board": "gate-board"},
    "drop": {"reader": "drop-pad", "board": "drop-board"},
}
"""The devices of each station, by the option that names them."""
_DRIVERS = {
    "pad": "feig", "card": "pn532", "scanner": "scanner", "printer": "escpos", "gate": "feig-gate",
    "gate-board": "board-socket", "drop-pad": "feig", "drop-board": "board-socket",
    "slips": "escpos",
}  # fmt: skip


async def provision(places: Places, library: Library, say: Progress) -> None:
    """Set up a fresh folder; what a broken-off first day left behind is set up again."""
    say("keys and ledger of the centre")
    await _gateway(places, "init", str(places.centre))
    say(f"{len(library.copies)} books, {len(library.people)} readers, the lending policy")
    await _import(places, library)
    for pi in PIS:
        say(f"certificate of {pi.device}")
        out = places.pi(pi.device) / "keys"
        branch = next(one for one in BRANCHES if one.site == pi.site)
        words = ("--name", branch.name, "--branch", pi.site)
        await _gateway(places, "enrol", pi.site, pi.device, "--out", str(out), *words)
    file = places.centre / "lop3a.csv"
    file.write_text(school.class_list(library), "utf-8")
    who = ("--teacher", school.teacher(library).reader, "--title", school.TITLE)
    made = ("class", "put", school.NAME, "--site", school.SITE, *who)
    await _gateway(places, *made, "--minutes", str(school.MINUTES), "--list", str(file))
    (places.folder / "ready").write_text("set up\n", "utf-8")


def is_ready(places: Places) -> bool:
    """Say whether the folder was set up before."""
    return (places.folder / "ready").exists()


def configure(places: Places, *, quick: bool = False) -> None:
    """Write every configuration with the ports of this run; ``quick`` shortens all waiting."""
    config = places.centre / "gateway.toml"
    tables = tomllib.loads(config.read_text("utf-8"))
    tables["broker"]["port"] = places.ports["broker"]
    tables["console"]["port"] = places.ports["console"]
    config.write_text(_toml(tables), "utf-8")
    for pi in PIS:
        file = places.pi(pi.device) / "edge.toml"
        file.write_text(_toml(edge_tables(pi, places, quick=quick)), "utf-8")


def edge_tables(pi: Pi, places: Places, *, quick: bool = False) -> dict[str, Any]:
    """Return the configuration of one Pi."""
    branch = next(one for one in BRANCHES if one.site == pi.site)
    uplink: dict[str, Any] = {
        "host": "127.0.0.1", "port": places.ports[f"net-{pi.site}"],
        "ca": "keys/ca.crt", "cert": "keys/device.crt", "key": "keys/device.key",
        "retry_max": 2.0 if quick else 5.0, "health_seconds": 5.0,
    }  # fmt: skip
    if (places.pi(pi.device) / "keys" / "command.pub").exists():  # not in an older folder
        uplink["command_key"] = "keys/command.pub"
    return {
        "agent": {
            "site": pi.site, "device": pi.device, "name": branch.name,
            "data": "data", "site_key": "keys/site.key",
        },
        "uplink": uplink,
        "devices": {
            device: {"driver": _DRIVERS[device], "url": _url(places, pi.site, device)}
            | (bins.board(pi.site) if device == "drop-board" else {})
            for station in pi.stations for device in _devices(station, pi.site)
        },
        "stations": {
            station: dict(_STATIONS[station]) | _extra(station, pi, places, quick=quick)
            for station in pi.stations
        },
    }  # fmt: skip


def _devices(station: str, site: str) -> list[str]:
    slips = ["slips"] if station == "drop" and len(bins.BASKETS[site]) > 1 else []
    return [*_STATIONS[station].values(), *slips]


def _extra(station: str, pi: Pi, places: Places, *, quick: bool) -> dict[str, Any]:
    if station == "kiosk":
        short = {"bye_seconds": 1, "receipt_seconds": 5, "warning_seconds": 2} if quick else {}
        keys = places.pi(pi.device) / "keys"
        signs = {"receipt_keys": "keys"} if (keys / "receipt.key").exists() else {}
        return {"port": places.ports[f"kiosk-{pi.site}"], "card_letters": "BD"} | signs | short
    if station == "gate":
        return {"name": f"{pi.site}-gate", "absence_ms": 1500 if quick else 5000}
    return {"name": f"{pi.site}-drop", **bins.station(pi.site)}


def _url(places: Places, site: str, device: str) -> str:
    if device in ("gate", "gate-board", "drop-board"):
        return f"tcp://127.0.0.1:{places.ports[f'{device}-{site}']}"
    return f"serial://{places.wire(site, device)}"


async def _import(places: Places, library: Library) -> None:
    rows: dict[str, Iterable[dict[str, Any]]] = {
        "branches": [one.record() for one in BRANCHES],
        "items": [copy.record() for copy in library.copies if copy.known],
        "readers": [person.record() for person in library.people],
        "holds": waiting.holds(library),
        "fees": waiting.fees(library),
    }
    for name, records in rows.items():
        file = places.centre / f"{name}.jsonl"
        lines = (json.dumps(record, ensure_ascii=False) for record in records)
        file.write_text("\n".join(lines) + "\n", "utf-8")
        await _gateway(places, f"import-{name}", str(file))
    await _gateway(places, "import-policy", str(DATA / "policy.toml"))
    await _gateway(places, "import-map", str(DATA / "map.geojson"))
    shown = places.centre / "board.toml"
    shown.write_text(board(library, datetime.now(UTC).date()), "utf-8")
    await _gateway(places, "import-board", str(shown))


async def _gateway(places: Places, word: str, *args: str) -> None:
    home = () if word == "init" else ("--home", str(places.centre))
    command = [program("shelfwire-gateway"), word, *args, *home]
    await run(f"shelfwire-gateway {word}", command, places.log / "setup.log")


def _toml(tables: dict[str, Any], path: str = "") -> str:
    """Return a TOML file of tables in tables; values are texts, numbers, booleans, lists of texts."""
    plain = {key: value for key, value in tables.items() if not isinstance(value, dict)}
    lines = [f"{key} = {_value(value)}" for key, value in plain.items()]
    head = f"[{path}]\n" if path and lines else ""
    text = head + "\n".join(lines) + ("\n\n" if lines else "")
    for key, value in tables.items():
        if isinstance(value, dict):
            text += _toml(value, f"{path}.{key}" if path else key)
    return text


def _value(value: str | float | bool | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False)
