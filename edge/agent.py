"""The agent: everything of one device in one process and one task group.

A planned trouble (a lost reader, no network, a full disk) is handled where it happens. Anything else
ends the group and the process with an error, and systemd starts it again.
"""

import asyncio
import contextlib
import fcntl
import logging
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from drivers.pihealth import PiHealthOptions
from edge.bundles.inbox import Inbox
from edge.clock import Clock
from edge.config import AgentOptions, Config, ConfigError, load, site_key
from edge.desk import Desk
from edge.device import Device
from edge.elsewhere import Lent
from edge.health import HealthReport
from edge.journal import Journal, JournalError
from edge.journal.checking import check_later
from edge.machine import MachineWatch
from edge.memory import give_back
from edge.neighbours import Neighbours
from edge.notify import notify, watchdog_seconds
from edge.orders import Orders
from edge.orders.logs import LastLines
from edge.orders.obey import Do
from edge.replica import Replica
from edge.station import NotPossibleError, Services, Station
from edge.tagmarks import TagMarks
from edge.uplink import Uplink, astray
from edge.version import VERSION
from edge.wire.batch import decode_event, mark
from edge.wire.commands import SendLogs, load_public
from edge.wire.errors import WireError
from edge.wire.facts import Booted, Fact, Trouble, Well

log = logging.getLogger(__name__)
TEND_SECONDS = 6 * 3600.0
CLOCK_SECONDS = 5.0
DISK_SECONDS = 10.0
PULSE_SECONDS = 5.0
CANCEL_AGAIN = 2.0
DISK = ("disk", "disk_full")
Heard = Callable[[str, Fact], None]


class StationEndedError(Exception):
    """A station stopped working by itself, which none may."""


