"""The table of a visit, on its own: no clock, no device."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.session import (
    BUTTONS,
    PRESSES,
    SCREENS,
    TABLE,
    WORKING,
    Effect,
    Event,
    Facts,
    State,
    diagram,
    step,
)

facts = st.builds(
    Facts,
    known=st.booleans(),
    waiting=st.integers(0, 9),
    still=st.booleans(),
    done=st.integers(0, 9),
    able=st.booleans(),
    pin_first=st.booleans(),
    pin_private=st.booleans(),
    typing=st.booleans(),
    in_class=st.booleans(),
    tapped=st.booleans(),
    pin_class=st.booleans(),
    staff=st.booleans(),
)
states = st.sampled_from(State)
events = st.sampled_from(Event)
QUIET = Facts()
CONTRACT = [
    "borrow",
    "return",
    "renew",
    "renew_all",
    "renew_here",
    "account",
    "count_yes",
    "count_no",
    "finish",
    "print",
    "on_screen",
    "email",
    "no_receipt",
    "more_time",
    "back",
    "language",
    "help",
    "large_text",
    "contrast",
    "low_reach",
    "voice",
    "kids",
    "staff",
    "staff_does",
    "class",
    "open_class",
    "close_class",
    "longer",
    "pupil",
    "type_card",
    "digit",
    "rub_out",
    "enter",
]


def follow(state, *happenings, facts=QUIET):
    for event in happenings:
        state = step(state, event, facts).to
    return state


@given(states, events, facts)
def test_every_event_in_every_state_has_an_answer(state, event, facts):
    arrow = step(state, event, facts)
    assert arrow.to in TABLE
    assert all(isinstance(effect, Effect) for effect in arrow.effects)


@given(states, events, facts)
def test_what_is_not_in_the_table_changes_nothing(state, event, facts):
    if event not in TABLE[state]:
        assert step(state, event, facts).to is state
        assert step(state, event, facts).effects == ()


@given(st.lists(st.tuples(events, facts), max_size=60))
def test_time_alone_leads_home_from_wherever_a_visit_got(happenings):
    state = State.IDLE
    for event, facts in happenings:
        state = step(state, event, facts).to
    for _ in range(4):
        state = step(state, Event.TIME_UP, Facts(able=state is not State.OUT_OF_SERVICE)).to
    assert state in (State.IDLE, State.OUT_OF_SERVICE)


@given(states, events, facts)
def test_going_home_always_forgets_the_visit(state, event, facts):
    arrow = step(state, event, facts)
    if arrow.to in (State.IDLE, State.OUT_OF_SERVICE) and arrow.to is not state:
        assert Effect.FORGET in arrow.effects or state is State.OUT_OF_SERVICE


@given(states, events, facts)
def test_nothing_is_lent_without_a_yes_of_a_known_reader(state, event, facts):
    arrow = step(state, event, facts)
    if Effect.LEND in arrow.effects:
        assert (state, event) in {
            (State.COUNTING, Event.COUNT_YES),
            (State.PLACING, Event.BORROW),
        }
        assert facts.waiting > 0


@given(st.lists(st.tuples(events, facts), max_size=60))
def test_a_state_that_lends_is_reached_only_through_a_known_reader(happenings):
    state, seen = State.IDLE, False
    for event, facts in happenings:
        arrow = step(state, event, Facts(seen, facts.waiting, facts.still, facts.done, facts.able))
        seen = (seen or event is Event.READER_KNOWN) and Effect.FORGET not in arrow.effects
        state = arrow.to
        if state in (State.PLACING, State.COUNTING, State.LENDING, State.ACCOUNT, State.RENEWING):
            assert seen


@given(states, facts)
def test_a_machine_that_cannot_work_never_shows_the_start(state, facts):
    unable = Facts(facts.known, facts.waiting, facts.still, facts.done, able=False)
    for event in (Event.TIME_UP, Event.FINISH, Event.BACK, Event.UNABLE):
        arrow = step(state, event, unable)
        assert arrow.to is not State.IDLE or state is State.IDLE


@pytest.mark.parametrize("state", State)
def test_help_language_and_more_time_work_everywhere_and_move_nothing(state):
    for event in BUTTONS:
        arrow = step(state, event, QUIET)
        assert arrow.to is state
        assert len(arrow.effects) == 1


@pytest.mark.parametrize("state", sorted(WORKING))
def test_nothing_interrupts_work_that_has_begun(state):
    for event in (Event.FINISH, Event.BACK, Event.UNABLE, Event.PAD_CLEAR, Event.RETURN):
        assert step(state, event, QUIET).to is state


def test_books_and_card_come_in_either_order():
    stack = Facts(known=True, waiting=3, still=True)
    assert follow(State.IDLE, Event.CARD, Event.READER_KNOWN) is State.PLACING
    assert follow(State.PLACING, Event.STACK_STILL, facts=stack) is State.COUNTING
    assert follow(State.IDLE, Event.BOOKS, Event.CARD, facts=stack) is State.CARD_WANTED
    assert follow(State.CARD_WANTED, Event.READER_KNOWN, facts=stack) is State.COUNTING


def test_a_return_needs_no_card():
    stack = Facts(waiting=2, still=True)
    assert follow(State.BOOKS_SEEN, Event.RETURN, facts=stack) is State.RETURNING
    assert follow(State.IDLE, Event.RETURN) is State.PLACING_RETURNS
    assert follow(State.PLACING_RETURNS, Event.STACK_STILL, facts=stack) is State.RETURNING


def test_a_blocked_reader_may_still_give_back():
    assert follow(State.CARD_WANTED, Event.READER_REFUSED, Event.RETURN) is State.PLACING_RETURNS


def test_a_visit_with_nothing_done_ends_without_a_receipt():
    assert step(State.LENT, Event.FINISH, Facts(known=True)).to is State.BYE
    assert step(State.LENT, Event.FINISH, Facts(known=True, done=1)).to is State.RECEIPT


def test_a_printer_that_fails_gives_the_choice_again():
    assert follow(State.RECEIPT, Event.PRINT, Event.NOT_PRINTED) is State.RECEIPT
    assert follow(State.RECEIPT, Event.PRINT, Event.PRINTED) is State.BYE


def test_every_state_can_be_reached_and_has_a_screen():
    reached, todo = set(), [State.IDLE]
    while todo:
        state = todo.pop()
        if state not in reached:
            reached.add(state)
            todo += [arrow.to for steps in TABLE[state].values() for arrow in steps]
    assert reached == set(State) == set(SCREENS) == set(TABLE)


def test_the_buttons_are_those_that_the_page_may_press():
    assert sorted(PRESSES) == sorted(CONTRACT)


def test_every_event_and_every_effect_is_used():
    used = {event for row in TABLE.values() for event in row}
    assert used == set(Event)
    effects = {
        e for row in TABLE.values() for steps in row.values() for s in steps for e in s.effects
    }
    assert effects == set(Effect)


def test_the_diagram_shows_every_arrow():
    text = diagram()
    assert text.startswith("stateDiagram-v2\n")
    assert "    placing --> counting: stack_still [books_wait]" in text
    arrows = sum(
        len(steps) for row in TABLE.values() for event, steps in row.items() if event not in BUTTONS
    )
    assert len(text.splitlines()) == arrows + 2
