"""Reads the centre's answer: whole, genuine, for this device and still good, or not at all."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edge.config import Config
from edge.uplink.trust import seal_of, trust_of
from edge.wire import topics
from edge.wire.bundle import ALLOWED, CURSOR, PART, BundleError, BundleReader, Head
from edge.wire.cursors import decode_cursor
from edge.wire.errors import WireError
from edge.wire.messages import Allowed, Cursor, Part, decode
from edge.wire.parts import decode_part
from edge.wire.seal import SealError, Trust
from edge.wire.topics import Topic

SUFFIX = ".answer.bundle"
_ROWS = {CURSOR: topics.CURSOR, PART: topics.REPLICA, ALLOWED: topics.ALLOWED}


@dataclass(frozen=True, slots=True)
class Said:
    """A message of an answer, as it came and as it is understood."""

    topic: Topic
    payload: bytes
    message: Cursor | Part | Allowed


class Answer:
    """An answer in an open file; ``name`` is what it is called in errors (BundleError)."""

    def __init__(self, file: BinaryIO, name: str, config: Config) -> None:
        """Read the head and be sure of it."""
        self.name, self._config = name, config
        try:
            self._reader = BundleReader(file)
            self._trust = self._believe(self._reader)
        except BundleError as error:
            raise self._named(error) from None
        except OSError as error:
            raise BundleError("unreadable", file=name, why=error.strerror or error) from None

    @property
    def head(self) -> Head:
        """What the answer says of itself."""
        return self._reader.head

    def check(self, now: int | None) -> None:
        """Read it all and change nothing; ``now`` (ms, None: nobody knows) must be before its end."""
        if now is not None and now > self.head.expires:
            raise BundleError("expired", file=self.name, until=day(self.head.expires))
        for _ in self.messages():
            pass

    def messages(self) -> Iterator[Said]:
        """Yield the messages in their order."""
        number = 0
        try:
            for number, frame in enumerate(self._reader.frames(), 1):
                yield self._said(frame)
        except BundleError as error:
            raise self._named(error) from None
        except WireError as error:
            field = f"frame {number}: {error}"
            raise BundleError("changed", file=self.name, field=field) from None
        except OSError as error:
            raise BundleError("unreadable", file=self.name, why=error.strerror or error) from None

    def _said(self, frame: bytes) -> Said:
        kind, payload = frame[:1], frame[1:]
        if kind not in _ROWS:
            raise BundleError("newer", field="frame", found=kind.hex(), known="c, p, a")
        message: Cursor | Part | Allowed
        if kind == CURSOR:
            message = decode_cursor(payload)
        elif kind == ALLOWED:
            message = decode(payload, Allowed)
        else:
            message = decode_part(payload, self._config.agent.site, self._trust)
        return Said(_ROWS[kind], payload, message)

    def _believe(self, reader: BundleReader) -> Trust:
        agent, head = self._config.agent, reader.head
        if head.kind != "answer":
            raise BundleError("wrong_kind", found=head.kind, wanted="answer")
        trust = trust_of(self._config.uplink, agent.data)
        if trust is None:
            raise BundleError("no_keys", field="ca.crt")
        try:
            public = trust.public(trust.learn(head.cert))
        except SealError:
            raise BundleError("not_the_centre") from None
        reader.believe(public)
        if head.site != agent.site:
            raise BundleError("wrong_site", found=head.site, wanted=agent.site)
        if head.device != agent.device:
            raise BundleError("wrong_device", found=head.device, wanted=agent.device)
        try:
            reader.open(seal_of(self._config.uplink))
        except SealError as error:
            raise BundleError("no_keys", field=str(error)) from None
        return trust

    def _named(self, error: BundleError) -> BundleError:
        return BundleError(error.word, **{"file": self.name, **error.values})


def find(path: Path, device: str) -> Path:
    """Return the answer for a device: the file itself, or the one in a folder."""
    if not path.is_dir():
        return path
    file = path / f"{device}{SUFFIX}"
    if not file.is_file():
        raise BundleError("nothing_here", file=str(path), wanted=file.name)
    return file


def day(ms: int) -> str:
    """Return a day as people write it."""
    return f"{datetime.datetime.fromtimestamp(ms / 1000).astimezone():%d/%m/%Y}"
