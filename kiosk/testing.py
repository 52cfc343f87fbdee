"""A kiosk in a box: the real station on simulated devices behind real wires, for tests and pictures.

The centre is a second replica with the same lending rules; it can fall silent.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.barcode import SCANNER
from drivers.barcode.simulator import ScannerSimulator
from drivers.feig import PAD, FeigSimulator
from drivers.pn532 import CARD
from drivers.pn532.cards import Ntag213, SimCard
from drivers.pn532.simulator import Pn532Simulator
from drivers.ports import Driver
from drivers.printer import PRINTER
from drivers.printer.simulator import PrinterSimulator
from drivers.tags import NewTag, encode
from drivers.testing.faults import Faults
from drivers.testing.serve import Served, serve_tcp
from drivers.testing.simulator import Simulator
from drivers.testing.tag15693 import Tag
from edge.circulation.model import Board, Event, ItemView, LoanView, Policy, ReaderView
from edge.circulation.rules import Wanted, decide_loans, decide_renewal
from edge.clock import Clock
from edge.config import AgentOptions
from edge.desk import Desk
from edge.device import Device
from edge.journal import Journal
from edge.journal.database import Connect, plain
from edge.replica import Replica
from edge.station import Services
from edge.wire.batch import decode_event, to_builtins
from edge.wire.commands import public_pem
from edge.wire.facts import card_ref
from edge.wire.messages import Answer, Ask, Holding, Part
from edge.wire.pins import unseal
from edge.wire.proofs import certify
from kiosk.stage import Message
from kiosk.station import Kiosk, KioskOptions

KEY = b"k" * 32
DAY_MS = 86_400_000
_NAMES: dict[str, Any] = {name: name for name in ("pad", "card", "scanner", "printer")}
NOW = 1_795_312_800.0
"""2026-11-22, 09:00 in Viet Nam."""

TITLES = (
    ("Truyện Kiều", "Nguyễn Du"),
    ("Dế Mèn phiêu lưu ký", "Tô Hoài"),
    ("Số đỏ", "Vũ Trọng Phụng"),
    ("Tắt đèn", "Ngô Tất Tố"),
    ("Lục Vân Tiên", "Nguyễn Đình Chiểu"),
    ("Chinh phụ ngâm khúc", "Đặng Trần Côn – Đoàn Thị Điểm"),
    ("Việt Nam sử lược", "Trần Trọng Kim"),
    ("Hồ Xuân Hương: thơ và đời", "Hồ Xuân Hương"),
    ("Những ngày thơ ấu", "Nguyên Hồng"),
    ("Thần thoại và truyền thuyết các dân tộc Việt Nam, tập một", "Nhiều tác giả"),
    ("Sách tra cứu (chỉ đọc tại chỗ)", "Ban biên soạn"),
    ("Gió đầu mùa", "Thạch Lam"),
)


def item_id(number: int) -> str:
    """Return the number of the n-th book (from 1)."""
    return f"TV{number:06}"


def books() -> list[ItemView]:
    """Return the catalogue: every title once; the eleventh is for the reading room only."""
    return [
        ItemView(
            item=item_id(n), title=title, author=author, flags=["reference"] if n == 11 else []
        )
        for n, (title, author) in enumerate(TITLES, 1)
    ]


def readers(now: int) -> list[tuple[ReaderView, str]]:
    """Return readers and given names: 100001 is well, 2 blocked, 3 expired, 4 has two loans.

    900001 belongs to staff.
    """

    def reader(
        card: str, *, blocked: bool = False, expires: int = 0, group: str = "adult"
    ) -> ReaderView:
        ref, who = card_ref(KEY, card), f"R{card}"
        return ReaderView(card=ref, reader=who, blocked=blocked, expires=expires, group=group)

    return [
        (reader("100001"), "An"),
        (reader("100002", blocked=True), "Bình"),
        (reader("100003", expires=now - 40 * DAY_MS), "Chi"),
        (reader("100004"), "Dung"),
        (reader("900001", group="staff"), "Giang"),
    ]


@dataclass
class Centre:
    """A centre that answers from its own copy; ``connected`` and ``silent`` are its bad days."""

    clock: Clock
    replica: Replica
    names: dict[str, str]
    connected: bool = True
    silent: bool = False
    heard_ms: int = 0
    holds: list[Holding] = field(default_factory=list)
    fees: int = 0
    mail: bool = False
    pins: dict[str, str] = field(default_factory=dict)
    wrong: int = 0

    async def ask(self, question: Ask, seconds: float) -> Answer | None:
        """Answer at once, or not at all."""
        if self.silent:
            await asyncio.sleep(min(seconds, 0.05))
            return None
        reader, now = self.replica.reader(question.card), self.clock.now_ms()
        answer = Answer(id=question.id, now=now, error="" if reader else "unknown_card")
        if question.what == "take_back":
            views = [self.replica.item(one) for one in question.items]
            return Answer(id=question.id, items=[view for view in views if view], now=now)
        if reader is None:
            return answer
        if question.what == "pin":
            return self._pin(question, now)
        if question.what == "reader":
            return Answer(
                id=question.id,
                reader=reader,
                name=self.names[question.card],
                loans=self.replica.loans_of(reader.reader),
                holds=self.holds,
                fees=self.fees,
                mail=self.mail,
                now=now,
            )
        wanted = [Wanted(i, self.replica.item(i), self.replica.loan(i)) for i in question.items]
        if question.what == "lend":
            verdicts = decide_loans(self.replica.policy, reader, wanted, now=now)
        else:
            verdicts = [
                decide_renewal(
                    self.replica.policy, reader, one.item, one.loan, now=now, item_id=one.item_id
                )
                for one in wanted
            ]
        return Answer(id=question.id, verdicts=verdicts, now=now)

    def _pin(self, question: Ask, now: int) -> Answer:
        """Answer as the ledger does, with three tries."""
        if question.card not in self.pins:
            return Answer(id=question.id, now=now, pin="unset")
        if self.wrong >= 3:
            return Answer(id=question.id, now=now, pin="locked", wait=900)
        pin = unseal(KEY, question.id, question.card, question.sealed)
        right = pin == self.pins[question.card]
        self.wrong = 0 if right else self.wrong + 1
        return Answer(id=question.id, now=now, pin="right" if right else "wrong")


@dataclass
class Box:
    """The kiosk and everything around it that a hand can move."""

    kiosk: Kiosk
    journal: Journal
    replica: Replica
    centre: Centre
    pad: FeigSimulator
    cards: Pn532Simulator
    scanner: ScannerSimulator
    printer: PrinterSimulator
    wires: dict[str, Served]
    faults: dict[str, Faults] = field(default_factory=dict)
    tags: dict[int, Tag] = field(default_factory=dict)
    hurry: list[float] = field(default_factory=lambda: [0.0])

    def put(self, *numbers: int) -> None:
        """Put books on the pad."""
        for number in numbers:
            self.pad.field.put(self.tags.setdefault(number, book_tag(number)))

    def lift(self, *numbers: int) -> None:
        """Take books off the pad; without numbers, everything."""
        for uid in [self.tags[n].uid for n in numbers] or [tag.uid for tag in self.pad.field.tags]:
            self.pad.field.take(uid)

    def tap(self, number: str) -> SimCard:
        """Hold a card with this number at the card reader, and take it away."""
        self.cards.take()
        card = Ntag213(bytes.fromhex("04A1B2C3D4E5") + bytes([int(number[-2:])]))
        card.write_text(number)
        self.cards.put(card)
        asyncio.get_running_loop().call_later(0.4, self.cards.take, card)
        return card

    def scan(self, text: str) -> None:
        """Scan a barcode."""
        self.scanner.scan(text)

    def press(self, name: str, arg: str = "") -> None:
        """Press a button, as the page does."""
        self.kiosk.stage.press(name, arg)

    def pass_time(self, seconds: float) -> None:
        """Let the clock of the kiosk run ahead."""
        self.hurry[0] += seconds

    def hold(self, number: int, reader: str = "100001") -> None:
        """Keep a book for a reader, here and at the centre, from now on."""
        for one in (self.replica, self.centre.replica):
            view = one.item(item_id(number))
            if view is not None:
                kept = msgspec.structs.replace(view, held=True, held_for=f"R{reader}")
                version = one.version
                one.apply(Part(version=version + 1, start=version, items=[kept]))

    async def looked(self, times: int) -> None:
        """Wait until the kiosk has looked at the pad so many times more."""
        goal = self.kiosk.looks + times
        async with asyncio.timeout(20):
            while self.kiosk.looks < goal:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def policy(self, **changes: Any) -> None:
        """Put another policy in force, here and at the centre."""
        for one in (self.replica, self.centre.replica):
            new, version = msgspec.structs.replace(one.policy, **changes), one.version
            one.apply(Part(version=version + 1, start=version, policy=to_builtins(new)))

    def type(self, digits: str) -> None:
        """Touch these digits, and the tick."""
        for digit in digits:
            self.press("digit", digit)
        self.press("enter")

    async def screen(
        self,
        name: str,
        until: Callable[[dict[str, Any]], bool] = lambda _: True,
        seconds: float = 8,
    ) -> dict[str, Any]:
        """Wait until this screen shows what ``until`` looks for; return its data."""
        message: Message = {}
        try:
            async with asyncio.timeout(seconds):
                async for message in self.kiosk.stage.watch():
                    if message["screen"] == name and until(message["data"]):
                        return dict(message["data"])
        except TimeoutError:
            raise AssertionError(f"screen {name} did not come; the last was {message}") from None
        raise AssertionError("the stage ended")

    def facts(self, *kinds: str) -> list[dict[str, Any]]:
        """Return the journaled facts of these kinds, oldest first."""
        events = [decode_event(body).fact for _, body in self.journal.waiting(0)]
        rows = [dict(to_builtins(fact)) for fact in events]
        return [row for row in rows if not kinds or row["k"] in kinds]


def book_tag(number: int, *, afi: int = 0x07, owner: str = "VN-TINH") -> Tag:
    """Return the tag of the n-th book."""
    data = encode(NewTag(item_id=item_id(number), owner=owner), "iso28560-3", 112, 4)
    uid = bytes.fromhex("E00401") + number.to_bytes(5, "big")
    return Tag(uid, bytearray(data.ljust(112, b"\0")), dsfid=0x3E, afi=afi)


def receipt_keys(folder: Path) -> Path:
    """Make the keys that ``enrol`` makes for receipts, in a folder of their own; return it."""
    folder.mkdir(exist_ok=True)
    key = Ed25519PrivateKey.from_private_bytes(bytes([2]) * 32)
    centre = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
    until = int(NOW * 1000) + 365 * DAY_MS
    word = certify(centre, "tinh", "tinh-kiosk", key.public_key(), until)
    (folder / "receipt.key").write_text(key.private_bytes_raw().hex() + "\n")
    (folder / "receipt.crt").write_text(word + "\n")
    (folder / "command.pub").write_bytes(public_pem(centre))
    return folder


@asynccontextmanager
async def kiosk_in_a_box(
    folder: Path, *, block_seconds: float = 0.0, storage: Connect = plain, **options: Any
) -> AsyncIterator[Box]:
    """Run a kiosk with all its devices; everything ends with the context.

    ``storage`` opens the journal's file, for tests of a disk that is full.
    """
    hurry, clock = _clock()
    pad, cards = FeigSimulator(block_seconds=block_seconds), Pn532Simulator(speed=0)
    scanner, printer = ScannerSimulator(), PrinterSimulator(speed=0)
    sims: dict[str, tuple[Driver, Simulator]] = {
        "pad": (PAD, pad), "card": (CARD, cards),
        "scanner": (SCANNER, scanner), "printer": (PRINTER, printer),
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        journal = Journal.open(folder / "journal.db", "tinh-kiosk", clock, connect=storage)
        stack.push_async_callback(journal.close)
        replica = stack.enter_context(closing(Replica.open(folder / "here.db", clock.now_ms)))
        central = stack.enter_context(closing(Replica.open(folder / "there.db", clock.now_ms)))
        for one in (replica, central):
            names = _fill(one, clock.now_ms())
            journal.listen(one.note)
        wires: dict[str, Served] = {}
        faults: dict[str, Faults] = {}
        devices: dict[str, Device[Any]] = {}
        for name, (driver, sim) in sims.items():
            faults[name] = Faults()
            wires[name] = await serve_tcp(sim, faults=faults[name])
            stack.push_async_callback(wires[name].close)
            patient = {"patience": 4.0} if driver is PAD else {}  # machines of tests are busy
            given = driver.options(url=wires[name].address, **patient)
            devices[name] = Device(name, driver, given, journal)
        centre = Centre(clock, central, names)
        desk = Desk(KEY, replica, clock, centre)
        services = Services(_agent(folder), clock, journal, replica, desk, devices)
        kiosk = Kiosk(KioskOptions(**(_NAMES | {"port": 0} | options)), services)
        runs = [asyncio.create_task(one.run(), name=name) for name, one in devices.items()]
        runs.append(asyncio.create_task(kiosk.run(), name="kiosk"))
        stack.push_async_callback(_end, runs)
        yield Box(
            kiosk,
            journal,
            replica,
            centre,
            pad,
            cards,
            scanner,
            printer,
            wires,
            faults=faults,
            hurry=hurry,
        )


def _clock() -> tuple[list[float], Clock]:
    """Return a clock that begins at NOW and can be hurried."""
    hurry, start = [0.0], time.monotonic()

    def mono() -> float:
        return time.monotonic() + hurry[0]

    return hurry, Clock(lambda: NOW + mono() - start, mono, "boot-1", lambda: True)


def _agent(folder: Path) -> AgentOptions:
    return AgentOptions(
        site="tinh", device="tinh-kiosk", name="Thư viện tỉnh", data=folder, site_key=folder / "key"
    )


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel from the top down; what a task failed of is raised here."""
    for task in reversed(tasks):
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


