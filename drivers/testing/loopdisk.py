"""A real ext4 file system in a file, whose power can be cut under processes that know nothing of it.

The kernel's shutdown ioctl stops the file system at once: what was not synced is gone, as it is
when a plug is pulled. Takes root and loop devices.
"""

import fcntl
import os
import shutil
import struct
import subprocess
import time
from pathlib import Path

_SHUTDOWN = 0x8004587D
"""_IOR('X', 125, __u32) of the kernel's file systems."""
_NO_FLUSH = 2
"""Drop what is dirty, and the file system's own journal too."""
BUSY_SECONDS = 20.0


class NoLoopDiskError(Exception):
    """No disk of this kind can be had here; the text says why."""


class LoopDisk:
    """An ext4 disk at ``folder``, kept in the file ``image``."""

    def __init__(self, image: Path, folder: Path, megabytes: int = 64) -> None:
        """Make it and mount it, empty; NoLoopDiskError where that cannot be done."""
        self.image, self.folder = image, folder
        self.cuts = 0
        if os.geteuid() != 0:
            raise NoLoopDiskError("cutting the power of a disk takes root")
        if shutil.which("mkfs.ext4") is None:
            raise NoLoopDiskError("mkfs.ext4 is not installed")
        with image.open("wb") as file:
            file.truncate(megabytes << 20)
        folder.mkdir(parents=True, exist_ok=True)
        _do("mkfs.ext4", "-q", "-F", str(image))
        self.mount()
        (folder / "lost+found").rmdir()

    def mount(self) -> None:
        """Put it in its place; what a cut left half done is put in order by the kernel."""
        # A short commit interval of ext4 gives cuts more states to land in.
        _do("mount", "-o", "loop,commit=1", str(self.image), str(self.folder))

    def unmount(self) -> None:
        """Take it out, as soon as nobody has a file open on it."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                return _do("umount", str(self.folder))
            except NoLoopDiskError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def cut(self) -> None:
        """Pull the plug: from now on nothing is written, and what was not synced is gone."""
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, _SHUTDOWN, struct.pack("I", _NO_FLUSH))
        finally:
            os.close(folder)
        self.cuts += 1

    def sync(self) -> None:
        """Let everything written so far be safe."""
        _do("sync", "-f", str(self.folder))

    def close(self) -> None:
        """Take it out for good, whoever still holds it."""
        subprocess.run(["umount", "-l", str(self.folder)], check=False, capture_output=True)  # noqa: S603, S607
        self.image.unlink(missing_ok=True)


def _do(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise NoLoopDiskError(f"{' '.join(command)}: {done.stderr.strip()}")
