"""A UHF reader as the reader of a security gate."""

from dataclasses import replace

from drivers.errors import RefusedError, TagLostError
from drivers.ports import AirTag, Bank, Identified, Sighting, UhfReader
from drivers.tags.uhf import bank_image
from drivers.uhf.names import Names
from drivers.uhf.rule import PC_WORD, UhfRule

PATIENCE = 3
"""A tag whose PC word could not be read so many times in a row is reported without its state."""


class UhfGate:
    """Implements :class:`drivers.ports.GateReader`: an inventory for every question.

    Tags that are no library's are left out. UHF readers here keep no buffer, so none can run over;
    what passes between two questions is not seen, and the poll of the gate has to be quick.
    """

    def __init__(self, reader: UhfReader, rule: UhfRule) -> None:
        """Use a reader that is ready."""
        self._reader = reader
        self._rule = rule
        self._names = Names(reader, rule)
        self._failures: dict[bytes, int] = {}

    async def identity(self) -> str:
        """Return model and firmware in words."""
        return (
            await self._reader.identity() if isinstance(self._reader, Identified) else "UHF reader"
        )

    async def sightings(self) -> list[Sighting]:
        """Return the library tags in the field now (may be empty)."""
        tags = await self._reader.inventory()
        here = {tag.epc for tag in tags}
        self._failures = {epc: n for epc, n in self._failures.items() if epc in here}
        seen = [await self._sighting(tag) for tag in tags]
        return [sighting for sighting in seen if sighting is not None]

    async def _sighting(self, tag: AirTag) -> Sighting | None:
        if tag.pc is None and self._rule.security.needs_pc:
            tag = await self._with_pc(tag)
            if tag.pc is None and self._failures[tag.epc] < PATIENCE:
                return None
        if not self._rule.is_ours(tag):
            return None
        pc = len(tag.epc) // 2 << 11 if tag.pc is None else tag.pc
        return Sighting(
            await self._names.uid(tag),
            afi=self._rule.security.state(tag.pc, tag.epc),
            antenna=tag.antenna,
            data=bank_image(pc, tag.epc),
            bank=self._rule.bank,
            rssi=tag.rssi,
        )

    async def _with_pc(self, tag: AirTag) -> AirTag:
        """Ask the tag for its PC word; it is not remembered, a loan changes it."""
        try:
            word = await self._reader.read(tag.epc, Bank.EPC, PC_WORD, 1)
        except (TagLostError, RefusedError):
            self._failures[tag.epc] = self._failures.get(tag.epc, 0) + 1
            return tag
        self._failures.pop(tag.epc, None)
        return replace(tag, pc=int.from_bytes(word, "big"))
