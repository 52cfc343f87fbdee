"""Signing in and out: password with an optional code, or through an OIDC provider."""

import asyncio
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from pydantic import BaseModel, Field

from gateway.accounts import passwords, totp
from gateway.accounts.oidc import OidcError, Provider
from gateway.accounts.rights import RIGHTS
from gateway.accounts.throttle import Throttle
from gateway.console.doorman import COOKIE, cookie_name
from gateway.errors import RefusedError
from gateway.ledger import accounts
from gateway.ledger.accounts import ANYBODY, LONGEST_MS, Account
from gateway.worker import LedgerWorker

AT_ONCE = 4
"""Passwords that are checked at the same time: each takes 32 MiB."""
FROM_ONE_ADDRESS = 40
BEGUN = f"{COOKIE}-begun"
BEGUN_SECONDS = 600
_BACK = (
    '<!doctype html><html lang="vi"><meta charset="utf-8"><title>Shelfwire</title>'
    '<meta http-equiv="refresh" content="0; url=/{query}"><p><a href="/{query}">Shelfwire</a></p>'
)
"""A page of our own in between: a cookie for this site alone does not come along from elsewhere."""


class SignIn(BaseModel):
    """What the form sends."""

    account: str = Field(max_length=64)
    password: str = Field(max_length=200)
    code: str = Field(default="", max_length=12)


class Desk:
    """The doors in front of the doors; nobody needs an account for them."""

    def __init__(
        self,
        writes: LedgerWorker,
        reads: LedgerWorker,
        now: Callable[[], int],
        provider: Provider | None,
        names: tuple[str, ...],
    ) -> None:
        self._writes, self._reads, self._now = writes, reads, now
        self._provider, self._names = provider, names
        self._tries, self._addresses = Throttle(), Throttle(FROM_ONE_ADDRESS)
        self._checking = asyncio.Semaphore(AT_ONCE)

    def add_to(self, app: FastAPI) -> None:
        """Put the doors into the application."""
        app.get("/api/me")(self.me)
        app.post("/api/sign-in")(self.sign_in)
        app.post("/api/sign-out")(self.sign_out)
        app.get("/sign-in/provider", response_model=None)(self.begin)
        app.get("/sign-in/back", response_model=None)(self.back)

    async def me(self, request: Request) -> dict[str, Any]:
        """Say who asks and what they may, or how one can sign in."""
        who: Account | None = request.state.who
        if who is None:
            empty = not await self._reads.call(accounts.any_account)
            return {"account": None, "provider": self._provider is not None, "empty": empty}
        return {
            "account": who.account,
            "name": who.name,
            "role": who.role,
            "open": who is ANYBODY,
            "rights": sorted(RIGHTS[who.role]),
            "deeds": sorted(who.deeds),
            "sites": sorted(who.sites),
        }

    async def sign_in(self, request: Request, said: SignIn) -> Response:
        """Check a password, and a code where one is asked for; 429 while one must wait."""
        account, now = said.account.strip().lower(), self._now()
        address = request.client.host if request.client else ""
        wait = max(self._tries.wait_ms(account, now), self._addresses.wait_ms(address, now))
        if wait or self._checking.locked():
            seconds = max(1, -(-wait // 1000))
            return _no("wait", 429, seconds=seconds)
        password, secret, used = await self._reads.call(accounts.kept, account)
        async with self._checking:
            fits = await asyncio.to_thread(passwords.fits, said.password, password)
        counter = totp.counter_of(secret, said.code, now, used) if secret and fits else 0
        if fits and secret and not said.code:
            return _no("code", 401)
        if not fits or counter is None:
            self._tries.wrong(account, now)
            self._addresses.wrong(address, now)
            await self._writes.call(accounts.wrong, account, now)
            return _no("wrong", 401)
        self._tries.right(account)
        return await self._let_in(request, account, JSONResponse({"done": True}), counter)

    async def sign_out(self, request: Request) -> Response:
        """Forget this browser."""
        who: Account | None = request.state.who
        if who is not None and who.mark:
            await self._writes.call(accounts.sign_out, who.mark, self._now())
        response = JSONResponse({"done": True})
        response.delete_cookie(cookie_name(request.headers, self._names), path="/")
        return response

    async def begin(self, request: Request) -> Response:
        """Send the browser to the provider."""
        if self._provider is None:
            return _no("no_provider", 404)
        try:
            begun = await asyncio.to_thread(self._provider.begin, self._return_to(request))
        except OidcError:
            return RedirectResponse("/?sign-in=provider", 303)
        response = RedirectResponse(begun.address, 303)
        value = f"{begun.state}.{begun.nonce}.{begun.verifier}"
        response.set_cookie(
            BEGUN, value, max_age=BEGUN_SECONDS, path="/sign-in", httponly=True,
            samesite="lax", secure=self._secure(request),
        )  # fmt: skip
        return response

    async def back(self, request: Request, code: str = "", state: str = "") -> Response:
        """Take the browser back from the provider."""
        kept, nonce, verifier = (request.cookies.get(BEGUN, "") + "..").split(".")[:3]
        if self._provider is None or not code or not state or state != kept:
            return _page("?sign-in=again")
        try:
            subject = await asyncio.to_thread(
                self._provider.finish, code[:4096], nonce, verifier, self._return_to(request),
                self._now(),
            )  # fmt: skip
        except OidcError:
            return _page("?sign-in=provider")
        who = await self._reads.call(accounts.by_subject, subject)
        if who is None:
            return _page("?sign-in=unknown")
        response = await self._let_in(request, who.account, _page(""))
        response.delete_cookie(BEGUN, path="/sign-in")
        return response

    async def _let_in(
        self, request: Request, account: str, response: Response, counter: int = 0
    ) -> Response:
        try:
            token = await self._writes.call(accounts.sign_in, account, self._now(), counter)
        except RefusedError:
            return _no("wrong", 401)
        response.set_cookie(
            cookie_name(request.headers, self._names), token, max_age=LONGEST_MS // 1000, path="/",
            httponly=True, samesite="strict", secure=self._secure(request),
        )  # fmt: skip
        return response

    def _secure(self, request: Request) -> bool:
        return cookie_name(request.headers, self._names) != COOKIE

    def _return_to(self, request: Request) -> str:
        scheme = "https" if self._secure(request) else "http"
        return f"{scheme}://{request.headers.get('host', '')}/sign-in/back"


def _page(query: str) -> HTMLResponse:
    return HTMLResponse(_BACK.replace("{query}", query))


def _no(why: str, status: int, **more: int) -> Response:
    return JSONResponse({"error": why, **more}, status_code=status)
