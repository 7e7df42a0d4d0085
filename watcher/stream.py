"""Sources that are listened to, each by one process at a time; when that dies another takes over. A thin loop around `watcher.listen`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

import structlog

from watcher.ask import Reach
from watcher.bus import Bus
from watcher.bus.lease import SECONDS, Lease
from watcher.decide import Outcome
from watcher.errors import RedisError
from watcher.listen import Listener
from watcher.model import Source
from watcher.poll import Committer
from watcher.store import Store

LOOK = 1.0  # seconds between two looks at the list of sources, and for a lease that another holds
PATIENCE = 0.5  # seconds until a task that was told to end is told again

log = structlog.get_logger("stream")


class Streams:
    """Listens, in this process, to those sources that no other process listens to."""

    def __init__(self, store: Store, bus: Bus, reach: Reach, committer: Committer) -> None:
        self._store, self._bus, self._reach, self._committer = store, bus, reach, committer
        self.sources: Mapping[str, Source] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop`, to what the list of sources says at each moment."""
        kept: dict[str, tuple[Source, asyncio.Task[None]]] = {}
        try:
            while not stop.is_set():
                wanted = self.sources
                for source, task in [k for i, k in kept.items() if wanted.get(i) != k[0]]:
                    await cancelled(task)
                    del kept[source.id]
                for source in wanted.values():
                    if source.id not in kept:
                        kept[source.id] = source, asyncio.create_task(self._keep(source))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), LOOK)
        finally:
            for _, task in kept.values():
                await cancelled(task)

    async def once(self, source: Source) -> Outcome:
        """One round of one source; another process may listen meanwhile, which costs work done twice and nothing else."""
        return await Listener(source, self._store, self._reach, self._committer).once()

    async def _keep(self, source: Source) -> None:
        """Listen while the lease is ours; while Redis is away, whoever listens goes on, because nobody else can begin."""
        lease = Lease(self._bus, f"stream:{source.id}")
        listening: asyncio.Task[None] | None = None
        try:
            while True:
                try:
                    held = await lease.take()
                except RedisError:
                    held = listening is not None
                if listening is not None and (listening.done() or not held):
                    await cancelled(listening)
                    listening = None
                elif listening is None and held:
                    listening = asyncio.create_task(Listener(source, self._store, self._reach, self._committer).run())
                await asyncio.sleep(SECONDS / 3 if held else LOOK)
        finally:
            if listening is not None:
                await cancelled(listening)
            with contextlib.suppress(RedisError):
                await lease.release()


async def cancelled(task: asyncio.Task[None]) -> None:
    """End a task; what it died of, if it did, is told. Told to end again and again, because libraries lose a cancellation now and then."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=PATIENCE)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a listener failed, and is started again", error=type(error).__name__, exc_info=error)
