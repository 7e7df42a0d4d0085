"""Sending: every address has a lane of its own, in which one message is on its way at a time; a slow lane holds no other.

A handful of workers take lanes that may send now. The ledger decides who sends what (a claim), the limiter when; the outcome is recorded
before the lane goes on. Nothing here knows what a message says.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from notifier import bounced, claims, ledger, subscribers
from notifier.channels.outlet import Outlet
from notifier.jobs import Due, Job
from notifier.limiter import Go, Later
from notifier.model import Channel, Kind
from notifier.retry import Course, Next, after_failure
from watcher.errors import DeliveryError, DeliveryReason, StoreError
from watcher.store import Store

log = structlog.get_logger("sender")

WORKERS = 32
LONGEST = 75.0  # seconds a lane waits here: longer than the limits of a group; what must wait longer waits in the ledger
LOOK = 1.0  # seconds at most between two looks at whether to stop, where everybody must wait
RECORD_PAUSE = 0.5  # seconds before an outcome that could not be recorded is recorded again; doubles to 10
LAST = 9  # after every priority
Lane = tuple[Channel, str]


@dataclass
class _Queue:
    """What waits for one address; `away` while a worker has it or its chat must wait, else `turn` is its place among the ready."""

    waiting: list[tuple[int, int]] = field(default_factory=list)  # (priority, delivery), a heap
    away: bool = False
    turn: int = LAST


def priority(due: Due) -> int:
    """Answers to people first, then alerts, digests, and edits when nothing new waits."""
    return 3 if due.edit else {Kind.NOTICE: 0, Kind.ALERT: 1, Kind.DIGEST: 2, Kind.BROADCAST: 2}[due.kind]


class Sender:
    """The lanes and the workers of this process. `submit` never waits; `run` works until `stop`, then finishes what is in flight."""

    def __init__(
        self,
        store: Store,
        outlets: Mapping[Channel, Outlet],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
        on_error: Callable[[Channel, DeliveryError | None], None] = lambda _channel, _error: None,
    ) -> None:
        """`on_error` hears of every failure, and of None for every success, channel by channel."""
        self._store = store
        self._outlets = outlets
        self._now = now
        self._chance = chance
        self._on_error = on_error
        self._lanes: dict[Lane, _Queue] = {}
        self._ready: asyncio.PriorityQueue[tuple[int, int, Lane | None]] = asyncio.PriorityQueue()
        self._count = itertools.count()
        self._known: set[int] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    def submit(self, dues: Iterable[Due]) -> None:
        """Put deliveries into their lanes; those that are there already, or whose channel is not set up, are passed over."""
        ordered = list(dues)
        random.shuffle(ordered)  # several processes that are handed the same go different ways; each chat's own order stays
        for due in ordered:
            if due.id in self._known or due.channel not in self._outlets:
                continue
            self._known.add(due.id)
            self._idle.clear()
            lane = (due.channel, due.address)
            queue = self._lanes.setdefault(lane, _Queue())
            heapq.heappush(queue.waiting, (priority(due), due.id))
            if not queue.away:
                self._line_up(lane)

    async def idle(self) -> None:
        """Return once nothing is queued or in flight."""
        await self._idle.wait()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set."""
        workers = [asyncio.create_task(self._work(stop)) for _ in range(WORKERS)]
        await stop.wait()
        for _ in workers:
            self._ready.put_nowait((-1, next(self._count), None))
        await asyncio.gather(*workers)

    def _line_up(self, lane: Lane) -> None:
        """Give a lane its place among the ready: what people wait for overtakes the edits of others."""
        queue = self._lanes[lane]
        queue.away, turn = False, queue.waiting[0][0]
        if turn < queue.turn:
            queue.turn = turn
            self._ready.put_nowait((turn, next(self._count), lane))

    async def _work(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            turn, _, lane = await self._ready.get()
            queue = self._lanes.get(lane) if lane else None
            if lane is None or queue is None or queue.away or queue.turn != turn:
                continue  # the end, or a place that was given up for a better one
            queue.away, queue.turn = True, LAST
            wait = await self._pass(lane, stop)
            if wait is None:
                continue
            if wait > LONGEST:
                await self._put_off(lane, wait)
            elif not stop.is_set():
                asyncio.get_running_loop().call_later(wait, self._line_up, lane)

    async def _pass(self, lane: Lane, stop: asyncio.Event) -> float | None:
        """Send the lane's next once its slot has come, None; or the seconds for which this lane must wait.

        The slot is booked at the last moment, so that none is booked for what another process sent, and none has passed when it is used.
        """
        outlet = self._outlets[lane[0]]
        async with outlet.passage():
            if not await self._still_due(lane):
                return None
            while not stop.is_set():
                answer = await outlet.ask(lane[1])
                if isinstance(answer, Later) and (not answer.everyone or answer.wait > LONGEST):
                    return answer.wait
                await asyncio.sleep(min(answer.wait, LOOK))
                pause = outlet.pause(lane[1])
                if pause > 0:
                    return pause
                if isinstance(answer, Go):
                    await self._send_next(lane)
                    return None
        return 0.0

    async def _still_due(self, lane: Lane) -> bool:
        """Whether the lane's next is still to be sent; what another process sent is let go of."""
        queue = self._lanes[lane]
        try:
            if await self._store.read(ledger.is_due, queue.waiting[0][1], self._now()):
                return True
        except StoreError as e:
            log.warning("a lane waits for the database", why=str(e))
        self._done(lane, heapq.heappop(queue.waiting)[1])
        return False

    async def _put_off(self, lane: Lane, wait: float) -> None:
        """Leave a lane to the ledger, which brings it back in time; nobody waits for it, and it takes no memory."""
        ids = [id_ for _, id_ in self._lanes.pop(lane).waiting]
        try:
            until = self._now() + timedelta(seconds=wait)
            await self._store.write(ledger.put_off, ids, until, "the channel asked for a longer pause")
            log.info("a lane is put off", deliveries=len(ids), seconds=round(wait))
        except StoreError as e:
            log.warning("a lane that must wait is asked again", why=str(e))
        finally:
            self._forget(ids)

    def _forget(self, ids: Iterable[int]) -> None:
        self._known.difference_update(ids)
        if not self._known:
            self._idle.set()

    async def _send_next(self, lane: Lane) -> None:
        queue = self._lanes[lane]
        _, id_ = heapq.heappop(queue.waiting)
        try:
            await self._deliver(id_)
        except StoreError as e:
            log.warning("a delivery waits for the database", delivery=id_, why=str(e))
        except Exception:  # the edge of a worker: a poison delivery must not stop the lane, and its lease runs out
            log.exception("a delivery failed", delivery=id_)
        finally:
            self._done(lane, id_)

    def _done(self, lane: Lane, id_: int) -> None:
        """This process is done with a delivery, for now; the lane goes on with its next."""
        if self._lanes[lane].waiting:
            self._line_up(lane)
        else:
            del self._lanes[lane]
        self._forget([id_])

    async def _deliver(self, id_: int) -> None:
        job = await self._store.write(claims.take, id_, self._now())
        if job is None:
            return
        outlet = self._outlets[job.subscriber.channel]
        try:
            ref = await outlet.send(job)
        except DeliveryError as e:
            await self._failed(job, e)
            return
        except StoreError:
            await self._record(ledger.put_back, job, self._now() + timedelta(seconds=1), "the database was away", counts=False)
            raise
        except Exception as e:
            log.exception("a message cannot be composed", delivery=job.id, story=job.story.id if job.story else None)
            await self._record(ledger.bury, job, f"cannot be composed: {type(e).__name__}", self._now())
            return
        self._on_error(job.subscriber.channel, None)
        await self._record(ledger.sent, job, ref, self._now())
        more = {"together": len(job.parts)} if job.together else {}
        log.info("sent", delivery=job.id, subscriber=job.subscriber.id, story=job.story.id if job.story else None, edit=job.edit, **more)

    async def _failed(self, job: Job, error: DeliveryError) -> None:
        now = self._now()
        step = after_failure(error, job.attempts, now - job.created_at, self._chance())
        self._on_error(job.subscriber.channel, error)
        log.warning(
            "not delivered", delivery=job.id, subscriber=job.subscriber.id, reason=str(error.reason), then=str(step.course),
            attempts=job.attempts,
        )  # fmt: skip
        if step.hold:
            await self._outlets[job.subscriber.channel].hold(job.subscriber.address, step.wait)
        if job.edit and error.reason is DeliveryReason.REFUSED:
            step = Next(Course.BURY, step.reason)
        await self._record(_settle, job, step, error.moved_to, now)

    async def _record(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Write an outcome, however long the database is away: what was sent must not be forgotten while this process lives."""
        pause = RECORD_PAUSE
        while True:
            try:
                return await self._store.write(fn, *args, **kwargs)
            except StoreError as e:
                log.error("an outcome cannot be recorded yet", why=str(e))  # noqa: TRY400  the trace says nothing more
                await asyncio.sleep(pause)
                pause = min(pause * 2, 10.0)


def _settle(conn: Any, job: Job, step: Next, moved_to: str | None, now: datetime) -> None:
    """Record what follows a failure, in one transaction with what it says of the subscriber."""
    if step.course is Course.AGAIN:
        ledger.put_back(conn, job, now + timedelta(seconds=step.wait), step.reason, counts=step.counts)
    elif step.course is Course.MOVE and moved_to:
        holder = subscribers.move(conn, job.subscriber.id, moved_to)
        if holder == job.subscriber.id:
            ledger.put_back(conn, job, now, step.reason, counts=False)
        else:
            ledger.drop(conn, job, step.reason)
    elif step.course is Course.GONE:
        bounced.gone(conn, job.subscriber, step.reason, now)
        ledger.drop(conn, job, step.reason)
    else:
        ledger.bury(conn, job, step.reason, now)


