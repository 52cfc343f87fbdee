"""What can be configured of a UHF reader, whatever its family."""

from dataclasses import dataclass, field
from typing import Any, Literal

from drivers.ports import BankKind
from drivers.tags import AFI_IN, AFI_OUT
from drivers.uhf.rule import AfiInPc, EpcBit, LoanList, Security, UhfRule

TagForm = Literal["iso28560-4", "urn-code-40", "cn-alliance"]
_BANKS: dict[TagForm, BankKind] = {
    "iso28560-4": "mb01",
    "urn-code-40": "mb01-urn",
    "cn-alliance": "mb01-alliance",
}


def _help(text: str) -> dict[str, Any]:
    return {"help": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class UhfRuleOptions:
    """How the site uses its tags; the same for every UHF reader of a site."""

    security: Literal["afi-in-pc", "epc-bit", "loan-list"] = field(
        default="afi-in-pc", metadata=_help("where the loan state of a tag stands")
    )
    tags: TagForm = field(default="iso28560-4", metadata=_help("how the tags are written"))
    bit_byte: int = field(default=0, metadata=_help("epc-bit: byte of the EPC, from 0"))
    bit_mask: int = field(default=0x80, metadata=_help("epc-bit: bits in that byte, 1 to 255"))
    bit_means: Literal["on-loan", "in-stock"] = field(
        default="on-loan", metadata=_help("epc-bit: what set bits mean")
    )
    prefixes: tuple[str, ...] = field(
        default=(),
        metadata=_help(
            "beginnings (hex) of the EPCs that are ours; none: judge by the item number"
        ),
    )
    named_by: Literal["epc", "tid"] = field(
        default="epc", metadata=_help("what names a tag: its EPC, or its TID (one more read)")
    )
    afi_in: int = field(default=AFI_IN, metadata=_help("AFI of an item in stock"))
    afi_out: int = field(default=AFI_OUT, metadata=_help("AFI of an item on loan"))
    foreign: bool = field(
        default=False, metadata=_help("at a pad: show tags too that are no library's")
    )

    def __post_init__(self) -> None:
        """Refuse with ValueError what no tag can hold."""
        if not 0 <= self.bit_byte <= 61:
            raise ValueError("bit_byte must be 0 to 61")
        if not 1 <= self.bit_mask <= 0xFF:
            raise ValueError("bit_mask must be 1 to 255")
        if not (0 <= self.afi_in <= 0xFF and 0 <= self.afi_out <= 0xFF):
            raise ValueError("afi_in and afi_out must be 0 to 255")
        if self.afi_in == self.afi_out:
            raise ValueError("afi_in and afi_out must not be the same")
        for prefix in self.prefixes:
            _hex("prefixes", prefix)

    def rule(self) -> UhfRule:
        """Return the rule that these options make."""
        return UhfRule(
            self._security(),
            _BANKS[self.tags],
            tuple(_hex("prefixes", prefix) for prefix in self.prefixes),
            self.named_by,
            frozenset({self.afi_in, self.afi_out}),
        )

    def _security(self) -> Security:
        if self.security == "epc-bit":
            return EpcBit(self.bit_byte, self.bit_mask, self.bit_means, self.afi_in, self.afi_out)
        return AfiInPc() if self.security == "afi-in-pc" else LoanList()


@dataclass(frozen=True, slots=True, kw_only=True)
class UhfOptions(UhfRuleOptions):
    """Options of a reader on a serial line or a TCP port."""

    url: str = field(
        metadata=_help("where it is, such as serial:///dev/ttyUSB0 or tcp://192.0.2.7:6000")
    )
    address: int = field(
        default=0xFF, metadata=_help("bus address of the reader, 255 for whichever is there")
    )
    antennas: tuple[int, ...] = field(
        default=(), metadata=_help("antennas to use in turn, from 1; none: as the reader is set")
    )
    password: str = field(
        default="00000000", metadata=_help("access password of the tags, 8 hex digits")
    )
    patience: float = field(
        default=1.0, metadata=_help("factor on all time limits, for slow serial servers")
    )
    tries: int = field(default=3, metadata=_help("how often to ask when the wire was bad"))

    def __post_init__(self) -> None:
        """Refuse with ValueError what no reader can take."""
        UhfRuleOptions.__post_init__(self)
        if not 0 <= self.address <= 0xFF:
            raise ValueError("address must be 0 to 255")
        if not all(1 <= antenna <= 8 for antenna in self.antennas):
            raise ValueError("antennas must be 1 to 8")
        if not 0.01 <= self.patience <= 100:
            raise ValueError("patience must be 0.01 to 100")
        if not 1 <= self.tries <= 100:
            raise ValueError("tries must be 1 to 100")
        if len(_hex("password", self.password)) != 4:
            raise ValueError("password must be 8 hex digits")

    @property
    def password_bytes(self) -> bytes:
        """Return the password as tags take it."""
        return _hex("password", self.password)


def _hex(name: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ValueError(f"{name}: {text!r} is not hexadecimal, two digits a byte") from None
