"""The page that checks receipts on a staff phone: its keys, titles, and photos that a phone cannot read.

The page itself and the list of keys need no sign-in: they hold nothing of anybody, and a phone keeps
them for the time without a network. Titles and photos are for staff who are signed in.
"""

import asyncio
import io
import warnings
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.staticfiles import StaticFiles

from edge.wire.proofs import is_receipt
from gateway.console.doorman import Counting
from gateway.errors import RefusedError
from gateway.ledger.sqlite import SqliteLedger
from gateway.worker import LedgerWorker

PAGE = Path(__file__).parent / "receipt"
PICTURE = "/api/receipts/picture"
MOST_ITEMS = 60
MOST_DOTS = 16_000_000
AT_ONCE = 2


class Receipts:
    """The doors."""

    def __init__(self, reads: LedgerWorker) -> None:
        self._reads = reads
        self._turns = asyncio.Semaphore(AT_ONCE)

    def add_to(self, app: FastAPI) -> None:
        """Put the doors and the page into the application."""
        app.get("/receipt/keys.json")(self.keys)
        app.get("/api/receipts/titles")(self.titles)
        app.post(PICTURE)(self.picture)
        app.mount("/receipt", StaticFiles(directory=PAGE, html=True), name="receipt")

    async def keys(self) -> dict[str, Any]:
        """Return whose receipts are believed, and what the machines are called."""
        return await self._reads.call(_keys)

    async def titles(
        self, _who: Counting, item: Annotated[list[str], Query(max_length=MOST_ITEMS)]
    ) -> dict[str, str]:
        """Return the titles of items that are known."""
        views = await self._reads.call(lambda ledger: ledger.catalogue.items(item))
        return {name: view.title for name, view in views.items()}

    async def picture(self, _who: Counting, request: Request) -> dict[str, str]:
        """Return the text of the receipt's code in a photo."""
        body = await request.body()
        async with self._turns:
            return {"text": await asyncio.to_thread(read_picture, body)}


def _keys(ledger: SqliteLedger) -> dict[str, Any]:
    names = {row["device"]: row["name"] or row["device"] for row in ledger.devices()}
    return {
        "centres": ledger.proofs.centres(),
        "stopped": ledger.proofs.stopped(),
        "devices": names,
    }


def read_picture(data: bytes) -> str:
    """Return the text of the receipt's code in a picture; raise RefusedError when there is none."""
    try:
        from PIL import Image

        library: Any = import_module("zxingcpp")
    except ImportError:
        raise RefusedError("this centre cannot read pictures: zxing-cpp is not installed") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
                if image.width * image.height > MOST_DOTS:
                    raise RefusedError("the picture is too large")
                grey = image.convert("L")
    except (OSError, ValueError, SyntaxError, Warning) as error:
        raise RefusedError(f"this is no picture ({type(error).__name__})") from None
    dots = memoryview(grey.tobytes()).cast("B", (grey.height, grey.width))
    found = library.read_barcodes(dots, formats=[library.BarcodeFormat.QRCode])
    texts = [code.text for code in found if is_receipt(code.text)]
    if not texts:
        raise RefusedError("no code of a receipt in this picture")
    return str(texts[0])
