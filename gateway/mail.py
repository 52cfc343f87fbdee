"""Sends the receipts of the outbox through the library's mail server. Off unless configured."""

import asyncio
import logging
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage

from gateway.config import MailOptions
from gateway.ledger.mails import Mail
from gateway.ledger.sqlite import SqliteLedger
from gateway.worker import LedgerWorker

log = logging.getLogger(__name__)
EVERY = 10.0
TIMEOUT = 20.0
REFUSED = "address refused"


class Postman:
    """Empties the outbox; a server that is away is told once, and once when it is back."""

    def __init__(
        self,
        writes: LedgerWorker,
        reads: LedgerWorker,
        options: MailOptions,
        now: Callable[[], int],
    ) -> None:
        self._writes, self._reads, self._options, self._now = writes, reads, options, now
        self._up = True
        self._gone: set[str] = set()  # letters that went, and nobody could write it down yet

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(EVERY)

    async def round(self) -> int:
        """Send what waits; return how many went."""
        mails = await self._reads.call(lambda ledger: ledger.mails.waiting(self._now()))
        went = 0
        for mail in mails:
            try:
                if mail.fact not in self._gone:
                    await asyncio.to_thread(send, self._options, mail)
            except smtplib.SMTPRecipientsRefused as error:  # of this letter; others may go
                code = max((code for code, _ in error.recipients.values()), default=0)
                for_good = code >= 500
                await self._writes.call(_failed, mail.fact, self._now(), REFUSED, for_good)
            except (OSError, smtplib.SMTPException) as error:
                self._note(up=False, why=type(error).__name__)
                await self._writes.call(_failed, mail.fact, self._now(), type(error).__name__)
            else:
                self._note(up=True)
                self._gone.add(mail.fact)
                await self._writes.call(_sent, mail.fact, self._now())
                self._gone.discard(mail.fact)
                went += 1
        return went

    def _note(self, *, up: bool, why: str = "") -> None:
        """Log a loss once and a return once; never an address (a server's words may hold one)."""
        if up and not self._up:
            log.info("the mail server takes receipts again")
        elif not up and self._up:
            log.warning("receipts cannot be sent by e-mail (%s): they are tried again later", why)
        self._up = up


def _failed(ledger: SqliteLedger, fact: str, now: int, why: str, for_good: bool = False) -> None:
    with ledger.store.transaction():
        ledger.mails.failed(fact, now, why, for_good=for_good)


def _sent(ledger: SqliteLedger, fact: str, now: int) -> None:
    ledger.mails.sent(fact, now)


def send(options: MailOptions, mail: Mail) -> None:
    """Send one; raise OSError or SMTPException. Blocks."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = options.sender, mail.to, mail.subject
    message["Auto-Submitted"] = "auto-generated"
    message["Message-ID"] = f"<{mail.fact}@shelfwire>"  # sent twice, it is shown once
    message.set_content(mail.text)
    context = ssl.create_default_context(cafile=options.ca)
    server: smtplib.SMTP
    if options.security == "tls":
        server = smtplib.SMTP_SSL(options.host, options.port, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(options.host, options.port, timeout=TIMEOUT)
    with server:
        if options.security == "starttls":
            server.starttls(context=context)
        if options.user and options.password is not None:
            server.login(options.user, options.password.read_text("utf-8").strip())
        server.send_message(message)
