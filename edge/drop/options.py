"""The options of a book drop."""

from dataclasses import dataclass, field
from typing import Any, Literal

from drivers.ports import Board, ItemReader, Printer
from edge.circulation.sorting import SortRule, aside, bins, read_rules

ASIDE = ("no_tag", "several", "foreign", "blank", "unreadable", "torn", "template")
"""What may be taken in without being one good item. A reader's card is always given back."""


def _help(text: str, **more: Any) -> dict[str, Any]:
    return {"help": text, **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class BinOptions:
    """One bin of a drop that has several: ``[stations.drop.bins.NAME]``. Lines are of the board."""

    capacity: int = field(default=60, metadata=_help("items that fill the bin, as an estimate"))
    diverter: str = field(
        default="", metadata=_help("output that sends an item into this bin; empty: no flap moves")
    )
    full: str = field(default="", metadata=_help("input that says the bin is full; or empty"))
    half: str = field(default="", metadata=_help("input that says it is half full; or empty"))
    door: str = field(
        default="bin_door", metadata=_help("input of the door behind which the bin stands")
    )
    lock: str = field(
        default="", metadata=_help("output that unlocks this door for staff from afar; or empty")
    )

    def __post_init__(self) -> None:
        """Refuse a bin that holds nothing."""
        if self.capacity <= 0:
            raise ValueError("capacity: must be more than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class DropOptions:
    """A book drop: one RFID reader at the chute and one board."""

    reader: str = field(metadata=_help("device: the RFID reader at the chute", device=ItemReader))
    board: str = field(
        metadata=_help(
            "device: inputs flap, bin_half, bin_full, bin_door, shutter_open; outputs shutter, light",
            device=Board,
        )
    )
    name: str = field(default="drop", metadata=_help("the drop's name in troubles and counts"))
    bin: str = field(default="1", metadata=_help("the only bin's name, if there is no table bins"))
    capacity: int = field(default=60, metadata=_help("items that fill the bin, as an estimate"))
    bins: dict[str, BinOptions] = field(
        default_factory=dict,
        metadata=_help("several bins: a table bins.NAME each, with capacity, diverter, full, half, "
                       "door"),
    )  # fmt: skip
    sort: list[str] = field(
        default_factory=list,
        metadata=_help("which bin for what, the first rule that fits: hold -> 2, other branch -> 3, "
                       "kind = dvd -> 4, owner = VN-X -> 5, exception -> 9, default -> 1"),
    )  # fmt: skip
    branch: str = field(
        default="", metadata=_help("the branch of this place in the catalogue; empty: the site")
    )
    aside: list[str] = field(
        default_factory=list,
        metadata=_help("what is taken in all the same, into the bin of rule exception: "
                       + ", ".join(ASIDE) + "; else it is given back"),
    )  # fmt: skip
    settle_seconds: float = field(
        default=0.3, metadata=_help("how long the same tags must be seen before it counts, s")
    )
    look_seconds: float = field(
        default=2.0, metadata=_help("how long to look for a tag before the item is refused, s")
    )
    shutter_seconds: float = field(
        default=4.0, metadata=_help("how long the shutter stays open for an item to fall, s")
    )
    shut_seconds: float = field(
        default=3.0,
        metadata=_help("if input shutter_open is on for so long unasked, the shutter is stuck, s"),
    )
    fell: str = field(
        default="",
        metadata=_help("input of a sensor behind the shutter that an item passes when it falls: an "
                       "item that was taken out again is then noticed; or empty"),
    )  # fmt: skip
    tamper: str = field(
        default="", metadata=_help("input that tells of an opened case, such as tamper; or empty")
    )
    printer: str = field(
        default="", metadata=_help("device: printer of slips and receipts", device=Printer)
    )
    slips: bool = field(
        default=True, metadata=_help("print a slip for what is held or goes to another branch")
    )
    receipt: bool = field(
        default=False, metadata=_help("print what came in once nothing more follows")
    )
    receipt_seconds: float = field(
        default=8.0, metadata=_help("how long to wait for a further item before the receipt, s")
    )
    language: Literal["vi", "en"] = field(
        default="vi", metadata=_help("language of slips and receipts")
    )

    def __post_init__(self) -> None:
        """Refuse what makes no drop."""
        for option in ("capacity", "look_seconds", "shutter_seconds", "shut_seconds"):
            if getattr(self, option) <= 0:
                raise ValueError(f"{option}: must be more than 0")
        for word in self.aside:
            if word not in ASIDE:
                raise ValueError(f"aside: {word!r} is not one of {', '.join(ASIDE)}")
        if self.aside and not aside(self.rules()):
            raise ValueError("aside: the table sort needs a rule that says where: exception -> BIN")
        for name in bins(self.rules()):
            if name not in self.every_bin():
                raise ValueError(f"sort: there is no bin {name!r}; give it a table bins.{name}")

    def rules(self) -> list[SortRule]:
        """Return the sorting rules; raise SortRuleError naming the one that cannot be read."""
        return read_rules(self.sort)

    def every_bin(self) -> dict[str, BinOptions]:
        """Return all bins by name; a drop without a table ``bins`` has one, with the usual lines."""
        only = BinOptions(capacity=self.capacity, full="bin_full", half="bin_half")
        return dict(self.bins) or {self.bin: only}
