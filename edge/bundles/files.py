"""Files that are there whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from edge.wire.bundle import BundleError


@contextlib.contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write; it takes its place when it is on the disk, or leaves no trace.

    Raises BundleError when the storage does not take it. Made by root, it belongs to the folder's
    owner.
    """
    fresh = path.with_name(f".{path.name}.part")
    try:
        with fresh.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _give(fresh, path.parent)
        fresh.replace(path)
        _sync(path.parent)
    except OSError as error:
        _remove(fresh)
        raise BundleError("unwritable", file=str(path), why=error.strerror or error) from None
    except BaseException:
        _remove(fresh)
        raise


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # the stick may be gone
        path.unlink(missing_ok=True)


def _give(path: Path, folder: Path) -> None:
    if os.geteuid() == 0:
        owner = folder.stat()
        with contextlib.suppress(OSError):  # a stick's file system knows no owners
            os.chown(path, owner.st_uid, owner.st_gid)


def _sync(folder: Path) -> None:
    with contextlib.suppress(OSError):  # some file systems of sticks cannot
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
