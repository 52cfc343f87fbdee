"""The folder of configuration files that goes onto machines."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def configs() -> Path:
    return Path(__file__).parents[2] / "firmware_configs"