class Agent:
    """One device at work; :meth:`run` until :meth:`stop` or a signal."""

    def __init__(self, config: Config, clock: Clock | None = None) -> None:
        self.config = config
        self.clock = clock or Clock()
        self.stations: dict[str, Station] = {}
        self._stopping = asyncio.Event()
        self._lines = LastLines()

    def stop(self) -> None:
        """End the work cleanly."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until stopped; raises what nobody planned for."""
        agent = self.config.agent
        agent.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(agent.data), _listening(self._lines):
            key = site_key(agent.site_key)
            journal = Journal.open(
                agent.data / "journal.db", agent.device, self.clock, low_mb=agent.reserve_mb
            )
            clean = False
            try:
                with contextlib.closing(
                    Replica.open(agent.data / "replica.db", self.clock.now_ms)
                ) as replica:
                    await self._work(journal, replica, key)
                clean = True
            finally:
                await journal.close(clean=clean)

    async def _work(self, journal: Journal, replica: Replica, key: bytes) -> None:
        journal.versions = lambda: (replica.policy.version, replica.version)
        replica.neighbour_days = self.config.agent.neighbour_days
        note_again(journal, replica)
        journal.listen(replica.note)
        machine = self._machine(journal)
        services, uplink = self._assemble(journal, replica, key, machine)
        for name, (entry, options) in self.config.stations.items():
            self.stations[name] = entry.make(options, services)
        await self._begin(journal)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(device.run(), name=device.name)
                for device in services.devices.values()
            ]
            for name, station in self.stations.items():
                tasks.append(group.create_task(_never_ends(name, station), name=name))
            if self.config.uplink.host:
                tasks.append(group.create_task(uplink.run(), name="uplink"))
            tasks.append(
                group.create_task(_tend(journal, self.config.agent, self.clock), name="tend")
            )
            whole = check_later(self.config.agent.data / "journal.db")
            tasks.append(group.create_task(whole, name="check"))
            tasks.append(group.create_task(_watch_disk(journal), name="disk"))
            tasks.append(group.create_task(_pulse(journal), name="pulse"))
            tasks.append(group.create_task(tell_time(journal, self.clock), name="time"))
            tasks.append(group.create_task(self._site.tend(), name="neighbours"))
            tasks.append(group.create_task(machine.run(), name="machine"))
            tasks.append(group.create_task(give_back(), name="memory"))
            inbox = Inbox(self.config, journal, replica, self.clock, uplink)
            tasks.append(group.create_task(inbox.run(), name="inbox"))
            tasks.append(group.create_task(self._orders.run(), name="commands"))
            notify("READY=1", f"STATUS={', '.join(self.stations) or 'no stations'}")
            await self._until_stopped()
            notify("STOPPING=1")
            log.info("the agent ends, as it was told")
            await _end(tasks)
        self._lent.keep()

    def _machine(self, journal: Journal) -> MachineWatch:
        """Watch the computer, with the options of the configured ``pihealth`` if there is one."""
        found = ((n, o) for n, (_, o) in self.config.devices.items() if type(o) is PiHealthOptions)
        name, options = next(found, ("pi", PiHealthOptions()))
        return MachineWatch(name, options, self.config.agent.data, journal, self.clock)

    def _assemble(
        self, journal: Journal, replica: Replica, key: bytes, machine: MachineWatch
    ) -> tuple[Services, Uplink]:
        config, allowed = self.config, dict[str, int]()
        marks, on_heard = TagMarks(replica, allowed, self.clock.now_ms), list[Heard]()
        self._site = Neighbours(config.agent, journal, replica, self.clock, marks, on_heard)
        self._lent = Lent(key, config.agent.data / "elsewhere.bin")
        health = HealthReport(
            lambda: services, self.stations, VERSION, machine=machine.numbers,
            budget=lambda: uplink.budget,
        )  # fmt: skip
        uplink = Uplink(
            config.uplink,
            config.agent,
            journal,
            replica,
            self.clock,
            health=health.now,
            allowed=allowed,
            obey=lambda command: self._orders.hear(command),
            version=VERSION,
            site=self._site,
            lent=self._lent,
        )
        self._orders = self._make_orders(journal, uplink)
        services = Services(
            agent=config.agent,
            clock=self.clock,
            journal=journal,
            replica=replica,
            desk=Desk(key, replica, self.clock, uplink, config.uplink.ask_seconds),
            devices={
                name: Device[Any](name, driver, options, journal)
                for name, (driver, options) in config.devices.items()
            },
            allowed=allowed,
            heal=marks.heal,
            on_heard=on_heard,
            noisy=self._site.noisy,
            lent=self._lent,
        )
        return services, uplink

    async def _begin(self, journal: Journal) -> None:
        """Record the start, and what the start found out about the last run."""
        facts: list[Fact] = [
            Booted(version=VERSION, stations=list(self.stations), clean=journal.was_clean)
        ]
        if journal.salvaged is not None:
            why = f"The journal was damaged: {journal.salvaged} facts that waited were saved."
            facts.append(Trouble(part="journal", reason="journal_repaired", why=why))
        agent, waiting = self.config.agent, journal.backlog().count
        log.info(
            "%s/%s begins, version %s: %s; %d facts wait%s",
            *(agent.site, agent.device, VERSION, ", ".join(self.stations) or "no stations"),
            *(waiting, "" if journal.was_clean else "; the last run was cut off"),
        )
        await _tell(journal, *facts)

    def _make_orders(self, journal: Journal, uplink: Uplink) -> Orders:
        agent, path = self.config.agent, self.config.uplink.command_key
        key = load_public(path.read_bytes()) if path is not None else None
        own: dict[str, Do] = {
            "restart": self._restart,
            "reread": self._reread,
            "reboot": self._reboot,
            "logs": self._send_logs,
            "health": uplink.tell_health,
            "replica": uplink.fetch_replica,
        }
        who = (agent.site, agent.device)
        orders = Orders(agent.data, who, key, journal, self.clock, self.stations, own)
        orders.say = uplink.reply
        return orders

    async def _restart(self, _: object) -> None:
        log.warning("restarting because the centre asked for it")
        self.stop()

    async def _reread(self, deed: object) -> None:
        """Check the configuration as it is now; a new start reads it."""
        try:
            await asyncio.to_thread(load, self.config.path)
        except ConfigError as error:
            raise NotPossibleError(str(error)) from None
        await self._restart(deed)

    async def _reboot(self, _: object) -> None:
        path = self.config.agent.reboot_file
        if path is None:
            raise NotPossibleError("This machine is not set up to be rebooted from afar.")
        log.warning("the computer starts again because the centre asked for it")
        await asyncio.to_thread(path.write_text, "")

    async def _send_logs(self, deed: SendLogs) -> dict[str, list[str]]:
        return {"lines": self._lines.last(deed.lines)}

    async def _until_stopped(self) -> None:
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self.stop)
        try:
            await self._stopping.wait()
        finally:
            for number in signals:
                loop.remove_signal_handler(number)


