"""One visit after another: events in, the table asked, effects done."""

import logging
from typing import Any

from drivers.ports import Card, Scan
from edge.items import PadItem, by_barcode
from edge.wire.proofs import is_receipt
from kiosk.codes import candidates, card_texts
from kiosk.engine import books, cards, comfort, keypad, lesson, loans, paper, staff
from kiosk.engine.room import STILL_MS, Doer, Room, takes_papers, visit_id
from kiosk.session import PRESSES, Effect, Event, State, step
from kiosk.shelf import Deed
from kiosk.visit import Visit

log = logging.getLogger(__name__)
E, S, X = Event, State, Effect
KINDS = (books, cards, comfort, keypad, lesson, loans, paper, staff)
"""The files that do effects, by kind; a new kind is a new file named here."""
EFFECTS: dict[Effect, Doer] = {effect: do for kind in KINDS for effect, do in kind.EFFECTS.items()}


QUIET = (S.IDLE, S.OUT_OF_SERVICE, S.STAFF_CARD, S.CLASS_CARD, S.CLASS, S.CLASS_MENU)
"""From the start screen to one of these is no visit of a reader."""


class Engine(Room):
    """Takes what happened, in any order, from devices, fingers and the clock."""

    # What happened

    def looked(self, items: list[PadItem]) -> None:
        """Take in a look at the pad; the pad works."""
        if not self.able:
            self.able = True
            self.handle(E.ABLE)
        change = self.visit.shelf.look(items)
        if change.any:
            self.changed_ms = self.mono()
            self.visit.told_still = False
        if change.new:
            self.timer.restart()
        if change.came:
            self.hear("tick")
            self.handle(E.BOOKS)
        elif change.cleared:
            self.handle(E.PAD_CLEAR)
        elif change.any:
            self.show()
        books.meet_again(self, items)

    def unable(self) -> None:
        """The pad cannot be used now."""
        self.able = False
        self.handle(E.UNABLE)

    def scanned(self, scan: Scan) -> None:
        """Take a barcode: the number of a book we know, else of a card."""
        if is_receipt(scan.text):
            self.handle(E.RECEIPT_CODE, scan.text)
            return
        if scan.paper and not takes_papers(self):
            self.say("look", "id.paper_refused")
            return
        texts = candidates(scan)
        if self.hatch is not None and (box := self.hatch.box_of(texts)):
            self.handle(E.BOX_CODE, box)
            return
        for text in texts:
            if (pad := by_barcode(self.services.replica, text)) is not None:
                self.handle(E.BOOK_CODE, pad)
                return
        if texts:
            self.handle(E.CARD, texts)

    def carded(self, card: Card) -> None:
        """Take a contactless card; a book's number on it is no card."""
        texts = card_texts(card)
        book = next((t for t in texts if self.services.replica.item(t)), None)
        if book is not None:
            self.handle(E.BOOK_AS_CARD, book)
        elif texts:
            self.handle(E.CARD, texts)
        else:  # a random UID and no number: it cannot be told whose card this is
            self.say("stop", "id.unknown")

    def pressed(self, name: str, arg: str = "") -> None:
        """Take a press of a finger."""
        if name in PRESSES:
            self.timer.restart()
            self.handle(PRESSES[name], arg)

    def tick(self) -> None:
        """Let time pass: still stacks, old notices, the end of patience."""
        visit, now = self.visit, self.mono()
        if not visit.told_still and now - self.changed_ms >= STILL_MS:
            visit.told_still = True
            self.report_troubles()
            if self.facts().waiting:
                self.handle(E.STACK_STILL)
                if visit.state is S.COUNTING:
                    books.say_set(self)
        if visit.notice is not None and now >= visit.notice.until:
            visit.notice = None
        lesson.end_in_time(self)
        if self.timer.over(self.patience()):
            self.timer.restart()
            self.handle(E.TIME_UP)
        self.show()

    # The table

    def handle(self, event: Event, about: Any = None) -> None:
        """Ask the table what the event means now, and do it."""
        state = self.visit.state
        arrow = step(state, event, self.facts())
        if arrow.to is not state:
            log.debug("kiosk: %s --%s--> %s", state, event, arrow.to)
            self.timer.restart()
        if X.FORGET in arrow.effects:
            self._forget(arrow.to, event)
        self.visit.enter(arrow.to)
        if state in (S.IDLE, S.CLASS) and arrow.to not in QUIET:
            self.counters.visits += 1
        for effect in arrow.effects:
            if effect is not X.FORGET:
                EFFECTS[effect](self, about)
        if arrow.to is S.RECEIPT and state is not S.RECEIPT:
            self.spawn(self.printing.look(), "printer look")
        self.show()

    def _forget(self, state: State, event: Event) -> None:
        old = self.visit
        fresh = old.shelf.latest if event is E.BOOKS else frozenset()
        lent, back = old.shelf.counted(Deed.LENT), old.shelf.counted(Deed.RETURNED)
        self.counters.lent += lent
        self.counters.returned += back
        if self.lesson is not None:
            self.set_lesson(self.lesson.counted(lent, back))
        shelf = old.shelf.forget(fresh)
        self.visit = Visit(old.number + 1, visit_id(), state, self.lang, set(self.usual), shelf)
        self.visit.told_still = event is not E.BOOKS
