"""Files on sticks: whole or not at all, and what goes wrong with them in words."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from edge import files
from edge.wire.bundle import BundleError


@contextlib.contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write; it takes its place when it is on the disk, or leaves no trace.

    Raises BundleError when the storage does not take it. Made by root, it belongs to the folder's
    owner.
    """
    try:
        with files.whole(path) as file:
            yield file
            if os.geteuid() == 0:
                owner = path.parent.stat()
                with contextlib.suppress(OSError):  # a stick's file system knows no owners
                    os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        _sync(path.parent)
    except OSError as error:
        raise BundleError("unwritable", file=str(path), why=error.strerror or error) from None


def _sync(folder: Path) -> None:
    with contextlib.suppress(OSError):  # some file systems of sticks cannot
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
