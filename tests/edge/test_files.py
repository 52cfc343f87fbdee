import os
from pathlib import Path

import pytest

from edge.files import whole, write_whole


def test_a_file_is_there_with_all_its_bytes_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "bins.json"
    write_whole(path, b"old")
    with pytest.raises(RuntimeError), whole(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_all_bytes_are_on_the_disk_before_the_file_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, synced = tmp_path / "loans", list[int]()
    sync = os.fsync

    def seen(file: int) -> None:
        assert not path.exists()
        synced.append(os.fstat(file).st_size)
        sync(file)

    monkeypatch.setattr(os, "fsync", seen)
    write_whole(path, bytes(100_001))
    assert synced == [100_001]


def test_storage_that_takes_nothing_is_said_and_leaves_no_trace(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_whole(tmp_path / "taken", b"x")
    assert [one.name for one in tmp_path.iterdir()] == ["taken"]
