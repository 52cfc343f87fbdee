"""The UIDs of the tags a reader sees: by EPC, or by TID, which is read once for each EPC."""

from collections import OrderedDict

from drivers.errors import RefusedError, TagLostError
from drivers.ports import AirTag, Bank, UhfReader
from drivers.uhf.rule import UhfRule

TID_WORDS = 6
"""96 bits hold the maker, the model and the serial number of every chip that has one."""
_KEPT = 512


class Names:
    """Names tags; remembers the TID of an EPC, which does not change."""

    def __init__(self, reader: UhfReader, rule: UhfRule) -> None:
        """Read TIDs through ``reader``."""
        self._reader = reader
        self._rule = rule
        self._tids: OrderedDict[bytes, bytes] = OrderedDict()

    async def uid(self, tag: AirTag) -> bytes:
        """Return the UID; a tag whose TID cannot be read just now is named by its EPC."""
        if self._rule.named_by == "epc":
            return self._rule.uid(tag)
        tid = self._tids.get(tag.epc)
        if tid is None:
            try:
                tid = await self._reader.read(tag.epc, Bank.TID, 0, TID_WORDS)
            except (TagLostError, RefusedError):
                return self._rule.uid(tag)
            self.learn(tag.epc, tid)
        return self._rule.uid(tag, tid)

    def moved(self, old: bytes, new: bytes) -> None:
        """Take note that a tag's EPC was changed."""
        if old in self._tids:
            self.learn(new, self._tids[old])

    def learn(self, epc: bytes, tid: bytes) -> None:
        """Remember the TID of a tag."""
        self._tids[epc] = tid
        self._tids.move_to_end(epc)
        if len(self._tids) > _KEPT:
            self._tids.popitem(last=False)
