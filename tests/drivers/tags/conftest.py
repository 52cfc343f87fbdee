"""The published vectors, by id."""

import json
from pathlib import Path
from typing import Any

import pytest

_FILE = Path(__file__).with_name("vectors.json")


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_FILE.read_text())
    return document


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "vector" in metafunc.fixturenames:
        rows = json.loads(_FILE.read_text())["vectors"]
        metafunc.parametrize("vector", rows, ids=[row["id"] for row in rows])
