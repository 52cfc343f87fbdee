"""``init``, ``enrol``, ``revoke``, ``receipt-key``, ``renew``, ``backup``, ``restore``, ``acl``: folder and keys."""

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from gateway import backup, enrol
from gateway.errors import HomeError, RefusedError
from gateway.home import Home, whole
from gateway.ledger.sqlite import SqliteLedger

Word = Callable[..., argparse.ArgumentParser]
"""Makes a command: ``word(name, do, text, home=True)``."""


def add_words(word: Word, now: Callable[[], int]) -> None:
    """Add the commands; ``now`` gives the time in ms."""
    init = word("init", _init, "make a gateway's folder: keys, ledger, access list")
    init.add_argument("dir", type=Path, metavar="DIR", help="folder to make; what is there stays")
    init.add_argument(
        "--host", action="append", help="name or address of the broker (default: localhost)"
    )

    one = word(
        "enrol", lambda args: _enrol(args, now()), "make a device's key and let it speak", home=True
    )
    one.add_argument("site", metavar="SITE", help="the building: a-z, 0-9 and -")
    one.add_argument("device", metavar="DEVICE", help="the machine: a-z, 0-9 and -")
    one.add_argument("--out", type=Path, required=True, help="folder for key, certificate, secret")
    one.add_argument("--name", default="", help="what staff call the machine")
    one.add_argument("--site-name", default="", help="what staff call the building")
    one.add_argument("--branch", default="", help="branch of the tree the site belongs to")

    gone = word(
        "revoke", lambda args: _revoke(args, now()), "take a device's right to speak", home=True
    )
    gone.add_argument("device", metavar="DEVICE")

    sign = word(
        "receipt-key",
        lambda args: _receipt_key(args, now()),
        "give a device a new key for receipts",
        home=True,
    )
    sign.add_argument("device", metavar="DEVICE")
    sign.add_argument("--out", type=Path, required=True, help="folder for receipt.key, receipt.crt")
    sign.add_argument(
        "--lost-since", metavar="DATE", help="believe nothing of its older keys from this day on"
    )

    fresh = word("renew", _renew, "new certificates for the broker and the gateway", home=True)
    fresh.add_argument("--all", action="store_true", help="also those that are good for long")
    fresh.add_argument(
        "--host", action="append", help="the broker's names from now on (default: as before)"
    )

    out = word("backup", _backup, "copy ledger, keys and settings into one file", home=True)
    out.add_argument("file", metavar="FILE", help="the file to make; - writes to standard output")

    back = word("restore", _restore, "make a gateway's folder of a backup")
    back.add_argument("file", metavar="FILE", help="what backup made; - reads standard input")
    back.add_argument("dir", type=Path, metavar="DIR", help="a new or empty folder")

    word("acl", _acl, "write and print the broker's access list", home=True)


def _init(args: argparse.Namespace) -> int:
    hosts = args.host or ["localhost", "127.0.0.1"]
    home = enrol.make_home(args.dir, hosts)
    _say(f"gateway in {home.folder}; next: shelfwire-gateway enrol SITE DEVICE --out FOLDER")
    return 0


def _enrol(args: argparse.Namespace, now: int) -> int:
    home = Home(args.home)
    with opened(home) as ledger:
        mark = enrol.enrol(
            home, ledger, args.site, args.device, args.out, now,
            name=args.name, branch=args.branch, site_name=args.site_name,
        )  # fmt: skip
    _say(f"{args.device} may speak for {args.site}; certificate {mark[:16]}… in {args.out}")
    return 0


def _revoke(args: argparse.Namespace, now: int) -> int:
    home = Home(args.home)
    with opened(home) as ledger:
        enrol.revoke(home, ledger, args.device, now)
    _say(f"{args.device} may not speak; now reload the broker (SIGHUP) to close its way in")
    return 0


def _receipt_key(args: argparse.Namespace, now: int) -> int:
    home = Home(args.home)
    with opened(home) as ledger:
        since = _begins(ledger, args.lost_since) if args.lost_since else None
        enrol.receipt_key(home, ledger, args.device, args.out, now, lost_since=since)
    _say(
        f"{args.device}: receipt.key and receipt.crt in {args.out}; put them beside its other keys"
    )
    return 0


def _begins(ledger: SqliteLedger, text: str) -> int:
    """Return when a day begins in the policy's zone, in ms."""
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise RefusedError(f"{text!r} is no date, write YYYY-MM-DD") from None
    zone = ZoneInfo(ledger.catalogue.policy()[1].zone)
    return int((day if day.tzinfo else day.replace(tzinfo=zone)).timestamp() * 1000)


def _renew(args: argparse.Namespace) -> int:
    done = enrol.renew(Home(args.home), args.host, everything=args.all)
    if done:
        _say(f"new certificate for {' and '.join(done)}; now restart the broker and the gateway")
    else:
        _say("all are good for long yet; --all makes new ones all the same")
    return 0


def _backup(args: argparse.Namespace) -> int:
    if args.file == "-":
        backup.backup(Home(args.home), sys.stdout.buffer)
        return 0
    path = Path(args.file)
    try:
        with whole(path) as file:
            size = backup.backup(Home(args.home), file)
    except OSError as error:
        raise HomeError(f"{path}: cannot be written: {error.strerror or error}") from None
    _say(f"{path}: ledger of {size / 1e6:.1f} MB, keys and settings; keep it locked away")
    return 0


def _restore(args: argparse.Namespace) -> int:
    with _source(args.file) as file:
        home = backup.restore(file, args.dir)
    with opened(home) as ledger:
        enrol.write_acl(home, ledger)
        facts = ledger.store.value("SELECT count(*) FROM facts")
    _say(
        f"gateway in {home.folder}, {facts} facts; devices send again what came after the backup. "
        "Devices that were enrolled or revoked since: do it again"
    )
    return 0


def _acl(args: argparse.Namespace) -> int:
    home = Home(args.home)
    with opened(home) as ledger:
        sys.stdout.write(enrol.write_acl(home, ledger))
    return 0


@contextlib.contextmanager
def opened(home: Home) -> Iterator[SqliteLedger]:
    """Give the ledger of a folder; it is closed at the end."""
    ledger = enrol.open_ledger(home)
    try:
        yield ledger
    finally:
        ledger.close()


@contextlib.contextmanager
def _source(name: str) -> Iterator[IO[bytes]]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115  closed below
    except OSError as error:
        raise HomeError(f"{name}: {error.strerror or error}") from None
    with file:
        yield file


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
