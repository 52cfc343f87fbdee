"""Makes the notifier from ``[notices]`` and ``[mail]``; without a roster there is none."""

from collections.abc import Callable

from gateway.config import Config
from gateway.notices.notifier import Notifier
from gateway.notices.roster import read_roster
from gateway.notices.ways import Letter, Outbox, Way, webhook
from gateway.pulse import Pulse
from gateway.worker import LedgerWorker


async def notifier(
    config: Config, writes: LedgerWorker, now: Callable[[], int], pulse: Pulse
) -> Notifier | None:
    """Return the notifier of a configuration, or None; raise ConfigError for a wrong roster."""
    options = config.notices
    if options.roster is None:
        return None
    ways: dict[str, Way] = {"webhook": webhook}
    if config.mail.host:
        ways["mail"] = Letter(config.mail)
    if options.outbox is not None:
        ways["outbox"] = Outbox(options.outbox)
    zone = await writes.call(lambda ledger: ledger.catalogue.policy()[1].zone)
    return Notifier(read_roster(options.roster), ways, writes, now, pulse, zone)
