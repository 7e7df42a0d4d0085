"""One request at a time per site, whoever asks, and none while the site wants to be left alone.

A host that stalls gives its turn up after `patience` seconds: the others of that site go on behind it, still one by one, so that one
hanging address cannot silence all its neighbours.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from watcher.errors import FetchError, FetchReason
from watcher.urls import site_of

PATIENCE = 3.0  # seconds


class SitePausedError(FetchError):
    """Nothing was asked, because the site wants to be left alone; `retry_after` is how much longer."""

    def __init__(self, site: str, left: float) -> None:
        super().__init__(FetchReason.RATE_LIMITED, f"{site} asked for a pause, {left:.0f} s of it are left", retry_after=left)


@dataclass(slots=True)
class _Queue:
    """Who wants to ask one site."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0  # by how many
    latest: Turn | None = None  # who had the lock last


class Turn:
    """A turn at a site, for `async with`: it ends once, with its block or when others have waited long enough for it."""

    __slots__ = ("_gate", "_mine", "_queue", "_since", "_site", "_timer")

    def __init__(self, gate: HostGate, site: str) -> None:
        self._gate, self._site = gate, site
        self._queue: _Queue | None = None
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._mine = False

    async def __aenter__(self) -> None:
        queue = self._queue = self._gate.queue(self._site)
        queue.wanted += 1
        try:
            if queue.latest is not None:
                queue.latest.limit()
            await queue.lock.acquire()
            queue.latest, self._mine, self._since = self, True, asyncio.get_running_loop().time()
            if queue.wanted > 1:
                self.limit()
            self._gate.check(self._site)
        except BaseException:
            await self.__aexit__()
            raise

    async def __aexit__(self, *_: object) -> None:
        assert self._queue is not None, "it was entered"
        self.end()
        self._queue.wanted -= 1
        if not self._queue.wanted:
            self._gate.leave(self._site)

    def limit(self) -> None:
        """Somebody waits."""
        if self._timer is None and self._mine:
            self._timer = asyncio.get_running_loop().call_at(self._since + self._gate.patience, self.end)

    def end(self) -> None:
        """The next may go."""
        if self._timer is not None:
            self._timer.cancel()
        if self._mine and self._queue is not None:
            self._mine = False
            self._queue.lock.release()


class HostGate:
    """Turns and pauses, by site (a registrable domain)."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._queues: dict[str, _Queue] = {}
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

    def turn(self, url: str) -> Turn:
        """The turn at the site of `url`, to be waited for with `async with`; it ends with the block, or after `patience` seconds.

        To enter it raises SitePausedError while the site wants to be left alone.
        """
        return Turn(self, site_of(url))

    def queue(self, site: str) -> _Queue:
        """Those who want to ask this site, for one more."""
        queue = self._queues.get(site)
        if queue is None:
            queue = self._queues[site] = _Queue()
        return queue

    def leave(self, site: str) -> None:
        """Nobody wants to ask this site any more."""
        self._queues.pop(site, None)

    def check(self, site: str) -> None:
        """Raises SitePausedError while the site wants to be left alone."""
        until = self._pauses.get(site)
        left = until - asyncio.get_running_loop().time() if until is not None else 0.0
        if left > 0:
            raise SitePausedError(site, left)
