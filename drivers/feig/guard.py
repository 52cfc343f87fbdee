"""Notices a reader that started anew and lost the settings we gave it, on a line that stayed up."""

import asyncio

from drivers.feig.commands import READ_CONFIG
from drivers.feig.link import Link
from drivers.feig.profile import Profile
from drivers.feig.status import RebootedError

SECONDS = 60.0


class Guard:
    """Compares the profile's blocks with the reader's RAM, now and then."""

    def __init__(self, link: Link, profile: Profile, seconds: float = SECONDS) -> None:
        """Look every so many ``seconds``; 0 never looks."""
        self._link = link
        self._profile = profile
        self._seconds = seconds
        self._due = self._now() + seconds

    async def check(self) -> None:
        """Look if it is time; raise RebootedError when a setting is not ours any more."""
        if not self._seconds or self._now() < self._due:
            return
        self._due = self._now() + self._seconds
        for number in self._profile.blocks:
            block = await self._link.ask(READ_CONFIG, bytes((number,)))
            if self._profile.apply(number, block) != block:
                raise RebootedError(f"the reader started anew: block {number} is not as we set it")

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
