"""Who may come to a server: no more at a time than it has doors for us, and no more in a minute than it takes.

Whoever is told to wait waits elsewhere, so that a slow server keeps no worker from other channels.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from notifier.limiter import Answer, Go, Later

GIVEN_SECONDS = 2.0  # after which a turn that nobody took is free again: what was to be sent is wanted no more
POLL_SECONDS = 0.05  # between two questions for a turn


class Turns:
    """Turns are asked for, then taken for the length of a block."""

    def __init__(self, at_a_time: int, per_minute: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        """`per_minute` 0 means that nobody counts."""
        self._room = at_a_time
        self._gap = 60.0 / per_minute if per_minute else 0.0
        self._clock = clock
        self._given: deque[float] = deque()
        self._busy = 0
        self._next = 0.0

    def ask(self) -> float:
        """0 when a turn is given; else the seconds after which to ask again."""
        now = self._clock()
        while self._given and self._given[0] <= now - GIVEN_SECONDS:
            self._given.popleft()
        if now < self._next:
            return self._next - now
        if self._busy + len(self._given) >= self._room:
            return POLL_SECONDS
        self._given.append(now)
        self._next = now + self._gap
        return 0.0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """The block is somebody's turn."""
        if self._given:
            self._given.popleft()
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1


class Paced:
    """The half of an outlet that is about time, for channels whose far end all addresses share, or that name no limit to one."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns

    async def ask(self, address: str) -> Answer:  # noqa: ARG002  addresses have no pace of their own
        """When there is a turn."""
        wait = self.turns.ask()
        return Later(wait) if wait else Go(0.0)

    async def hold(self, address: str, seconds: float) -> None:
        """Nothing: what must wait is the delivery itself."""

    def passage(self) -> AbstractAsyncContextManager[None]:
        """The turn that was given."""
        return self.turns.taken()

    def pause(self, address: str) -> float:  # noqa: ARG002  see `hold`
        """None."""
        return 0.0
