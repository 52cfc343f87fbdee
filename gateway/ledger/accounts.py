"""Accounts in the ledger: made, changed, signed in and out, and every look at a reader."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any

import msgspec

from gateway.accounts import passwords, totp
from gateway.accounts.rights import DEEDS, RIGHTS, ROLES, Right, Role
from gateway.errors import RefusedError
from gateway.ledger.sqlite import SqliteLedger

IDLE_MS = 60 * 60_000
LONGEST_MS = 12 * 3_600_000
"""Who does nothing for an hour, or is signed in for half a day, signs in again."""
SEEN_MS = 60_000
KEEP_ENTRIES = 5000
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}\Z")


@dataclass(frozen=True, slots=True)
class Account:
    """Who is asking. ``sites`` empty: all of them. ``mark``: of the signed-in browser, if any."""

    account: str
    name: str
    role: Role
    sites: frozenset[str] = frozenset()
    mark: str = ""

    def may(self, right: Right) -> bool:
        """Return whether the role has a right."""
        return right in RIGHTS[self.role]

    def sees(self, site: str) -> bool:
        """Return whether a site is within reach."""
        return not self.sites or site in self.sites

    @property
    def deeds(self) -> frozenset[str]:
        """The commands this one may send."""
        return DEEDS[self.role]

    @property
    def who(self) -> str:
        """How decisions are signed."""
        return self.name or self.account


ANYBODY = Account("", "", "province")
"""Who asks where the console stands open: on this machine only, for the demo."""


def put(
    ledger: SqliteLedger,
    account: str,
    role: str,
    now: int,
    *,
    name: str = "",
    sites: list[str] | None = None,
    password: str = "",
    subject: str = "",
) -> None:
    """Make an account or change it; whoever is signed in with it signs in again."""
    if not _NAME.match(account):
        raise RefusedError(f"{account!r} is no account name: 2 to 64 of a-z, 0-9 and . _ @ -")
    if role not in ROLES:
        raise RefusedError(f"{role!r} is no role; there are {', '.join(ROLES)}")
    unknown = set(sites or []) - set(ledger.sites())
    if unknown:
        raise RefusedError(f"there is no site {min(unknown)!r}")
    kept = passwords.keep(password) if password else ""
    with ledger.store.transaction():
        ledger.store.run(
            "INSERT INTO accounts (account, name, role, sites, password, subject, made, changed) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) ON CONFLICT (account) DO UPDATE SET "
            "name = ?2, role = ?3, sites = ?4, subject = ?6, changed = ?7, disabled = 0, "
            "password = CASE WHEN ?5 = '' THEN password ELSE ?5 END",
            *(account, name, role, _json(sorted(sites or [])), kept, subject, now),
        )
        _out(ledger, account)
        _note(ledger, account, "changed", role, now)


def set_password(ledger: SqliteLedger, account: str, password: str, now: int) -> None:
    """Give an account another password."""
    _change(ledger, account, "password", passwords.keep(password), now)


def set_totp(ledger: SqliteLedger, account: str, now: int, *, on: bool) -> str:
    """Ask an account for codes too, or no more; return the address for the app."""
    secret = totp.new_secret() if on else ""
    _change(ledger, account, "totp", secret, now)
    return totp.address(secret, account) if on else ""


def set_token(ledger: SqliteLedger, account: str, now: int) -> str:
    """Give a program a token for an account; an earlier one is void."""
    token = secrets.token_urlsafe(32)
    _change(ledger, account, "token", _mark(token), now)
    return token


def disable(ledger: SqliteLedger, account: str, now: int) -> None:
    """Let nobody in with an account any more; what it did stays signed with its name."""
    _change(ledger, account, "disabled", 1, now)


def listed(ledger: SqliteLedger) -> list[dict[str, Any]]:
    """Return all accounts, without their secrets."""
    rows = ledger.store.all("SELECT * FROM accounts ORDER BY account")
    return [
        {
            "account": row["account"],
            "name": row["name"],
            "role": row["role"],
            "sites": msgspec.json.decode(row["sites"]),
            "password": bool(row["password"]),
            "totp": bool(row["totp"]),
            "subject": row["subject"],
            "token": bool(row["token"]),
            "disabled": bool(row["disabled"]),
        }
        for row in rows
    ]


def any_account(ledger: SqliteLedger) -> bool:
    """Return whether there is an account that somebody can use."""
    return ledger.store.one("SELECT 1 FROM accounts WHERE NOT disabled") is not None


def kept(ledger: SqliteLedger, account: str) -> tuple[str, str, int]:
    """Return password, secret and counter of an account; empty for one that is not there."""
    row = ledger.store.one("SELECT * FROM accounts WHERE account = ? AND NOT disabled", account)
    return (row["password"], row["totp"], row["counter"]) if row else ("", "", 0)


def sign_in(ledger: SqliteLedger, account: str, now: int, counter: int = 0) -> str:
    """Sign a browser in; return what its cookie holds. Raise RefusedError for a used code."""
    token = secrets.token_urlsafe(32)
    with ledger.store.transaction():
        if counter and not ledger.store.run(
            "UPDATE accounts SET counter = ?2 WHERE account = ?1 AND counter < ?2", account, counter
        ):
            raise RefusedError("this code was used already")
        ledger.store.run("DELETE FROM signed_in WHERE since < ?", now - LONGEST_MS)
        ledger.store.run(
            "INSERT INTO signed_in VALUES (?1, ?2, ?3, ?3)", _mark(token), account, now
        )
        _note(ledger, account, "in", "", now)
    return token


def sign_out(ledger: SqliteLedger, mark: str, now: int) -> None:
    """Sign a browser out."""
    with ledger.store.transaction():
        row = ledger.store.one("SELECT account FROM signed_in WHERE mark = ?", mark)
        ledger.store.run("DELETE FROM signed_in WHERE mark = ?", mark)
        if row is not None:
            _note(ledger, row["account"], "out", "", now)


def wrong(ledger: SqliteLedger, account: str, now: int) -> None:
    """Write down a try that failed."""
    with ledger.store.transaction():
        _note(ledger, account[:64], "wrong", "", now)


def who_is(ledger: SqliteLedger, token: str, now: int) -> Account | None:
    """Return who a cookie belongs to; None when it is not good (any more)."""
    row = ledger.store.one(
        "SELECT a.*, s.mark FROM signed_in s JOIN accounts a USING (account) "
        "WHERE s.mark = ? AND NOT a.disabled AND s.seen > ? AND s.since > ?",
        *(_mark(token), now - IDLE_MS, now - LONGEST_MS),
    )
    return _account(row, row["mark"]) if row else None


def holds(ledger: SqliteLedger, who: Account, now: int) -> bool:
    """Return whether somebody is still signed in as then; note that the page is in use."""
    row = ledger.store.one(
        "SELECT a.*, s.mark FROM signed_in s JOIN accounts a USING (account) "
        "WHERE s.mark = ? AND NOT a.disabled AND s.since > ?",
        *(who.mark, now - LONGEST_MS),
    )
    return row is not None and _account(row, row["mark"]) == who


def program(ledger: SqliteLedger, token: str) -> Account | None:
    """Return who a program's token belongs to."""
    row = ledger.store.one("SELECT * FROM accounts WHERE token = ? AND NOT disabled", _mark(token))
    return _account(row) if row else None


