"""Arguments that several commands of ``shelfwire`` have alike."""

import argparse
import fcntl
import os
from pathlib import Path

from edge.wire.languages import LANGUAGES, language_of

ETC = Path("/etc/shelfwire/agent.toml")


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add ``--config``."""
    parser.add_argument(
        "--config", type=Path, default=ETC, metavar="FILE",
        help="the agent's configuration (default: %(default)s)",
    )  # fmt: skip


def add_language(parser: argparse.ArgumentParser) -> None:
    """Add ``--lang``, with the terminal's language as the default."""
    parser.add_argument(
        "--lang", choices=LANGUAGES, default=language_of(os.environ), help="language"
    )


def add_json(parser: argparse.ArgumentParser, text: str = "print one JSON object") -> None:
    """Add ``--json``."""
    parser.add_argument("--json", action="store_true", help=text)


def agent_works(folder: Path) -> bool:
    """Return whether an agent holds this data folder."""
    try:
        with (folder / "agent.lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
