"""The gateway as a process: the real centre on a real ledger, which can die and be put back."""

import asyncio
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.centre import Centre
from gateway.config import BrokerOptions
from gateway.ledger.sqlite import SqliteLedger
from gateway.pulse import Pulse
from shelfsim.broker import CentreLink
from shelfsim.timeline import Life

if TYPE_CHECKING:
    from shelfsim.world import World

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


class Worker:
    """A ledger whose calls are steps of the loop."""

    def __init__(self, ledger: SqliteLedger, counts: Counter[str]) -> None:
        self.ledger, self.counts = ledger, counts

    async def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(None, lambda: function(self.ledger, *args, **kwargs))
        except sqlite3.OperationalError as error:
            self.counts["writes refused at the centre"] += "readonly" in str(error)
            raise

    def shut(self, shut: bool) -> None:
        """Refuse every write from now on, or none: a disk that is full, or failed and is read-only."""
        self.ledger.store._db.execute(f"PRAGMA query_only = {int(shut)}")


class Gateway:
    """One gateway; its ledger outlives its processes. ``history`` counts ledgers put back."""

    def __init__(self, world: "World", folder: Path) -> None:
        self.world, self.folder = world, folder
        self.folder.mkdir(parents=True)
        self.history = 0
        self.life: Life | None = None
        self._open: list[SqliteLedger] = []
        self._shut, self._writes = False, None
        self.staff = self.open()

    @property
    def path(self) -> Path:
        """Where the ledger is now."""
        return self.folder / f"ledger-{self.history}.db"

    def open(self) -> SqliteLedger:
        """Open the ledger once more."""
        ledger = SqliteLedger(self.path, self.world.key)
        ledger.store._db.execute("PRAGMA wal_autocheckpoint = 0")
        self._open.append(ledger)
        return ledger

    def boot(self) -> None:
        """Start the process."""
        if self.life is not None and not self.life.over:
            return
        self.world.note("gateway starts")
        writes, reads = (Worker(self.open(), self.world.counts) for _ in range(2))
        self._writes = writes
        writes.shut(self._shut)
        options = BrokerOptions(tls=False)
        centre = Centre(writes, reads, options, self._now, Pulse(), KEY)  # type: ignore[arg-type]
        centre.broker = centre._commander._broker = CentreLink(
            options, centre._hear, centre._connected
        )
        centre.broker.chaos = self.world.chaos
        self.centre = centre
        self.life = Life("gateway", self._died)
        self.world.watch(self.life.start(self.world.loop, centre.run()), self.life)

    def shut(self, shut: bool) -> None:
        """Let the disk under the ledger take nothing more, or work again."""
        self._shut = shut
        if self._writes is not None:
            self._writes.shut(shut)

    def kill(self) -> None:
        """End it between two steps."""
        if self.life is not None and not self.life.over:
            self.life.end()
            self._died(self.life)

    def _died(self, life: Life) -> None:
        self.world.note("gateway dies")
        self.world.chaos.died(life)
        self.world.loop.call_later(self.world.dice.uniform(0.5, 8.0), self.boot)

    def image(self) -> Path:
        """Make a backup of the ledger."""
        path = self.folder / f"backup-{self.world.loop.steps}.db"
        self.staff.store.run("VACUUM INTO ?", str(path))
        return path

    def restore(self, image: Path) -> None:
        """Put a backup in the ledger's place; the process starts on it."""
        self.kill()
        self.history += 1
        shutil.copyfile(image, self.path)
        self.staff = self.open()

    def close(self) -> None:
        """Let go of all connections."""
        for ledger in self._open:
            ledger.close()

    def _now(self) -> int:
        return int(self.world.loop.now() * 1000)
