"""How often the room on the disk is looked at."""

from pathlib import Path

import pytest

from edge.journal.room import MIB, PLENTY, UNSEEN, Room


def test_with_plenty_of_room_not_every_loan_looks_and_near_the_mark_each_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, free = Room(tmp_path, low_mb=10), [PLENTY + 11 * MIB]
    monkeypatch.setattr(room, "free", lambda: free[0])
    assert room.lends()
    free[0] = 9 * MIB
    assert [room.lends() for _ in range(UNSEEN + 1)] == [True] * UNSEEN + [False]
    free[0] = 11 * MIB
    assert room.lends()
    free[0] = 9 * MIB
    assert not room.lends()
    assert room.low()
