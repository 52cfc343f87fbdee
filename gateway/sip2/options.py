"""``[sip2]``: the library system that is the central circulation system. Off without a host."""

import codecs
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

HERE = ("127.0.0.1", "localhost", "::1")


def _help(text: str) -> dict[str, Any]:
    return {"help": text}


@dataclass(frozen=True, slots=True)
class Quirks:
    """How a kind of library system is known to differ (docs/sip2.md says from where).

    ``no_block``: whether Y is sent for what happened already. ``due``: whether the promised due date
    is sent with it.
    """

    no_block: Literal["never", "facts"]
    due: bool = True


PROFILES = {
    "generic": Quirks("facts"),
    "koha": Quirks("facts"),
    "evergreen": Quirks("never", due=False),
    "folio": Quirks("never", due=False),
}


@dataclass(frozen=True, slots=True)
class Sip2Options:
    """``[sip2]``: the library system (ILS) that is asked, and told what happened."""

    host: str = field(
        default="", metadata=_help("name of the library system; empty: there is none")
    )
    port: int = field(default=6001, metadata=_help("its SIP2 port"))
    tls: bool = field(
        default=True, metadata=_help("false only on this machine, for example before stunnel")
    )
    ca: Path | None = field(
        default=None, metadata=_help("certificate that signed the library system's; empty: the system's own list")
    )  # fmt: skip
    cleartext: bool = field(
        default=False,
        metadata=_help("true: without TLS to another machine. Names and numbers can be read on the way"),
    )  # fmt: skip
    profile: Literal["generic", "koha", "evergreen", "folio"] = field(
        default="generic", metadata=_help("kind of library system, for its known quirks")
    )
    user: str = field(default="", metadata=_help("our account there (CN); empty: no login"))
    password: Path | None = field(default=None, metadata=_help("file with its password (CO)"))
    location: str = field(default="", metadata=_help("CP of the login, such as a service point"))
    institution: str = field(default="", metadata=_help("AO of every message"))
    terminal: Path | None = field(
        default=None, metadata=_help("file with the terminal's password (AC), if there is one")
    )
    charset: str = field(default="utf-8", metadata=_help("character set, such as cp850 or cp1258"))
    line_end: Literal["cr", "crlf"] = field(default="cr", metadata=_help("how our lines end"))
    error_detection: bool = field(
        default=False, metadata=_help("send sequence numbers and checksums (AY, AZ)")
    )
    delimiter: str = field(default="|", metadata=_help("what ends a field"))
    zone: Literal["local", "utc"] = field(
        default="local", metadata=_help("how times are written: local, or UTC marked with Z")
    )
    seconds: float = field(default=8.0, metadata=_help("how long to wait for an answer, s"))
    sort: Literal["off", "ask", "checkin"] = field(
        default="off",
        metadata=_help("what drops have from it: nothing, what item information (17) says, or the "
                       "answer to the check-in (09) with its sort bin"),
    )  # fmt: skip
    sort_seconds: float = field(
        default=0.5,
        metadata=_help("a drop waits at most so long for it, then its table decides, s"),
    )
    post: bool = field(
        default=False, metadata=_help("true: tell it of every loan, return and renewal")
    )
    reader: Literal["card", "number"] = field(
        default="card", metadata=_help("what AA is: a card's number, or our number of the reader")
    )
    branches: dict[str, str] = field(
        default_factory=dict, metadata=_help("our branch = its code, where they differ")
    )
    bins: dict[str, str] = field(
        default_factory=dict, metadata=_help("its sort bin (CL) = our bin, where they differ")
    )

    def __post_init__(self) -> None:
        """Refuse half a login, what others could read, and what cannot be written."""
        if self.user and self.password is None:
            raise ValueError("user needs the option password (a file)")
        if self.host and not self.tls and self.host not in HERE and not self.cleartext:
            raise ValueError(
                "tls = false to another machine: use TLS or a tunnel, or say cleartext = true"
            )
        if len(self.delimiter) != 1 or not self.delimiter.isascii() or self.delimiter.isalnum():
            raise ValueError("delimiter: one sign such as |")
        if self.sort == "checkin" and not self.post:
            raise ValueError('sort = "checkin" needs post = true')
        if self.seconds <= 0 or self.sort_seconds <= 0:
            raise ValueError("seconds, sort_seconds: must be more than 0")
        try:
            codecs.lookup(self.charset)
            "AZ09|".encode(self.charset)
        except (LookupError, UnicodeError):
            raise ValueError(f"charset: {self.charset!r} is not known") from None
        if "AZ09|".encode(self.charset) != b"AZ09|":
            raise ValueError(f"charset: {self.charset!r} cannot carry SIP2")

    @property
    def quirks(self) -> Quirks:
        """How this kind of library system differs."""
        return PROFILES[self.profile]

    def theirs(self, branch: str) -> str:
        """Return its code of one of our branches."""
        return self.branches.get(branch, branch)

    def ours(self, code: str) -> str:
        """Return our branch of one of its codes."""
        return next((ours for ours, theirs in self.branches.items() if theirs == code), code)
