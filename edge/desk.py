"""The circulation desk: may this happen? Asks the centre with a deadline, else decides alone.

The centre's word counts when it comes in time. Without it the local copy and the same lending rules
decide (rule R10); what is decided is marked, so that the ledger knows how.
"""

import asyncio
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, cast

from msgspec import structs

from edge.circulation.model import ItemView, LoanView, ReaderView, Verdict
from edge.circulation.rules import (
    TRUSTED_READER,
    Offline,
    Wanted,
    decide_loans,
    decide_renewal,
    owed,
    reader_refusal,
)
from edge.clock import Clock
from edge.journal.ids import uuid7
from edge.replica import Replica
from edge.wire.errors import WireError
from edge.wire.facts import card_ref
from edge.wire.messages import Answer, Ask, Holding
from edge.wire.names import open_name
from edge.wire.pins import seal

DEADLINE = 0.8
"""Seconds a reader waits for the centre before the desk decides alone."""
PIN_DEADLINE = 3.0
"""A PIN is proven slowly on purpose, and nobody but the centre can do it: that is waited for."""
QUIET_MS = 10_000
"""After a question without answer the desk decides alone for so long."""
REMEMBER_MS = 15 * 60_000
"""How long a reader whom the centre knew is still known when it falls silent."""
REMEMBER_COUNT = 50
PinWord = Literal["right", "wrong", "locked", "unset", "unreachable"]


class Centre(Protocol):
    """The way to the centre, as the desk needs it (the uplink)."""

    @property
    def connected(self) -> bool:
        """Return whether a question may get there."""

    @property
    def heard_ms(self) -> int:
        """Return when the centre was last heard, in monotonic ms (0: never)."""

    async def ask(self, question: Ask, seconds: float) -> Answer | None:
        """Return the answer, or None when none came in time."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who showed a card. ``refusal`` is empty, or why this reader may not borrow (a REASON).

    ``card`` is the reference to lend under. ``reader`` may be there although refused (an expired
    reader may still see loans and give items back). ``name``, ``loans``, ``holds`` and ``fees`` are
    for the screen only; offline ``loans`` are those that this device knows of.
    """

    card: str
    reader: ReaderView | None
    refusal: str = ""
    online: bool = False
    name: str = ""
    loans: list[LoanView] = field(default_factory=list)
    holds: list[Holding] = field(default_factory=list)
    fees: int = 0
    mail: bool = False


class Verdicts(list[Verdict]):
    """Verdicts in the order of the items; ``online`` tells whether the centre gave them."""

    def __init__(self, verdicts: Sequence[Verdict], *, online: bool) -> None:
        super().__init__(verdicts)
        self.online = online


