"""The small library as a fixture."""

from collections.abc import Iterator

import pytest

from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import KEYS, Speaker, stock


@pytest.fixture
def ledger() -> Iterator[SqliteLedger]:
    made = stock(SqliteLedger(":memory:", KEYS.__getitem__))
    yield made
    made.close()


@pytest.fixture
def kiosk() -> Speaker:
    return Speaker()


@pytest.fixture
def commune() -> Speaker:
    return Speaker("xa-all", "xa", "e2")
