# ruff: noqa: N802, N999, I001
"""Readers as pyscard gives them; $SHELFWIRE_TEST_FIELD names the file that says what is there."""

import json
import os
import time
from pathlib import Path
from typing import Any

from smartcard.Exceptions import CardConnectionException, NoCardException

from drivers.pcsc.simulator import PcscCard
from drivers.pn532.cards import make_card


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
        self.card = PcscCard(make_card(kind, bytes.fromhex(uid), text))

    def disconnect(self) -> None:
        pass

    def release(self) -> None:
        pass

    def getATR(self) -> list[int]:
        return list(self.card.atr)

    def transmit(self, command: list[int]) -> tuple[list[int], int, int]:
        if "card" not in _world():
            raise CardConnectionException("Failed to transmit: card was removed")
        *data, first, second = self.card.transmit(bytes(command))
        return data, first, second
