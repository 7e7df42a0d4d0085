"""One request at a time per site, whoever asks, and none while the site wants to be left alone.

A host that stalls gives its turn up after `patience` seconds: the others of that site go on behind it, still one by one, so that one
hanging address cannot silence all its neighbours.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from watcher.errors import FetchError, FetchReason
from watcher.urls import site_of

PATIENCE = 3.0  # seconds


class SitePausedError(FetchError):
    """Nothing was asked, because the site wants to be left alone; `retry_after` is how much longer."""

    def __init__(self, site: str, left: float) -> None:
        super().__init__(FetchReason.RATE_LIMITED, f"{site} asked for a pause, {left:.0f} s of it are left", retry_after=left)


@dataclass(slots=True)
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0  # by how many


class HostGate:
    """Turns and pauses, by site (a registrable domain)."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._turns: dict[str, _Turn] = {}
        self._pauses: dict[str, float] = {}  # site: the loop's time until which nothing is asked there

    def pause(self, site: str, seconds: float) -> None:
        """Ask nothing of this site for so long; a longer pause that stands already is kept."""
        until = asyncio.get_running_loop().time() + seconds
        self._pauses[site] = max(until, self._pauses.get(site, 0.0))

    def pauses(self) -> dict[str, float]:
        """The sites that want to be left alone, and for how many seconds more."""
        now = asyncio.get_running_loop().time()
        self._pauses = {site: until for site, until in self._pauses.items() if until > now}
        return {site: until - now for site, until in self._pauses.items()}

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        """Wait for the turn at the site of `url`; it ends with the block, or after `patience` seconds.

        Raises SitePausedError while the site wants to be left alone.
        """
        site = site_of(url)
        turn = self._turns.setdefault(site, _Turn())
        turn.wanted += 1
        try:
            async with self._held(turn.lock):
                self._check(site)
                yield
        finally:
            turn.wanted -= 1
            if not turn.wanted:
                del self._turns[site]

    @asynccontextmanager
    async def _held(self, lock: asyncio.Lock) -> AsyncIterator[None]:
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

    def _check(self, site: str) -> None:
        left = self._pauses.get(site, 0.0) - asyncio.get_running_loop().time()
        if left > 0:
            raise SitePausedError(site, left)
