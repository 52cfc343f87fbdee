"""Files that are there whole or not at all, also after a power cut."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def whole(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Give a file to write; it takes its place when it is on the disk, or leaves no trace.

    ``mode`` is who may read it (less the umask). Raises OSError when the storage does not take it.
    """
    fresh = path.with_name(f".{path.name}.part")
    try:
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=mode)
        with fresh.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):  # the stick may be gone
            fresh.unlink(missing_ok=True)
        raise


def write_whole(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a file, or leave it as it was: then OSError."""
    with whole(path, mode) as file:
        file.write(data)
