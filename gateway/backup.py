"""Copies a gateway's folder into one file while it works, and makes a folder of such a file again."""

import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO

from gateway.errors import HomeError
from gateway.home import Home, whole
from gateway.ledger.store import plain

LEDGER = "ledger.db"
_OPEN = (".crt", ".crl", ".pub", ".toml")
_BESIDE = frozenset({LEDGER, f"{LEDGER}-wal", f"{LEDGER}-shm"})


def backup(home: Home, out: IO[bytes]) -> int:
    """Write the ledger as it is at this moment, and all keys and settings, as one tar stream.

    Returns the bytes of the ledger. Raises HomeError when the ledger cannot be read or copied. The
    stream holds every secret of the centre: whoever has it is the centre.
    """
    home.check()
    with tempfile.TemporaryDirectory(dir=home.folder, prefix=".backup.") as folder:
        copy = Path(folder) / LEDGER
        try:
            with closing(plain(home.ledger)) as db:
                db.execute("VACUUM INTO ?", (str(copy),))
        except sqlite3.Error as error:
            raise HomeError(f"{home.ledger}: cannot be copied: {error}") from None
        with tarfile.open(fileobj=out, mode="w|") as tar:
            tar.add(copy, LEDGER)
            for path in _others(home.folder):
                tar.add(path, path.relative_to(home.folder).as_posix(), recursive=False)
        return copy.stat().st_size


def restore(source: IO[bytes], folder: Path) -> Home:
    """Make a gateway's folder of what :func:`backup` wrote; raise HomeError if that cannot be done.

    The folder must be new or empty, and stays so unless everything is whole.
    """
    if folder.exists() and any(folder.iterdir()):
        raise HomeError(f"{folder}: is not empty; name a new folder, or move this one away first")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".restore.") as fresh:
        made = Path(fresh)
        _unpack(source, made)
        _sound(made / LEDGER)
        Home(made).check()
        for path in sorted(made.iterdir()):
            path.rename(folder / path.name)
    return Home(folder)


def _others(folder: Path) -> Iterator[Path]:
    """Yield the files beside the ledger, in order; what is being made just now is left out."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") for part in parts)
        if path.is_file() and not path.is_symlink() and not hidden and parts[0] not in _BESIDE:
            yield path


def _unpack(source: IO[bytes], folder: Path) -> None:
    try:
        with tarfile.open(fileobj=source, mode="r|") as tar:
            for member in tar:
                name = PurePosixPath(member.name)
                if not member.isfile() or name.is_absolute() or ".." in name.parts:
                    raise HomeError(f"backup: {member.name!r} does not belong into a backup")
                data = tar.extractfile(member)
                if data is None:
                    continue
                mode = 0o644 if name.suffix in _OPEN else 0o600
                with data, whole(folder / name, mode) as file:
                    while block := data.read(1 << 20):
                        file.write(block)
    except (tarfile.TarError, EOFError) as error:
        raise HomeError(f"backup: cannot be read, or not whole: {error}") from None
    except OSError as error:
        raise HomeError(f"backup: {error.strerror or error}") from None


def _sound(ledger: Path) -> None:
    """Raise HomeError unless this is a database without a fault."""
    if not ledger.exists():
        raise HomeError("backup: there is no ledger in it")
    try:
        with closing(plain(ledger)) as db:
            (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        verdict = str(error)
    if verdict != "ok":
        raise HomeError(f"backup: the ledger in it is damaged ({verdict})")
