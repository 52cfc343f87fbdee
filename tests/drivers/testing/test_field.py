import pytest

from drivers.testing.field import Field
from drivers.testing.tag15693 import Register, Said, Tag

UID = bytes.fromhex("E004015012345678")


def test_a_tag_is_in_the_field_until_it_is_taken() -> None:
    tag = Tag(UID)
    field = Field(tag)
    assert field.tags == [tag]
    assert field.find(UID) is tag
    assert field.take(UID) is tag
    assert field.take(UID) is None
    assert field.tags == []


def test_a_tag_that_comes_back_is_a_new_arrival() -> None:
    tag = Tag(UID)
    field = Field(tag)
    field.put(tag)
    first = field.arrival(UID)
    field.take(UID)
    field.put(tag)
    assert field.arrival(UID) == first + 1


def test_a_tag_is_torn_away_after_so_many_writes() -> None:
    tag = Tag(UID)
    field = Field(tag)
    field.tear_after(UID, 2)
    assert field.reach_for_write(UID) is tag
    assert field.reach_for_write(UID) is tag
    assert field.reach_for_write(UID) is None
    assert field.tags == []
    field.put(tag)
    assert field.reach_for_write(UID) is tag


def test_a_tag_says_why_a_block_is_not_written() -> None:
    tag = Tag(UID)
    field = Field(tag)
    assert field.write_block(tag, 0, b"book") is Said.DONE
    assert tag.lock_block(0) is Said.DONE
    assert tag.lock_block(0) is Said.ALREADY_LOCKED
    assert field.write_block(tag, 0, b"more") is Said.LOCKED
    assert field.write_block(tag, 1, b"b") is Said.WRONG_SIZE
    assert field.write_block(tag, 28, b"book") is Said.NO_BLOCK
    assert tag.lock_block(28) is Said.NO_BLOCK
    field.tear_after(UID, 0)
    assert field.write_block(tag, 1, b"book") is Said.TORN
    assert tag.memory == b"book" + bytes(108)


@pytest.mark.parametrize("register", ["afi", "dsfid"])
def test_a_register_is_written_until_it_is_locked(register: Register) -> None:
    tag = Tag(UID)
    field = Field(tag)
    assert field.write(tag, register, 7) is Said.DONE
    assert tag.lock(register) is Said.DONE
    assert tag.lock(register) is Said.ALREADY_LOCKED
    assert field.write(tag, register, 8) is Said.LOCKED
    assert getattr(tag, register) == 7


def test_a_field_is_cleared_at_once() -> None:
    tag = Tag(UID)
    field = Field(tag)
    assert field.clear() == [tag]
    assert field.tags == []


def test_a_tag_needs_a_whole_uid_and_whole_blocks() -> None:
    with pytest.raises(ValueError, match="UID"):
        Tag(UID[:-1])
    with pytest.raises(ValueError, match="whole blocks"):
        Tag(UID, bytearray(10))


def test_a_tag_owns_its_memory_and_counts_its_blocks() -> None:
    memory = bytearray(32)
    tag = Tag(UID, memory, block_size=8)
    memory[0] = 1
    assert tag.memory[0] == 0
    assert tag.block_count == 4
    tag.put_block(3, b"12345678")
    assert tag.block(3) == b"12345678"
