"""Listening to one source: an open connection, with a cursor that is written together with the items.

    what must be known before (`Kind.read`) ──▶ connect, from the cursor ──▶ messages ──▶ batches ──▶ Committer
      ▲                                                                         │
      └── ended, failed: again, later and later ◀───────────────────────────────┘

A batch and the cursor behind it are one transaction, so a process that is killed has lost nothing: the next one opens a few seconds
before the cursor, and what comes twice is known by its id.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from watcher.ask import Answer, Reach, ask
from watcher.decide import NewItem, Outcome
from watcher.errors import FetchError, FetchReason, StoreError
from watcher.fetch import SitePausedError
from watcher.model import Source
from watcher.poll import Committer, current_state
from watcher.sources.entry import Entry, Parsed
from watcher.sources.kinds import KINDS
from watcher.sources.steps import Reading
from watcher.sources.stream import MICROSECONDS, Heard, Wire, cursor_at
from watcher.state import SourceState
from watcher.store import Store
from watcher.store.sources import load_states

if TYPE_CHECKING:
    from watcher.fetch.socket import Listening

BATCH, GATHER = 100, 0.5  # entries, and seconds after the first of them, that are written together
SAVE, SAVE_IDLE = 30.0, 300.0  # seconds after which the cursor is written without an entry: while it moves, and while nothing comes
PROVEN = 10.0  # seconds after which a connection that brought nothing counts as a good one
REWIND = 5 * MICROSECONDS  # heard again at another host than before: they count time a little apart
LAG = 600  # seconds; what a server that we are connected to has not sent by then, it does not have
PAUSE, PAUSE_MOST = 1.0, 300.0  # seconds between tries; doubles
REPORT = 300.0  # seconds between two failures of one outage that count against the source's health
MESSAGE_MOST = 2_000_000  # bytes
ONCE, ONCE_SILENT = 20.0, 2.0  # seconds that one round listens, and of silence after which it has caught up
LOOK_FOR, LOOK_MOST, LOOK_BACK = 5.0, 20, 86_400  # seconds and posts of a look for a person, and how far back it goes, in seconds

log = structlog.get_logger("stream")


def listens(source: Source) -> bool:
    """Whether a source is listened to instead of polled."""
    return KINDS[source.kind].stream is not None


class Line:
    """One source while it is listened to: how far we heard, and what is not written yet."""

    def __init__(self, source: Source, reading: Reading) -> None:
        listen = KINDS[source.kind].stream
        assert listen is not None, "only sources that are listened to come here"
        self.source, self.memo = source, reading.memo or {}
        self.wire: Wire = listen(source, self.memo)
        cursor = self.memo.get("cursor")
        self.cursor: int | None = cursor if isinstance(cursor, int) else None
        self.warning = reading.parsed.warning
        self.entries: list[Entry] = []
        self.moved = False  # the cursor is ahead of what is written

    def hear(self, message: bytes, now: datetime) -> Heard:
        """Take a message."""
        heard = self.wire.hear(message, now)
        if heard.at is not None and (self.cursor is None or heard.at > self.cursor):
            self.cursor, self.moved = heard.at, True
        if heard.entry is not None:
            self.entries.append(heard.entry)
        return heard

    def answer(self, entries: Sequence[Entry], cursor: int | None) -> Answer:
        """What there is to write."""
        parsed = Parsed(tuple(entries), warning=self.warning, sure_ids=True)
        return Answer(self.source, Reading(parsed, {**self.memo, "cursor": cursor}), headers={})


class Listener:
    """Listens to one source, for as long as it is let."""

    def __init__(self, source: Source, store: Store, reach: Reach, committer: Committer) -> None:
        self._source, self._store, self._reach, self._committer = source, store, reach, committer
        self._clock = asyncio.get_running_loop().time
        self._good = False  # this connection has shown that it works
        self._failures = 0  # in a row
        self._reported: float | None = None
        self._host = ""  # where the cursor comes from, as far as this process knows
        self._skip = 0  # seconds to leave out, because of a message that is too large to be taken
        self._new: list[NewItem] = []

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            asked = 0.0
            try:
                async with self._open() as (line, stream):
                    await self._pump(line, stream)
            except FetchError as e:
                asked = e.retry_after or 0.0
                await self._ended(e)
            except StoreError as e:
                log.warning("a stream waits", source=self._source.id, why=str(e))
            pause = min(PAUSE * 2 ** min(self._failures, 10), PAUSE_MOST) * (0.5 + random.random())  # noqa: S311  spreads the tries
            await asyncio.sleep(max(pause, asked))

    async def once(self) -> Outcome:
        """Listen until everything that the stream kept for us was heard, or for a while; what was new is in the outcome."""
        try:
            async with self._open() as (line, stream):
                await self._catch_up(line, stream)
                outcome = await self._write(line)
        except FetchError as e:
            outcome = await self._committer.commit(Answer(self._source, error=e))
        return replace(outcome, items=tuple(self._new))

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[tuple[Line, Listening]]:
        """The stream from where we were. A source that is new begins now, so that all that it brings is news."""
        self._good = False
        states = await self._store.read(load_states, [self._source.id])
        state = current_state(self._source, states.get(self._source.id))
        line = await self._line(state)
        now = cursor_at(self._reach.now())
        host = urlsplit(line.wire.address(None, self._failures)).netloc
        begin = now if line.cursor is None else line.cursor - (0 if host == self._host else REWIND)
        if self._skip and line.cursor is not None:
            begin = min(line.cursor + self._skip * MICROSECONDS, now)
        line.warning = " ".join(w for w in (line.warning, _gap(now - begin, line.wire.keeps)) if w)
        async with AsyncExitStack() as stack:
            stream = await _connect(line, begin, self._failures, self._reach, stack)
            self._host = host
            if state.first_ok_at is None or line.cursor is None:
                line.cursor = begin
                await self._write(line)
            yield line, stream

    async def _line(self, state: SourceState) -> Line:
        answer = await ask(self._source, state, self._reach)
        if answer.error is not None:
            if answer.reading is not None:  # what was found out before the error is kept
                await self._committer.commit(answer)
                self._reported = self._clock()
            raise answer.error
        assert answer.reading is not None, "without a conditional request an answer is a reading or an error"
        return Line(self._source, answer.reading)

    async def _pump(self, line: Line, stream: Listening) -> None:
        """Hear and write until the stream ends. Raises FetchError."""
        began = written = heard = self._clock()
        gathered = math.inf  # when what was heard is to be written
        silence = line.wire.silence or math.inf
        for count in itertools.count(1):
            save = written + (PROVEN if not self._good else SAVE if line.moved else SAVE_IDLE)
            message = await self._message(line, stream, min(save, gathered, heard + silence))
            now = self._clock()
            if message is not None:
                heard = now
                if line.hear(message, self._reach.now()).at is not None:
                    self._failures = self._skip = 0
                if line.entries:
                    gathered = min(gathered, now + GATHER)
                if count % 50 == 0:
                    await asyncio.sleep(0)  # a stream that never runs dry must not keep the others waiting
            elif now >= heard + silence:
                raise FetchError(FetchReason.TIMEOUT, f"nothing was heard for {silence:.0f} s")
            if len(line.entries) >= BATCH or now >= min(save, gathered):
                if now - began > LAG and not line.moved:
                    line.cursor = max(line.cursor or 0, cursor_at(self._reach.now()) - LAG * MICROSECONDS)
                await self._write(line)
                written, gathered, self._failures = now, math.inf, 0

    async def _message(self, line: Line, stream: Listening, until: float) -> bytes | None:
        """The next message, or None when there was none by `until`; when the stream ends, what was heard is written first."""
        try:
            async with asyncio.timeout_at(until):
                return await stream.next()
        except TimeoutError:
            return None
        except FetchError:
            if line.moved or line.entries:
                await self._write(line)
            raise

    async def _catch_up(self, line: Line, stream: Listening) -> None:
        live, until = cursor_at(self._reach.now()), self._clock() + ONCE
        while self._clock() < until and (message := await self._message(line, stream, self._clock() + ONCE_SILENT)) is not None:
            at = line.hear(message, self._reach.now()).at
            if len(line.entries) >= BATCH:
                await self._write(line)
            if at is not None and at >= live:
                return

    async def _write(self, line: Line) -> Outcome:
        """The items and the cursor behind them; waits for a database that is away."""
        while True:
            try:
                outcome = await self._committer.commit(line.answer(line.entries, line.cursor))
                break
            except StoreError as e:
                log.warning("a stream waits", source=self._source.id, why=str(e))
                await asyncio.sleep(PAUSE)
            except Exception:  # whatever one post of a batch provokes in the store must not cost the others, or stop the stream
                if not line.entries:
                    raise
                await self._write_one_by_one(line)
        line.entries.clear()
        line.moved, self._good = False, True
        self._new += outcome.items
        return outcome

    async def _write_one_by_one(self, line: Line) -> None:
        """One entry of a batch cannot be written: the others are, and it is told and left out. The cursor stays until all are through."""
        cursor = line.memo.get("cursor")
        while line.entries:
            entry = line.entries.pop(0)
            try:
                outcome = await self._committer.commit(line.answer([entry], cursor))
            except StoreError:
                line.entries.insert(0, entry)
                raise
            except Exception:
                log.exception("a post cannot be written and is left out", source=self._source.id, entry=entry.entry_id)
            else:
                self._new += outcome.items

    async def _ended(self, error: FetchError) -> None:
        """A connection that worked and ended is no fault of the source; one that could not be had is, once in a while."""
        if isinstance(error, SitePausedError):
            return
        if error.reason is FetchReason.TOO_LARGE:
            self._skip = self._skip * 2 or 1
            log.warning("a message is too large to be taken; it is passed over", source=self._source.id, seconds=self._skip)
        if self._good and error.reason is not FetchReason.TOO_LARGE:
            log.info("the stream ended, and is opened again", source=self._source.id, why=str(error))
            return
        self._failures += 1
        if self._reported is not None and self._failures > 1 and self._clock() - self._reported < REPORT:
            return
        self._reported = self._clock()
        log.warning("a stream cannot be heard", source=self._source.id, why=str(error))
        await self._committer.commit(Answer(self._source, error=error))


async def overhear(source: Source, reach: Reach) -> Answer:
    """What a source would bring, for a person who asks: what was kept of the last day, or what comes now; nothing is written."""
    answer = await ask(source, SourceState(source.id, source.address), reach)
    if answer.error is not None or answer.reading is None:
        return answer
    line = Line(source, answer.reading)
    back = LOOK_BACK if line.wire.silence is None else 0
    try:
        async with AsyncExitStack() as stack:
            stream = await _connect(line, cursor_at(reach.now()) - back * MICROSECONDS, 0, reach, stack)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_FOR):
                    while len(line.entries) < LOOK_MOST:
                        line.hear(await stream.next(), reach.now())
    except FetchError as e:
        return Answer(source, error=e)
    return replace(answer, reading=replace(answer.reading, parsed=replace(answer.reading.parsed, entries=tuple(line.entries))))


async def _connect(line: Line, begin: int, attempt: int, reach: Reach, stack: AsyncExitStack) -> Listening:
    url = line.wire.address(begin, attempt)
    async with reach.gate.turn(line.source.url):
        try:
            return await stack.enter_async_context(reach.client.listen(url, MESSAGE_MOST))
        except FetchError as e:
            await reach.heard(line.source.id, line.source.url, e)
            raise


def _gap(span: int, keeps: float) -> str:
    """What to tell when the stream was not listened to for longer than its server keeps it."""
    hours = span / MICROSECONDS / 3600
    return f"not listened to for {hours:.0f} hours, of which the stream keeps {keeps / 3600:.0f}: the oldest posts are lost" if (
        span > (keeps + LAG) * MICROSECONDS
    ) else ""
