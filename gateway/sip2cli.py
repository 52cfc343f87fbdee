"""``shelfwire-gateway sip2``: try the line to a library system, or play one."""

import argparse
import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from edge.wire.tables import ConfigError
from gateway.config import load
from gateway.home import Home
from gateway.ledger import posts
from gateway.sip2 import words
from gateway.sip2.client import Client
from gateway.sip2.errors import LoginError, SilentError, Sip2Error
from gateway.sip2.message import Message
from gateway.sip2.options import Sip2Options
from gateway.sip2.server import Faults, SimulatedServer
from gateway.sip2.simulator import Copy, Ils, Patron

_ABOUT = """\
Try the line to the library system that the table [sip2] of gateway.toml describes. Nothing is lent,
returned or changed there.

  shelfwire-gateway sip2 check  --config centre/gateway.toml
  shelfwire-gateway sip2 item   --config centre/gateway.toml BT00000123
  shelfwire-gateway sip2 reader --config centre/gateway.toml TV000001
  shelfwire-gateway sip2 simulate --home centre --port 6001     (a library system to try with)
"""
_STATUS = {
    "01": "other", "02": "on order", "03": "available", "04": "on loan", "05": "on loan",
    "06": "in process", "07": "recalled", "08": "on the shelf of holds", "09": "to be shelved",
    "10": "on its way to another branch", "11": "said to be returned", "12": "lost", "13": "missing",
}  # fmt: skip
_CAN = ("checkin", "check-in"), ("checkout", "check-out"), ("renewal", "renewals")
_BLOCKS = (0, 4, 5, 6, 9, 10, 11, 12, 13)
"""Places of the patron status that mean: may not borrow."""


