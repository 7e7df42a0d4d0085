"""The loop that every stage shares: read row ids, hand them over, acknowledge what was seen through, set poison aside.

When to acknowledge: after `handle` returned, and `handle` returns after its outcome is committed to SQL. A crash before that leaves
the entry with a dead consumer; another claims it. A batch that fails is tried again id by id, so that one poison row never holds the
others; a row that fails `TRIES` times becomes a dead letter.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog

from watcher.bus.streams import Bus, Message
from watcher.errors import RedisError, StoreError

Handler = Callable[[list[int]], Awaitable[None]]
DeadLetter = Callable[[str, int, str, int], Awaitable[None]]

BATCH = 200
BLOCK_MS = 1000
CLAIM_IDLE_MS = 5_000  # after this a consumer is taken to be dead; wrong now and then, which costs work done twice and nothing else
CLAIM_EVERY = 2.0  # seconds between two looks for the entries of dead consumers
TRIES = 5
PAUSE = 0.05  # seconds before a failing row is tried again; doubles
OUTAGE_PAUSE = 0.5  # seconds between tries while Redis or the database is away; doubles up to OUTAGE_MAX
OUTAGE_MAX = 5.0

log = structlog.get_logger("bus")


def consumer_name() -> str:
    """A name that no other live process has."""
    return f"{socket.gethostname()}-{os.getpid()}"


async def consume(
    bus: Bus, stream: str, group: str, handle: Handler, stop: asyncio.Event, *, on_dead: DeadLetter, batch: int = BATCH
) -> None:
    """Feed `handle` with row ids from `stream` until `stop` is set; the batch in hand is finished first.

    `handle` may raise anything: StoreError and RedisError mean an outage (waited out, nothing given up), everything else counts
    against the rows it was given.
    """
    me, next_claim, outage = consumer_name(), 0.0, OUTAGE_PAUSE
    held: list[Message] = []  # read and not yet seen through: an outage does not let go of them
    while not stop.is_set():
        try:
            if not held and time.monotonic() >= next_claim:
                held = await bus.claim(stream, group, me, idle_ms=CLAIM_IDLE_MS, count=batch)
                next_claim = time.monotonic() + (0 if held else CLAIM_EVERY)
            held = held or await bus.read(stream, group, me, count=batch, block_ms=BLOCK_MS)
            if held:
                await _see_through(bus, stream, handle, held, on_dead)
                await bus.ack(stream, group, held)
                held = []
            outage = OUTAGE_PAUSE
        except (RedisError, StoreError) as e:
            log.warning("stage waits", stream=stream, why=str(e))
            await _pause(stop, outage)
            outage = min(outage * 2, OUTAGE_MAX)


async def _see_through(bus: Bus, stream: str, handle: Handler, messages: Sequence[Message], on_dead: DeadLetter) -> None:
    rows = list(dict.fromkeys(m.row for m in messages))
    try:
        await handle(rows)
    except (RedisError, StoreError):
        raise
    except Exception as e:  # noqa: BLE001  the edge of a stage: whatever a poison row provokes must not stop the others
        log.warning("batch failed, taking its rows one by one", stream=stream, rows=len(rows), error=type(e).__name__)
        await _one_by_one(bus, stream, handle, rows, on_dead)


async def _one_by_one(bus: Bus, stream: str, handle: Handler, rows: Sequence[int], on_dead: DeadLetter) -> None:
    """Every row gets its first try before any gets a second, so that the good ones of a batch wait for none of the bad."""
    left, pause = list(rows), PAUSE
    for attempt in range(1, TRIES + 1):
        failed: dict[int, str] = {}
        for row in left:
            try:
                await handle([row])
            except (RedisError, StoreError):
                raise
            except Exception as e:
                failed[row] = f"{type(e).__name__}: {e}"
                if attempt == TRIES:
                    log.exception("dead letter", stream=stream, row=row)
        left = list(failed)
        if not left:
            return
        if attempt < TRIES:
            await asyncio.sleep(pause)
            pause *= 2
    for row, error in failed.items():
        await on_dead(stream, row, error, TRIES)
        await bus.dead(stream, row, error)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
