"""A reader that speaks LLRP, through the package llrpkit (an optional extra)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from drivers.errors import NoReplyError, OptionError, PortLostError, RefusedError, TagLostError
from drivers.ports import AirTag, Bank

if TYPE_CHECKING:
    from llrpkit.reader import AccessResult, Reader

R = TypeVar("R")
_ROSPEC = 1
_OFTEN = 1
_LOST = ("No_Response_From_Tag", "Insufficient_Power", "Nonspecific_Reader_Error")
_ACCESS_REFUSED = 0xA1
HINT = "Install it into the environment of the agent: pip install 'shelfwire[llrp]'."


class LlrpReader:
    """Implements :class:`drivers.ports.UhfReader` over an open llrpkit reader."""

    def __init__(
        self,
        reader: "Reader",
        *,
        antennas: tuple[int, ...] = (),
        session: int = 0,
        scan_seconds: float = 0.25,
        access_seconds: float = 2.0,
        password: bytes = bytes(4),
    ) -> None:
        """Look for ``scan_seconds`` in an inventory; give a tag ``access_seconds`` to answer."""
        self._reader = reader
        self._antennas = antennas
        self._session = session
        self._scan_seconds = scan_seconds
        self._access_seconds = access_seconds
        self._password = int.from_bytes(password, "big")
        self._turn = asyncio.Lock()

    async def identity(self) -> str:
        """Return model and firmware in words."""
        return f"LLRP reader, model {self._reader.model_number}, firmware {self._reader.firmware}"

    async def inventory(self) -> list[AirTag]:
        """Return every tag in the field now, each EPC once, in no order."""
        async with self._turn, _translated():
            await self._round()
        seen: dict[bytes, AirTag] = {}
        reports = self._reader.client.reports
        while not reports.empty():
            for data in reports.get_nowait().tag_report_datas:
                tag = _tag(data)
                known = seen.get(tag.epc)
                if known is None or (known.rssi or 0) < (tag.rssi or 0):
                    seen[tag.epc] = tag
        return list(seen.values())

    async def read(self, epc: bytes, bank: Bank, first: int, words: int) -> bytes:
        """Return ``words`` words of a bank from word ``first``; TagLostError if the tag leaves."""
        result = await self._access(
            lambda: self._reader.read_memory(
                bank=int(bank),
                word_pointer=first,
                word_count=words,
                target_epc=epc,
                access_password=self._password,
                timeout=self._access_seconds,
            )
        )
        return result.data or b""

    async def write(self, epc: bytes, bank: Bank, first: int, data: bytes) -> None:
        """Write whole words from word ``first``; after TagLostError any part may be written."""
        if len(data) % 2:
            raise ValueError(f"{len(data)} bytes are not whole words")
        result = await self._access(
            lambda: self._reader.write_memory(
                bank=int(bank),
                word_pointer=first,
                data=data,
                target_epc=epc,
                access_password=self._password,
                timeout=self._access_seconds,
            )
        )
        if result.words_written != len(data) // 2:
            raise TagLostError(
                f"only {result.words_written} of {len(data) // 2} words were written"
            )

    async def _round(self) -> None:
        """Let the reader look once; what it sees waits in the client's queue."""
        from llrpkit.client import check_status
        from llrpkit.exceptions import LLRPError
        from llrpkit.inventory import build_rospec
        from llrpkit.protocol import messages

        client = self._reader.client
        spec = build_rospec(antennas=self._antennas, session=self._session, report_every_n=_OFTEN)
        _ask_for_pc(spec)
        with contextlib.suppress(LLRPError):  # left over from a client that died
            await client.transact(messages.DELETE_ROSPEC(ro_spec_id=_ROSPEC))
        while not client.reports.empty():
            client.reports.get_nowait()
        check_status(await client.transact(messages.ADD_ROSPEC(ro_spec=spec)))
        check_status(await client.transact(messages.ENABLE_ROSPEC(ro_spec_id=_ROSPEC)))
        check_status(await client.transact(messages.START_ROSPEC(ro_spec_id=_ROSPEC)))
        await asyncio.sleep(self._scan_seconds)
        check_status(await client.transact(messages.STOP_ROSPEC(ro_spec_id=_ROSPEC)))
        check_status(await client.transact(messages.DELETE_ROSPEC(ro_spec_id=_ROSPEC)))

    async def _access(self, operation: "Callable[[], Awaitable[AccessResult]]") -> "AccessResult":
        async with self._turn, _translated(lost=lambda: self._reader.client.connected):
            result = await operation()
        if result.status in _LOST:
            raise TagLostError(f"the tag did not answer ({result.status})")
        if result.status != "Success":
            raise RefusedError(_ACCESS_REFUSED, f"the tag says {result.status}")
        return result


@contextlib.asynccontextmanager
async def connected(host: str, port: int, patience: float) -> AsyncIterator["Reader"]:
    """Give an open llrpkit reader; OptionError when the package is not installed."""
    try:
        from llrpkit.reader import Reader
    except ImportError as error:
        raise OptionError(f"driver llrp needs the package llrpkit. {HINT}") from error

    reader = Reader(host, port, response_timeout=2.0 * patience, connect_timeout=3.0 * patience)
    try:
        async with _translated():
            await reader.connect()
        yield reader
    finally:
        with contextlib.suppress(OSError):
            await reader.close()


@contextlib.asynccontextmanager
async def _translated(lost: Callable[[], bool] = lambda: False) -> AsyncIterator[None]:
    """Turn what llrpkit raises into driver errors; a timeout is a lost tag when ``lost`` says so."""
    from llrpkit import exceptions as llrp

    try:
        yield
    except llrp.LLRPTimeoutError as error:
        if lost():
            raise TagLostError("the tag did not answer") from error
        raise NoReplyError(str(error)) from error
    except (llrp.LLRPConnectionError, OSError) as error:
        raise PortLostError(str(error)) from error
    except llrp.LLRPStatusError as error:
        raise RefusedError(error.status_code & 0xFF, error.error_description) from error
    except llrp.LLRPError as error:
        raise NoReplyError(f"LLRP: {error}") from error


def _ask_for_pc(spec: Any) -> None:
    """Switch on the PC word in the reports; not every reader has it, then it is read."""
    selector = spec.ro_report_spec.tag_report_content_selector
    for memory in selector.air_protocol_epc_memory_selectors:
        memory.enable_pc_bits = True


def _tag(data: Any) -> AirTag:
    from llrpkit.inventory import TagReport

    report = TagReport.from_param(data)
    words = [one.pc_bits for one in data.air_protocol_tag_datas if hasattr(one, "pc_bits")]
    pc = words[0] if words else None
    return AirTag(report.epc, pc, report.antenna or 0, report.rssi_dbm)
