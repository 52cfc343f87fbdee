"""What can be configured of a FEIG reader."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from drivers.uhf.options import UhfRuleOptions

BlockOrder = Literal["reversed", "plain"]
_UHF_HELP = "of a UHF reader (LRU, MRU): how the site uses its tags, see UHF tags"


@dataclass(frozen=True, slots=True)
class FeigOptions:
    """Options that pads and gates share."""

    url: str = field(
        metadata={"help": "where it is, such as serial:///dev/ttyUSB0 or tcp://192.0.2.7:10001"}
    )
    address: int = field(
        default=0xFF, metadata={"help": "bus address of the reader, 255 for whichever is there"}
    )
    profile: Path | None = field(
        default=None, metadata={"help": "TOML file with the reader's settings, none to leave them"}
    )
    block_order: BlockOrder | None = field(
        default=None,
        metadata={"help": "order of a block's bytes on the wire; from the profile, else reversed"},
    )
    password: str = field(
        default="", metadata={"help": "reader password, 8 hex digits; empty when it asks for none"}
    )
    patience: float = field(
        default=1.0, metadata={"help": "factor on all time limits, for slow serial servers"}
    )
    tries: int = field(default=3, metadata={"help": "how often to ask when the wire was bad"})
    pause_ms: int = field(
        default=5, metadata={"help": "rest of a reader on a serial line between two questions"}
    )

    check_seconds: float = field(
        default=60.0,
        metadata={"help": "how often to look whether the profile is still in the reader, 0: never"},
    )

    def __post_init__(self) -> None:
        """Refuse with ValueError what no reader can take."""
        if not 0 <= self.check_seconds <= 86_400:
            raise ValueError("check_seconds must be 0 to 86400")
        if not 0 <= self.address <= 0xFF:
            raise ValueError("address must be 0 to 255")
        if not 0.01 <= self.patience <= 100:
            raise ValueError("patience must be 0.01 to 100")
        if not 1 <= self.tries <= 100:
            raise ValueError("tries must be 1 to 100")
        if not 0 <= self.pause_ms <= 1000:
            raise ValueError("pause_ms must be 0 to 1000")
        if self.password and len(_hex(self.password)) != 4:
            raise ValueError("password must be 8 hex digits")

    @property
    def password_bytes(self) -> bytes:
        """Return the password as the reader takes it, empty when there is none."""
        return _hex(self.password)


@dataclass(frozen=True, slots=True)
class PadOptions(FeigOptions):
    """Options of a reader under a pad, a desk or a drop."""


@dataclass(frozen=True, slots=True)
class GateOptions(FeigOptions):
    """Options of a reader in a gate."""

    records: int = field(
        default=255, metadata={"help": "records to take from the buffer at a time, 1 to 255"}
    )
    uhf: UhfRuleOptions = field(default_factory=UhfRuleOptions, metadata={"help": _UHF_HELP})

    def __post_init__(self) -> None:
        """Refuse with ValueError what no reader can take."""
        FeigOptions.__post_init__(self)
        if not 1 <= self.records <= 255:
            raise ValueError("records must be 1 to 255")


@dataclass(frozen=True, slots=True)
class NotifyOptions:
    """Options of a gate reader that calls us when it has something to tell."""

    listen: str = field(
        metadata={
            "help": "where the reader calls, an address of this machine: tcp://192.0.2.5:10005"
        }
    )
    peer: str = field(
        default="", metadata={"help": "only this address may call; empty: whoever does"}
    )
    address: int = field(
        default=0xFF, metadata={"help": "bus address of the reader, 255 for whichever calls"}
    )
    block_order: BlockOrder | None = field(
        default=None,
        metadata={"help": "order of a block's bytes on the wire; from the profile, else reversed"},
    )
    silence_seconds: float = field(
        default=0.0,
        metadata={"help": "a reader unheard for so long is away, s; 0: silence is no trouble"},
    )
    control: str = field(
        default="",
        metadata={
            "help": "the reader's own address, tcp://192.0.2.7:10001: asked whether it lives"
        },
    )
    control_seconds: float = field(
        default=30.0, metadata={"help": "pause between two such questions, s"}
    )
    profile: Path | None = field(
        default=None, metadata={"help": "TOML file with the reader's settings; needs control"}
    )
    password: str = field(
        default="", metadata={"help": "reader password for control, 8 hex digits; or empty"}
    )
    patience: float = field(default=1.0, metadata={"help": "factor on all time limits"})
    tries: int = field(default=3, metadata={"help": "how often to ask when the wire was bad"})
    keep: int = field(
        default=2000, metadata={"help": "records kept unread; beyond them the reader has to wait"}
    )
    uhf: UhfRuleOptions = field(default_factory=UhfRuleOptions, metadata={"help": _UHF_HELP})

    def __post_init__(self) -> None:
        """Refuse with ValueError what cannot be."""
        if not 0 <= self.silence_seconds <= 86_400:
            raise ValueError("silence_seconds must be 0 to 86400")
        if not 1 <= self.control_seconds <= 3600:
            raise ValueError("control_seconds must be 1 to 3600")
        if not 1 <= self.keep <= 100_000:
            raise ValueError("keep must be 1 to 100000")
        self.control_options()

    def control_options(self) -> FeigOptions:
        """Return how the reader's own address is spoken to."""
        return FeigOptions(
            self.control,
            address=self.address,
            profile=self.profile if self.control else None,
            password=self.password,
            patience=self.patience,
            tries=self.tries,
        )


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ValueError("password must be 8 hex digits") from None
