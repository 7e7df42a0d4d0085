"""Publishing again what SQL knows to be unfinished and Redis no longer carries.

Each stage sweeps its own input. While the stream still holds work for the group nothing is published: what is unfinished is then
merely waiting, and doubling the queue would help nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from watcher.bus.streams import Bus
from watcher.errors import RedisError, StoreError
from watcher.store import Store

SETTLE = timedelta(seconds=2)  # younger rows are on their way from transaction to stream
MOST = 2_000

log = structlog.get_logger("bus")

Unfinished = Callable[[Connection, int, datetime], Sequence[int]]


async def sweep(store: Store, bus: Bus, stream: str, group: str, unfinished: Unfinished, now: datetime) -> int:
    """Publish up to MOST unfinished rows older than SETTLE if the group has nothing left to read; how many that were.

    `unfinished(conn, limit, before)` gives row ids. An outage is no error here: the next sweep comes soon.
    """
    try:
        if not await bus.idle(stream, group):
            return 0
        rows = await store.read(unfinished, MOST, now - SETTLE)
        if rows:
            await bus.publish(stream, rows)
            log.info("published again", stream=stream, rows=len(rows))
        return len(rows)
    except (RedisError, StoreError) as e:
        log.warning("sweep waits", stream=stream, why=str(e))
        return 0