def board() -> Board:
    """Return what the idle kiosk shows: an event that is over, two to come, three new books."""
    return Board(
        events=[
            Event(title="Ngày hội cũ", date="2026-11-01"),
            Event(title="Câu lạc bộ Truyện Kiều", date="2026-12-01", title_en="Kieu reading club"),
            Event(
                title="Giờ kể chuyện cho thiếu nhi", date="2026-11-28", time="09:00",
                place="Phòng thiếu nhi", title_en="Story hour for children",
            ),
        ],
        books=[item_id(1), item_id(10), item_id(6), "TV999999"],
        note="Thẻ bạn đọc làm tại quầy, miễn phí cho học sinh.",
        note_en="Library cards are made at the desk, free for pupils.",
    )  # fmt: skip


def _fill(replica: Replica, now: int) -> dict[str, str]:
    people = readers(now)
    loans = [
        LoanView(item=item_id(9), reader="R100004", due=now + 3 * DAY_MS, title=TITLES[8][0]),
        LoanView(item=item_id(12), reader="R100004", due=now - 2 * DAY_MS, title=TITLES[11][0]),
    ]
    policy = to_builtins(Policy(owners=["VN-TINH"], board=board()))
    views = [view for view, _ in people]
    part = Part(version=1, items=books(), readers=views, loans=loans, policy=policy, made=now)
    replica.apply(part)
    return {view.card: name for view, name in people}
