"""A real centre for benches: broker with TLS 1.3, gateway process, and an enrolled device."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rig import CARD, OWNER, Supply, free_port, item_id

from edge.circulation.model import GroupRule, Policy
from gateway import enrol
from gateway.cli import now_ms
from gateway.home import Home
from gateway.ledger.catalogue import Item, Reader
from gateway.testing import mosquitto

PROGRAM = Path(sys.executable).parent / "shelfwire-gateway"


@asynccontextmanager
async def centre(*, items: int = 3000, readers: int = 500) -> AsyncIterator[Supply]:
    """Run a centre with a library; give what enrols an agent there."""
    with TemporaryDirectory(dir=Path.cwd()) as name:
        home = enrol.make_home(Path(name) / "centre", ["localhost", "127.0.0.1"])
        _fill(home, items, readers)
        _enrol(home, Path(name) / "keys")
        async with mosquitto(home, Path(name)) as broker:
            config = home.config.read_text()
            config = config.replace("port = 8883", f"port = {broker.port}")
            home.config.write_text(config.replace("port = 8090", f"port = {free_port()}"))
            log = (Path(name) / "gateway.log").open("wb")
            command = (str(PROGRAM), "run", "--config", str(home.config))
            gateway = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
            try:
                yield lambda folder: _supply(Path(name) / "keys", folder, broker.port)
            finally:
                gateway.terminate()
                await gateway.wait()
                log.close()


def _fill(home: Home, items: int, readers: int) -> None:
    ledger = enrol.open_ledger(home)
    groups = {"adult": GroupRule(limit=10_000)}
    people = [Reader(reader="R0", name="Nguyễn Văn An", cards=[CARD])]
    people += [Reader(reader=f"R{n}", cards=[f"9{n:06}"]) for n in range(1, readers)]
    with ledger.store.transaction():
        ledger.catalogue.put_policy(Policy(owners=[OWNER], groups=groups), now_ms())
        ledger.catalogue.put_items(
            Item(item=item_id(n), title=f"Sách số {n}", branch="tinh") for n in range(1, items + 1)
        )
        ledger.catalogue.put_readers([(one, 0, 0) for one in people], now_ms())
    ledger.close()


def _enrol(home: Home, keys: Path) -> None:
    ledger = enrol.open_ledger(home)
    enrol.enrol(home, ledger, "tinh", "bench", keys, now_ms(), branch="tinh")
    ledger.close()


def _supply(keys: Path, folder: Path, port: int) -> dict[str, Any]:
    shutil.copy(keys / "site.key", folder / "site.key")
    files = {"ca": "ca.crt", "cert": "device.crt", "key": "device.key"}
    return {"host": "127.0.0.1", "port": port} | {k: str(keys / v) for k, v in files.items()}
