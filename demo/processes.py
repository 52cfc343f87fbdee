"""Child processes that never outlive us: each logs into its own file and dies with its parent."""

import asyncio
import ctypes
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1


class ChildError(Exception):
    """A child process did not do what it was started for; the text says what to look at."""


class Child:
    """One process: started, ended politely or not, started again."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        """Describe the process; nothing runs yet."""
        self.name = name
        self.command = list(command)
        self.log = log
        self.env = dict(env or {})
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """The process id; 0 when it is not running."""
        return self._process.pid if self._process and self.running else 0

    async def start(self) -> None:
        """Start the process; starting twice is harmless."""
        if self.running:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *tethered(self.command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | self.env,
                start_new_session=True,
            )

    async def stop(self, grace: float = 8.0) -> int | None:
        """Ask the process to end, and end it when it does not; return its exit status."""
        if not self._process:
            return None
        if self.running:
            self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), grace)
            except TimeoutError:
                self._process.kill()
        return await self._process.wait()

    async def kill(self) -> None:
        """End the process as a power cut does: SIGKILL, no goodbye."""
        if self._process and self.running:
            self._process.kill()
            await self._process.wait()

    async def wait(self) -> int:
        """Wait for the end of the process and return its exit status."""
        if not self._process:
            raise ChildError(f"{self.name} was never started")
        return await self._process.wait()

    def last_words(self, lines: int = 8) -> str:
        """Return the end of the log, for a message to a person."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])


def tethered(command: Sequence[str]) -> list[str]:
    """Return the command so that the kernel kills it when our process is gone."""
    setpriv = shutil.which("setpriv")
    if setpriv:
        return [setpriv, "--pdeathsig", "KILL", "--", *command]
    return [sys.executable, "-m", "demo.processes", *command]


def program(name: str) -> str:
    """Return the path of a command of this environment, such as ``shelfwire``."""
    return str(Path(sys.executable).with_name(name))


def python(module: str) -> list[str]:
    """Return the command that runs a module of ours."""
    return [sys.executable, "-m", module]


async def run(name: str, command: Sequence[str], log: Path) -> None:
    """Run a command to its end; raise ChildError with its last words when it fails."""
    child = Child(name, command, log)
    await child.start()
    status = await child.wait()
    if status:
        raise ChildError(f"{name} ended with status {status}:\n{child.last_words()}")


def _main() -> None:
    """Tie ourselves to the parent, then become the command (where setpriv is missing)."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the command is ours


if __name__ == "__main__":
    _main()
