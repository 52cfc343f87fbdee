"""``shelfwire-gateway user``: who may use the console."""

import argparse
import getpass
import sys
from collections.abc import Callable
from pathlib import Path

from gateway.accounts.rights import ROLES
from gateway.enrol import open_ledger
from gateway.errors import RefusedError
from gateway.home import Home
from gateway.ledger import accounts
from gateway.ledger.sqlite import SqliteLedger

Do = Callable[[argparse.Namespace, SqliteLedger, int], str]


def add_parser(
    words: "argparse._SubParsersAction[argparse.ArgumentParser]",
    home: Path,
    now: Callable[[], int],
) -> None:
    """Add the word ``user`` with its own words."""
    about = "say who may use the console, and as what"
    user = words.add_parser("user", help=about, description=about[0].upper() + about[1:] + ".")
    own = user.add_subparsers(title="commands", metavar="WHAT", required=True)

    def word(name: str, do: Do, text: str, *, account: bool = True) -> argparse.ArgumentParser:
        made = own.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        made.add_argument("--home", type=Path, default=home, help="the gateway's folder")
        made.set_defaults(do=lambda args: _run(args, do, now()))
        if account:
            made.add_argument("account", metavar="ACCOUNT")
        return made

    add = word("add", _add, "make an account or change it; asks for a password")
    add.add_argument("--role", choices=ROLES, required=True)
    add.add_argument("--name", default="", help="how decisions are signed")
    add.add_argument("--site", action="append", help="a site in reach (default: all)")
    add.add_argument("--subject", default="", help="who this is at the OIDC provider")
    add.add_argument("--no-password", action="store_true", help="OIDC or a token only")
    word("passwd", _passwd, "give an account another password")
    word("list", _list, "list the accounts", account=False)
    code = word("totp", _totp, "ask an account for codes of an app too")
    code.add_argument("--off", action="store_true", help="no more")
    word("token", _token, "give a program a token (Authorization: Bearer)")
    word("off", _off, "let nobody in with an account any more")


def _run(args: argparse.Namespace, do: Do, now: int) -> int:
    ledger = open_ledger(Home(args.home))
    try:
        text = do(args, ledger, now)
    finally:
        ledger.close()
    sys.stdout.write(text + "\n")
    return 0


def _add(args: argparse.Namespace, ledger: SqliteLedger, now: int) -> str:
    password = "" if args.no_password else _ask()
    accounts.put(
        ledger, args.account, args.role, now,
        name=args.name, sites=args.site, password=password, subject=args.subject,
    )  # fmt: skip
    reach = ", ".join(args.site) if args.site else "all sites"
    return f"{args.account} may use the console as {args.role} ({reach})"


def _passwd(args: argparse.Namespace, ledger: SqliteLedger, now: int) -> str:
    accounts.set_password(ledger, args.account, _ask(), now)
    return f"{args.account} has a new password; it must sign in again"


def _list(_: argparse.Namespace, ledger: SqliteLedger, _now: int) -> str:
    rows = [("account", "role", "sites", "signs in with", "name")]
    for row in accounts.listed(ledger):
        ways = [way for way in ("password", "totp", "subject", "token") if row[way]]
        how = "off" if row["disabled"] else ", ".join(ways) or "nothing yet"
        rows.append(
            (row["account"], row["role"], ", ".join(row["sites"]) or "all", how, row["name"])
        )
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _totp(args: argparse.Namespace, ledger: SqliteLedger, now: int) -> str:
    address = accounts.set_totp(ledger, args.account, now, on=not args.off)
    return (
        f"put this into the app of {args.account}:\n{address}" if address else "no codes any more"
    )


def _token(args: argparse.Namespace, ledger: SqliteLedger, now: int) -> str:
    return accounts.set_token(ledger, args.account, now)


def _off(args: argparse.Namespace, ledger: SqliteLedger, now: int) -> str:
    accounts.disable(ledger, args.account, now)
    return f"{args.account} may not sign in any more"


def _ask() -> str:
    """Return a password: typed twice, or the first line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Once more: "):
        raise RefusedError("the two are not the same; nothing was changed")
    return first
