"""``shelfwire``: the agent of a device and the tools around it."""

import argparse
import asyncio
import logging
import os
import sys
import unicodedata
from pathlib import Path

from edge import (
    bundlecli,
    doctorcli,
    dropcli,
    framecli,
    journalcli,
    readercli,
    receiptcli,
    simcli,
    tagcli,
    taglock,
)
from edge.arguments import add_config
from edge.config import Config, ConfigError, load, site_key
from edge.version import VERSION

WRONG, BROKEN = 2, 1
_ABOUT = """\
The edge controller of a smart library: it drives kiosks, gates and book drops, writes every
transaction into a local journal, and brings them to the centre when there is a network.

  shelfwire check-config /etc/shelfwire/agent.toml     is the configuration right?
  shelfwire agent --config /etc/shelfwire/agent.toml   run the stations of this device
  shelfwire journal show /var/lib/shelfwire/journal.db what happened here lately
  shelfwire bundle export /media/usb                   no network? take the facts on a stick
  shelfwire tag decode 11010131...                     what does this tag say?
  shelfwire receipt verify photo.jpg                   is this receipt genuine?
  shelfwire drop which BT00000123                      which bin would it fall into?
  shelfwire doctor                                     what is wrong here, and what to do?
  shelfwire reader configure feig-pad                  make an RFID reader as it should be
  shelfwire simulate feig                              a simulated reader to try it all with
"""
_AGENT = """\
Run the stations of a configuration until SIGTERM or Ctrl-C. It needs no network: what happens is
kept in the journal and goes to the centre when it can. Under systemd it says when it is ready and
feeds the watchdog.
"""
_CHECK = """\
Read a configuration as the agent would, and say what is wrong with it: file, table, option, and how
to mend it. Exit status 0: it can be used; 2: it cannot.
"""


def parser() -> argparse.ArgumentParser:
    """Return the whole command line."""
    made = argparse.ArgumentParser(
        prog="shelfwire", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--version", action="version", version=f"shelfwire {VERSION}")
    words = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    agent = words.add_parser("agent", help="run the stations of this device", description=_AGENT)
    add_config(agent)
    agent.add_argument("--verbose", action="store_true", help="log every small thing")
    agent.set_defaults(handler=run_agent)
    check = words.add_parser(
        "check-config", help="say what is wrong with a configuration", description=_CHECK
    )
    check.add_argument("config", type=Path, metavar="FILE", help="the configuration")
    check.set_defaults(handler=run_check)
    journalcli.add_parser(words)
    bundlecli.add_parser(words)
    tagcli.add_parser(words)
    taglock.add_parser(words)
    simcli.add_parser(words)
    readercli.add_parser(words)
    doctorcli.add_parser(words)
    framecli.add_parser(words)
    dropcli.add_parser(words)
    receiptcli.add_parser(words)
    return made


def main(argv: list[str] | None = None) -> int:
    """Run a command; return its exit status."""
    args = parser().parse_args(argv)
    try:
        return int(args.handler(args))
    except ConfigError as error:
        return _fail(str(error), WRONG)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def run_agent(args: argparse.Namespace) -> int:
    """Run the agent until it is stopped."""
    from edge.agent import run
    from edge.journal import JournalError

    start_log(verbose=args.verbose)
    config = load(args.config)
    try:
        asyncio.run(run(config))
    except JournalError as error:
        return _fail(str(error), BROKEN)
    except ExceptionGroup as group:
        logging.getLogger("edge").critical("the agent ends: %s", _first(group))
        raise
    return 0


def run_check(args: argparse.Namespace) -> int:
    """Check a configuration and the files it names."""
    config = load(args.config)
    site_key(config.agent.site_key)
    _check_uplink(config)
    devices = ", ".join(f"{name} ({driver.name})" for name, (driver, _) in config.devices.items())
    print(f"{args.config}: {config.agent.site}/{config.agent.device} can be used")  # noqa: T201
    print(f"  stations: {', '.join(config.stations) or 'none'}")  # noqa: T201
    print(f"  devices:  {devices or 'none'}")  # noqa: T201
    return 0


def _check_uplink(config: Config) -> None:
    uplink = config.uplink
    if not uplink.host or not uplink.tls:
        return
    from edge.uplink.link import LinkLostError, context

    try:
        context(uplink)
    except LinkLostError as error:
        raise ConfigError(f"{config.path.name} {error}") from None


def start_log(*, verbose: bool = False) -> None:
    """Log to standard error, one line each; under systemd without the time, which it adds."""
    handler = logging.StreamHandler()
    stamp = "" if os.environ.get("JOURNAL_STREAM") else "%(asctime)s "
    handler.setFormatter(_OneLine(f"{stamp}%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler])
    for chatty in ("asyncio", "httpx", "uvicorn.access", "uvicorn.error"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


class _OneLine(logging.Formatter):
    """What a tag, a card or a network said is data: no control character gets into the log."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        text = super().formatMessage(record)
        return "".join(c if unicodedata.category(c)[0] != "C" else f"\\x{ord(c):02x}" for c in text)


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _fail(text: str, status: int) -> int:
    print(f"shelfwire: {text}", file=sys.stderr)  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main())
