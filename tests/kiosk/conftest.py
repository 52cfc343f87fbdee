"""A kiosk in a box for every test that wants one."""

import asyncio

import pytest

from kiosk.testing import kiosk_in_a_box


@pytest.fixture
async def box(tmp_path):
    async with kiosk_in_a_box(tmp_path) as box:
        await box.screen("idle")
        yield box
    others = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
    assert [t.get_name() for t in others if not t.done() and "Task" not in t.get_name()] == []
