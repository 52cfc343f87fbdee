"""A ledger on a thread of its own, so that the event loop never waits for a disk."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from gateway.ledger.sqlite import SqliteLedger

P = ParamSpec("P")
T = TypeVar("T")


class LedgerWorker:
    """Calls run one after the other, in the order they were made."""

    def __init__(self, make: Callable[[], SqliteLedger], name: str) -> None:
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        try:
            self._ledger = self._threads.submit(make).result()
        except BaseException:
            self._threads.shutdown()
            raise

    async def call(
        self,
        function: Callable[Concatenate[SqliteLedger, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run ``function(ledger, …)`` on the ledger's thread; return what it returns."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, lambda: function(self._ledger, *args, **kwargs)
        )

    def close(self) -> None:
        """Finish what was begun and close the file."""
        self._threads.submit(self._ledger.close).result()
        self._threads.shutdown()
