"""One request at a time per registrable domain, whoever asks.

A host that stalls gives its turn up after `patience` seconds: the others of that host go on behind it, still one by one, so that one
hanging address cannot silence all its neighbours.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from watcher.urls import host_of, registrable


class HostGate:
    """Turns, by registrable domain."""

    def __init__(self, patience: float = 3.0) -> None:
        self._patience = patience
        self._turns: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        """Wait for the turn at the domain of `url`; it ends with the block, or after `patience` seconds."""
        key = registrable(host_of(url))
        lock = self._turns.setdefault(key, asyncio.Lock())
        await lock.acquire()
        released = False

        def release() -> None:
            nonlocal released
            if not released:
                released = True
                lock.release()

        timer = asyncio.get_running_loop().call_later(self._patience, release)
        try:
            yield
        finally:
            timer.cancel()
            release()