def by_subject(ledger: SqliteLedger, subject: str) -> Account | None:
    """Return the account of somebody whom the OIDC provider knows."""
    row = ledger.store.one(
        "SELECT * FROM accounts WHERE subject = ? AND subject <> '' AND NOT disabled", subject
    )
    return _account(row) if row else None


def seen(ledger: SqliteLedger, mark: str, now: int) -> None:
    """Note that a browser is in use; not more often than once a minute."""
    ledger.store.run(
        "UPDATE signed_in SET seen = ?2 WHERE mark = ?1 AND seen < ?2 - ?3", mark, now, SEEN_MS
    )


def look(ledger: SqliteLedger, account: str, reader: str, why: str, now: int) -> dict[str, Any]:
    """Write a look down, then return the reader's record; raise RefusedError without a reason."""
    why = " ".join(why.split())[:200]
    if not why:
        raise RefusedError("say why you need this reader's record")
    with ledger.store.transaction():
        row = ledger.store.one("SELECT * FROM readers WHERE reader = ?", reader)
        if row is None:
            raise RefusedError(f"there is no reader {reader}")
        ledger.store.run(
            "INSERT INTO looks (at, account, reader, why) VALUES (?, ?, ?, ?)",
            *(now, account, reader, why),
        )
        loans = ledger.store.all(
            "SELECT l.item, i.title, l.since, l.due FROM loans l LEFT JOIN items i USING (item) "
            "WHERE l.reader = ? AND l.ended IS NULL ORDER BY l.due",
            reader,
        )
    names = ("reader", "name", "grp", "expires", "branch", "blocked")
    return {**{name: row[name] for name in names}, "loans": [dict(one) for one in loans]}


def looks(ledger: SqliteLedger, limit: int = 100) -> list[dict[str, Any]]:
    """Return who looked at readers' records lately, newest first."""
    rows = ledger.store.all("SELECT * FROM looks ORDER BY number DESC LIMIT ?", limit)
    return [dict(row) for row in rows]


def _change(ledger: SqliteLedger, account: str, column: str, value: str | int, now: int) -> None:
    with ledger.store.transaction():
        changed = ledger.store.run(
            f"UPDATE accounts SET {column} = ?2, changed = ?3 WHERE account = ?1",  # noqa: S608
            *(account, value, now),
        )
        if not changed:
            raise RefusedError(f"there is no account {account!r}")
        _out(ledger, account)
        _note(ledger, account, "changed", column, now)


def _out(ledger: SqliteLedger, account: str) -> None:
    ledger.store.run("DELETE FROM signed_in WHERE account = ?", account)


def _note(ledger: SqliteLedger, account: str, what: str, detail: str, now: int) -> None:
    number = ledger.store.insert(
        "INSERT INTO entries (at, account, what, detail) VALUES (?, ?, ?, ?)",
        *(now, account, what, detail),
    )
    ledger.store.run(
        "DELETE FROM entries WHERE number <= ? AND what = 'wrong'", number - KEEP_ENTRIES
    )


def _account(row: Any, mark: str = "") -> Account:
    sites = frozenset(msgspec.json.decode(row["sites"], type=list[str]))
    return Account(row["account"], row["name"], row["role"], sites, mark)


def _mark(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
