"""A gate that is quiet for a while: until when, by whom and why."""

from collections.abc import Callable

from edge.gate.memory import Kept
from edge.wire.facts import Fact, GateMuted

LONGEST_MS = 12 * 3_600_000
"""No gate is muted for longer, whoever asks."""
WORDS = 120
"""Letters kept of who and why."""


class Muting:
    """Whether the gate is muted; remembered in ``kept``."""

    def __init__(self, gate: str, kept: Kept, now: Callable[[], int]) -> None:
        self._gate, self._kept, self._now = gate, kept, now

    @property
    def on(self) -> bool:
        """Whether the gate is muted now."""
        return self._kept.muted_until > self._now()

    @property
    def until(self) -> int:
        """Until when (ms); 0: not at all."""
        return self._kept.muted_until if self.on else 0

    def set(self, until: int, by: str, why: str) -> GateMuted:
        """Mute until a time, or no longer; return the fact."""
        now = self._now()
        until = min(until, now + LONGEST_MS) if until > now else 0
        self._kept.muted_until, self._kept.muted_by = until, by[:WORDS]
        return GateMuted(gate=self._gate, until=until, by=by[:WORDS], why=why[:WORDS])

    def heard(self, fact: Fact) -> bool:
        """Follow a gate of the same name elsewhere at the site; return whether it concerned us."""
        if not isinstance(fact, GateMuted) or fact.gate != self._gate:
            return False
        self.set(fact.until, fact.by, fact.why)
        return True
