"""A loop whose time jumps to the next thing that is due, and processes that can die in it.

Everything that a simulated process does runs under its :class:`Life`. When the life is over, not one
step of it runs any more: no ``finally``, no goodbye, as with ``kill -9`` or a power cut. A step is
what happens between two awaits, so a fuse of n steps is a crash at the n-th await from now.
"""

import asyncio
import contextlib
import contextvars
import gc
import os
import random
import warnings
import weakref
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

LIFE: contextvars.ContextVar["Life | None"] = contextvars.ContextVar("life", default=None)
BEGIN = 1_795_330_800.0
"""2026-11-22 14:00 in Hà Nội, in seconds."""
THREAD_SECONDS = 0.001


class StuckError(Exception):
    """Nobody waits for anything: the simulation would stand still for ever."""


class Life:
    """One run of a process. ``died`` is called once, outside of it, when it ended by itself."""

    def __init__(self, name: str, died: Callable[["Life"], None]) -> None:
        self.name = name
        self.over = False
        self.fuse: int | None = None
        self.tasks: weakref.WeakSet[asyncio.Task[Any]] = weakref.WeakSet()
        self.grave: list[Any] = []
        self._died = died

    def start(self, loop: "VirtualLoop", work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Begin to live."""
        context = contextvars.Context()
        context.run(LIFE.set, self)
        return context.run(lambda: loop.create_task(work, name=self.name))

    def end(self) -> None:
        """Stop dead, between two steps."""
        if not self.over:
            self.over = True
            self.grave += list(self.tasks)  # what is collected later would run its finally

    def step(self, callback: Callable[..., Any], *args: Any) -> None:
        """Do one step, unless the life is over or just ends."""
        if self.over:
            return
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                self.fuse = None
                self.end()
                contextvars.Context().run(self._died, self)
                return
        callback(*args)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Never waits. Threads of the program are steps of it, so that a seed is one history."""

    def __init__(self) -> None:
        super().__init__()
        self.virtual = 0.0
        self.leaped = 0.0
        self.steps = 0
        self._selector.select = self._select
        self.set_task_factory(self._task)
        self.set_exception_handler(self._unhandled)
        self.unhandled: list[str] = []
        self._asyncgen_finalizer_hook = self._asyncgens.discard

    def time(self) -> float:
        return self.virtual

    def now(self) -> float:
        """Return the true time in seconds since 1970, leaps included."""
        return BEGIN + self.virtual + self.leaped

    def mono(self) -> float:
        """Return seconds that pass, leaps included."""
        return 100.0 + self.virtual + self.leaped

    def _select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise StuckError
        if timeout > 0:
            self.virtual += timeout
        self.steps += 1
        return []

    def _write_to_self(self) -> None:
        pass

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> asyncio.Handle:
        life = LIFE.get() if context is None else context.get(LIFE)
        if life is not None:
            callback, args = life.step, (callback, *args)
        return super().call_soon(callback, *args, context=context)

    call_soon_threadsafe = call_soon

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:
        life = LIFE.get() if context is None else context.get(LIFE)
        if life is not None:
            callback, args = life.step, (callback, *args)
        return super().call_at(when, callback, *args, context=context)

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = self.create_future()

        def work() -> None:
            try:
                result = func(*args)
            except BaseException as error:  # noqa: BLE001  handed to whoever waits
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(result)

        self.call_later(THREAD_SECONDS, work)
        return future

    def _task(self, loop: Any, coro: Any, **more: Any) -> "asyncio.Task[Any]":
        task = asyncio.Task(coro, loop=loop, **more)
        life = LIFE.get()
        if life is not None:
            life.tasks.add(task)
        return task

    def _unhandled(self, _: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.unhandled.append(f"{context.get('message')}: {error!r}")


@contextlib.contextmanager
def history(seed: int) -> Iterator[VirtualLoop]:
    """Give a loop in which everything, ids and dice too, follows from the seed."""
    dice = random.Random(f"bytes {seed}")
    urandom, inner = os.urandom, random._urandom
    state = random.getstate()
    random.seed(seed)
    collecting = gc.isenabled()
    gc.disable()
    os.urandom = random._urandom = dice.randbytes
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    try:
        yield loop
    finally:
        os.urandom, random._urandom = urandom, inner
        random.setstate(state)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # work that never began
            _bury(loop)
        asyncio.set_event_loop(None)
        loop.close()
        if collecting:
            gc.enable()


def _bury(loop: VirtualLoop) -> None:
    """End what never ended, without letting it do anything to anybody."""
    loop.call_soon = loop.call_at = lambda *_, **__: None  # type: ignore[method-assign]
    for task in asyncio.all_tasks(loop):
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        for _ in range(20):
            try:
                task.get_coro().close()
            except BaseException:  # noqa: BLE001, S112  it wanted to await something
                continue
            break
