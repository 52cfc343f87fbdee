import random

from hypothesis import given
from hypothesis import strategies as st

from edge.uplink.window import FULL, Window


def test_a_window_is_full_when_a_thousand_facts_are_on_the_way() -> None:
    window = Window()
    window.begin(0)
    assert window.room() == FULL
    window.sent(FULL, 0.0)
    assert window.room() == 0
    window.acknowledged(400, 1.0)
    assert window.room() == 400


def test_nothing_is_due_while_nothing_is_on_the_way() -> None:
    window = Window()
    window.begin(5)
    assert window.due() is None
    window.sent(6, 10.0)
    assert window.due() == 10.0 + window.wait()
    window.acknowledged(6, 10.1)
    assert window.due() is None


def test_progress_gives_more_time() -> None:
    window = Window()
    window.begin(0)
    window.sent(10, 0.0)
    before = window.due()
    window.acknowledged(5, 0.9)
    after = window.due()
    assert before is not None
    assert after is not None
    assert after > before


def test_silence_costs_less_and_less() -> None:
    window = Window()
    window.begin(0)
    rooms, waits = [], []
    for _ in range(8):
        window.sent(window.room(), 0.0)
        waits.append(window.wait())
        window.go_back()
        assert window.next == 0
        rooms.append(window.room())
    assert rooms == [100, 20, 1, 1, 1, 1, 1, 1]
    assert waits == sorted(waits)
    assert waits[-1] == 30.0
    window.sent(1, 0.0)
    window.acknowledged(1, 0.1)
    assert window.room() == FULL
    assert window.wait() < 5


def test_a_slow_link_is_given_time() -> None:
    window = Window()
    window.begin(0)
    for n in range(1, 30):
        window.sent(n, n * 10.0)
        window.acknowledged(n, n * 10.0 + 4.0)
    assert 8.0 <= window.wait() <= 12.0


@given(st.integers(0, 2**32), st.integers(1, 400), st.floats(0, 0.6))
def test_every_fact_arrives_once_in_order_over_a_wire_that_loses(
    seed: int, count: int, loss: float
) -> None:
    dice = random.Random(seed)
    window, cursor, now, ledger = Window(), 0, 0.0, []
    window.begin(0)
    for _ in range(10_000):
        now += 0.1
        due = window.due()
        if due is not None and now >= due:
            window.go_back()
        upto = min(count, window.next + min(50, window.room()))
        if upto > window.next:
            first = window.next + 1
            window.sent(upto, now)
            if dice.random() >= loss and first <= cursor + 1:
                ledger += range(cursor + 1, upto + 1)
                cursor = max(cursor, upto)
        if dice.random() >= loss:
            window.acknowledged(cursor, now)
        if window.base == count:
            break
    assert ledger == list(range(1, count + 1))
    assert window.base == count
