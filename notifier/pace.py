"""How closely the messages of one process may follow one another: two gates behind the limiter, which count what really happens.

`Pace` is about arrivals: however the way delays calls, no more of them may arrive in a second than are allowed. `Few` is about what a
sudden end costs: a message that was sent and not yet written down is sent again, so that no more are under way than the pace needs.
"""
from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import statistics
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

STUCK = 5.0  # seconds after which a call that has no answer is not waited for any more
LOOK, ENOUGH, MOST_MORE = 1.0, 0.95, 8  # seconds between two looks at what gets through, what share of the pace is enough, and the bound
SLOW = 0.5  # seconds at the least before a message that is under way makes room for the next


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

    def usual(self) -> float:
        """How long a call took lately, in seconds: the middle of the last ones."""
        return statistics.median(itertools.islice(reversed(self._took), 50)) if self._took else 0.0

    def _full(self) -> float:
        """The seconds until there may be room; 0 where there is."""
        now = self._clock()
        while self._ended and self._ended[0] <= now - self._window:
            self._ended.popleft()
        late = sum(1 for begun in self._begun.values() if begun > now - STUCK)
        if late + len(self._ended) < self._slots:
            return 0.0
        return self._ended[0] + self._window - now if self._ended else STUCK


class Few:
    """As few messages under way at once, from the claim to the record, as keep the pace: one, where a call takes little of its share of a
    second. More of them help only against waiting for the channel, so that is what counts. One that takes far longer is not waited for.
    """

    def __init__(self, pace: Pace, a_second: float = 29.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._pace, self._a_second, self._clock = pace, a_second, clock
        self._begun: dict[int, float] = {}
        self._waiting = 0
        self._done = 0
        self._since = clock()
        self._more = 0
        self._count = itertools.count()
        self._turn, self._change = asyncio.Lock(), asyncio.Event()

    @asynccontextmanager
    async def passage(self) -> AsyncIterator[None]:
        """For the length of one message; in the order in which they came."""
        self._waiting += 1
        try:
            async with self._turn:
                while (wait := self._full()) > 0:
                    self._change.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._change.wait(), wait)
                number = next(self._count)
                self._begun[number] = self._clock()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            del self._begun[number]
            self._adapt(self._clock())
            self._change.set()

    def most(self) -> int:
        """How many may be under way: what goes out in the time of a call, half a message for what happens here, and more while that is not
        enough.
        """
        return math.ceil(self._pace.usual() * self._a_second + 0.5) + self._more

    def _adapt(self, now: float) -> None:
        """One more while others wait and too few get through; as few as before once nobody waits."""
        self._done += 1
        if not self._waiting:
            self._done, self._since, self._more = 0, now, 0
        elif now - self._since >= LOOK:
            behind = self._done < (now - self._since) * self._a_second * ENOUGH
            self._more = min(self._more + behind, MOST_MORE)
            self._done, self._since = 0, now

    def _full(self) -> float:
        """The seconds until there may be room; 0 where there is."""
        now, patience = self._clock(), max(SLOW, 3 * self._pace.usual())
        waited_for = sorted(begun for begun in self._begun.values() if begun > now - patience)
        return waited_for[0] + patience - now + 0.001 if len(waited_for) >= self.most() else 0.0
