"""The peers of the benches, installed on demand beside the product, never into it."""

import os
import subprocess
import sys
import venv
from functools import cache
from pathlib import Path

FOLDER = Path(".artifacts") / "peers"
"""Thrown away at will; made again by the next bench that wants it."""
PACKAGES = ("paho-mqtt", "aiomqtt", "gmqtt", "aiosqlite", "persist-queue")
THINGS = Path(".artifacts") / "things"
"""thingsboard-gateway brings its own versions of what others use, too."""


@cache
def python() -> Path | None:
    """Return the Python that has the peers; None when they cannot be had."""
    return _made(FOLDER, PACKAGES)


@cache
def things() -> Path | None:
    """Return the Python that has thingsboard-gateway; None when it cannot be had."""
    return _made(THINGS, ("thingsboard-gateway",))


def _made(folder: Path, packages: tuple[str, ...]) -> Path | None:
    program = folder.absolute() / "bin" / "python"
    if not (folder / "whole").exists():
        venv.create(folder, with_pip=True)
        command = (program, "-m", "pip", "install", "-q", *packages)
        if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode:
            return None
        (folder / "whole").touch()
    return program


def borrow() -> bool:
    """Let this process import the peers, behind everything of its own; False: they are not there."""
    program = python()
    if program is None:
        return False
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    sys.path.append(os.fspath(program.parent.parent / "lib" / version / "site-packages"))
    return True


def why() -> str:
    """Return what is missing from the table, and why."""
    missing = "" if python() else "The peers could not be installed. "
    return missing + ("" if things() else "thingsboard-gateway could not be installed.")
