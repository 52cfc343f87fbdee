"""Two hundred histories of the whole system, ten to a test."""

import pytest
from shelfsim.plan import FAULTS, VISITS
from shelfsim.report import complaint
from shelfsim.run import run

SEEDS = 200
TOGETHER = 10


@pytest.mark.parametrize("first", range(1, SEEDS + 1, TOGETHER))
def test_whatever_fails_nothing_is_lost_or_doubled_and_all_heals(first):
    for seed in range(first, first + TOGETHER):
        result = run(seed)
        assert result.ok, complaint(result)


def test_a_device_that_missed_that_its_ledger_was_put_back_hears_it_after_its_next_health():
    result = run(4272, range(1000))  # a cut wire swallows the cursor, and the connection lives on
    assert result.ok, complaint(result)


def test_a_return_of_an_unset_clock_leaves_no_silent_book_while_its_time_is_not_known():
    only = {3, 5, 6, 7, 8, 9, 19, 26, 27, 31, 32, 35, 38}
    result = run(2221, only)
    assert result.ok, complaint(result)


def test_a_book_disarmed_soon_after_an_untold_return_elsewhere_is_armed_again():
    result = run(298, {0, 3, 12, 2000})
    assert result.ok, complaint(result)


def test_a_seed_is_one_history():
    one, again, other = run(11), run(11), run(12)
    assert one.digest == again.digest != other.digest
    assert one.log == again.log


BITE = (
    "crashes between two awaits", "unsynced bytes lost", "writes refused by a full card",
    "writes refused at the centre", "tags torn away in a write", "messages lost", "messages doubled",
    "messages out of order", "messages denied", "messages into a cut wire",
    "messages forgotten by the broker", "retained messages forgotten", "told of old_image",
)  # fmt: skip
"""What faults did, not only that they were tried."""


def test_the_seeds_hold_all_faults_and_a_lot_of_work():
    counts = sum((run(seed).counts for seed in range(1, 15)), start=run(20).counts)
    for kind in (*VISITS, *FAULTS, "stick", "lay", "centre_full", *BITE):
        assert counts[kind], kind
    assert counts["facts"] > 400
    assert counts["items of known order"] > 60
    assert counts["times checked"] > 300
    assert counts["books through gates"] > 5
    assert counts["DropRefused"] + counts["TakenAside"] > 1
