"""The space over an antenna: tags are put into it, taken out, and torn away in the middle."""

from drivers.testing.tag15693 import Register, Said, Tag


class Field:
    """What an antenna reaches. A tag that leaves loses power and comes back as a new arrival."""

    def __init__(self, *tags: Tag) -> None:
        """Begin with ``tags`` in the field."""
        self._tags: dict[bytes, Tag] = {}
        self._arrivals: dict[bytes, int] = {}
        self._tears: dict[bytes, int] = {}
        for tag in tags:
            self.put(tag)

    @property
    def tags(self) -> list[Tag]:
        """The tags that are in the field now, in order of arrival."""
        return list(self._tags.values())

    def put(self, tag: Tag) -> None:
        """Bring a tag into the field; putting it twice changes nothing."""
        if tag.uid not in self._tags:
            self._arrivals[tag.uid] = self._arrivals.get(tag.uid, 0) + 1
        self._tags[tag.uid] = tag

    def take(self, uid: bytes) -> Tag | None:
        """Take a tag out of the field and return it; None when it is not there."""
        self._tears.pop(uid, None)
        return self._tags.pop(uid, None)

    def clear(self) -> list[Tag]:
        """Take everything out and return it."""
        return [tag for tag in self.tags if self.take(tag.uid)]

    def find(self, uid: bytes) -> Tag | None:
        """Return the tag if it is in the field."""
        return self._tags.get(uid)

    def arrival(self, uid: bytes) -> int:
        """Return how often the tag came in: what a tag forgets without power hangs on this."""
        return self._arrivals.get(uid, 0)

    def tear_after(self, uid: bytes, writes: int) -> None:
        """Let the tag leave after so many more writes (a block or an AFI each); 0 = at the next."""
        self._tears[uid] = writes

    def reach_for_write(self, uid: bytes) -> Tag | None:
        """Return the tag that is about to be written, or None when it leaves just then."""
        left = self._tears.get(uid)
        if left == 0:
            self.take(uid)
        elif left is not None:
            self._tears[uid] = left - 1
        return self._tags.get(uid)

    def write_block(self, tag: Tag, number: int, block: bytes) -> Said:
        """Write one block, unless the tag refuses or leaves just then."""
        if number >= tag.block_count:
            return Said.NO_BLOCK
        if len(block) != tag.block_size:
            return Said.WRONG_SIZE
        if number in tag.locked:
            return Said.LOCKED
        if not self.reach_for_write(tag.uid):
            return Said.TORN
        tag.put_block(number, block)
        return Said.DONE

    def write(self, tag: Tag, register: Register, value: int) -> Said:
        """Write AFI or DSFID, unless it is locked or the tag leaves just then."""
        if getattr(tag, f"{register}_locked"):
            return Said.LOCKED
        if not self.reach_for_write(tag.uid):
            return Said.TORN
        setattr(tag, register, value)
        return Said.DONE
