"""The visits of one process: which sources it takes in hand, how their sites are spared, and what becomes of each reading.

    tick        what is due is claimed in Redis and read, each source in a task of its own
    reconcile   sources that have no time get one: new ones, and all of them when Redis was emptied
    once        every source, one time

SQL knows when each source is read next, Redis only carries it. Must not: read files, or know what ticks it.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime
from functools import partial

import structlog

from watcher.ask import Answer, Reach, ask
from watcher.bus.due import AT_SITE, DueSet
from watcher.decide import Outcome
from watcher.errors import RedisError, StoreError
from watcher.fetch import SitePausedError
from watcher.model import Source
from watcher.poll import Committer, current_state
from watcher.state import SourceState
from watcher.store import Store
from watcher.store.sources import load_states
from watcher.urls import site_of

log = structlog.get_logger("watcher")

LEASE = 120.0  # seconds after which a source whose watcher died comes due again; each tick renews it
AT_ONCE = 256  # readings under way in one process; a site is asked one thing at a time, however many there are
WHOLE_AT_ONCE = 64  # of them those that surely bring a whole document, because there was none before: memory is bounded by them
STORE_AWAY = 1.0  # seconds until sources are claimed again when the database could not be asked about them


class Visits:
    """Reads sources when they are due, and leaves their sites alone when they ask for it."""

    def __init__(self, store: Store, due: DueSet, reach: Reach, committer: Committer, now: Callable[[], datetime]) -> None:
        self._store, self._due, self._committer, self._now = store, due, committer, now
        self._reach = reach
        self.sources: dict[str, Source] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._asking: dict[str, str] = {}  # the readings under way, with their sites
        self._told: set[str] = set()  # of whom Redis knew; one that it does not know any more was lost there
        self._edited: set[str] = set()
        self._wrong = ""
        self._whole = asyncio.Semaphore(WHOLE_AT_ONCE)

    def follow(self, sources: Iterable[Source]) -> None:
        """These are the sources from now on; `reconcile` lets Redis know."""
        before, self.sources = self.sources, {s.id: s for s in sources}
        self._edited |= {s.id for s in self.sources.values() if before.get(s.id, s) != s}

    async def tick(self) -> None:
        """Take in hand what is due. What is under way stays ours, and pauses that we know of stand, whatever happened to Redis."""
        now = self._now().timestamp()
        pauses = {site: now + left for site, left in self._reach.gate.pauses().items()}
        try:
            await self._committer.set_times()
            claimed = await self._due.claim(now, LEASE, AT_ONCE - len(self._tasks), self._asking, pauses)
            if claimed.emptied and self.sources:
                await self.reconcile()
            self._wrong = ""
        except (RedisError, StoreError) as e:
            if str(e) != self._wrong:
                log.warning("polling waits", why=str(e))
            self._wrong = str(e)
            return
        ids = [i for i in claimed.sources if i in self.sources and i not in self._tasks]
        if ids:
            await self._begin(ids)

    async def _begin(self, ids: list[str]) -> None:
        for source_id in ids:  # before anything else can claim or wait
            self._asking[source_id] = site_of(self.sources[source_id].url)
        try:
            states = await self._store.read(load_states, ids)
        except StoreError as e:
            log.warning("polling waits", why=str(e))
            for source_id in ids:
                self._asking.pop(source_id, None)
            await self._put_back(ids, STORE_AWAY)
            return
        for source_id in ids:
            source = self.sources[source_id]
            task = asyncio.create_task(self._read_quietly(source, current_state(source, states.get(source_id))))
            self._tasks[source_id] = task
            task.add_done_callback(partial(self._done, source_id))

    def _done(self, source_id: str, _task: asyncio.Task[None]) -> None:
        self._tasks.pop(source_id, None)
        self._asking.pop(source_id, None)

    async def _read_quietly(self, source: Source, state: SourceState) -> None:
        try:
            await self._read(source, state)
        except StoreError as e:
            log.warning("polling waits", source=source.id, why=str(e))
        except Exception:  # the edge of a task: one source's fault is told and ends here, and it comes due again
            log.exception("poll failed", source=source.id)

    async def _read(self, source: Source, state: SourceState) -> None:
        async with self._room(state):
            answer = await ask(source, state, self._reach)
            self._asking.pop(source.id, None)  # from here on its time is the one that is about to be written
            if isinstance(answer.error, SitePausedError) and answer.reading is None:
                await self._put_back([source.id], answer.error.retry_after or 0.0)
                return
            await self._committer.commit(answer)

    def _room(self, state: SourceState) -> AbstractAsyncContextManager[None]:
        return self._whole if self._brings_all(state) else nullcontext()

    def _brings_all(self, state: SourceState) -> bool:
        """Whether the next answer surely is a whole document."""
        return state.validators(self._now()) == (None, None)

    async def _put_back(self, ids: Iterable[str], seconds: float) -> None:
        """Sources that were claimed and not asked: nothing happened to them, they are only later."""
        try:
            await self._due.put(dict.fromkeys(ids, self._now().timestamp() + seconds))
        except RedisError as e:
            log.warning("sources come due again when their lease ends", why=str(e))

    async def reconcile(self) -> None:
        """Give every source a time that has none or was edited, and drop those that are read no more.

        After Redis was emptied nothing is due for a moment, in which every watcher says what it is asking and which pauses it knows.
        Raises RedisError and StoreError.
        """
        known = await self._due.known()
        now = self._now().timestamp()
        missing = {s.id for s in self.sources.values() if known.get(s.id) != site_of(s.url)}
        edited = self._edited & self.sources.keys()
        states = await self._store.read(load_states, missing | edited) if missing or edited else {}
        times = {i: _next(self.sources[i], states.get(i), now) for i in missing | edited}
        lost = {i: max(times[i], now + self._due.hold) for i in missing & self._told}
        await self._due.add_missing({i: lost.get(i, times[i]) for i in missing}, {i: site_of(self.sources[i].url) for i in missing})
        await self._due.put({i: times[i] for i in edited})
        await self._due.remove([i for i in known if i not in self.sources])
        self._told = set(self.sources)
        self._edited -= edited

    async def once(self, progress: Callable[[Source, Outcome], None]) -> None:
        """Read every source one time, whenever it would be due; `progress` hears of each."""
        states = await self._store.read(load_states)
        lanes = iter(_lanes(self.sources.values()))
        async with asyncio.TaskGroup() as group:

            async def written(source: Source, answer: Answer) -> None:
                progress(source, await self._committer.commit(answer))

            async def walk() -> None:
                for source in itertools.chain.from_iterable(lanes):
                    state = current_state(source, states.get(source.id))
                    if self._brings_all(state):
                        async with self._whole:
                            await written(source, await ask(source, state, self._reach))
                    else:
                        answer = await ask(source, state, self._reach)
                        group.create_task(written(source, answer))

            for _ in range(min(AT_ONCE, len(self.sources))):
                group.create_task(walk())

    async def finish(self, seconds: float) -> None:
        """Let what is under way end, and drop what takes longer: nothing of it is lost, only asked again."""
        tasks = list(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


def _lanes(sources: Iterable[Source]) -> list[list[Source]]:
    """All sources in lists of which each is read one after the other: no more lists of a site than it has readings at once."""
    by_site: dict[str, list[Source]] = defaultdict(list)
    for source in sources:
        by_site[site_of(source.url)].append(source)
    return [lane for of_site in by_site.values() for i in range(AT_SITE) if (lane := of_site[i::AT_SITE])]


def _next(source: Source, state: SourceState | None, now: float) -> float:
    """When a source is read next, by what was decided at its last reading; at once when it is new, or its `every` was shortened."""
    next_at = current_state(source, state).next_at
    soonest = now + source.every.total_seconds() * 1.2 if source.every else float("inf")
    return min(next_at.timestamp() if next_at else now, soonest)
