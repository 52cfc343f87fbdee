"""The simulation finds what it is there to find."""

import pytest
from mutants import hunt

QUICK = (
    "delete on PUBACK",
    "record after disarm",
    "no dedup",
    "shown before it is recorded",
    "the chute opens before the return is recorded",
    "ledgers that were put back get nothing of earlier epochs",
)


@pytest.mark.parametrize("name", QUICK)
def test_a_program_that_is_wrong_is_caught(name):
    caught = hunt(name, seeds=60)
    assert caught is not None, name
