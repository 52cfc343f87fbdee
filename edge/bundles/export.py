"""Writes what waits in the journal into a bundle for the centre."""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from edge.bundles.files import whole
from edge.config import Config
from edge.journal import JournalError
from edge.journal.outside import Outside
from edge.uplink.trust import seal_of, trust_of
from edge.version import VERSION
from edge.wire.batch import encode_batch
from edge.wire.bundle import BundleError, BundleWriter
from edge.wire.seal import SealError

SUFFIX = ".facts.bundle"


@dataclass(frozen=True, slots=True)
class Exported:
    """A bundle that was written: how many facts, how many bytes."""

    file: Path
    count: int
    size: int


def export(config: Config, target: Path, now: int, *, everything: bool = False) -> Exported:
    """Write the facts that wait (``everything``: all that are still here); raise BundleError.

    ``target`` is a file, or a folder in which it is called after the device. The agent may be at
    work. The facts stay here until the centre's word is back.
    """
    agent, uplink = config.agent, config.uplink
    file = target / f"{agent.device}{SUFFIX}" if target.is_dir() else target
    trust = trust_of(uplink, agent.data)
    if trust is None or not trust.newest:
        raise BundleError("no_keys", file=str(file), field="ca.crt, centre.crt")
    try:
        seal = seal_of(uplink)
    except SealError as error:
        raise BundleError("no_keys", file=str(file), field=str(error)) from None
    journal = _open(agent.data / "journal.db", everything=everything)
    with contextlib.closing(journal):
        if journal.device != agent.device:
            raise BundleError(
                "wrong_device", file=str(file), found=journal.device, wanted=agent.device
            )
        with whole(file) as out:
            writer = BundleWriter(
                out, seal, trust.public(trust.newest),
                kind="facts", site=agent.site, device=agent.device, made=now, program=VERSION,
                epoch=journal.epoch, first=journal.first, last=journal.last,
                have=_version(agent.data / "replica.db"),
            )  # fmt: skip
            for first, before, bodies in journal.batches():
                writer.add(encode_batch(agent.device, journal.epoch, first, bodies, before))
            writer.end()
        return Exported(file, journal.last - journal.first + 1, file.stat().st_size)


def _open(path: Path, *, everything: bool) -> Outside:
    try:
        return Outside(path, everything=everything)
    except JournalError as error:
        why = str(error).removeprefix(f"{path}: ")
        raise BundleError("no_journal", file=str(path), why=why) from None


def _version(path: Path) -> int:
    """Return the version of the local copy; 0 when there is none."""
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as db:
            row = db.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()
            return int(row[0]) if row else 0
    except (sqlite3.Error, ValueError):
        return 0
