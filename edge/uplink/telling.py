"""Says how the device is: regularly, at once when a part changes, soon when the backlog is gone."""

import asyncio
from collections.abc import Awaitable, Callable

from edge.wire.messages import Health

HELD_BACK = 60.0
"""Facts go first over a slow link, but not for longer than this."""
CALM = 3.0
"""Seconds between messages that only say that nothing waits any more."""


async def tell(
    health: Callable[[], Health],
    say: Callable[[Health], Awaitable[None]],
    every: float,
    *,
    pressed: Callable[[], bool],
    pause: Callable[[], float | None],
) -> None:
    """Tell until cancelled. ``pause`` multiplies ``every`` (s); None: the budget is spent."""
    said: Health | None = None
    at, began = 0.0, _now()
    while True:
        is_now, now = health(), _now()
        factor = pause()
        same = said is not None and said.parts.get("link") == is_now.parts.get("link")
        told = factor is None and same  # that the budget is spent is said once
        if told or (pressed() and now - began < HELD_BACK):
            await asyncio.sleep(1.0)
            continue
        late = now - at >= every * (factor or 0.0)
        caught_up = said is not None and said.waiting and not is_now.waiting
        changed = said is None or is_now.parts != said.parts
        if changed or late or (caught_up and now - at >= CALM):
            await say(is_now)
            said, at, began = is_now, now, now
        await asyncio.sleep(1.0)


def _now() -> float:
    return asyncio.get_running_loop().time()
