from collections.abc import Callable

import pytest

from drivers.cutting import FrameCutter, Noise
from drivers.errors import FrameError, NoReplyError
from drivers.exchange import exchange
from drivers.testing.simulator import Reply
from drivers.testing.wires import Wire


class Pairs(FrameCutter[bytes]):
    """Two bytes are a frame, a question mark is noise."""

    def _cut(self) -> bytes | Noise | None:
        if self._buffer[0] == ord("?"):
            return self._noise("a question mark", 1)
        return self._take(2) if len(self._buffer) >= 2 else None


class Talker:
    """Says what it was told to say, whatever the question is."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.heard = answer, b""
        self.say: Callable[[bytes], None] = lambda _: None

    def connected(self, send: Callable[[bytes], None]) -> None:
        self.say = send

    def feed(self, data: bytes) -> list[Reply]:
        self.heard += data
        return [Reply(self.answer)]


async def ask(wire: Wire, cutter: Pairs, *, strict: bool = True) -> bytes:
    def take(frame: bytes) -> bytes | None:
        return frame if frame != b"no" else None

    return await exchange(wire, cutter, b"how", take, "its health", seconds=0.05, strict=strict)


async def test_the_first_frame_that_answers_is_the_answer() -> None:
    device = Talker(b"nook!!")
    assert await ask(Wire(device), Pairs()) == b"ok"
    assert device.heard == b"how"


async def test_what_came_before_the_question_is_no_answer() -> None:
    device, cutter = Talker(b"ok"), Pairs()
    wire = Wire(device)
    device.say(b"old!")
    cutter.feed(b"o")
    assert await ask(wire, cutter) == b"ok"


async def test_noise_spoils_a_strict_question_and_no_other() -> None:
    with pytest.raises(FrameError, match="answer to its health: a question mark"):
        await ask(Wire(Talker(b"?ok")), Pairs())
    assert await ask(Wire(Talker(b"?ok")), Pairs(), strict=False) == b"ok"


async def test_silence_says_what_was_asked() -> None:
    with pytest.raises(NoReplyError, match="no answer to its health"):
        await ask(Wire(Talker(b"nono")), Pairs())
