"""What can be wrong with a wire or with the device at its end, switched on and off while it runs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from drivers.testing.simulator import Reply

_WHOLE = 100.0
_LONGEST = 3600.0


@dataclass(slots=True)
class Faults:
    """The faults of one served device; as made, there are none.

    ``drop`` and ``flip`` are per cent of what is said in either direction: lost whole, or with one
    bit wrong. ``split``: every byte of an answer comes alone, so many seconds apart. ``delay``:
    all that is said is heard so much later. ``dead``: nothing is heard and nothing is said.
    """

    drop: float = 0.0
    flip: float = 0.0
    split: float | None = None
    delay: float = 0.0
    dead: bool = False
    seed: int = 1
    _random: Random = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311 - noise, not a secret

    def set(self, name: str, value: float | None) -> None:
        """Change one fault; ValueError for a value that it cannot have."""
        if name in ("drop", "flip") and not (value is not None and 0 <= value <= _WHOLE):
            raise ValueError(f"{name} {value}: use per cent, 0 to 100")
        if name in ("split", "delay") and value is not None and not 0 <= value <= _LONGEST:
            raise ValueError(f"{name} {value}: use seconds, 0 to {_LONGEST:.0f}")
        setattr(self, name, value)

    def wrong(self) -> str:
        """Return what is wrong, in words; empty when nothing is."""
        well = Faults()
        found = {name: getattr(self, name) for name in ("drop", "flip", "split", "delay", "dead")}
        return ", ".join(
            f"{name} {value}" for name, value in found.items() if value != getattr(well, name)
        )

    def clear(self) -> None:
        """Mend everything."""
        self.drop = self.flip = self.delay = 0.0
        self.split, self.dead = None, False

    def late(self) -> float:
        """Return after how many seconds the host hears what is said now."""
        return self.delay

    def to_device(self, data: bytes) -> bytes:
        """Return what the device hears of bytes that were sent to it."""
        return b"" if self.dead else self._on_the_way(data)

    def to_host(self, replies: Iterable[Reply]) -> list[Reply]:
        """Return what is heard of what the device says."""
        heard: list[Reply] = []
        for reply in replies:
            data = b"" if self.dead else self._on_the_way(reply.data)
            if not data:
                continue
            if self.split is None:
                heard.append(Reply(data, reply.after))
                continue
            heard.append(Reply(data[:1], reply.after))
            heard += [Reply(data[i : i + 1], self.split) for i in range(1, len(data))]
        return heard

    def _on_the_way(self, data: bytes) -> bytes:
        if not data or self._happens(self.drop):
            return b""
        if not self._happens(self.flip):
            return data
        bit = self._random.randrange(len(data) * 8)
        return bytes(byte ^ (1 << bit % 8 if at == bit // 8 else 0) for at, byte in enumerate(data))

    def _happens(self, percent: float) -> bool:
        return percent > 0 and self._random.random() * _WHOLE < percent
