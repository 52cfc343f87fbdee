import asyncio
import dataclasses
import re
from contextlib import AbstractAsyncContextManager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from drivers import ports
from drivers.errors import DriverError, OptionError
from drivers.ports import Driver

ROOT = Path(__file__).parents[2]
ENTRIES = sorted(entry_points(group="shelfwire.drivers"), key=lambda entry: entry.name)
ADDRESSED = [
    entry
    for entry in ENTRIES
    if any(field.name == "url" for field in dataclasses.fields(entry.load().options))
]
NOWHERE = "tcp://127.0.0.1:1"
PAGE = (ROOT / "docs" / "new-driver.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_driver_is_a_whole_entry(entry: Any) -> None:
    driver = entry.load()
    assert isinstance(driver, Driver)
    assert driver.name == entry.name
    assert getattr(ports, driver.port.__name__) is driver.port
    assert dataclasses.is_dataclass(driver.options)
    assert driver.options.__dataclass_params__.frozen


def made(driver: Driver, url: str) -> Any:
    """Return options with an address, and something for whatever else must be given."""
    required = {
        field.name: {}
        for field in dataclasses.fields(driver.options)
        if field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
        and field.name != "url"
    }
    return driver.options(url=url, **required)


@pytest.mark.parametrize("entry", ADDRESSED, ids=lambda entry: entry.name)
async def test_a_device_that_is_not_there_is_a_driver_error_at_once(entry: Any) -> None:
    driver = entry.load()
    opening = driver.open(made(driver, NOWHERE))
    assert isinstance(opening, AbstractAsyncContextManager)
    with pytest.raises(DriverError):
        async with asyncio.timeout(20), opening:
            pass


@pytest.mark.parametrize("entry", ADDRESSED, ids=lambda entry: entry.name)
async def test_an_address_that_is_none_is_named(entry: Any) -> None:
    driver = entry.load()
    with pytest.raises(OptionError, match="nonsense"):
        async with driver.open(made(driver, "nonsense")):
            pass


def test_the_code_of_the_page_on_new_drivers_is_in_the_files() -> None:
    blocks = re.findall(r"```\w+\n# (\S+)\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) > 5
    for path, code in blocks:
        assert code.strip("\n") in (ROOT / path).read_text(encoding="utf-8"), path


def test_the_page_on_new_drivers_names_files_that_exist() -> None:
    for name in re.findall(r"`((?:drivers|tests|bench|edge)/[\w/.]+)`", PAGE):
        assert (ROOT / name).exists(), name
