"""The gateway's configuration file."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from edge.wire.tables import ConfigError, read_table, read_toml
from gateway.sip2.options import Sip2Options


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """``[gateway]``."""

    data: Path = field(metadata={"help": "folder that `shelfwire-gateway init` made"})
    scope: Literal["branch", "all"] = field(
        default="branch",
        metadata={
            "help": "what a site's copy holds: items and readers of its branch, those below it and "
            "what is lent between; or the whole catalogue"
        },
    )


@dataclass(frozen=True, slots=True)
class BrokerOptions:
    """``[broker]``: where facts come from."""

    host: str = field(default="127.0.0.1", metadata={"help": "name or address of the broker"})
    port: int = field(default=8883, metadata={"help": "port of the broker"})
    tls: bool = field(default=True, metadata={"help": "false only on a test bench"})
    ca: Path | None = field(default=None, metadata={"help": "certificate that signed the broker"})
    cert: Path | None = field(default=None, metadata={"help": "the gateway's own certificate"})
    key: Path | None = field(default=None, metadata={"help": "the gateway's private key"})

    def __post_init__(self) -> None:
        """Refuse TLS without its files."""
        if self.tls and not (self.ca and self.cert and self.key):
            raise ValueError("tls needs the options ca, cert and key")


@dataclass(frozen=True, slots=True)
class ConsoleOptions:
    """``[console]``: the staff's web page."""

    host: str = field(default="127.0.0.1", metadata={"help": "address it listens on"})
    port: int = field(default=8090, metadata={"help": "port it listens on; 0: any free one"})
    names: tuple[str, ...] = field(
        default=(),
        metadata={"help": "host names under which a proxy with https brings the page"},
    )
    open: bool = field(
        default=False,
        metadata={"help": "true on a test bench: no sign-in, as long as there is no account"},
    )

    def __post_init__(self) -> None:
        """Refuse to stand open to others."""
        if self.open and (self.host not in ("127.0.0.1", "localhost", "::1") or self.names):
            raise ValueError("open: only on this machine (host 127.0.0.1, no names)")


@dataclass(frozen=True, slots=True)
class OidcOptions:
    """``[oidc]``: the provider that staff sign in through, beside passwords."""

    issuer: str = field(default="", metadata={"help": "the provider's address; empty: none"})
    client_id: str = field(default="", metadata={"help": "our name at the provider"})
    secret: Path | None = field(default=None, metadata={"help": "file with our secret there"})
    claim: Literal["sub", "email", "preferred_username"] = field(
        default="sub", metadata={"help": "what `user add --subject` is compared with"}
    )

    def __post_init__(self) -> None:
        """Refuse half a provider."""
        if self.issuer and not (self.client_id and self.secret):
            raise ValueError("the provider needs client_id and secret")


@dataclass(frozen=True, slots=True)
class MailOptions:
    """``[mail]``: the server through which receipts are sent."""

    host: str = field(default="", metadata={"help": "name of the mail server; empty: no e-mail"})
    port: int = field(default=587, metadata={"help": "its port"})
    security: Literal["starttls", "tls", "none"] = field(
        default="starttls", metadata={"help": "how the line is secured; none only on this machine"}
    )
    ca: Path | None = field(
        default=None, metadata={"help": "who signed its certificate; empty: the system's own list"}
    )
    sender: str = field(default="", metadata={"help": "address that the receipts come from"})
    user: str = field(default="", metadata={"help": "account there; empty: no sign-in"})
    password: Path | None = field(default=None, metadata={"help": "file with its password"})

    def __post_init__(self) -> None:
        """Refuse half a mail server, and a line that others could read."""
        if self.host and not self.sender:
            raise ValueError("a mail server needs the option sender")
        if self.security == "none" and self.host not in ("", "127.0.0.1", "localhost", "::1"):
            raise ValueError("security: none only for a mail server on this machine")
        if self.user and self.password is None:
            raise ValueError("user needs the option password (a file)")


@dataclass(frozen=True, slots=True)
class NoticeOptions:
    """``[notices]``: messages to people who are not at the page; without a roster there are none."""

    roster: Path | None = field(
        default=None, metadata={"help": "file of who is told of what, and when (console.md)"}
    )
    outbox: Path | None = field(
        default=None, metadata={"help": "folder that an SMS or Zalo gateway empties"}
    )
    services: Path | None = field(
        default=None, metadata={"help": "file of SMS or Zalo services that take messages by HTTP"}
    )


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file."""

    gateway: GatewayOptions
    broker: BrokerOptions = field(default_factory=BrokerOptions)
    console: ConsoleOptions = field(default_factory=ConsoleOptions)
    oidc: OidcOptions = field(default_factory=OidcOptions)
    mail: MailOptions = field(default_factory=MailOptions)
    notices: NoticeOptions = field(default_factory=NoticeOptions)
    sip2: Sip2Options = field(default_factory=Sip2Options)


_TABLES = {
    "gateway": GatewayOptions, "broker": BrokerOptions, "console": ConsoleOptions,
    "oidc": OidcOptions, "mail": MailOptions, "notices": NoticeOptions,
    "sip2": Sip2Options,
}  # fmt: skip


def load(path: Path) -> Config:
    """Return the configuration; raise ConfigError naming file, table and option."""
    tables = read_toml(path)
    for name in tables:
        if name not in _TABLES:
            raise ConfigError(f"{path}: unknown table [{name}]; allowed: {', '.join(_TABLES)}")
    values: dict[str, Any] = {
        name: read_table(cls, tables.get(name, {}), f"{path} [{name}]", path.parent)
        for name, cls in _TABLES.items()
    }
    return Config(**values)
