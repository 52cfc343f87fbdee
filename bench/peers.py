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


@cache
def python() -> Path | None:
    """Return the Python that has the peers; None when they cannot be had."""
    program = FOLDER.absolute() / "bin" / "python"
    if not (FOLDER / "whole").exists():
        venv.create(FOLDER, with_pip=True)
        command = (program, "-m", "pip", "install", "-q", *PACKAGES)
        if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode:
            return None
        (FOLDER / "whole").touch()
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
    missing = "thingsboard-gateway: needs a ThingsBoard server to speak to; not run here."
    return missing if python() else f"The peers could not be installed. {missing}"
