"""Leaving a whole site alone when an answer asks for that: here at once, in other processes as soon as Redis hears of it.

What asks for it and for how long is decided in `watcher.manners`. Must not: ask a host for anything.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from watcher.bus.due import DueSet
from watcher.errors import FetchError, FetchReason, RedisError
from watcher.fetch import HostGate
from watcher.manners import asks_for_pause, pause_for

log = structlog.get_logger("watcher")


class Heed:
    """Hears every error that a site answered with, whoever asked there and for what; see `Reach.heed`."""

    def __init__(self, due: DueSet, gate: HostGate, now: Callable[[], datetime]) -> None:
        self._due, self._gate, self._now = due, gate, now

    async def __call__(self, source_id: str, site: str, error: FetchError) -> None:
        """Pause the site where this answer asks for it. An outage of Redis is no error here: the pause holds in this process."""
        refused = strikes = 0
        try:
            if error.reason is FetchReason.BLOCKED:
                refused = await self._due.refused(site, source_id)
            if not asks_for_pause(error, refused):
                return
            strikes = await self._due.strike(site)
        except RedisError as e:
            if not asks_for_pause(error, refused):
                return
            log.warning("other watchers do not hear of a pause yet", site=site, why=str(e))
        pause = pause_for(error, strikes)
        self._gate.pause(site, pause)
        log.info("site paused", site=site, seconds=round(pause), because=source_id)
        try:
            await self._due.pause(site, self._now().timestamp() + pause)
        except RedisError:
            return  # each tick says it again
