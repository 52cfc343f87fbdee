"""A small library for a kiosk in a box: books, readers, what the idle kiosk shows, and the centre.

The centre is a second replica with the same lending rules; it can fall silent.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.tags import NewTag, encode
from drivers.testing.tag15693 import Tag
from edge.circulation.model import Board, Event, ItemView, LoanView, Policy, ReaderView
from edge.circulation.rules import Wanted, decide_loans, decide_renewal
from edge.clock import Clock
from edge.replica import Replica
from edge.wire.batch import to_builtins
from edge.wire.commands import public_pem
from edge.wire.facts import card_ref
from edge.wire.messages import Answer, Ask, Holding, Part
from edge.wire.pins import unseal
from edge.wire.proofs import certify

KEY = b"k" * 32
DAY_MS = 86_400_000
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


def fill(replica: Replica, now: int) -> dict[str, str]:
    """Give a copy the small library; return the readers' given names by card."""
    people = readers(now)
    loans = [
        LoanView(item=item_id(9), reader="R100004", due=now + 3 * DAY_MS, title=TITLES[8][0]),
        LoanView(item=item_id(12), reader="R100004", due=now - 2 * DAY_MS, title=TITLES[11][0]),
    ]
    policy = to_builtins(Policy(owners=["VN-TINH"], board=board()))
    views = [view for view, _ in people]
    part = Part(version=1, items=books(), readers=views, loans=loans, policy=policy, made=now)
    if not replica.version:  # a kiosk that is started again keeps its copy
        replica.apply(part)
    return {view.card: name for view, name in people}