class Desk:
    """What stations ask before they act."""

    def __init__(
        self,
        site_key: bytes,
        replica: Replica,
        clock: Clock,
        centre: Centre,
        seconds: float = DEADLINE,
    ) -> None:
        self._key = site_key
        self._replica = replica
        self._clock = clock
        self._centre = centre
        self._seconds = seconds
        self._silent_ms = 0
        self._met: dict[str, tuple[ReaderView, int]] = {}

    @property
    def online(self) -> bool:
        """Whether the centre can be asked and did answer lately."""
        if not self._centre.connected:
            return False
        if not self._silent_ms or self._centre.heard_ms > self._silent_ms:
            return True
        return self._clock.mono_ms() - self._silent_ms > QUIET_MS

    def card_ref(self, text: str) -> str:
        """Return the reference under which a card is known at this site."""
        return card_ref(self._key, text)

    @property
    def linked(self) -> bool:
        """Whether there is a connection to the broker: to the neighbours at least."""
        return self._centre.connected

    def secret(self, purpose: str) -> bytes:
        """Return 32 bytes that only this site's devices can know, for one purpose."""
        return hmac.digest(self._key, purpose.encode(), "sha256")

    def item(self, item_id: str) -> ItemView | None:
        """Return what this device knows of an item."""
        return self._replica.item(item_id)

    async def reader(self, card_texts: Sequence[str]) -> Visitor:
        """Say whose card this is. The texts are what the one card says of itself, best first."""
        return await self._visitor([self.card_ref(text) for text in card_texts])

    async def member(self, ref: str) -> Visitor:
        """Say who a child of a class is, by the reference that the class list gives."""
        return await self._visitor([ref])

    def given_name(self, ref: str, sealed: str) -> str:
        """Return the name of a child of a class; empty when it may not be shown or cannot be read."""
        try:
            return open_name(self._key, ref, sealed) if sealed else ""
        except WireError:
            return ""

    async def _visitor(self, refs: list[str]) -> Visitor:
        answers = await asyncio.gather(*(self._ask("reader", ref) for ref in refs))
        known = [
            self._known(ref, answer)
            for ref, answer in zip(refs, answers, strict=True)
            if answer is not None and answer.reader is not None
        ]
        if known:
            return known[0]
        if refs and all(answer is not None for answer in answers):
            return Visitor(refs[0], None, "unknown_card", online=True)
        return self._unasked(refs)

    async def lend(self, card: str, items: Sequence[str]) -> Verdicts:
        """Say for each item whether it may be lent to the card (a reference), and until when."""
        answer = await self._ask("lend", card, items)
        if answer is not None and (verdicts := _verdicts(answer, items)) is not None:
            return verdicts
        reader = self._reader_now(card)
        wanted = [Wanted(one, self._replica.item(one), self._replica.loan(one)) for one in items]
        now, offline = self._clock.now_ms(), self._offline(card, reader)
        alone = decide_loans(self._replica.policy, reader, wanted, now=now, offline=offline)
        return Verdicts(alone, online=False)

    async def renew(self, card: str, items: Sequence[str]) -> Verdicts:
        """Say for each item whether its loan is prolonged; never promised without the centre."""
        answer = await self._ask("renew", card, items)
        if answer is not None and (verdicts := _verdicts(answer, items)) is not None:
            return verdicts
        reader, now = self._reader_now(card), self._clock.now_ms()
        offline, policy = self._offline(card, reader), self._replica.policy
        alone = [
            decide_renewal(
                policy, reader, self._replica.item(one), self._replica.loan(one),
                now=now, offline=offline, item_id=one,
            )
            for one in items
        ]  # fmt: skip
        return Verdicts(alone, online=False)

    async def check_pin(self, card: str, pin: str) -> tuple[PinWord, int]:
        """Have the centre prove a PIN; return its word, and for how many seconds it is locked."""
        name = uuid7(self._clock.now_ms())
        sealed = seal(self._key, name, card, pin)
        answer = await self._ask("pin", card, name=name, sealed=sealed, seconds=PIN_DEADLINE)
        if answer is None or answer.pin not in ("right", "wrong", "locked", "unset"):
            return "unreachable", 0
        return cast(PinWord, answer.pin), answer.wait

    async def take_back(self, items: Sequence[str]) -> list[ItemView | None]:
        """Return what is known of items that come back (a return itself is never refused)."""
        answer = await self._ask("take_back", "", items)
        there = {view.item: view for view in answer.items} if answer is not None else {}
        return [there.get(one) or self._replica.item(one) for one in items]

    async def sort(self, item: str) -> tuple[ItemView | None, str]:
        """Return what is known of an item that comes back, and the bin the centre names for it.

        To be asked when the item lies behind the flap and is armed: the centre may act on it.
        """
        answer = await self._ask("take_back", "", [item], armed=True)
        views = [view for view in answer.items if view.item == item] if answer is not None else []
        view = views[0] if views else self._replica.item(item)
        return view, answer.bins.get(item, "") if answer is not None else ""

    async def _ask(
        self,
        what: str,
        card: str,
        items: Sequence[str] = (),
        name: str = "",
        sealed: str = "",
        *,
        armed: bool = False,
        seconds: float = 0.0,
    ) -> Answer | None:
        """Return an answer that answers; silence keeps the next questions from waiting."""
        if not self.online:
            return None
        now = self._clock.now_ms()
        name = name or uuid7(now)
        question = Ask(
            id=name, what=what, card=card, items=list(items), at=now, sealed=sealed, armed=armed
        )
        answer = await self._centre.ask(question, seconds or self._seconds)
        if answer is None:
            self._silent_ms = self._clock.mono_ms()
            return None
        self._silent_ms = 0
        return None if answer.error and answer.error != "unknown_card" else answer

    def _known(self, ref: str, answer: Answer) -> Visitor:
        reader, now = answer.reader, self._clock.now_ms()
        assert reader is not None  # noqa: S101  the caller looked
        self._met[ref] = (reader, self._clock.mono_ms())
        while len(self._met) > REMEMBER_COUNT:
            self._met.pop(next(iter(self._met)))
        return Visitor(
            card=ref,
            reader=reader,
            refusal=reader_refusal(self._replica.policy, reader, now=now),
            online=True,
            name=answer.name,
            loans=answer.loans,
            holds=answer.holds,
            fees=answer.fees,
            mail=answer.mail,
        )

    def _unasked(self, refs: list[str]) -> Visitor:
        """Say whose card this is from what this device knows."""
        for ref in refs:
            reader = self._reader_now(ref)
            if reader is not None:
                policy, now = self._replica.policy, self._clock.now_ms()
                refusal = reader_refusal(policy, reader, now=now)
                loans = self._replica.loans_of(reader.reader)
                return Visitor(ref, reader, refusal, loans=loans, fees=reader.fees)
        first = refs[0] if refs else ""
        if first and self._replica.policy.offline_trust:
            return Visitor(first, ReaderView(card=first, reader=TRUSTED_READER))
        return Visitor(first, None, "card_unverified")

    def _reader_now(self, card: str) -> ReaderView | None:
        """Return the reader from the local copy, else from a visit of the last minutes."""
        reader = self._replica.reader(card)
        if reader is not None:
            return self._with_fees(reader)
        met = self._met.get(card)
        if met is None or self._clock.mono_ms() - met[1] > REMEMBER_MS:
            return None
        return met[0]

    def _with_fees(self, reader: ReaderView) -> ReaderView:
        """Return a reader of the local copy with what late loans add until now, at the least (R4)."""
        policy, replica = self._replica.policy, self._replica
        if not policy.fee_limit:
            return reader
        loans, back = replica.loans_of(reader.reader), replica.came_back(reader.reader)
        now = self._clock.stamp()
        fees = owed(policy, reader.fees, loans, back, now.wall - now.unc)
        return structs.replace(reader, fees=fees)

    def _offline(self, card: str, reader: ReaderView | None) -> Offline:
        """Return what counts in an outage; of a reader who is not in the copy, by the card."""
        names = {card} | ({reader.reader} if reader else set())
        lent = sum(self._replica.lent_unsettled(name) for name in names)
        return Offline(self._replica.age_ms, lent)


def _verdicts(answer: Answer, items: Sequence[str]) -> Verdicts | None:
    """Return the centre's verdicts when they are for these items in this order."""
    if answer.error:
        refused = [Verdict(item=one, ok=False, reason=answer.error) for one in items]
        return Verdicts(refused, online=True)
    if [verdict.item for verdict in answer.verdicts] != list(items):
        return None
    return Verdicts(answer.verdicts, online=True)
