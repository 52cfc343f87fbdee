"""What can be configured of a 3M pad."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ThreeMOptions:
    """Options of a 3M pad."""

    url: str = field(
        metadata={"help": "where it is, such as serial:///dev/ttyUSB0 or tcp://192.0.2.7:10001"}
    )
    blocks: int = field(
        default=8, metadata={"help": "blocks of a tag to read or write at a time, 1 to 64"}
    )
    set_up: bool = field(
        default=True,
        metadata={
            "help": "send the settings that the vendor's program sends first; an 810 may need it"
        },
    )
    patience: float = field(
        default=1.0, metadata={"help": "factor on all time limits, for slow serial servers"}
    )
    tries: int = field(default=3, metadata={"help": "how often to ask when the wire was bad"})

    def __post_init__(self) -> None:
        """Refuse with ValueError what no pad can take."""
        if not 1 <= self.blocks <= 64:
            raise ValueError("blocks must be 1 to 64")
        if not 0.01 <= self.patience <= 100:
            raise ValueError("patience must be 0.01 to 100")
        if not 1 <= self.tries <= 100:
            raise ValueError("tries must be 1 to 100")
