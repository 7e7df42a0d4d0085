"""The rules stage: item ids in; matches, stories and alerts written; alert ids out. A thin loop around the matcher and the record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import Connection, update

from rules.drafts import Decided, Pending
from rules.live import LiveRules
from rules.matcher import Matcher
from rules.records import pending, record, unmatched
from rules.stories import StoryIndex
from watcher.bus import ALERTS, ITEMS, Bus, consume
from watcher.bus.sweep import sweep
from watcher.store import Store
from watcher.store.items import add_dead_letter
from watcher.store.tables import items

GROUP = "rules"
SWEEP = 2.0  # seconds between two looks for items that Redis lost
SET_ASIDE = "set-aside"  # stands as the rule set's version on an item that no rule set could decide on

log = structlog.get_logger("rules")


class RulesStage:
    """Matches items and forms stories until told to stop."""

    def __init__(self, store: Store, bus: Bus, live: LiveRules, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store, self._bus, self._live, self._now = store, bus, live, now
        self._index = StoryIndex.of(live.matcher.ruleset)

    async def run(self, stop: asyncio.Event) -> None:
        """Consume items until `stop`, follow the rule files, and sweep."""
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1})
        scheduler.add_job(self.sweep, "interval", seconds=SWEEP)
        scheduler.start()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._live.follow(stop, self._rules_changed))
                group.create_task(consume(self._bus, ITEMS, GROUP, self.handle, stop, on_dead=self._on_dead))
        finally:
            scheduler.shutdown(wait=False)

    async def handle(self, ids: list[int]) -> None:
        """Decide on these items, write it, publish the alerts; ids decided on before are passed over."""
        waiting = await self._store.read(pending, ids)
        if not waiting:
            return
        matcher = self._live.matcher
        decided = await asyncio.to_thread(_decide, matcher, waiting)
        rung = await self._store.write(record, decided, self._index, self._now(), matcher.ruleset.version)
        await self._bus.publish(ALERTS, rung)
        found = sum(bool(d.result.matches) for d in decided)
        if found:
            log.info("matched", items=len(decided), matched=found, alerts=len(rung))

    async def sweep(self) -> int:
        """Publish again the items that were written and not decided on; how many."""
        return await sweep(self._store, self._bus, ITEMS, GROUP, unmatched, self._now())

    def _rules_changed(self) -> None:
        self._index = StoryIndex.of(self._live.matcher.ruleset)

    async def _on_dead(self, stream: str, row: int, error: str, attempts: int) -> None:
        await self._store.write(_set_aside, stream, row, error, attempts, self._now())


def _decide(matcher: Matcher, waiting: list[Pending]) -> list[Decided]:
    return [Decided(p, matcher.match(p.item)) for p in waiting]


def _set_aside(conn: Connection, stream: str, row: int, error: str, attempts: int, now: datetime) -> None:
    """Keep the dead letter, and mark the item as decided on, so that no sweep brings it back; a replay takes the mark off."""
    add_dead_letter(conn, stream, str(row), error, attempts, now)
    conn.execute(update(items).where(items.c.id == row, items.c.matched_at.is_(None)).values(matched_at=now, ruleset=SET_ASIDE))
