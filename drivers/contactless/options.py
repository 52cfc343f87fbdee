"""Options that all readers of contactless cards share."""

from dataclasses import dataclass, field
from typing import Literal

from drivers.errors import OptionError

UidPolicy = Literal["fixed", "long", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactlessOptions:
    """How cards are looked for, and what on them may say whose they are."""

    poll_ms: int = field(
        default=150, metadata={"help": "pause between two looks for a card, milliseconds"}
    )
    uid: UidPolicy = field(
        default="fixed",
        metadata={
            "help": "which UIDs may identify a reader: fixed (all but random ones), long (7 bytes "
            "and more: four bytes are not unique in the world), never"
        },
    )
    read_text: bool = field(
        default=True,
        metadata={"help": "take the card number from NDEF text or URI if there is one"},
    )
    uri_prefix: str = field(
        default="", metadata={"help": "what to cut off in front of a card number that is a URI"}
    )
    mifare_block: int = field(
        default=0, metadata={"help": "MIFARE Classic block that holds the card number, 0 for none"}
    )
    mifare_key: str = field(
        default="FFFFFFFFFFFF", metadata={"help": "key A of that block, 12 hex digits"}
    )

    def check(self) -> bytes:
        """Return the key as bytes; OptionError names the option that cannot be."""
        if not 0 <= self.mifare_block < 256:
            raise OptionError(
                f"mifare_block {self.mifare_block} is not a block: allowed are 0..255"
            )
        if self.mifare_block % 4 == 3:
            raise OptionError(
                f"mifare_block {self.mifare_block} holds the keys of its sector: take another"
            )
        if self.poll_ms < 10:
            raise OptionError(f"poll_ms {self.poll_ms} is too short: allowed are 10 and more")
        try:
            key = bytes.fromhex(self.mifare_key)
        except ValueError:
            key = b""
        if len(key) != 6:
            raise OptionError("mifare_key is not a key: write 12 hex digits")
        return key
