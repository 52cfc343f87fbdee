"""The agent's inbox: an answer that was put there takes effect as if it came over the network."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

from edge.bundles.answer import Answer, Said
from edge.bundles.files import whole
from edge.clock import Clock
from edge.config import Config
from edge.journal import Journal, JournalError
from edge.replica import Replica
from edge.threads import in_thread
from edge.uplink import Uplink
from edge.wire.bundle import BundleError
from edge.wire.bundlewords import say
from edge.wire.messages import Cursor, Part

log = logging.getLogger(__name__)
FILE, DONE = "incoming.bundle", "incoming.done"
LOOK_SECONDS = 2.0


class Inbox:
    """Takes in what lies in the data folder; :meth:`run` is a task of the agent."""

    def __init__(
        self, config: Config, journal: Journal, replica: Replica, clock: Clock, uplink: Uplink
    ) -> None:
        self._config, self._journal, self._replica = config, journal, replica
        self._clock, self._uplink = clock, uplink
        self._folder = config.agent.data

    async def run(self) -> None:
        """Look for an answer now and then."""
        while True:
            if (self._folder / FILE).exists():
                await self.take()
            await asyncio.sleep(LOOK_SECONDS)

    async def take(self) -> None:
        """Take the answer in, say what came of it, and let it go."""
        file = self._folder / FILE
        try:
            word, values = await self._take(file)
        except BundleError as error:
            word, values = error.word, dict(error.values)
        except JournalError as error:
            log.warning("the answer waits: %s", error)
            return
        values |= {"file": file.name}
        log.info("%s", say("en", word, **values))
        try:
            with whole(self._folder / DONE) as done:
                done.write(json.dumps({"word": word, "values": values}).encode())
            file.unlink(missing_ok=True)
        except (BundleError, OSError) as error:
            log.warning("%s", error)

    async def _take(self, path: Path) -> tuple[str, dict[str, Any]]:
        try:
            file = path.open("rb")
        except OSError as error:
            raise BundleError("unreadable", file=path.name, why=error.strerror or error) from None
        with file:
            answer = await in_thread(lambda: Answer(file, path.name, self._config))
            now = None if self._clock.state() == "unset" else self._clock.now_ms()
            await in_thread(lambda: answer.check(now))
            await in_thread(lambda: self._check_parts(answer))
            news = False
            said = answer.messages()
            while (one := await in_thread(lambda: next(said, None))) is not None:
                if self._is_news(one, behind=answer.head.behind):
                    news = news or not one.topic.retained or one.topic.path == "down/cursor"
                    await self._uplink.take_carried(one.topic, one.payload)
        backlog = self._journal.backlog()
        values = {
            "acked": backlog.acked, "waiting": backlog.count, "version": self._replica.version,
        }  # fmt: skip
        return ("accepted" if news else "known"), values

    def _check_parts(self, answer: Answer) -> None:
        """Raise BundleError when the parts do not lead on from the copy that is here."""
        have = self._replica.version
        for one in answer.messages():
            part = one.message
            if not isinstance(part, Part) or part.version <= have:
                continue
            if part.start not in (0, have):
                raise BundleError("part_gap", file=answer.name, start=part.start, have=have)
            if part.start or part.number == part.count - 1:
                have = part.version

    def _is_news(self, said: Said, *, behind: bool) -> bool:
        """Return whether a message says more than is known.

        A file may be older than what is here: only where the centre found facts missing
        (``behind``) it counts that it has less than it once had.
        """
        message = said.message
        if isinstance(message, Cursor):
            journal = self._journal
            return message.epoch == journal.epoch and (behind or message.seq > journal.acked)
        return not isinstance(message, Part) or message.version > self._replica.version
