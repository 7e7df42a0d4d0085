"""The watcher stage: APScheduler's ticks, who is due, and polls under way. A thin loop around `watcher.poll`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from watcher.ask import Reach, ask
from watcher.bus import Bus
from watcher.bus.due import DueSet
from watcher.decide import Outcome, Policy
from watcher.errors import FetchError, FetchReason, OperatorError, RedisError, StoreError
from watcher.fetch import Client, HostGate
from watcher.fulltext import Articles
from watcher.live import follow
from watcher.manners import asks_for_pause, pause_for
from watcher.model import Source
from watcher.poll import Committer, current_state
from watcher.settings import Settings
from watcher.sources.kinds import KINDS
from watcher.sources.steps import Credentials
from watcher.state import SourceState
from watcher.store import Store
from watcher.store.sources import load_states
from watcher.urls import site_of
from watcher.websub.service import Hubs

log = structlog.get_logger("watcher")

TICK = 0.25  # seconds between two looks at who is due
LEASE = 120.0  # seconds until a source whose watcher died comes due again; longer than any poll
AT_ONCE = 200  # polls under way in one process
RECONCILE = 30  # seconds between two comparisons of the due set with the list of sources
PROJECT = "https://github.com/concordat-watch/concordat"


def credentials_of(settings: Settings) -> Credentials:
    """The settings that sources may need to be let in."""
    return Credentials(**{f.name: getattr(settings, f.name) for f in fields(Credentials)})


def user_agent(version: str, public_url: str) -> str:
    """Who we are, honestly, with an address where a host can learn more or complain."""
    return f"Concordat/{version} (+{public_url or PROJECT}; feed reader)"


class Watcher:
    """Reads sources on a schedule until told to stop."""

    def __init__(
        self, settings: Settings, store: Store, bus: Bus, client: Client, sources: Sequence[Source],
        *, now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._settings, self._store, self._now = settings, store, now
        self._sources = {s.id: s for s in sources}
        self._due = DueSet(bus)
        self._reach = Reach(client, HostGate(), credentials_of(settings), now)
        articles = Articles(store, self._reach, settings.max_age)
        self._committer = Committer(store, bus, self._due, self._policy, now, articles.complete)
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self.hubs = Hubs(settings, store, bus, self._reach, self._committer, lambda: self._sources)

    def _policy(self, source: Source) -> Policy:
        return Policy(max_age=self._settings.max_age, every=source.every, floor=KINDS[source.kind].floor)

    async def load(self) -> None:
        """Read what is remembered of the sources."""
        self._committer.states = await self._store.read(load_states)

    async def follow(self, folder: Path, load: Callable[[], Sequence[Source]], stop: asyncio.Event) -> None:
        """Take over what `load` gives after each edit in `folder`; a bad edit is told with its places and changes nothing."""

        async def edited() -> None:
            try:
                sources = await asyncio.to_thread(load)
            except OperatorError as e:
                for problem in e.problems:
                    log.warning("sources not changed, the old ones stay", problem=str(problem))
                return
            self._sources = {s.id: s for s in sources}
            log.info("sources changed", sources=len(sources))
            await self._reconcile()

        await follow([folder], edited, stop)

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop`; polls under way are finished, or dropped after a moment: nothing of them is lost, only asked again."""
        await _until_there(self.load, stop)
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1})
        scheduler.add_job(self._reconcile, "interval", seconds=RECONCILE, next_run_time=self._now())
        scheduler.add_job(self._tick, "interval", seconds=TICK)
        scheduler.start()
        try:
            await self.hubs.run(stop)
        finally:
            scheduler.shutdown(wait=False)
            await self._finish()

    async def once(self, progress: Callable[[Source, Outcome], None]) -> None:
        """Poll every source one time, whenever it would be due; `progress` hears of each. What hubs delivered meanwhile is read first."""
        await self.load()
        await self.hubs.drain()
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(source: Source) -> None:
            async with limit:
                progress(source, await self._poll(source))

        async with asyncio.TaskGroup() as group:
            for source in self._sources.values():
                group.create_task(one(source))

    def state(self, source: Source) -> SourceState:
        """What is remembered of a source now."""
        return current_state(source, self._committer.states.get(source.id))

    async def _poll(self, source: Source) -> Outcome:
        before = self.state(source)
        answer = await ask(source, before, self._reach)
        outcome = await self._committer.commit(answer)
        if answer.error is not None:
            await self._heed(source, answer.error)
        for notice in outcome.notices:
            log.warning("source", source=source.id, notice=notice)
        if outcome.items:
            log.info("new items", source=source.id, items=len(outcome.items), quiet=sum(i.quiet is not None for i in outcome.items))
        return outcome

    async def _heed(self, source: Source, error: FetchError) -> None:
        """Leave the whole site alone when its answer asks for that; here at once, in other processes as soon as Redis hears of it."""
        site = site_of(source.url)
        try:
            refused = await self._due.refused(site, source.id) if error.reason is FetchReason.BLOCKED else 0
            if not asks_for_pause(error, refused):
                return
            pause = pause_for(error, await self._due.strike(site))
            await self._due.pause(site, self._now().timestamp() + pause)
        except RedisError:
            pause = pause_for(error, 0)
            if not asks_for_pause(error, 0):
                return
        self._reach.gate.pause(site, pause)
        log.info("site paused", site=site, seconds=round(pause), because=source.id)

    async def _tick(self) -> None:
        room = AT_ONCE - len(self._under_way)
        if room <= 0:
            return
        try:
            await self._committer.set_times()
            keep = {site_of(source.url) for i in self._under_way if (source := self._sources.get(i))}
            ids = await self._due.claim(self._now().timestamp(), LEASE, room, keep)
            if not ids and self._sources and await self._due.next_at() is None:
                await self._reconcile()  # Redis was emptied
        except RedisError as e:
            log.warning("polling waits", why=str(e))
            return
        for source_id in ids:
            source = self._sources.get(source_id)
            if source is not None and source_id not in self._under_way:
                task = asyncio.create_task(self._poll_quietly(source))
                self._under_way[source_id] = task
                task.add_done_callback(partial(self._done, source_id))

    def _done(self, source_id: str, _task: asyncio.Task[None]) -> None:
        self._under_way.pop(source_id, None)

    async def _poll_quietly(self, source: Source) -> None:
        try:
            await self._poll(source)
        except StoreError as e:
            log.warning("polling waits", source=source.id, why=str(e))
        except Exception:  # the edge of a task: one source's fault is told and ends here, and it comes due again
            log.exception("poll failed", source=source.id)

    async def _reconcile(self) -> None:
        """Give every source a time that has none (a new one, or Redis was emptied), and drop those that are gone."""
        now = self._now().timestamp()
        times = {}
        for source in self._sources.values():
            next_at = self.state(source).next_at
            soonest = now + source.every.total_seconds() * 1.2 if source.every else None
            times[source.id] = min(next_at.timestamp() if next_at else now, soonest or float("inf"))
        try:
            await self._due.add_missing(times, {s.id: site_of(s.url) for s in self._sources.values()})
            await self._due.remove([i for i in await self._due.known() if i not in times])
        except RedisError as e:
            log.warning("polling waits", why=str(e))
        await self.hubs.settle()

    async def _finish(self) -> None:
        tasks = list(self._under_way.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=5)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


async def _until_there(load: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Run `load` until the database answers."""
    while not stop.is_set():
        try:
            await load()
        except StoreError as e:
            log.warning("watcher waits", why=str(e))
            await asyncio.sleep(1)
        else:
            return
