"""What can be configured of an RL866 reader."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rl866Options:
    """Options of a reader under a pad, a desk or a drop."""

    url: str = field(
        metadata={"help": "where it is, such as serial:///dev/ttyUSB0 or tcp://192.0.2.7:9909"}
    )
    address: int = field(
        default=0xFF, metadata={"help": "bus address of the reader, 255 for whichever is there"}
    )
    patience: float = field(
        default=1.0, metadata={"help": "factor on all time limits, for slow serial servers"}
    )
    tries: int = field(default=3, metadata={"help": "how often to ask when the wire was bad"})
    numbered: bool = field(
        default=True,
        metadata={"help": "false for a reader whose replies do not carry the question's number"},
    )

    def __post_init__(self) -> None:
        """Refuse with ValueError what no reader can take."""
        if not 0 <= self.address <= 0xFF:
            raise ValueError("address must be 0 to 255")
        if not 0.01 <= self.patience <= 100:
            raise ValueError("patience must be 0.01 to 100")
        if not 1 <= self.tries <= 100:
            raise ValueError("tries must be 1 to 100")
