"""Makes the notifier from ``[notices]`` and ``[mail]``; without a roster there is none."""

from collections.abc import Callable, Mapping

from edge.wire.tables import ConfigError
from gateway.config import Config
from gateway.notices.notifier import Notifier
from gateway.notices.roster import Roster, read_roster
from gateway.notices.services import OWN, Service, read_services
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
    roster, services = read_roster(options.roster), dict[str, Service]()
    if options.services is not None:
        services = read_services(options.services)
    check(roster, services, str(options.roster))
    ways |= services
    zone = await writes.call(lambda ledger: ledger.catalogue.policy()[1].zone)
    return Notifier(roster, ways, writes, now, pulse, zone)


def check(roster: Roster, services: Mapping[str, Service], where: str) -> None:
    """Raise ConfigError for a row whose way nobody knows, or whose number is none."""
    for number, one in enumerate(roster.people, 1):
        if one.way not in (*OWN, *services):
            known = ", ".join((*OWN, *services))
            raise ConfigError(f"{where} [[duty]] {number} way: {one.way!r} is none of {known}")
        try:
            if one.way in services:
                services[one.way].number(one.to)
        except ValueError as error:
            raise ConfigError(f"{where} [[duty]] {number} {error}") from None
