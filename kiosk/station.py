"""The kiosk as a station of the agent: its options, its loops, its web server."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from drivers.errors import DriverError
from drivers.ports import Board, CardReader, ItemReader, Printer, Scanner
from edge.device import Device, DeviceAwayError
from edge.items import PadWatch
from edge.printing import Printing
from edge.station import NotPossibleError, Services, StationEntry
from edge.tagwork import TagWork
from kiosk import lessonfile, proof
from kiosk.app import make_app
from kiosk.commands import masked
from kiosk.engine import Engine, quietly, staff
from kiosk.hatch import Hatch
from kiosk.session import NOBODY, State
from kiosk.speech import Voices
from kiosk.stage import Stage
from kiosk.texts import LANGUAGES, found, speaking
from kiosk.timing import Limits
from kiosk.work import Work

log = logging.getLogger(__name__)
LOOK_IDLE, LOOK_BUSY = 0.35, 0.15
"""Seconds between looks at the pad while nobody is there, and during a visit."""
TICK = 0.2
PRINTER_LOOK = 30.0
AWAY_AFTER_MS = 1500
"""A pad that is away for so long puts the kiosk out of service; a shorter gap is not shown."""


def _help(text: str, device: type[Any] | None = None) -> dict[str, Any]:
    return {"help": text} | ({"device": device} if device is not None else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskOptions:
    """The ``[stations.kiosk]`` table."""

    pad: str = field(metadata=_help("the RFID reader under the pad", ItemReader))
    card: str = field(default="", metadata=_help("the card reader", CardReader))
    scanner: str = field(default="", metadata=_help("the barcode scanner", Scanner))
    printer: str = field(default="", metadata=_help("the receipt printer", Printer))
    board: str = field(default="", metadata=_help("input and output lines (not used yet)", Board))
    library: str = field(default="", metadata=_help("name on the screen and on receipts"))
    receipt_keys: Path | None = field(
        default=None, metadata=_help("folder of `enrol`: its keys sign receipts and check them")
    )
    card_letters: str = field(
        default="", metadata=_help("letters that card numbers begin with, added to a typed one")
    )
    language: str = field(default="vi", metadata=_help("language in which every visit begins"))
    translations: Path | None = field(
        default=None, metadata=_help("folder with further languages, a file each (fr.json)")
    )
    voice: bool = field(default=False, metadata=_help("every visit begins with reading aloud"))
    recordings: Path | None = field(
        default=None, metadata=_help("folder with own recordings, such as vi/bor.place.ogg")
    )
    host: str = field(default="127.0.0.1", metadata=_help("address of the page; loopback only"))
    port: int = field(default=8080, metadata=_help("port of the page; 0 takes any free one"))
    staff_group: str = field(
        default="staff", metadata=_help("group of readers whose cards open the staff corner")
    )
    box_prefix: str = field(
        default="BOX-",
        metadata=_help(
            "what labels of boxes of rotating stock begin with; empty: none are scanned"
        ),
    )
    arm_silent: bool = field(
        default=True,
        metadata=_help("a silent book of ours that lies on the pad and is not lent is armed"),
    )
    start_seconds: int = field(default=60, metadata=_help("patience before a card or books come"))
    session_seconds: int = field(default=160, metadata=_help("patience during a visit"))
    private_seconds: int = field(
        default=30, metadata=_help("patience while loans, a PIN or a proof are on the screen")
    )
    receipt_seconds: int = field(default=30, metadata=_help("patience on the receipt screen"))
    away_seconds: int = field(
        default=30, metadata=_help("patience with a known reader whose pad is empty")
    )
    bye_seconds: int = field(default=5, metadata=_help("how long the goodbye stays"))
    dim_seconds: int = field(
        default=300, metadata=_help("an idle screen dims after so long; 0 never")
    )
    warning_seconds: int = field(
        default=20, metadata=_help("how long before the end the reader is asked for more time")
    )

    def __post_init__(self) -> None:
        """Refuse addresses that others on the network could reach."""
        if self.host not in ("127.0.0.1", "localhost"):
            raise ValueError(f"host {self.host!r}: the page is for this machine, use 127.0.0.1")
        further = found(self.translations) if self.translations else set()
        if self.language not in further | set(LANGUAGES):
            raise ValueError(f"language {self.language!r}: one of vi, en or a file of translations")
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port {self.port}: use 0 to 65535")
        if min(self.start_seconds, self.session_seconds, self.bye_seconds) < 1:
            raise ValueError("start_seconds, session_seconds and bye_seconds are 1 or more")

    def limits(self) -> Limits:
        """Return the patience of each screen."""
        return Limits(
            start=self.start_seconds,
            session=self.session_seconds,
            private=self.private_seconds,
            away=self.away_seconds,
            receipt=self.receipt_seconds,
            bye=self.bye_seconds,
            warning=self.warning_seconds,
        )


class _Server(uvicorn.Server):
    """Leaves signals to the agent."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Kiosk:
    """The kiosk station. ``stage`` is its screen; ``port`` is known when it runs.

    ``looks``: how often the pad was looked at.
    """

    def __init__(self, options: KioskOptions, services: Services) -> None:
        self.stage = Stage()
        self.port = options.port
        self.looks = 0
        self._options = options
        self._services = services
        self._closed_file = services.agent.data / "kiosk-closed"
        self.closed = self._closed_file.exists()
        self._pad: Device[ItemReader] = services.devices[options.pad]
        self._watch = PadWatch(self._pad, services.replica)
        self._printing = Printing(self._device(options.printer), services.journal)
        self._group: asyncio.TaskGroup | None = None
        tags = TagWork(services, self._pad, self._watch, arm_silent=options.arm_silent)
        self.engine = Engine(
            services,
            self.stage,
            Work(services, tags, "kiosk"),
            self._printing,
            options.library or services.agent.name,
            options.language,
            options.limits(),
            self._spawn,
            frozenset({"voice"} if options.voice else ()),
            options.card_letters,
            proof.load(options.receipt_keys) if options.receipt_keys else None,
        )
        lesson, classes = services.agent.data / "kiosk-class", services.replica.policy.classes
        self.engine.lesson = lessonfile.kept(lesson, classes, services.clock)
        self.engine.keep_lesson = lambda now: lessonfile.keep(lesson, now, services.clock)
        self.restart: Callable[[], None] = _end_agent
        self.engine.dim_s = options.dim_seconds
        self.engine.hatch = Hatch(
            options.staff_group,
            lambda: self.closed,
            self._close,
            lambda: self.restart(),
            options.box_prefix,
        )

    async def run(self) -> None:
        """Serve visits until cancelled."""
        with speaking(self._options.translations):
            await self._work()

    async def _work(self) -> None:
        listener = _listen(self._options.host, self._options.port)
        self.port = listener.getsockname()[1]
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._serve(listener), name="kiosk web")
            group.create_task(self._look(), name="kiosk pad")
            group.create_task(self._tick(), name="kiosk time")
            group.create_task(self._presses(), name="kiosk presses")
            if card := self._device(self._options.card):
                group.create_task(self._feed(card, _next_card, self.engine.carded), name="cards")
            if scanner := self._device(self._options.scanner):
                feed = self._feed(scanner, _next_scan, self.engine.scanned)
                group.create_task(feed, name="scans")
            if self._options.printer:
                group.create_task(self._look_at_printer(), name="kiosk printer")

    def numbers(self) -> dict[str, float]:
        """Return visits, loans and returns since the start."""
        done = self.engine.counters
        return {
            "kiosk_visits": done.visits,
            "kiosk_lent": done.lent,
            "kiosk_returned": done.returned,
            "kiosk_cards_refused": done.refused_cards,
            "kiosk_bits_mended": done.mended,
            "kiosk_pad_reads_percent": self._watch.reads_percent,
            **{f"kiosk_pad_antenna_{n}_percent": p for n, p in self._watch.antennas().items()},
        }

    async def command(self, name: str, _args: Mapping[str, Any]) -> dict[str, Any]:
        """Do what the centre asks, and what staff do at the machine; show the masked screen."""
        match name:
            case "out_of_service" | "in_service":
                await self._close(name == "out_of_service")
                if self._closes_now():
                    self.engine.unable()  # not only when the pad is looked at next
                return {}
            case "screen":
                return masked(self.stage.message)
            case "test" | "resolve" | "reprint":
                await staff.from_afar(self.engine, name)
                return {}
            case _:
                raise NotPossibleError("A kiosk cannot do this.")

    async def _close(self, closed: bool) -> None:
        await asyncio.to_thread(_keep, self._closed_file, closed)
        self.closed = closed

    def _closes_now(self) -> bool:
        return self.closed and self.engine.visit.state in NOBODY

    def health(self) -> dict[str, Any]:
        """Return what ``/health`` says: is the kiosk able, which parts are up."""
        names = {self._options.pad, self._options.card, self._options.scanner}
        names |= {self._options.printer, self._options.board}
        parts = {n: self._services.devices[n].up for n in sorted(names) if n}
        return {
            "able": self.engine.able,
            "online": self._services.desk.online,
            "screen": self.stage.message["screen"],
            "pages": self.stage.watchers,
            "parts": parts,
            "printer": self._printing.word,
            "waiting": self._services.journal.backlog().count,
            "troubles": [":".join(one) for one in sorted(self._services.journal.troubles)],
        }

    def _device(self, name: str) -> Device[Any] | None:
        return self._services.devices[name] if name else None

    def _spawn(self, work: Awaitable[Any], what: str) -> None:
        assert self._group is not None  # noqa: S101  work begins only while the kiosk runs
        self._group.create_task(quietly(work, what), name=f"kiosk {what}")

    async def _look(self) -> None:
        """Look at the pad again and again, but never while something is done on it."""
        clock, engine = self._services.clock, self.engine
        seen_ms = clock.mono_ms() - AWAY_AFTER_MS
        while True:
            try:
                async with engine.pad:
                    items = await self._watch.look()
                if self._closes_now():
                    engine.unable()
                else:
                    engine.looked(items)
                self.looks += 1
                seen_ms = clock.mono_ms()
            except (DeviceAwayError, DriverError) as error:
                log.debug("kiosk pad: %s", error)
                if clock.mono_ms() - seen_ms >= AWAY_AFTER_MS:
                    engine.unable()
            idle = engine.visit.state in (State.IDLE, State.OUT_OF_SERVICE)
            await asyncio.sleep(LOOK_IDLE if idle else LOOK_BUSY)

    async def _tick(self) -> None:
        while True:
            self.engine.tick()
            await asyncio.sleep(TICK)

    async def _presses(self) -> None:
        while True:
            name, arg = await self.stage.next_press()
            self.engine.pressed(name, arg)

    async def _feed(
        self,
        device: Device[Any],
        wait: Callable[[Any], Awaitable[Any]],
        take: Callable[[Any], None],
    ) -> None:
        """Hand on what a device reports; while it is away the kiosk works without it."""
        while True:
            await device.wait_up()
            try:
                take(await device.call(wait))
            except (DeviceAwayError, DriverError) as error:
                log.debug("kiosk %s: %s", device.name, error)
                await asyncio.sleep(TICK)

    async def _look_at_printer(self) -> None:
        while True:
            await self._printing.look()
            away = self._printing.word == "away"
            await asyncio.sleep(3 if away else PRINTER_LOOK)

    async def _serve(self, listener: socket.socket) -> None:
        port = listener.getsockname()[1]
        hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        config = uvicorn.Config(
            make_app(self.stage, hosts, self.health, Voices(self._options.recordings)),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_max_size=4096,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
            limit_concurrency=32,
        )
        server = _Server(config)
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(serving)
        finally:
            server.should_exit = True
            await serving
            listener.close()


def _end_agent() -> None:
    """End the agent as systemd would, which starts it again."""
    signal.raise_signal(signal.SIGTERM)


def _keep(file: Path, there: bool) -> None:
    """Make a file be there or not; it tells the next start."""
    if there:
        file.touch()
    else:
        file.unlink(missing_ok=True)


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket, so that a port that is taken is told at the start."""
    # TCP by name: only then asyncio sends each part of an answer at once (TCP_NODELAY, else 40 ms)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(f"[stations.kiosk] port {port}: {error.strerror}") from error
    listener.setblocking(False)
    return listener


async def _next_card(reader: CardReader) -> Any:
    return await reader.next_card()


async def _next_scan(scanner: Scanner) -> Any:
    return await scanner.next_scan()


STATION = StationEntry(
    name="kiosk",
    options=KioskOptions,
    make=Kiosk,
    help="self-service: lend, take back, renew, show the account",
)
