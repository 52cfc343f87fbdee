"""What every effect works with: the visit, the services, the screen, and a way to say things."""

import logging
import secrets
from abc import ABC, abstractmethod
from asyncio import Lock
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from edge.journal import JournalError
from edge.printing import Printing
from edge.station import Services
from kiosk import receipt
from kiosk.hatch import Hatch, status
from kiosk.idle import Around
from kiosk.lesson import Lesson, choices, shown
from kiosk.proof import ReceiptKeys
from kiosk.screen import Surroundings, message
from kiosk.session import Event, Facts, State
from kiosk.stage import Stage
from kiosk.timing import Limits, Patience, Timer
from kiosk.tries import Tries
from kiosk.visit import MAY_RETURN, Notice, Tone, Visit
from kiosk.work import Work

log = logging.getLogger(__name__)
S = State
STILL_MS = 600
"""A stack that has not changed for so long is still."""
TYPED = "typed"
"""The name under which unknown typed card numbers are counted together."""
NOTICE_MS = 12_000


@dataclass(slots=True)
class Counters:
    """What the kiosk did since it started, for the health message."""

    visits: int = 0
    lent: int = 0
    returned: int = 0
    refused_cards: int = 0
    mended: int = 0


class Room(ABC):
    """The kiosk as the effects see it. All methods belong to the event loop.

    ``spawn`` starts work in the background (cards, books, printing); it ends with the station.
    ``pad`` is held by whoever uses the pad; ``changed_ms``: when the stack changed last (monotonic).
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
        looks: frozenset[str] = frozenset(),
        card_letters: str = "",
        receipt_keys: ReceiptKeys | None = None,
    ) -> None:
        self.services = services
        self.stage = stage
        self.work = work
        self.printing = printing
        self.library = library
        self.lang = lang
        self.spawn = spawn
        self.looks = looks
        self.timer = Timer(limits, services.clock.mono_ms)
        self.changed_ms = services.clock.mono_ms()
        self.able = False
        self.healing: set[str] = set()
        self.pad = Lock()
        self.counters = Counters()
        self.hatch: Hatch | None = None
        self.tries = Tries(services.clock.mono_ms)
        self.card_letters = card_letters
        self.dim_s = 300
        self.receipt_keys = receipt_keys
        self.visit = Visit(0, visit_id(), State.OUT_OF_SERVICE, lang, set(looks))
        self.lesson: Lesson | None = None
        self.keep_lesson: Callable[[Lesson | None], None] = lambda _: None
        self._sound = (0, "")

    @property
    def usual(self) -> frozenset[str]:
        """The look with which a visit begins: a class has the screens for children."""
        return self.looks | {"kids", "voice"} if self.lesson else self.looks

    def set_lesson(self, lesson: Lesson | None) -> None:
        """Be open for a class, or for everybody again; the next start knows."""
        self.lesson = lesson
        self.keep_lesson(lesson)

    @abstractmethod
    def handle(self, event: Event, about: Any = None) -> None:
        """Ask the table what the event means now, and do it."""

    def say(self, tone: Tone, key: str, **values: object) -> None:
        """Put one sentence above the shelf, with its sound."""
        self.visit.notice = Notice(tone, key, self.mono() + NOTICE_MS, values)
        self.hear("error" if tone == "stop" else "attention")
        self.show()

    def hear(self, sound: str) -> None:
        """Make a sound with the next screen."""
        if sound:
            self._sound = (self._sound[0] + 1, sound)

    def mono(self) -> int:
        """Return the monotonic time in ms."""
        return self.services.clock.mono_ms()

    def report_troubles(self) -> None:
        """Tell staff of the tags on the pad that cannot be handled."""
        for row in self.visit.shelf.rows.values():
            if row.on_pad and row.pad.trouble:
                self.spawn(self.work.report(self.visit, row.pad), "tag trouble")

    def receipt(self, visit: Visit) -> receipt.Receipt:
        """Return the receipt of a visit as it is now."""
        now, zone = self.services.clock.now_ms(), self.services.replica.policy.zone
        signer = self.receipt_keys.signer if self.receipt_keys else None
        return receipt.write(
            visit.shelf.done, visit.lang, self.library, visit.id, now, zone, signer
        )

    def facts(self) -> Facts:
        """Return what the table's conditions look at now."""
        visit = self.visit
        first, private = self._pin_wanted()
        still = self.mono() - self.changed_ms >= STILL_MS
        waiting = len(visit.shelf.waiting(returning=visit.state in MAY_RETURN))
        return Facts(
            known=visit.known and not first,
            waiting=waiting,
            still=still,
            done=len(visit.shelf.done),
            able=self.able,
            pin_first=first,
            pin_private=private,
            typing=visit.typing,
            in_class=self.lesson is not None,
            tapped=visit.tapped,
            pin_class=self._pin_for_class(),
            staff=bool(visit.staff),
        )

    def _pin_for_class(self) -> bool:
        """Return whether a PIN is still wanted before a class is opened."""
        visit, policy = self.visit, self.services.replica.policy
        if visit.opener != "card" or visit.proven or policy.class_pin == "never":
            return False
        return policy.pin_offline != "skip" or self.services.desk.online

    def _pin_wanted(self) -> tuple[bool, bool]:
        """Return whether a PIN is still wanted before anything, and before the account."""
        visit, policy = self.visit, self.services.replica.policy
        if not visit.known or visit.proven or visit.tapped:
            return False, False
        if visit.by_hand and policy.typed_card != "always":
            return True, True
        if policy.pin_offline == "skip" and not self.services.desk.online:
            return False, False
        return policy.pin_for == "all", policy.pin_for != "nothing"

    def _title(self, item: str) -> str:
        view = self.services.replica.item(item)
        return view.title if view else item

    def _wait(self) -> int:
        """Return for how many seconds the keypad rests because somebody guessed wrong."""
        visit = self.visit
        if visit.typing:
            return self.tries.wait(TYPED)
        return self.tries.wait(visit.visitor.card) if visit.visitor else 0

    def patience(self) -> Patience:
        """Return how long the visit may stand as it does, and since when the pad is empty."""
        visit = self.visit
        changed = visit.look != self.usual or visit.lang != self.lang
        clear = None if visit.shelf.holds_tags else self.changed_ms
        in_class = self.lesson is not None
        return Patience(visit.state, changed=changed, clear_ms=clear, in_class=in_class)

    def show(self) -> None:
        """Make the screen from what is true now."""
        visit = self.visit
        if visit.state in (S.RECEIPT, S.PRINTING, S.RECEIPT_SHOWN):
            paper = self.receipt(visit)
        else:
            paper = None
        patience = self.patience()
        around = Surroundings(
            library=self.library,
            policy=self.services.replica.policy,
            now=self.services.clock.now_ms(),
            online=self.services.desk.online,
            printer=self.printing.word,
            sound=self._sound,
            seconds_left=self.timer.seconds_left(patience),
            warn=self.timer.warns(patience),
            receipt=paper,
            staff=self._staff(visit),
            typed=may_type(self),
            wait=self._wait(),
            idle=self._idle(visit),
            title=self._title,
            lesson=self._lesson(visit),
        )
        self.stage.show(message(visit, around))

    def _lesson(self, visit: Visit) -> dict[str, Any] | None:
        """Return what the page shows of classes; the children on the class's own screen only."""
        policy = self.services.replica.policy
        if visit.state is S.CLASS_CHOICE:
            now = self.services.clock.now_ms()
            return {"choices": choices(visit.groups, now, policy.zone)}
        if self.lesson is None:
            return {} if visit.state is S.IDLE and policy.classes else None
        name = self.services.desk.given_name if visit.state is S.CLASS else None
        return shown(self.lesson, policy.zone, name)

    def _idle(self, visit: Visit) -> Around | None:
        if visit.state is not S.IDLE:
            return None
        now, replica = self.services.clock.now_ms(), self.services.replica
        return Around(replica.policy, replica, now, self.timer.still_s(), self.dim_s)

    def _staff(self, visit: Visit) -> dict[str, Any] | None:
        if visit.state is not S.STAFF:
            return None
        return status(self.services, self.hatch, visit.lang, receipt=bool(visit.shelf.done))


def may_type(room: Room) -> bool:
    """Whether a card number may be typed here: always, or because a PIN follows."""
    policy = room.services.replica.policy
    if policy.typed_card == "with_pin":
        return policy.pin_for != "nothing"
    return policy.typed_card == "always"


def takes_papers(room: Room) -> bool:
    """Whether an identity paper is a card at this site; it is not unless the policy names the site."""
    sites = room.services.replica.policy.papers_at
    return "*" in sites or room.services.agent.site in sites


def visit_id() -> str:
    """Return the number of a new visit, as it stands on the receipt."""
    return secrets.token_hex(4).upper()


async def quietly(work: Awaitable[Any], what: str) -> None:
    """Await background work; a journal that cannot take its fact is a line in the log."""
    try:
        await work
    except JournalError as error:
        log.warning("kiosk: %s: %s", what, error)


Doer = Callable[[Room, Any], None]
"""Does an effect; the second value is what the event was about."""
