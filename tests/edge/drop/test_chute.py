import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drop.chute import TABLE, Chute, Effect, Event, State, diagram


def play(chute, *events):
    return [effect for event in events for effect in chute.on(event)]


def test_one_good_item_falls_in():
    chute = Chute()
    assert play(chute, Event.ITEM_IN) == [Effect.LOOK]
    assert play(chute, Event.ACCEPTED) == [Effect.OPEN_SHUTTER]
    assert play(chute, Event.ITEM_OUT) == [Effect.CLOSE_SHUTTER, Effect.LIGHT_ON]
    assert chute.state is State.READY


def test_the_shutter_stays_shut_for_what_is_refused():
    chute = Chute()
    effects = play(chute, Event.ITEM_IN, Event.REFUSED, Event.ITEM_OUT)
    assert effects == [Effect.LOOK, Effect.LIGHT_OFF, Effect.LIGHT_ON]


def test_an_item_that_does_not_fall_is_a_jam_until_it_is_gone():
    chute = Chute()
    effects = play(chute, Event.ITEM_IN, Event.ACCEPTED, Event.TIMED_OUT)
    assert effects[-3:] == [Effect.CLOSE_SHUTTER, Effect.LIGHT_OFF, Effect.JAM]
    assert play(chute, Event.ITEM_OUT) == [Effect.JAM_OVER, Effect.LIGHT_ON]


def test_a_full_bin_takes_nothing_and_says_so():
    chute = Chute()
    assert play(chute, Event.BIN_FULL) == [Effect.LIGHT_OFF]
    assert play(chute, Event.ITEM_IN) == [Effect.REFUSE]
    assert chute.state is State.FULL
    play(chute, Event.ITEM_OUT)
    assert play(chute, Event.BIN_FREE) == [Effect.LIGHT_ON]


def test_a_bin_that_gets_full_while_an_item_falls_stops_after_it():
    chute = Chute()
    play(chute, Event.ITEM_IN, Event.ACCEPTED, Event.BIN_FULL)
    assert chute.state is State.LETTING_IN
    play(chute, Event.ITEM_OUT)
    assert chute.state is State.FULL


def test_without_its_reader_the_drop_takes_nothing():
    chute = Chute()
    play(chute, Event.READER_LOST)
    assert play(chute, Event.ITEM_IN) == [Effect.REFUSE]
    effects = play(chute, Event.READER_BACK)
    assert effects[-1] is Effect.LOOK, "it lies there still"


def test_a_drop_out_of_service_takes_nothing_until_it_is_back():
    chute = Chute()
    assert play(chute, Event.OUT_OF_SERVICE) == [Effect.LIGHT_OFF]
    assert play(chute, Event.ITEM_IN) == [Effect.REFUSE]
    assert play(chute, Event.IN_SERVICE)[-1] is Effect.LOOK


def test_what_is_falling_still_falls_when_the_drop_goes_out_of_service():
    chute = Chute()
    play(chute, Event.ITEM_IN, Event.ACCEPTED, Event.OUT_OF_SERVICE)
    assert chute.state is State.LETTING_IN
    play(chute, Event.ITEM_OUT)
    assert chute.state is State.CLOSED


def test_nothing_is_taken_while_the_door_is_open():
    chute = Chute()
    effects = play(chute, Event.DOOR_OPENED, Event.ITEM_IN)
    assert Effect.LOOK not in effects
    assert play(chute, Event.DOOR_CLOSED)[-1] is Effect.LOOK


@pytest.mark.parametrize(
    "before",
    [(), (Event.ITEM_IN,), (Event.ITEM_IN, Event.REFUSED), (Event.ITEM_IN, Event.ACCEPTED)],
)
def test_through_a_shutter_that_stands_open_nothing_is_taken(before):
    chute = Chute()
    play(chute, *before, Event.SHUTTER_STUCK)
    if chute.state is State.LETTING_IN:
        play(chute, Event.ITEM_OUT)
    assert chute.state is State.STUCK
    assert play(chute, Event.ITEM_IN) == [Effect.REFUSE]
    effects = play(chute, Event.ITEM_OUT, Event.SHUTTER_FREE)
    assert effects == [Effect.SHUTTER_JAM_OVER, Effect.LIGHT_ON]


@pytest.mark.parametrize("state", State)
def test_an_event_that_is_not_in_the_table_does_not_move_the_chute(state):
    for event in set(Event) - set(TABLE[state]):
        chute = Chute(state)
        if state is State.READY:
            continue
        chute.on(event)
        assert chute.state is state


def test_every_state_is_drawn():
    assert set(TABLE) == set(State)
    for state, row in TABLE.items():
        for event, goes_to in row.items():
            assert f"    {state} --> {goes_to}: {event}" in diagram()


@given(st.lists(st.sampled_from(list(Event))))
def test_the_shutter_opens_only_after_an_acceptance_and_is_shut_again(events):
    chute, is_open = Chute(), False
    for event in events:
        for effect in chute.on(event):
            if effect is Effect.OPEN_SHUTTER:
                assert event is Event.ACCEPTED
                is_open = True
            elif effect is Effect.CLOSE_SHUTTER:
                is_open = False
        assert is_open == (chute.state is State.LETTING_IN)


@given(st.lists(st.sampled_from(list(Event))))
def test_an_empty_well_drop_is_ready_again_whatever_happened(events):
    chute = Chute()
    play(chute, *events)
    calm = (Event.DOOR_OPENED, Event.DOOR_CLOSED, Event.SHUTTER_FREE, Event.READER_BACK,
            Event.IN_SERVICE, Event.BIN_FREE, Event.ITEM_OUT)  # fmt: skip
    play(chute, *calm)
    assert chute.state is State.READY
