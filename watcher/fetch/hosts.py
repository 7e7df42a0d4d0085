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


class _Hold:
    """A turn that somebody has: it ends once, with its request or when others have waited long enough for it."""

    def __init__(self, lock: asyncio.Lock) -> None:
        self._lock = lock
        self._since = asyncio.get_running_loop().time()
        self._timer: asyncio.TimerHandle | None = None
        self._over = False

    def limit(self, patience: float) -> None:
        """Somebody waits."""
        if self._timer is None and not self._over:
            self._timer = asyncio.get_running_loop().call_at(self._since + patience, self.end)

    def end(self) -> None:
        """The next may go."""
        if self._timer is not None:
            self._timer.cancel()
        if not self._over:
            self._over = True
            self._lock.release()


@dataclass(slots=True)
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0  # by how many
    hold: _Hold | None = None  # the latest


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
        turn = self._turns.get(site)
        if turn is None:
            turn = self._turns[site] = _Turn()
        turn.wanted += 1
        try:
            if turn.hold is not None:
                turn.hold.limit(self._patience)
            await turn.lock.acquire()
            hold = turn.hold = _Hold(turn.lock)
            try:
                if turn.wanted > 1:
                    hold.limit(self._patience)
                self._check(site)
                yield
            finally:
                hold.end()
        finally:
            turn.wanted -= 1
            if not turn.wanted:
                del self._turns[site]

    def _check(self, site: str) -> None:
        until = self._pauses.get(site)
        left = until - asyncio.get_running_loop().time() if until is not None else 0.0
        if left > 0:
            raise SitePausedError(site, left)
