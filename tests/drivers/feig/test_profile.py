from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import OptionError
from drivers.feig.profile import Profile, Setting, load

GOOD = """
reader = "ID CPR40"
about = "pad of a kiosk"
block_order = "reversed"

[[config]]
block = 1
byte = 13
value = 0x00
why = "host mode"

[[config]]
block = 5
byte = 0
mask = 0b1000
value = 0
"""


def test_a_profile_is_read(tmp_path: Path) -> None:
    (tmp_path / "pad.toml").write_text(GOOD)
    assert load(tmp_path / "pad.toml") == Profile(
        "ID CPR40",
        "pad of a kiosk",
        "reversed",
        (Setting(1, 13, 0, 0xFF, "host mode"), Setting(5, 0, 0, 8)),
    )


def test_an_empty_profile_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "pad.toml").write_text("")
    profile = load(tmp_path / "pad.toml")
    assert profile.blocks == []
    assert profile.apply(5, bytes(14)) == bytes(14)


def test_a_setting_touches_only_its_bits() -> None:
    profile = Profile(settings=(Setting(5, 0, 0b0110, 0b0011), Setting(5, 13, 0xFF)))
    assert profile.blocks == [5]
    assert profile.apply(5, b"\xf1" + bytes(13)) == b"\xf2" + bytes(12) + b"\xff"
    assert profile.apply(6, b"\xf1" + bytes(13)) == b"\xf1" + bytes(13)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("reader =", "profile"),
        ("colour = 1", "unknown field colour"),
        ("reader = 1", "reader must be text"),
        ('block_order = "swapped"', "block_order must be reversed or plain"),
        ("config = 1", "config must be tables"),
        ("config = [1]", "config must be tables"),
        ("[[config]]\nblock = 1\nbyte = 14\nvalue = 0", "byte must be a number from 0 to 13"),
        ("[[config]]\nblock = 64\nbyte = 1\nvalue = 0", "block must be a number from 0 to 63"),
        ("[[config]]\nblock = 1\nbyte = 1", "value must be a number"),
        ("[[config]]\nblock = 1\nbyte = 1\nvalue = true", "value must be a number"),
        ("[[config]]\nblock = 1\nbyte = 1\nvalue = 1\nmask = 256", "mask must be a number"),
        ("[[config]]\nblock = 1\nbyte = 1\nvalue = 1\nbit = 2", "[[config]] 1: unknown field bit"),
        ("[[config]]\nblock = 1\nbyte = 1\nvalue = 1\nwhy = 2", "why must be text"),
    ],
)
def test_a_wrong_profile_is_named_with_file_and_field(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "pad.toml").write_text(text)
    with pytest.raises(OptionError) as caught:
        load(tmp_path / "pad.toml")
    assert said in str(caught.value)
    assert "pad.toml" in str(caught.value)


@given(data=st.binary(max_size=60))
def test_any_file_is_a_profile_or_an_option_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(data)
    try:
        assert isinstance(load(path), Profile)
    except OptionError as error:
        assert "any.toml" in str(error)
