"""One request at a time per site, whoever asks, and none while the site wants to be left alone.

A host that stalls gives its turn up after `patience` seconds: the others of that site go on behind it, still one by one, so that one
hanging address cannot silence all its neighbours.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from watcher.errors import FetchError, FetchReason
from watcher.urls import site_of


class HostGate:
    """Turns and pauses, by site (a registrable domain)."""

    def __init__(self, patience: float = 3.0) -> None:
        self._patience = patience
        self._turns: dict[str, asyncio.Lock] = {}
        self._pauses: dict[str, float] = {}  # site: the loop's time until which nothing is asked there

    def pause(self, site: str, seconds: float) -> None:
        """Ask nothing of this site for so long; a longer pause that stands already is kept."""
        until = asyncio.get_running_loop().time() + seconds
        self._pauses[site] = max(until, self._pauses.get(site, 0.0))

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        """Wait for the turn at the site of `url`; it ends with the block, or after `patience` seconds.

        Raises FetchError (RATE_LIMITED, with the rest of the pause) while the site wants to be left alone.
        """
        site = site_of(url)
        lock = self._turns.setdefault(site, asyncio.Lock())
        await lock.acquire()
        released = False

        def release() -> None:
            nonlocal released
            if not released:
                released = True
                lock.release()

        timer = asyncio.get_running_loop().call_later(self._patience, release)
        try:
            self._check(site)
            yield
        finally:
            timer.cancel()
            release()

    def _check(self, site: str) -> None:
        until = self._pauses.get(site)
        if until is None:
            return
        left = until - asyncio.get_running_loop().time()
        if left <= 0:
            del self._pauses[site]
            return
        raise FetchError(FetchReason.RATE_LIMITED, f"{site} asked for a pause, {left:.0f} s of it are left", retry_after=left)
