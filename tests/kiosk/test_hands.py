"""Any hands, any faults, any order: hypothesis walks a real kiosk on simulated wires.

``SHELFWIRE_WALKS=200 pytest tests/kiosk/test_hands.py`` walks longer; a walk that breaks a promise is
shortened to the fewest steps and printed as a program.
"""

import asyncio
import json
import logging
import os
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from drivers.testing.tag15693 import Tag
from kiosk.session import PRESSES, SCREENS, State
from kiosk.testing import book_tag, item_id, kiosk_in_a_box
from kiosk.texts import languages
from kiosk.timing import RESTING

WALKS = int(os.environ.get("SHELFWIRE_WALKS", "3"))
ARMED, SILENT = 0x07, 0xC2
CARDS = ("100001", "100002", "100003", "100004", "900001", "999999")
NUMBERS = st.integers(1, 12)
WIRES = st.sampled_from(["pad", "card", "scanner", "printer"])
PRESSED = sorted(set(PRESSES) - {"staff_does", "digit"})


class Watched(Tag):
    """The tag of a book, which tells when its alarm is switched off."""

    def watch(self, silenced):
        object.__setattr__(self, "silenced", silenced)

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        if name == "afi" and value == SILENT and hasattr(self, "silenced"):
            self.silenced()


class Heard(logging.Handler):
    """Keeps every line of the log."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


class Hands(RuleBasedStateMachine):
    """What people, machines and mishaps do to a kiosk, one thing after the other."""

    def __init__(self):
        super().__init__()
        self.runner, self.stack, self.broken = asyncio.Runner(), AsyncExitStack(), []
        self.heard = Heard()
        logging.getLogger().addHandler(self.heard)

    @initialize(pin=st.sampled_from(["nothing", "account", "all"]), typed=st.booleans())
    def start(self, pin, typed):
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        box = kiosk_in_a_box(Path(folder))
        self.box = self.runner.run(self.stack.enter_async_context(box))
        self.box.journal.listen(self.journaled)
        for number in range(1, 13):
            self.box.tags[number] = self.tag(number)
        self.box.policy(pin_for=pin, typed_card="always" if typed else "never")
        self.runner.run(self.box.screen("idle"))

    def tag(self, number):
        plain = book_tag(number)
        tag = Watched(plain.uid, plain.memory, dsfid=plain.dsfid, afi=plain.afi)
        tag.watch(lambda: self.silenced(number))
        return tag

    def silenced(self, number):
        """R12: a loan is in the journal before the alarm of its book is switched off."""
        if self.box.replica.loan(item_id(number)) is None:
            self.broken.append(f"{item_id(number)} was silenced without a loan")

    def journaled(self, event):
        """R12: the alarm of a book is on again before its return is in the journal."""
        if event.fact.__struct_config__.tag == "return":
            number = int(event.fact.item[2:])
            if self.box.tags[number].afi != ARMED:
                self.broken.append(f"{event.fact.item} came back with its alarm off")

    def live(self, seconds=0.6):
        """Let the kiosk look at its pad again, if it can."""

        async def living():
            goal, loop = self.box.kiosk.looks + 1, asyncio.get_running_loop()
            end = loop.time() + seconds
            await asyncio.sleep(0.01)
            while self.box.kiosk.looks < goal and loop.time() < end:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        self.runner.run(living())

    @rule(numbers=st.sets(NUMBERS, min_size=1, max_size=4))
    def put(self, numbers):
        self.box.put(*numbers)
        self.live()

    @rule()
    def lift_all(self):
        self.box.lift()
        self.live()

    @rule(number=NUMBERS)
    def lift_one(self, number):
        self.box.pad.field.take(self.box.tags[number].uid)
        self.live()

    @rule(owner=st.sampled_from(["VN-HNLIB", ""]))
    def put_something_else(self, owner):
        blank = Tag(bytes.fromhex("E004010000000BAD"), bytearray(112), afi=ARMED)
        self.box.pad.field.put(book_tag(77, owner=owner) if owner else blank)
        self.live()

    @rule(card=st.sampled_from(CARDS))
    def tap(self, card):
        async def tapping():
            self.box.tap(card)
            await asyncio.sleep(0.05)

        self.runner.run(tapping())
        self.live()

    @rule(text=st.sampled_from([*CARDS, item_id(5), item_id(9), "SW1:" + "A" * 60, "|||"]))
    def scan(self, text):
        self.runner.run(self.now(lambda: self.box.scan(text)))
        self.live()

    @rule(name=st.sampled_from(PRESSED), arg=st.sampled_from(["", item_id(9)]))
    def press(self, name, arg):
        self.runner.run(self.now(lambda: self.box.press(name, arg)))
        self.live()

    @rule(digits=st.text("0123456789", min_size=1, max_size=6))
    def type(self, digits):
        self.runner.run(self.now(lambda: self.box.type(digits)))
        self.live()

    @rule()
    def say_yes_and_wait(self):
        self.runner.run(self.now(lambda: self.box.press("count_yes")))
        for _ in range(4):
            self.live()

    @rule(act=st.sampled_from(["test", "resolve", "reprint", "close", "open", "else"]))
    def staff_do(self, act):
        self.runner.run(self.now(lambda: self.box.press("staff_does", act)))
        self.live()

    @rule(wire=WIRES, wrong=st.sampled_from(["dead", "drop", "flip", "unplug"]))
    def wire_breaks(self, wire, wrong):
        if wrong == "unplug":
            self.runner.run(self.box.wires[wire].unplug())
        else:
            self.box.faults[wire].set(wrong, 1.0 if wrong == "dead" else 20.0)
        self.live(0.3)

    @rule(wire=WIRES)
    def wire_is_mended(self, wire):
        self.mend(wire)
        self.live()

    def mend(self, wire):
        self.box.faults[wire].clear()
        self.runner.run(self.box.wires[wire].plug())

    @rule(connected=st.booleans(), silent=st.booleans())
    def network(self, connected, silent):
        self.box.centre.connected, self.box.centre.silent = connected, silent
        self.live()

    @rule(seconds=st.sampled_from([1, 6, 31, 61, 170]))
    def time_passes(self, seconds):
        self.box.pass_time(seconds)
        self.live()

    async def now(self, what):
        what()
        await asyncio.sleep(0)

    @invariant()
    def alarms_are_off_only_for_books_that_are_lent(self):
        assert self.broken == []
        for number, tag in self.box.tags.items() if hasattr(self, "box") else ():
            assert tag.afi == ARMED or self.box.replica.loan(item_id(number)) is not None

    @invariant()
    def the_screen_belongs_to_the_state_and_to_nobody_else(self):
        if not hasattr(self, "box"):
            return
        visit, message = self.box.kiosk.engine.visit, self.box.kiosk.stage.message
        assert message["screen"] == SCREENS[visit.state]
        assert message["lang"] in languages()
        if visit.state in RESTING:
            assert (visit.visitor, visit.typed, visit.loans, visit.cards) == (None, "", [], [])
            assert (visit.proof, visit.staff, visit.shelf.done) == (None, "", [])
            assert not {"name", "holds", "fees", "receipt", "staff"} & set(message["data"])
        if visit.state is not State.CARD_WANTED:
            assert not visit.typed or message["data"].get("typed", "") in ("", visit.typed)
        shown = json.dumps(message, ensure_ascii=False)
        assert "{title}" not in shown
        assert "{n}" not in shown

    @invariant()
    def no_card_is_in_the_log(self):
        assert [line for line in self.heard.lines if any(card in line for card in CARDS)] == []

    def teardown(self):
        """Whatever happened: mended and left alone, the kiosk comes home and forgets everybody."""
        try:
            if hasattr(self, "box"):
                self.come_home()
        finally:
            logging.getLogger().removeHandler(self.heard)
            self.runner.run(self.stack.aclose())
            self.runner.close()

    def come_home(self):
        for wire in self.box.wires:
            self.mend(wire)
        self.box.lift()
        for _ in range(40):
            self.live()
            if self.box.kiosk.engine.visit.state in RESTING and self.box.kiosk.engine.able:
                break
            self.box.pass_time(170)
        assert self.box.kiosk.engine.visit.state in RESTING
        self.the_screen_belongs_to_the_state_and_to_nobody_else()
        for fact in self.box.facts("loan"):
            assert fact["item"] != item_id(11)  # for the reading room only
            assert fact["card"] not in CARDS


@pytest.mark.timeout(120 + 60 * WALKS)
def test_whatever_people_and_machines_do_the_kiosk_keeps_its_promises():
    walk = settings(
        max_examples=WALKS,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Hands, settings=walk)
