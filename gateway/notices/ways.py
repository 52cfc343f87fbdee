"""The ways a message leaves: e-mail, webhook, and an outbox that an SMS or Zalo gateway empties."""

import json
import os
import smtplib
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.config import MailOptions
from gateway.errors import GatewayError
from gateway.ledger.mails import Mail
from gateway.mail import send

SECONDS = 15
MOST_WAITING = 500


class NotSentError(GatewayError):
    """A message did not leave; ``final``: no further try would help."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


@dataclass(frozen=True, slots=True)
class Message:
    """What is told: to whom, a line, and the rest. No reader is named in it."""

    goal: str
    title: str
    body: str


Way = Callable[[Message], None]
"""Lets a message leave, or raises NotSentError. May block."""


@dataclass(frozen=True, slots=True)
class Letter:
    """Through the library's mail server (``[mail]``)."""

    options: MailOptions

    def __call__(self, message: Message) -> None:
        """Send it."""
        mail = Mail(f"notice-{os.urandom(8).hex()}", message.goal, message.title, message.body)
        try:
            send(self.options, mail)
        except smtplib.SMTPRecipientsRefused as error:
            raise NotSentError("the address was refused", final=True) from error
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise NotSentError(f"the mail server: {error}") from None


def webhook(message: Message) -> None:
    """Post it as JSON."""
    data = json.dumps({"title": message.title, "body": message.body}).encode()
    request = urllib.request.Request(  # noqa: S310 - https, the roster says so
        message.goal, data, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310
            return
    except urllib.error.HTTPError as error:
        with error:
            final = 400 <= error.code < 500 and error.code not in (408, 425, 429)
            raise NotSentError(f"the webhook answers {error.code}", final=final) from None
    except (OSError, ValueError) as error:
        raise NotSentError(f"the webhook: {error}") from None


@dataclass(frozen=True, slots=True)
class Outbox:
    """One JSON file a message, written whole; whoever sends SMS or Zalo takes them away."""

    folder: Path

    def __call__(self, message: Message) -> None:
        """Put it into the folder."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            waiting = sum(1 for _ in self.folder.glob("*.json"))
            if waiting >= MOST_WAITING:
                raise NotSentError(f"{waiting} messages wait in {self.folder}: nobody takes them")
            name = os.urandom(8).hex()
            text = {"to": message.goal, "text": f"{message.title}\n{message.body}"[:640]}
            fresh = self.folder / f".{name}"
            fresh.write_text(json.dumps(text, ensure_ascii=False), "utf-8")
            fresh.rename(self.folder / f"{name}.json")
        except OSError as error:
            raise NotSentError(f"{self.folder}: {error.strerror}") from None
