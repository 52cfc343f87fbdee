"""The gateway as a process: ledger, broker, console, and a clean end on SIGTERM."""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import AsyncIterator, Callable
from importlib.metadata import version

from gateway import enrol, lifetimes
from gateway.accounts.oidc import Client, Provider
from gateway.centre import Centre
from gateway.config import Config
from gateway.console.app import make_app
from gateway.console.server import ConsoleServer
from gateway.errors import HomeError
from gateway.feed import feed_of
from gateway.home import Home
from gateway.ils import LibrarySystem
from gateway.ledger.sqlite import SqliteLedger
from gateway.mail import Postman
from gateway.notices.setup import notifier
from gateway.notify import notify, watchdog_seconds
from gateway.pulse import Pulse
from gateway.worker import LedgerWorker

log = logging.getLogger(__name__)


def run(config: Config) -> int:
    """Run until SIGTERM or SIGINT; return the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    asyncio.run(serve(config))
    return 0


async def serve(config: Config) -> None:
    """Run until a signal."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with gateway(config):
        notify("READY=1")
        await stop.wait()
        notify("STOPPING=1")
    log.info("stopped")


@contextlib.asynccontextmanager
async def gateway(
    config: Config, now: Callable[[], int] | None = None
) -> AsyncIterator[ConsoleServer]:
    """Keep a whole gateway running inside; yield its console's server."""
    now = now or now_ms
    home = Home(config.gateway.data).check()
    pulse = Pulse()
    with contextlib.ExitStack() as closing:
        writes = LedgerWorker(lambda: enrol.open_ledger(home), "ledger")
        closing.callback(writes.close)
        reads = LedgerWorker(lambda: enrol.open_ledger(home), "reading")
        closing.callback(reads.close)
        copies = LedgerWorker(lambda: enrol.open_ledger(home), "copies")
        closing.callback(copies.close)  # a kiosk's question never waits behind a whole copy
        await writes.call(lambda ledger: enrol.know_centres(home, ledger))
        feed, key = feed_of(home, config.gateway), enrol.command_key(home)
        ils = await _library_system(config, writes, reads, now, pulse)
        centre = Centre(writes, reads, config.broker, now, pulse, key, feed, copies, ils)
        app = make_app(writes, reads, centre.broker, now, pulse, config.console, provider(config))
        telling = await notifier(config, writes, now, pulse)
        server = ConsoleServer(app, config.console.host, config.console.port, pulse)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(centre.run(), name="centre"),
                group.create_task(server.run(), name="console"),
                group.create_task(_watchdog(centre), name="watchdog"),
                group.create_task(lifetimes.watch(writes, home, now, pulse), name="certificates"),
            ]
            if config.mail.host:
                postman = Postman(writes, reads, config.mail, now)
                await reads.call(_mail_on)
                tasks.append(group.create_task(pulse.outlast(postman.run), name="mail"))
            if telling is not None:
                tasks.append(group.create_task(telling.run(), name="notices"))
            if ils is not None:
                tasks.append(group.create_task(ils.run(), name="library system"))
            await server.wait_ready()
            log.info("begins, version %s; staff console: %s", version("shelfwire"), server.address)
            try:
                yield server
            finally:
                server.stop()
                for task in (tasks[0], *tasks[2:]):
                    task.cancel()


async def _library_system(
    config: Config,
    writes: LedgerWorker,
    reads: LedgerWorker,
    now: Callable[[], int],
    pulse: Pulse,
) -> LibrarySystem | None:
    if not config.sip2.host:
        return None
    zone = await reads.call(lambda ledger: ledger.catalogue.policy()[1].zone)
    return LibrarySystem(config.sip2, writes, reads, now, zone, pulse=pulse)


def provider(config: Config) -> Provider | None:
    """Return the provider that staff sign in through, if there is one."""
    options = config.oidc
    if not options.issuer or options.secret is None:
        return None
    try:
        secret = options.secret.read_text("utf-8").strip()
    except OSError as error:
        raise HomeError(f"[oidc] secret: {options.secret}: {error.strerror}") from None
    return Provider(Client(options.issuer, options.client_id, secret, options.claim))


def _mail_on(ledger: SqliteLedger) -> None:
    ledger.mails.enabled = True


async def _watchdog(centre: Centre) -> None:
    """Tell systemd that the work goes on, as long as the ledger answers."""
    every = watchdog_seconds()
    while every is not None:
        await centre.alive()
        notify("WATCHDOG=1")
        await asyncio.sleep(every / 3)


def now_ms() -> int:
    """Return the time now, in ms since 1970 UTC."""
    return time.time_ns() // 1_000_000
