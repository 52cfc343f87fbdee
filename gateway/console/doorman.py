"""Who is asking: from the cookie of a browser or the token of a program; and what they may."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.accounts.rights import Right
from gateway.errors import GatewayError
from gateway.ledger import accounts
from gateway.ledger.accounts import ANYBODY, Account
from gateway.worker import LedgerWorker

COOKIE = "shelfwire"


class StrangerError(GatewayError):
    """Nobody is signed in."""


class NotYoursError(GatewayError):
    """Somebody is signed in who may not do this."""


class Doorman:
    """Finds out who asks, for every request; ``open_`` lets anybody in while nobody has an account."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        writes: LedgerWorker,
        reads: LedgerWorker,
        now: Callable[[], int],
        open_: bool,
        names: tuple[str, ...] = (),
    ) -> None:
        self._app = app
        self._writes, self._reads, self._now, self._open = writes, reads, now, open_
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the account, or None, into the request's state."""
        if scope["type"] == "http" and str(scope["path"]).startswith("/api/"):
            scope.setdefault("state", {})["who"] = await self._who(Headers(scope=scope))
        await self._app(scope, receive, send)

    async def _who(self, headers: Headers) -> Account | None:
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and token:
            return await self._reads.call(accounts.program, token.strip())
        cookie = cookie_parser(headers.get("cookie", "")).get(cookie_name(headers, self._names))
        if cookie:
            who = await self._reads.call(accounts.who_is, cookie, self._now())
            if who is not None:
                await self._writes.call(accounts.seen, who.mark, self._now())
                return who
        if self._open and not await self._reads.call(accounts.any_account):
            return ANYBODY
        return None


def cookie_name(headers: Headers, names: tuple[str, ...]) -> str:
    """Return the cookie's name: one that only https can set, where the page came by https."""
    host = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
    return f"__Host-{COOKIE}" if host in names else COOKIE


class Asks:
    """A dependency: the account that asks, if it has a right."""

    def __init__(self, right: Right) -> None:
        self.right = right

    def __call__(self, request: Request) -> Account:
        """Return who asks; raise StrangerError or NotYoursError."""
        who: Account | None = request.state.who
        if who is None:
            raise StrangerError("please sign in")
        if not who.may(self.right):
            raise NotYoursError("your role does not allow this")
        return who


Counting = Annotated[Account, Depends(Asks("counts"))]
Machines = Annotated[Account, Depends(Asks("machines"))]
Working = Annotated[Account, Depends(Asks("work"))]
Settling = Annotated[Account, Depends(Asks("settle"))]
Reading = Annotated[Account, Depends(Asks("readers"))]
Commanding = Annotated[Account, Depends(Asks("command"))]
Auditing = Annotated[Account, Depends(Asks("looks"))]
Managing = Annotated[Account, Depends(Asks("accounts"))]