async def run(config: Config) -> None:
    """Run the agent of a configuration until SIGTERM or SIGINT."""
    await Agent(config).run()


async def _end(tasks: "list[asyncio.Task[None]]") -> None:
    """Cancel the tasks, and again those that a library made deaf to it."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN)


async def _never_ends(name: str, station: Station) -> None:
    await station.run()
    raise StationEndedError(f"station {name} ended by itself")


async def _tend(journal: Journal, agent: AgentOptions, clock: Clock) -> None:
    while True:
        await asyncio.sleep(60)
        try:
            gone = await journal.tend(agent.keep_days)
            if gone:
                log.info(
                    "%d facts that the ledger has for %d days were let go", gone, agent.keep_days
                )
            await astray.settle(journal, clock.now_ms())
        except JournalError as error:
            log.warning("%s", error)
        await asyncio.sleep(TEND_SECONDS)


async def _watch_disk(journal: Journal) -> None:
    """Tell staff when new loans stop for want of room, and when they go on."""
    while True:
        if journal.low and DISK not in journal.troubles:
            megabytes = journal.free_bytes() // (1024 * 1024)
            why = f"{megabytes} MB are left on the disk: no new loans, returns go on."
            await _tell(journal, Trouble(part=DISK[0], reason=DISK[1], why=why))
        elif not journal.low and DISK in journal.troubles:
            await _tell(journal, Well(part=DISK[0], reason=DISK[1]))
        await asyncio.sleep(DISK_SECONDS)


async def tell_time(journal: Journal, clock: Clock) -> None:
    """Journal that the time became sure: from this fact the ledger tells when earlier ones were."""
    if clock.state() == "synced":
        return
    while clock.state() != "synced":  # noqa: ASYNC110  it has no event
        await asyncio.sleep(CLOCK_SECONDS)
    await _tell(journal, Well(part="clock", reason="clock_unsure"))


async def _pulse(journal: Journal) -> None:
    """Feed systemd's watchdog from work: the loop turns and the journal's writer answers."""
    limit = watchdog_seconds()
    pause = PULSE_SECONDS if limit is None else limit / 3
    while True:
        with contextlib.suppress(
            JournalError
        ):  # it answered: that the disk fails is told elsewhere
            await journal.alive()
        notify("WATCHDOG=1")
        await asyncio.sleep(pause)


async def _tell(journal: Journal, *facts: Fact) -> None:
    if not facts:
        return
    try:
        await journal.append(*facts)
    except JournalError as error:
        log.warning("%s", error)


def note_again(journal: Journal, replica: Replica) -> None:
    """Give the local copy what it may have lost: a power cut takes it back some commits."""
    replica.adopt(journal.epoch)
    settled = replica.settled(journal.epoch)
    seq = journal.acked if settled is None else min(settled, journal.acked)
    behind = seq < journal.acked
    newest, ident = replica.newest_own()
    if ident and journal.mark(newest) == mark(ident):
        seq = max(seq, newest)  # what the file has of a fact it has of all before
    while rows := journal.waiting(seq):
        for seq, body in rows:
            with contextlib.suppress(WireError):
                replica.note(decode_event(body), again=True)
    if behind:
        replica.settle(journal.acked, journal.epoch)


@contextlib.contextmanager
def _listening(lines: LastLines) -> Iterator[None]:
    root = logging.getLogger()
    root.addHandler(lines)
    try:
        yield
    finally:
        root.removeHandler(lines)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder for this process alone."""
    with (folder / "agent.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(f"[agent] data: another agent works in {folder}") from None
        yield
