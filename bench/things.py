"""thingsboard-gateway as a peer of bench/drain.py: its own storage, its own sender, no ThingsBoard.

``things.py prepare FOLDER PORT FILE N`` makes its folder from the facts of a journal;
``things.py run FOLDER`` is the gateway. The bare centre answers what a ThingsBoard server is asked
when a session begins: that there are no limits.
"""

import json
import os
import shutil
import sqlite3
import sys
from pathlib import Path

DEVICE = "kiosk"
OPTIONS = {
    "remoteShell": False,
    "remoteConfiguration": False,
    "statistics": {"enable": False},
    "security": {"type": "accessToken", "accessToken": "bench"},
    "qos": 1,
    "maxPayloadSizeBytes": 65536,
}
LIMITS = {
    "maxPayloadSize": 65536,
    "maxInflightMessages": 10_000,
    "rateLimits": {},
    "gatewayRateLimits": {},
}
RIGHTS = """topic readwrite #
user bench
topic write v1/#
topic read v1/devices/me/rpc/response/+
"""
"""Of the broker: on a ThingsBoard server nobody hears what he said himself."""


def prepare(folder: Path, port: int, journal: str, count: int) -> None:
    """Fill its storage with facts, and write its configuration."""
    import thingsboard_gateway

    (folder / "data").mkdir()
    (folder / "logs").mkdir()
    config = folder / "config"
    config.mkdir()
    for name in ("logs.json", "list.json", "connected_devices.json"):
        shutil.copy(Path(thingsboard_gateway.__file__).parent / "config" / name, config / name)
    whole = {
        "thingsboard": {**OPTIONS, "host": "127.0.0.1", "port": port},
        "storage": {"type": "sqlite", "data_file_path": f"{folder}/data/"},
        "grpc": {"enabled": False},
        "connectors": [],
    }
    (config / "tb_gateway.json").write_text(json.dumps(whole))
    with sqlite3.connect(journal) as source, sqlite3.connect(folder / "data" / "data.db") as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(
            "CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, "
            "timestamp INTEGER NOT NULL, message TEXT NOT NULL)"
        )
        facts = source.execute(
            "SELECT at_ms, CAST(body AS TEXT) FROM events ORDER BY seq LIMIT ?", (count,)
        )
        rows = ((at, _message(at, body)) for at, body in facts)
        db.executemany("INSERT INTO messages (timestamp, message) VALUES (?, ?)", rows)


def _message(at: int, body: str) -> str:
    values = {"ts": at, "values": {"event": body}}
    message = {"deviceName": DEVICE, "deviceType": "default", "attributes": []}
    return json.dumps({**message, "telemetry": [values]}, separators=(",", ":"))


def main() -> None:
    """Prepare, or run until ended."""
    folder = Path(sys.argv[2])
    if sys.argv[1] == "prepare":
        prepare(folder, int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
        return
    from thingsboard_gateway.gateway.tb_gateway_service import TBGatewayService

    os.chdir(folder)
    TBGatewayService(str(folder / "config" / "tb_gateway.json"))


if __name__ == "__main__":
    main()
