"""What was read, decided and written: many polls together in one transaction, then published.

    ask(source)     one reading over the network (`watcher.ask`), handed over to the Committer
    complete        the articles behind new entries, where they are wanted (`watcher.fulltext`)
    Committer       all that came in since the last transaction → decide → one transaction → publish ids → set the next times

The decision is made inside the transaction, on what the store knows at that moment, so two watchers that read the same source by
accident still write each item once.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection

from watcher import health
from watcher.ask import Answer
from watcher.bus import ITEMS, Bus
from watcher.bus.due import DueSet
from watcher.cadence import SLOWEST, next_time
from watcher.decide import NewItem, Outcome, Policy, decide_entries, decide_failure, decide_interrupted, decide_push, decide_unchanged
from watcher.errors import RedisError, StoreError
from watcher.identity import keyed
from watcher.model import Source
from watcher.sources.entry import Hints, Parsed
from watcher.sources.kinds import KINDS
from watcher.state import SourceState
from watcher.store import Store
from watcher.store.items import add_keys, insert_items, known_keys
from watcher.store.sources import add_notices, load_states, save_states
from watcher.websub import record as websub
from watcher.websub.subscription import Subscription, delivering

log = structlog.get_logger("watcher")

COMMIT_MOST, COMMIT_ENTRIES = 200, 500  # polls in one transaction, and entries from which on no further poll is added
GATHER = 0.1  # seconds in which answers gather for one transaction; each costs as much as forty answers in it


def write_answers(
    conn: Connection, answers: Sequence[Answer], policies: Mapping[str, Policy], now: datetime, chance: Callable[[], float]
) -> tuple[list[int], list[SourceState], list[Outcome]]:
    """Decide and write everything in the caller's transaction; ids of the new items, the states after it, the outcomes.

    No two answers are of one source: each is decided on what the store knows, and not on what stands beside it.
    """
    asked = {a.source.id for a in answers}
    states, hubs = load_states(conn, asked), websub.of_sources(conn, asked)
    after: list[SourceState] = []
    outcomes: list[Outcome] = []
    new = []
    for answer in answers:
        source = answer.source
        state = current_state(source, states.get(source.id))
        if answer.push is not None:
            outcome = _decide_push(conn, answer, state, policies[source.id], now)
            after.append(outcome.state)
        else:
            outcome = _decide(conn, answer, state, _slower(policies[source.id], hubs.get(source.id), now), now)
            after.append(_remember(outcome, answer, now, _next_at(source, state, outcome, now, chance)))
            _heed_hub(conn, answer, hubs.get(source.id), outcome, now)
        outcomes.append(outcome)
        new += [(source.id, source.kind, _with_source(item, source)) for item in outcome.items]
        add_keys(conn, source.id, outcome.more_keys)
    ids = insert_items(conn, new, now)
    save_states(conn, after, states)
    add_notices(conn, [(s.source_id, text) for s, o in zip(after, outcomes, strict=True) for text in o.notices], now)
    return ids, after, outcomes


def _next_at(source: Source, before: SourceState, outcome: Outcome, now: datetime, chance: Callable[[], float]) -> datetime | None:
    """When the source is read next; never, where it is listened to."""
    if KINDS[source.kind].stream is not None:
        return None
    if source.every:
        return next_time(now, outcome.interval, chance())
    return next_time(now, outcome.interval, chance(), Hints.of(outcome.state.hints), first=before.last_polled_at is None)


def current_state(source: Source, state: SourceState | None) -> SourceState:
    """The state to go on from; a source whose address was changed is a new source, and quiet again."""
    return state if state is not None and state.url == source.address else SourceState(source.id, source.address)


def _decide(conn: Connection, answer: Answer, state: SourceState, policy: Policy, now: datetime) -> Outcome:
    if answer.error is not None and answer.reading is None:
        return decide_failure(state, answer.error, policy, now)
    if answer.body_hash is None:  # a 304 does not show by what way it came
        return _decide_good(conn, answer, state, policy, now)
    redirected = health.moved(state, answer.moved_to, now)
    outcome = _decide_good(conn, answer, redirected.state, policy, now)
    return replace(outcome, notices=(*redirected.notices, *outcome.notices)) if redirected.notices else outcome


def _decide_good(conn: Connection, answer: Answer, state: SourceState, policy: Policy, now: datetime) -> Outcome:
    headers = answer.headers or {}
    if answer.reading is None:
        return decide_unchanged(state, headers, policy, now)
    parsed = keyed(answer.reading.parsed)
    known = _known(conn, state, parsed)
    if answer.error is not None:
        return decide_interrupted(state, parsed, known, answer.error, policy, now)
    return decide_entries(state, parsed, known, headers, policy, now)


def _known(conn: Connection, state: SourceState, parsed: Parsed) -> dict[bytes, int]:
    return known_keys(conn, state.source_id, [k for each in parsed.keys or () for k in each.all()])


def _decide_push(conn: Connection, answer: Answer, state: SourceState, policy: Policy, now: datetime) -> Outcome:
    assert answer.push is not None
    assert answer.reading is not None, "a delivery was read before it came here"
    websub.read(conn, answer.push, now)
    parsed = keyed(answer.reading.parsed)
    return decide_push(state, parsed, _known(conn, state, parsed), policy, now)


def _slower(policy: Policy, hub: Subscription | None, now: datetime) -> Policy:
    """A source whose hub delivers is still polled, at most once an hour by itself."""
    return replace(policy, floor=max(policy.floor, SLOWEST)) if hub is not None and delivering(hub, now) else policy


def _heed_hub(conn: Connection, answer: Answer, known: Subscription | None, outcome: Outcome, now: datetime) -> None:
    if answer.reading is not None and KINDS[answer.source.kind].push is not None and getattr(answer.source, "websub", True):
        source = answer.source
        websub.heed(conn, known, source.id, source.address, answer.reading.parsed.hub, bool(outcome.items), now)


def _remember(outcome: Outcome, answer: Answer, now: datetime, next_at: datetime | None) -> SourceState:
    """The state with what is needed at the next reading: its time, the validators that the host gave, what the kind wants to know then."""
    headers, reading, state = answer.headers, answer.reading, outcome.state
    if headers is None:
        return state.but(next_at=next_at)
    memo, seen = (reading.memo, reading.seen) if reading is not None else (None, None)
    kept: dict[str, Any] = {
        "next_at": next_at, "memo": state.memo if memo is None else memo, "seen": state.seen if seen is None else seen,
    }  # fmt: skip
    if answer.error is not None:
        return state.but(**kept)
    if reading is None and answer.body_hash is None:  # 304 may refresh validators and never drops them (RFC 9111 4.3.4)
        etag, last_modified = headers.get("etag", state.etag), headers.get("last-modified", state.last_modified)
        return state.but(**kept, etag=etag, last_modified=last_modified)
    etag, last_modified = headers.get("etag"), headers.get("last-modified")
    same = (etag, last_modified) == (state.etag, state.last_modified) != (None, None)
    return state.but(
        **kept, etag=etag, last_modified=last_modified, body_hash=answer.body_hash, full_at=now,
        stale=(same and (state.stale or bool(outcome.items))) or None,
    )  # fmt: skip


def _with_source(item: NewItem, source: Source) -> NewItem:
    """What the operator says of the source counts for its items: the language always, the tags beside their own."""
    entry = item.entry
    lang, tags = source.lang or entry.lang, tuple(dict.fromkeys((*source.tags, *entry.tags)))
    return item if (lang, tags) == (entry.lang, entry.tags) else replace(item, entry=replace(entry, lang=lang, tags=tags))


Waiting = tuple[Answer, asyncio.Future[Outcome]]
Complete = Callable[[Answer], Awaitable[Answer]]  # puts the articles of its new entries into an answer


class Committer:
    """Writes the answers of many polls together, publishes what is new, and sets when each source is read again."""

    def __init__(
        self, store: Store, bus: Bus, due: DueSet, policy: Callable[[Source], Policy], now: Callable[[], datetime],
        complete: Complete | None = None,
    ) -> None:  # fmt: skip
        self._store, self._bus, self._due, self._policy, self._now, self._complete = store, bus, due, policy, now, complete
        self._waiting: list[Waiting] = []
        self._writing: asyncio.Task[None] | None = None
        self._times: dict[str, float] = {}  # when sources are read next, as far as Redis was not told yet

    async def commit(self, answer: Answer) -> Outcome:
        """Hand an answer over; returns when it is written, and the log tells of it. Raises StoreError; then nothing of it is written."""
        if self._complete is not None:
            answer = await self._complete(answer)
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((answer, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        try:
            outcome = await done
        except asyncio.CancelledError:
            if self._writing is not None:  # what is being written is written whole, for others wait for the same transaction
                await asyncio.wait({self._writing})
            raise
        _tell(answer, outcome)
        return outcome

    async def set_times(self) -> None:
        """Tell Redis when sources are read next, what an outage kept from it included. Raises RedisError."""
        times = dict(self._times)
        await self._due.put(times)
        for source_id, at in times.items():
            if self._times.get(source_id) == at:
                del self._times[source_id]

    async def _write_all(self) -> None:
        """One transaction after the other, each for all who came meanwhile."""
        try:
            while self._waiting:
                if len(self._waiting) < COMMIT_MOST:
                    await asyncio.sleep(GATHER)
                await self._write_together()
        finally:
            self._writing = None

    async def _write_together(self) -> None:
        batch = self._next_batch()
        try:
            await self._write(batch)
        except StoreError as e:
            _fail(batch, e)
        except Exception as e:
            if len(batch) == 1:
                log.exception("an answer cannot be written", source=batch[0][0].source.id)
                _fail(batch, e)
                return
            for one in batch:
                try:
                    await self._write([one])
                except Exception as alone:  # noqa: BLE001  as above
                    log.warning("an answer cannot be written", source=one[0].source.id, error=type(alone).__name__)
                    _fail([one], alone)

    def _next_batch(self) -> list[Waiting]:
        """The oldest answers that wait, one of each source: a poll and a delivery of the same may come together."""
        batch: dict[str, Waiting] = {}
        later = []
        entries = 0
        for one in self._waiting:
            if len(batch) < COMMIT_MOST and entries < COMMIT_ENTRIES and one[0].source.id not in batch:
                batch[one[0].source.id] = one
                entries += _entries_of(one[0])
            else:
                later.append(one)
        self._waiting = later
        return list(batch.values())

    async def _write(self, batch: Sequence[Waiting]) -> None:
        answers = [a for a, _ in batch]
        policies = {a.source.id: self._policy(a.source) for a in answers}
        ids, states, outcomes = await self._store.write(write_answers, answers, policies, self._now(), random.random)
        polled = {a.source.id for a in answers if a.push is None}
        self._times.update((s.source_id, s.next_at.timestamp()) for s in states if s.next_at is not None and s.source_id in polled)
        try:
            await self.set_times()
            await self._bus.publish(ITEMS, ids)
        except RedisError as e:
            log.warning("new items wait in the store until Redis is back", items=len(ids), why=str(e))
        for (_, done), outcome in zip(batch, outcomes, strict=True):
            if not done.done():
                done.set_result(outcome)


def _tell(answer: Answer, outcome: Outcome) -> None:
    source, items = answer.source.id, outcome.items
    for notice in outcome.notices:
        log.warning("source", source=source, notice=notice)
    if items:
        quiet = sum(i.quiet is not None for i in items)
        log.info("new items", source=source, items=len(items), quiet=quiet, pushed=answer.push is not None)


def _entries_of(answer: Answer) -> int:
    return len(answer.reading.parsed.entries) if answer.reading is not None else 0


def _fail(batch: Sequence[Waiting], error: Exception) -> None:
    for _, done in batch:
        if not done.done():
            done.set_exception(error)
