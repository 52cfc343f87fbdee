# ruff: noqa: N802, N999, I001
"""Readers as pyscard gives them; $SHELFWIRE_TEST_FIELD names the file that says what is there."""

import json
import os
import time
from pathlib import Path
from typing import Any

from smartcard.Exceptions import CardConnectionException, NoCardException

from drivers.pn532.cards import AnyCard, make_card

_NAMES = {"classic1k": "0001", "ntag213": "0003"}


def _world() -> dict[str, Any]:
    return json.loads(Path(os.environ["SHELFWIRE_TEST_FIELD"]).read_text())


def readers() -> list["Reader"]:
    world = _world()
    if world.get("dead"):
        raise RuntimeError("Failed to establish context: Service not available.")
    return [Reader(name) for name in world["readers"]]


class Reader:
    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return self.name

    def createConnection(self) -> "Connection":
        return Connection()


class Connection:
    def connect(self) -> None:
        world = _world()
        time.sleep(world.get("block", 0))
        if "card" not in world:
            raise NoCardException("Unable to connect: no card")
        kind, uid, text = world["card"]
        self.card: AnyCard = make_card(kind, bytes.fromhex(uid), text)
        self.key = b""

    def disconnect(self) -> None:
        pass

    def release(self) -> None:
        pass

    def getATR(self) -> list[int]:
        name = _NAMES.get(self.card.kind)
        if name is None:
            return list(bytes.fromhex("3b8c80010443fdc0"))
        return list(bytes.fromhex("3b8f8001804f0ca00000030603" + name + "0000000068"))

    def transmit(self, command: list[int]) -> tuple[list[int], int, int]:
        world = _world()
        if "card" not in world:
            raise CardConnectionException("Failed to transmit: card was removed")
        answer = self._answer(bytes(command))
        return ([], 0x63, 0) if answer is None else (list(answer), 0x90, 0)

    def _answer(self, command: bytes) -> bytes | None:
        if command[1] == 0xCA:
            return self.card.uid
        if command[1] == 0x82:
            self.key = command[5:]
            return b""
        if command[1] == 0x86:
            return self.card.answer(bytes((0x60, command[7])) + self.key + self.card.uid)
        data = self.card.answer(bytes((0x30, command[3])))
        return data if data and len(data) == 16 else None
