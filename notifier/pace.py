"""How closely the calls of one process may follow one another: the gate behind the limiter, which counts what really left."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

STUCK = 5.0  # seconds after which a call that has no answer is not waited for any more


class Pace:
    """The last gate before a call, for what the program or the network held up after its slot had come: it must not arrive in a crowd.

    A call arrives somewhere between its beginning and its end, but for the time that the way takes at the least. So many of them can
    arrive in any window as may be under way, or have ended within it.
    """

    def __init__(self, slots: int = 30, window: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        """At most `slots` calls of this process can arrive in any `window` seconds."""
        self._slots, self._window, self._clock = slots, window, clock
        self._begun: dict[int, float] = {}  # calls under way
        self._ended: deque[float] = deque()  # when the last ones must have arrived
        self._took: deque[float] = deque(maxlen=200)
        self._count = itertools.count()
        self._turn, self._change = asyncio.Lock(), asyncio.Event()

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """For the length of one call; callers go in the order in which they came."""
        async with self._turn:
            while (wait := self._full()) > 0:
                self._change.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._change.wait(), wait)
            number, begun = next(self._count), self._clock()
            self._begun[number] = begun
        try:
            yield
        finally:
            now = self._clock()
            del self._begun[number]
            self._took.append(now - begun)
            self._ended.append(now - min(self._took))
            self._change.set()

    def _full(self) -> float:
        """The seconds until there may be room; 0 where there is."""
        now = self._clock()
        while self._ended and self._ended[0] <= now - self._window:
            self._ended.popleft()
        late = sum(1 for begun in self._begun.values() if begun > now - STUCK)
        if late + len(self._ended) < self._slots:
            return 0.0
        return self._ended[0] + self._window - now if self._ended else STUCK
