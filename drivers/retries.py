"""Do a conversation with a device again when the wire was bad."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from drivers.errors import FrameError, NoReplyError, TagLostError

R = TypeVar("R")


async def again(operation: Callable[[], Awaitable[R]], tries: int) -> R:
    """Return what ``operation`` returns, which must be harmless to repeat.

    All of it is done again after a bad answer or none, ``tries`` times in all. A tag that does not
    answer is tried once more.
    """
    bad_wire, bad_tag = tries - 1, 1
    while True:
        try:
            return await operation()
        except (NoReplyError, FrameError):
            if bad_wire <= 0:
                raise
            bad_wire -= 1
        except TagLostError:
            if bad_tag <= 0:
                raise
            bad_tag -= 1
