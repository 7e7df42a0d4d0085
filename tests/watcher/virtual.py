"""A loop whose clock jumps: where every task waits for a moment, that moment is now; what is asked of a real database or Redis is waited
for in real time, and the clock stands still meanwhile."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from watcher.bus import Bus

PATIENCE = 60.0  # real seconds for one answer of Redis or of the database


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` begins at 0, and moves only when nothing real is being waited for."""

    def __init__(self) -> None:
        self.now, self.busy = 0.0, 0
        super().__init__(_Selector(self))

    def time(self) -> float:
        """The seconds that have passed in this world."""
        return self.now

    @contextmanager
    def real(self) -> Iterator[None]:
        """While the block waits for something real, no time passes."""
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """As always; and the clock stands still until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self.busy += 1
        future.add_done_callback(self._done)
        return future

    def _done(self, _: Any) -> None:
        self.busy -= 1


class _Selector(selectors.DefaultSelector):
    """Waits for files as its parent does, and for time by moving the clock."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self._loop.busy or timeout is None:
            ready = super().select(PATIENCE)
            assert ready, "something real never answered"
            return ready
        self._loop.now += timeout
        return []


class RealBus(Bus):
    """A bus on a real Redis in a virtual world."""

    def __init__(self, url: str, loop: VirtualLoop) -> None:
        super().__init__(url)
        self._loop = loop
        execute: Callable[..., Awaitable[Any]] = self.redis.execute_command

        async def command(*args: Any, **options: Any) -> Any:
            with loop.real():
                return await execute(*args, **options)

        self.redis.execute_command = command  # type: ignore[method-assign]

    async def publish(self, stream: str, rows: Sequence[int]) -> None:
        """As always; and the clock stands still until it is done."""
        with self._loop.real():
            await super().publish(stream, rows)
