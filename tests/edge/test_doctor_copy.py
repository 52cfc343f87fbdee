import contextlib
import time
from pathlib import Path

import pytest

from edge.doctor.model import Finding
from edge.doctor.sitecopy import look
from edge.replica import Replica
from edge.texts import Texts
from edge.wire.languages import LANGUAGES
from edge.wire.messages import Part

DAY = 86_400_000


@pytest.mark.parametrize(
    ("days", "level", "key"),
    [
        (None, "note", "copy_none"),
        (1, "ok", "copy_ok"),
        (6, "warn", "copy_old"),
        (21, "bad", "copy_stopped"),
    ],
)
def test_the_doctor_says_how_old_the_copy_is(
    tmp_path: Path, days: int | None, level: str, key: str
) -> None:
    policy = {"offline_days": 5, "offline_stop_days": 20}
    now = time.time_ns() // 1_000_000
    with contextlib.closing(Replica.open(tmp_path / "replica.db", lambda: now)) as replica:
        if days is not None:
            replica.apply(Part(version=1, made=now - days * DAY, policy=policy))
        found: list[Finding] = []
        look(found.append, tmp_path)
    [one] = found
    assert (one.level, one.key, one.values.get("days")) == (level, key, days)
    for language in LANGUAGES:
        texts = Texts(language)
        assert f"doctor.{key}" in texts
        assert bool(one.mend(texts)) is (level != "ok")


def test_a_folder_without_a_copy_and_a_file_that_is_none_are_a_copy_that_is_not_there(
    tmp_path: Path,
) -> None:
    found: list[Finding] = []
    look(found.append, tmp_path)
    (tmp_path / "replica.db").write_bytes(b"no database" * 100)
    look(found.append, tmp_path)
    assert [one.key for one in found] == ["copy_none", "copy_none"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["replica.db"], "nothing is made"
