"""Runs visits: turns what devices and fingers do into events, asks the table, does the effects."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from drivers.ports import Card, Scan
from edge.desk import Visitor
from edge.items import PadItem, by_barcode
from edge.journal import JournalError
from edge.station import Services
from edge.wire.facts import StaffCalled, TagTrouble
from kiosk import receipt
from kiosk.codes import candidates, card_texts
from kiosk.printing import Printing
from kiosk.screen import Surroundings, message
from kiosk.session import PRESSES, Effect, Event, State, step
from kiosk.shelf import Deed, RowState
from kiosk.stage import Stage
from kiosk.texts import LANGUAGES, day
from kiosk.timing import Limits, Patience, Timer
from kiosk.visit import Notice, Tone, Visit
from kiosk.work import REFUSALS, Work

log = logging.getLogger(__name__)
E, S, X = Event, State, Effect
NOTICE_MS = 12_000
STILL_MS = 600
"""A stack that has not changed for so long is still."""


@dataclass(slots=True)
class Counters:
    """What the kiosk did since it started, for the health message."""

    visits: int = 0
    lent: int = 0
    returned: int = 0
    refused_cards: int = 0


class Engine:
    """One visit after another. All methods belong to the event loop.

    ``spawn`` starts work in the background (cards, books, printing); it ends with the station.
    """

    def __init__(
        self,
        services: Services,
        stage: Stage,
        work: Work,
        printing: Printing,
        library: str,
        lang: str,
        limits: Limits,
        spawn: Callable[[Awaitable[Any], str], None],
    ) -> None:
        self._services = services
        self._stage = stage
        self._work = work
        self._printing = printing
        self._library = library
        self._lang = lang
        self._spawn = spawn
        self._timer = Timer(limits, services.clock.mono_ms)
        self._changed_ms = services.clock.mono_ms()
        self._sound = (0, "")
        self._healing: set[str] = set()
        self.able = False
        self.pad = asyncio.Lock()
        self.counters = Counters()
        self.visit = Visit(0, _visit_id(), State.OUT_OF_SERVICE, lang)

    # What happened

    def looked(self, items: list[PadItem]) -> None:
        """Take in a look at the pad; the pad works."""
        if not self.able:
            self.able = True
            self.handle(E.ABLE)
        change = self.visit.shelf.look(items)
        if change.any:
            self._changed_ms = self._mono()
            self.visit.told_still = False
        if change.new:
            self._timer.restart()
        if change.came:
            self._hear("tick")
            self.handle(E.BOOKS)
        elif change.cleared:
            self.handle(E.PAD_CLEAR)
        elif change.any:
            self.show()
        self._meet_again(items)

    def unable(self) -> None:
        """The pad cannot be used now."""
        self.able = False
        self.handle(E.UNABLE)

    def scanned(self, scan: Scan) -> None:
        """Take a barcode: the number of a book we know, else of a card."""
        texts = candidates(scan)
        for text in texts:
            if (pad := by_barcode(self._services.replica, text)) is not None:
                self.handle(E.BOOK_CODE, pad)
                return
        if texts:
            self.handle(E.CARD, texts)

    def carded(self, card: Card) -> None:
        """Take a contactless card; a book's number on it is no card."""
        texts = card_texts(card)
        book = next((t for t in texts if self._services.replica.item(t)), None)
        if book is not None:
            self.handle(E.BOOK_AS_CARD, book)
        elif texts:
            self.handle(E.CARD, texts)
        else:  # a random UID and no number: it cannot be told whose card this is
            self._say("stop", "id.unknown")

    def pressed(self, name: str, arg: str = "") -> None:
        """Take a press of a finger."""
        if name in PRESSES:
            self._timer.restart()
            self.handle(PRESSES[name], arg)

    def tick(self) -> None:
        """Let time pass: still stacks, old notices, the end of patience."""
        visit, now = self.visit, self._mono()
        if not visit.told_still and now - self._changed_ms >= STILL_MS:
            visit.told_still = True
            self._report_troubles()
            if visit.facts(still=True, able=self.able).waiting:
                self.handle(E.STACK_STILL)
        if visit.notice is not None and now >= visit.notice.until:
            visit.notice = None
        if self._timer.over(self._patience()):
            self._timer.restart()
            self.handle(E.TIME_UP)
        self.show()

    # The table

    def handle(self, event: Event, about: Any = None) -> None:
        """Ask the table what the event means now, and do it."""
        state = self.visit.state
        still = self._mono() - self._changed_ms >= STILL_MS
        arrow = step(state, event, self.visit.facts(still=still, able=self.able))
        if arrow.to is not state:
            log.debug("kiosk: %s --%s--> %s", state, event, arrow.to)
            self._timer.restart()
        if X.FORGET in arrow.effects:
            self._forget(arrow.to, event)
        self.visit.enter(arrow.to)
        if state is S.IDLE and arrow.to not in (S.IDLE, S.OUT_OF_SERVICE):
            self.counters.visits += 1
        for effect in arrow.effects:
            self._do(effect, about)
        if arrow.to is S.RECEIPT and state is not S.RECEIPT:
            self._spawn(self._printing.look(), "printer look")
        self.show()

    def _do(self, effect: Effect, about: Any) -> None:
        match effect:
            case X.FORGET:
                pass
            case X.CHECK_CARD:
                self._check_card(about)
            case X.COMPARE_CARD:
                self._compare_card(about)
            case X.ADD_BY_CODE:
                self._add(about)
            case X.SAY_BOOK_CODE:
                self._book_as_card(about)
            case X.SAY_SEPARATE:
                self._say("look", "bor.missing_one")
            case X.SAY_UNABLE:
                self._say("calm", "unable.pad")
            case X.LEND:
                self._spawn(self._books(self.visit, self._work.lend), "lend")
            case X.TAKE_BACK:
                self._spawn(self._books(self.visit, self._work.take_back), "take back")
            case X.LOAD_ACCOUNT:
                self._spawn(self._account(self.visit), "account")
            case X.RENEW:
                self._spawn(self._renew(self.visit, str(about or "")), "renew")
            case X.PRINT:
                self._spawn(self._print(self.visit), "print")
            case X.MORE_TIME:
                self._timer.restart()
            case X.LANGUAGE:
                at = LANGUAGES.index(self.visit.lang)
                self.visit.lang = LANGUAGES[(at + 1) % len(LANGUAGES)]
            case X.CALL_STAFF:
                self._call_staff()
            case X.LARGE_TEXT | X.CONTRAST | X.LOW_REACH:
                self.visit.look ^= {effect.name.lower()}

    def _forget(self, state: State, event: Event) -> None:
        old = self.visit
        fresh = old.shelf.latest if event is E.BOOKS else frozenset()
        self.counters.lent += old.shelf.counted(Deed.LENT)
        self.counters.returned += old.shelf.counted(Deed.RETURNED)
        shelf = old.shelf.forget(fresh)
        self.visit = Visit(old.number + 1, _visit_id(), state, self._lang, shelf=shelf)
        self.visit.told_still = event is not E.BOOKS

    # Effects

    def _check_card(self, texts: list[str]) -> None:
        visit = self.visit
        if visit.checking:
            return
        visit.checking, visit.notice = True, None
        self._spawn(self._who(visit, texts), "card")

    async def _who(self, visit: Visit, texts: list[str]) -> None:
        visitor = await self._services.desk.reader(texts)
        visit.checking = False
        if visit is not self.visit:
            return
        refused = visitor.refusal if visit.state is S.CARD_WANTED else ""
        if visitor.reader is None or refused:
            self.counters.refused_cards += 1
            self.handle(E.READER_REFUSED)
            self._say_refusal(visitor)
            return
        visit.visitor, visit.cards = visitor, texts
        self._hear("ok")
        self.handle(E.READER_KNOWN)

    def _say_refusal(self, visitor: Visitor) -> None:
        if visitor.refusal == "expired" and visitor.reader is not None:
            zone = self._services.replica.policy.zone
            self._say("stop", "id.expired", date=day(visitor.reader.expires, zone))
        else:
            self._say("stop", REFUSALS.get(visitor.refusal, "id.unknown"))

    def _compare_card(self, texts: list[str]) -> None:
        """Another reader's card in the middle of a visit is named, and changes nothing."""
        visitor = self.visit.visitor
        refs = {self._services.desk.card_ref(text) for text in texts}
        if visitor is not None and visitor.card not in refs:
            log.info("kiosk: another reader's card during a visit")
            self._say("look", "id.other_card")

    def _add(self, pad: PadItem) -> None:
        self._report_troubles()  # a tag that needs its barcode is a tag that staff must look at
        if self.visit.shelf.add(pad):
            self._changed_ms = self._mono()
            self.visit.told_still = False
            self._hear("tick")

    def _book_as_card(self, about: Any) -> None:
        self._say("stop", "id.book_as_card")
        if isinstance(about, str) and about:
            fact = TagTrouble(reason="book_as_card", uid="", item=about, station=self._work.station)
            self._spawn(self._services.journal.append(fact), "tag trouble")

    async def _books(self, visit: Visit, do: Callable[..., Awaitable[None]]) -> None:
        """Do the work on the pad; nobody else looks at it meanwhile."""

        def changed(sound: str) -> None:
            if visit is self.visit:
                self._hear(sound)
                self.show()

        try:
            async with self.pad:
                await do(visit, changed)
        finally:
            if visit is self.visit:
                self._hear("done" if visit.shelf.done else "error")
                self.handle(E.WORK_DONE)

    async def _account(self, visit: Visit) -> None:
        visit.checking = True
        await self._work.account(visit)
        visit.checking = False
        if visit is self.visit:
            if visit.visitor is not None and not visit.visitor.online:
                self._say("calm", "acc.partial")
            self.show()

    async def _renew(self, visit: Visit, item: str) -> None:
        try:
            await self._work.renew(visit, item, self._hear)
        finally:
            if visit is self.visit:
                self.handle(E.RENEWED)

    async def _print(self, visit: Visit) -> None:
        why = await self._printing.print_lines(receipt.lines(self._receipt(visit)))
        if visit is not self.visit:
            return
        visit.printed = not why
        self.handle(E.NOT_PRINTED if why else E.PRINTED)
        if why:
            self._say("look", why)

    def _call_staff(self) -> None:
        if self.visit.staff_called:
            return
        self.visit.staff_called = True
        self._hear("attention")
        fact = StaffCalled(station=self._work.station)
        self._spawn(self._services.journal.append(fact), "call staff")

    def _meet_again(self, items: list[PadItem]) -> None:
        """A lent book whose tag still alarms was put back: finish its security work."""
        for pad in items:
            row = self.visit.shelf.rows.get(pad.item or "")
            if row is None or row.key in self._healing or not row.on_pad or row.deed is None:
                continue
            if row.state in (RowState.ARMED, RowState.PUT_BACK):
                self._healing.add(row.key)
                self._spawn(self._heal(self.visit, pad, row.due), "heal")

    async def _heal(self, visit: Visit, pad: PadItem, due: int) -> None:
        key = pad.item or ""
        try:
            async with self.pad:
                silent = await self._work.heal(visit, pad)
        finally:
            self._healing.discard(key)
        if silent:
            visit.shelf.put(key, RowState.LENT, "row.secured", due)
            self._hear("ok")
            self.show()

    def _report_troubles(self) -> None:
        for row in self.visit.shelf.rows.values():
            if row.on_pad and row.pad.trouble:
                self._spawn(self._work.report(self.visit, row.pad), "tag trouble")

    # The screen

    def show(self) -> None:
        """Make the screen from what is true now."""
        visit = self.visit
        if visit.state in (S.RECEIPT, S.PRINTING, S.RECEIPT_SHOWN):
            paper = self._receipt(visit)
        else:
            paper = None
        patience = self._patience()
        around = Surroundings(
            library=self._library,
            policy=self._services.replica.policy,
            now=self._services.clock.now_ms(),
            online=self._services.desk.online,
            printer=self._printing.word,
            sound=self._sound,
            seconds_left=self._timer.seconds_left(patience),
            warn=self._timer.warns(patience),
            receipt=paper,
        )
        self._stage.show(message(visit, around))

    def _patience(self) -> Patience:
        """Return how long the visit may stand as it does, and since when the pad is empty."""
        visit = self.visit
        changed = bool(visit.look) or visit.lang != self._lang
        clear = None if visit.shelf.holds_tags else self._changed_ms
        return Patience(visit.state, changed=changed, clear_ms=clear)

    def _receipt(self, visit: Visit) -> receipt.Receipt:
        now, zone = self._services.clock.now_ms(), self._services.replica.policy.zone
        return receipt.write(visit.shelf.done, visit.lang, self._library, visit.id, now, zone)

    def _say(self, tone: Tone, key: str, **values: object) -> None:
        self.visit.notice = Notice(tone, key, self._mono() + NOTICE_MS, values)
        self._hear("error" if tone == "stop" else "attention")
        self.show()

    def _hear(self, sound: str) -> None:
        if sound:
            self._sound = (self._sound[0] + 1, sound)

    def _mono(self) -> int:
        return self._services.clock.mono_ms()


def _visit_id() -> str:
    return secrets.token_hex(4).upper()


async def quietly(work: Awaitable[Any], what: str) -> None:
    """Await background work; a journal that cannot take its fact is a line in the log."""
    try:
        await work
    except JournalError as error:
        log.warning("kiosk: %s: %s", what, error)
