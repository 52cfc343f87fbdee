import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import NoReplyError, PortLostError
from drivers.gpio import SOCKET, LineOptions
from drivers.gpio.board import open_board
from drivers.gpio.options import every_role
from drivers.gpio.simulator import BoardSimulator
from drivers.gpio.socket import SocketOptions, SocketPins
from drivers.gpio.wire import MAX_LINE, MessageReader, encode
from drivers.ports import LineChange
from drivers.testing.serve import Served, serve_pty, serve_tcp
from drivers.testing.simulator import Reply
from drivers.testing.wires import Dripping, Wire


@pytest.fixture
def seen() -> list[tuple[str, bool]]:
    return []


@pytest.fixture
def device(seen: list[tuple[str, bool]]) -> BoardSimulator:
    return BoardSimulator(on_output=lambda line, active: seen.append((line, active)))


@pytest.fixture(params=[serve_tcp, serve_pty])
async def served(request: pytest.FixtureRequest, device: BoardSimulator) -> AsyncIterator[Served]:
    served = await request.param(device)
    yield served
    await served.close()


async def test_inputs_and_outputs_work_over_a_real_wire(
    served: Served, device: BoardSimulator, seen: list[tuple[str, bool]]
) -> None:
    device.set_input("bin_half", True)
    async with SOCKET.open(SocketOptions(served.address)) as board:
        assert board.active("bin_half")
        assert not board.active("beam_a")
        device.set_input("beam_a", True)
        device.set_input("beam_a", True)
        device.set_input("beam_b", True)
        assert await asyncio.wait_for(board.next_change(), 2) == LineChange("beam_a", True)
        assert await asyncio.wait_for(board.next_change(), 2) == LineChange("beam_b", True)
        await board.set("lamp", True)
        assert seen == [("lamp", True)]
        assert device.outputs["lamp"]
    assert seen == [("lamp", True), ("lamp", False)]


async def test_a_pulled_cable_is_a_lost_port_and_switches_the_outputs_off(
    served: Served, device: BoardSimulator
) -> None:
    async with SOCKET.open(SocketOptions(served.address)) as board:
        await board.set("lamp", True)
        await served.unplug()
        with pytest.raises(PortLostError):
            await asyncio.wait_for(board.next_change(), 2)
        with pytest.raises(PortLostError):
            await board.set("lamp", True)
    device.set_input("flap", True)
    await served.plug()
    async with SOCKET.open(SocketOptions(served.address)) as board:
        assert not device.outputs["lamp"]
        assert board.active("flap")


@pytest.mark.parametrize("wire", [Wire, Dripping])
async def test_lines_have_names_of_their_own_and_may_be_active_low(
    wire: type[Wire], device: BoardSimulator
) -> None:
    lines = {
        "flap": LineOptions(line="IN3", active_low=True, debounce_ms=0),
        "light": LineOptions(line=7, direction="out", active_low=True),
    }
    device.set_input("IN3", True)
    async with open_board(lines, SocketPins(wire(device))) as board:
        assert not board.active("flap")
        device.set_input("unknown", True)
        device.set_input("IN3", False)
        assert await asyncio.wait_for(board.next_change(), 2) == LineChange("flap", True)
        await board.set("light", True)
        assert device.outputs == {"7": False}
    assert device.outputs == {"7": True}


async def test_a_change_while_the_board_is_opened_is_not_lost() -> None:
    class Hasty(BoardSimulator):
        def feed(self, data: bytes) -> list[Reply]:
            replies = super().feed(data)
            if b"ask" in data:
                replies.append(Reply(encode({"line": "flap", "active": True})))
            return replies

    async with open_board(every_role(), SocketPins(Wire(Hasty()))) as board:
        assert board.active("flap")


async def test_a_board_that_says_nothing_is_no_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mute(BoardSimulator):
        def feed(self, _data: bytes) -> list[Reply]:
            return []

    monkeypatch.setattr("drivers.gpio.socket.ANSWER_SECONDS", 0.02)
    with pytest.raises(NoReplyError, match="which lines it has"):
        async with open_board(every_role(), SocketPins(Wire(Mute()))):
            pass


async def test_an_output_the_board_does_not_confirm_is_no_reply(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Forgetful(BoardSimulator):
        def feed(self, data: bytes) -> list[Reply]:
            return [reply for reply in super().feed(data) if b"true" not in reply.data]

    monkeypatch.setattr("drivers.gpio.socket.ANSWER_SECONDS", 0.02)
    lines = {"lamp": LineOptions(direction="out")}
    async with open_board(lines, SocketPins(Wire(Forgetful()))) as board:
        with pytest.raises(NoReplyError, match="lamp is switched"):
            await board.set("lamp", True)


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_bytes_are_messages_or_nothing(pieces: list[bytes]) -> None:
    reader = MessageReader()
    device = BoardSimulator()
    for piece in pieces:
        assert all(isinstance(message, dict) for message in reader.feed(piece))
        device.feed(piece)
    assert len(reader._buffer) <= MAX_LINE
