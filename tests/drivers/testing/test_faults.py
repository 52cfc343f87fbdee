import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.testing.faults import Faults
from drivers.testing.outbox import Outbox
from drivers.testing.simulator import Reply

HELLO = [Reply(b"hello", 0.5)]


def test_without_faults_nothing_changes() -> None:
    faults = Faults()
    assert faults.to_device(b"abc") == b"abc"
    assert faults.to_host(HELLO) == HELLO


def test_a_dead_device_hears_nothing_and_says_nothing() -> None:
    faults = Faults(dead=True)
    assert faults.to_device(b"abc") == b""
    assert faults.to_host(HELLO) == []


def test_split_answers_lose_no_byte() -> None:
    assert Faults(split=0.01).to_host([Reply(b"abc", 0.5)]) == [
        Reply(b"a", 0.5), Reply(b"b", 0.01), Reply(b"c", 0.01),
    ]  # fmt: skip


async def test_a_late_wire_carries_many_replies_at_once_and_in_order() -> None:
    heard = asyncio.Queue[tuple[float, bytes]]()
    loop, faults = asyncio.get_running_loop(), Faults(delay=0.3)
    outbox = Outbox(lambda data: heard.put_nowait((loop.time(), data)), faults.to_host, faults.late)
    outbox.open()
    begun = loop.time()
    for number in range(100):
        outbox.say(bytes((number,)))
    faults.delay = 0.0
    outbox.say(b"last")
    async with asyncio.timeout(20):  # one after the other they would take 30 s
        told = [await heard.get() for _ in range(101)]
    assert [data for _, data in told] == [*(bytes((n,)) for n in range(100)), b"last"]
    assert all(at - begun >= 0.3 for at, _ in told)
    outbox.say(b"at once")
    assert heard.get_nowait()[1] == b"at once"
    faults.delay = 3600.0
    outbox.say(b"never")
    outbox.close()
    assert heard.empty()


def test_about_so_many_per_cent_are_lost_in_both_directions() -> None:
    faults = Faults(drop=20)
    assert 120 < sum(not faults.to_device(b"x") for _ in range(1000)) < 280
    assert 120 < 1000 - len(faults.to_host([Reply(b"x")] * 1000)) < 280


@given(st.binary(min_size=1, max_size=40), st.integers(0, 1000))
def test_a_flip_is_one_wrong_bit_and_no_other_length(data: bytes, seed: int) -> None:
    heard = Faults(flip=100, seed=seed).to_device(data)
    assert len(heard) == len(data)
    wrong = int.from_bytes(heard, "big") ^ int.from_bytes(data, "big")
    assert wrong.bit_count() == 1


def test_the_same_seed_gives_the_same_faults() -> None:
    one, other = Faults(drop=30, flip=30, seed=7), Faults(drop=30, flip=30, seed=7)
    assert [one.to_device(b"abc") for _ in range(50)] == [
        other.to_device(b"abc") for _ in range(50)
    ]


@pytest.mark.parametrize(
    ("name", "value"), [("drop", 101.0), ("flip", -1.0), ("split", -0.1), ("delay", 1e9)]
)
def test_a_fault_that_cannot_be_is_refused(name: str, value: float) -> None:
    faults = Faults()
    with pytest.raises(ValueError, match=name):
        faults.set(name, value)
    faults.clear()
    assert faults.to_host(HELLO) == HELLO


async def test_what_a_device_says_unasked_goes_through_the_same_wire() -> None:
    said = asyncio.Queue[bytes]()
    faults = Faults(split=0.001)
    outbox = Outbox(said.put_nowait, faults.to_host)
    outbox.open()
    outbox.say(b"abc")
    async with asyncio.timeout(2):
        assert [await said.get() for _ in range(3)] == [b"a", b"b", b"c"]
    faults.dead = True
    outbox.say(b"never")
    assert said.empty()
