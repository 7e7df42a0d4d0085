"""The watcher stage: what ticks, and what follows the operator's edits. A thin loop around `watcher.visits`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from watcher.ask import Reach
from watcher.bus import Bus
from watcher.bus.due import DueSet
from watcher.decide import Outcome, Policy
from watcher.errors import OperatorError, RedisError, StoreError
from watcher.fetch import Client, HostGate
from watcher.fulltext import Articles
from watcher.heed import Heed
from watcher.listen import listens
from watcher.live import follow
from watcher.model import Source
from watcher.poll import Committer
from watcher.settings import Settings
from watcher.sources.kinds import KINDS
from watcher.sources.steps import Credentials
from watcher.store import Store
from watcher.stream import Streams
from watcher.visits import Visits
from watcher.websub.service import Hubs

log = structlog.get_logger("watcher")

TICK = 0.25  # seconds between two looks at who is due
RECONCILE = 30  # seconds between two comparisons of the due set with the list of sources
FINISH = 5.0  # seconds that readings under way are given at the end
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
        self._settings, self._now = settings, now
        due, gate = DueSet(bus), HostGate()
        reach = Reach(client, gate, credentials_of(settings), now, heed=Heed(due, gate, now))
        committer = Committer(store, bus, due, self._policy, now, Articles(store, reach, settings.max_age).complete)
        self._visits = Visits(store, due, reach, committer, now)
        self.hubs = Hubs(settings, store, bus, reach, committer, lambda: self._visits.sources)
        self.streams = Streams(store, bus, reach, committer)
        self._follow(sources)

    def _policy(self, source: Source) -> Policy:
        return Policy(max_age=self._settings.max_age, every=source.every, floor=KINDS[source.kind].floor)

    async def follow(self, folder: Path, load: Callable[[], Sequence[Source]], stop: asyncio.Event) -> None:
        """Take over what `load` gives after each edit in `folder`; a bad edit is told with its places and changes nothing."""

        async def edited() -> None:
            try:
                sources = await asyncio.to_thread(load)
            except OperatorError as e:
                for problem in e.problems:
                    log.warning("sources not changed, the old ones stay", problem=str(problem))
                return
            self._follow(sources)
            log.info("sources changed", sources=len(sources))
            await self._reconcile()

        await follow([folder], edited, stop)

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop`; polls under way are finished, or dropped after a moment: nothing of them is lost, only asked again."""
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1})
        scheduler.add_job(self._reconcile, "interval", seconds=RECONCILE, next_run_time=self._now())
        scheduler.add_job(self._visits.tick, "interval", seconds=TICK)
        scheduler.start()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.hubs.run(stop))
                group.create_task(self.streams.run(stop))
        finally:
            scheduler.shutdown(wait=False)
            await self._visits.finish(FINISH)

    async def once(self, progress: Callable[[Source, Outcome], None]) -> None:
        """Poll every source one time, whenever it would be due; `progress` hears of each. What hubs delivered meanwhile is read first."""
        await self.hubs.drain()

        async def heard(source: Source) -> None:
            progress(source, await self.streams.once(source))

        async with asyncio.TaskGroup() as group:
            group.create_task(self._visits.once(progress))
            for source in self.streams.sources.values():
                group.create_task(heard(source))

    def _follow(self, sources: Sequence[Source]) -> None:
        self._visits.follow(s for s in sources if not listens(s))
        self.streams.sources = {s.id: s for s in sources if listens(s)}

    async def _reconcile(self) -> None:
        try:
            await self._visits.reconcile()
        except (RedisError, StoreError) as e:
            log.warning("polling waits", why=str(e))
        await self.hubs.settle()