def add_words(
    words_: "argparse._SubParsersAction[argparse.ArgumentParser]", home_variable: str, home: Path
) -> None:
    """Add the commands."""
    sip2 = words_.add_parser(
        "sip2", help="try the line to a library system, or play one", description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    inner = sip2.add_subparsers(dest="sip2", required=True, metavar="WHAT")
    for name, do, text in (
        ("check", _check, "sign in, ask for the status, and say what that means"),
        ("item", _item, "what the library system says of an item"),
        ("reader", _reader, "what the library system says of a reader (no name is shown)"),
    ):
        one = inner.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        one.add_argument("--config", type=Path, required=True, help="gateway.toml")
        one.set_defaults(do=do)
        if name != "check":
            one.add_argument("number", metavar="NUMBER")
    play = inner.add_parser(
        "simulate", help="play a library system with the ledger's items and readers",
        description="Play a library system on this machine, with the ledger's items and readers.",
    )  # fmt: skip
    play.add_argument("--home", type=Path, default=home, help=f"folder (default: ${home_variable})")
    play.add_argument("--port", type=int, default=6001, help="port to listen on (6001)")
    play.add_argument("--branch", default="", help="the branch it stands for")
    play.add_argument(
        "--held", nargs="*", default=[], metavar="ITEM", help="somebody waits for these"
    )
    play.add_argument("--slow", type=float, default=0.0, help="seconds before each answer")
    play.add_argument(
        "--cut", nargs="*", default=[], metavar="ID", help="hang up after these messages"
    )
    play.add_argument("--wrong-sum", action="store_true", help="reckon checksums wrongly")
    play.add_argument("--crlf", action="store_true", help="end lines with CR and LF")
    play.add_argument("--refuses", action="store_true", help="do not honour no block")
    play.set_defaults(do=_simulate)


def _check(args: argparse.Namespace) -> int:
    options = _options(args.config)
    where = f"{options.host} port {options.port}, {'TLS' if options.tls else 'clear text'}"
    _say(f"Library system: {where}; profile {options.profile}")
    try:
        status = asyncio.run(_status(options))
    except LoginError as error:
        return _bad(f"It answers, but lets us not in: {error}",
                    "Check user, password file and location; some systems bar an account after three tries.")  # fmt: skip
    except SilentError:
        return _bad("It took the line and says nothing.",
                    "Often it serves one client at a time (Koha: min_servers), or waits for another line end "
                    "(line_end), or for TLS (tls).")  # fmt: skip
    except Sip2Error as error:
        return _bad(str(error), "Check host and port, the firewall, and tls: a TLS line to a port without TLS "
                    "(or the other way round) ends like this.")  # fmt: skip
    _say(f"[ok]   signed in{' as ' + options.user if options.user else ' (no login is set)'}")
    _tell_status(status, options)
    _tell_outbox(Home(load(args.config).gateway.data))
    return 0


def _tell_outbox(home: Home) -> None:
    """Say what was told so far and what waits, if the gateway's ledger is there."""
    if not home.ledger.exists():
        return
    from gateway.enrol import open_ledger

    with contextlib.closing(open_ledger(home)) as ledger:
        found = posts.counts(ledger)
    open_ones = found.get("waiting", 0) + found.get("sending", 0)
    _say(f"       told: {found.get('done', 0)}; waiting: {open_ones}")
    look = found.get("refused", 0) + found.get("unsure", 0)
    if look:
        _mark(False, "", f"{look} were refused or are unsure; those still open are on the worklist")


def _tell_status(status: Message, options: Sip2Options) -> None:
    _mark(status["online"] == "Y", "it is on line", "it says that it is off line")
    for name, text in _CAN:
        _mark(status[name] == "Y", f"{text} allowed", f"{text} not allowed for this account")
    forced = "facts of an outage (no block) are honoured, it says"
    _mark(status["offline"] == "Y", forced,
          "it does not promise to take facts of an outage; what it refuses goes to the worklist")  # fmt: skip
    named = status["AO"]
    if named and options.institution and named != options.institution:
        _mark(False, "", f"it calls itself {named!r}, institution is {options.institution!r}")
    elif named and not options.institution:
        _mark(
            False, "", f"it calls itself {named!r}: write institution = {named!r} if it wants that"
        )
    _say(
        f"       drops: {options.sort}; told of loans and returns: {'yes' if options.post else 'no'}"
    )


def _item(args: argparse.Namespace) -> int:
    answer = _ask(args.config, lambda client: client.words.item(args.number, _now()))
    if not words.known(answer):
        return _bad(f"{args.number} is not known there.", "Check that both use the same numbers.")
    goes = words.of_item(answer)
    _say(f"{args.number}: {answer['AJ']}")
    _say(f"  status     {answer['status']} {_STATUS.get(answer['status'], '?')}")
    for name, value in (("due", answer["AH"]), ("belongs to", answer["AQ"]),
                        ("goes to", answer["CT"]), ("sort bin", goes.bin)):  # fmt: skip
        _say(f"  {name:10} {value or '-'}")
    _say(f"  waited for {'yes' if goes.held else 'no'}")
    return 0


def _reader(args: argparse.Namespace) -> int:
    answer = _ask(args.config, lambda client: client.words.reader(args.number, _now()))
    if answer["BL"] == "N":
        return _bad("This number is not known there.", "Check the option reader: card or number.")
    flags = answer["patron_status"]
    barred = [n for n in _BLOCKS if flags[n : n + 1] == "Y"]
    _say(f"  may borrow {'no' if barred else 'yes'}")
    for name in ("charged", "overdue", "holds"):
        _say(f"  {name:10} {answer[name].strip() or '-'}")
    if said := words.why(answer):
        _say(f"  it says    {said}")
    return 0


def _simulate(args: argparse.Namespace) -> int:
    from gateway.enrol import open_ledger

    with contextlib.closing(open_ledger(Home(args.home))) as ledger:
        rows = ledger.store.all("SELECT item, title, branch FROM items")
        items = {row["item"]: Copy(row["title"], row["branch"]) for row in rows}
        cards = ledger.store.all("SELECT card, blocked FROM cards JOIN readers USING (reader)")
        readers = {row["card"]: Patron("", bool(row["blocked"])) for row in cards}
        told = posts.counts(ledger)
    branch = args.branch or next((one.branch for one in items.values()), "")
    for item in args.held:
        if item in items:
            items[item].holds.append(branch)
    ils = Ils(_now, items, readers, branch=branch, forces=not args.refuses)
    faults = Faults(slow=args.slow, cut=set(args.cut), wrong_sum=args.wrong_sum)
    server = SimulatedServer(ils, faults, end=b"\r\n" if args.crlf else b"\r")
    _say(f"{len(items)} items, {len(readers)} cards; told so far: {told or 'nothing'}")
    asyncio.run(_serve(server, args.port))
    return 0


async def _serve(server: SimulatedServer, port: int) -> None:
    async with server.running(port):
        _say(f"a library system listens on 127.0.0.1:{server.port}; Ctrl-C ends it")
        seen = 0
        while True:
            for code, item in server.ils.done[seen:]:
                _say(f"{time.strftime('%H:%M:%S')} {code} {item}")
            seen = len(server.ils.done)
            await asyncio.sleep(0.5)


async def _status(options: Sip2Options) -> Message:
    client = Client(options)
    try:
        return await client.ask(client.words.status())
    finally:
        await client.close()


def _ask(path: Path, make: Callable[[Client], Message]) -> Message:
    options = _options(path)

    async def ask() -> Message:
        client = Client(options)
        try:
            return await client.ask(make(client))
        finally:
            await client.close()

    return asyncio.run(ask())


def _options(path: Path) -> Sip2Options:
    options = load(path).sip2
    if not options.host:
        raise ConfigError(f"{path}: there is no library system; write a table [sip2] with host")
    return options


def _mark(good: bool, yes: str, no: str) -> None:
    _say(f"[ok]   {yes}" if good else f"[look] {no}")


def _bad(what: str, mend: str) -> int:
    _say(f"[bad]  {what}\n       {mend}")
    return 1


def _now() -> int:
    return time.time_ns() // 1_000_000


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201
