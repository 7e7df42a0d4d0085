"""What tests of kinds of source are made with: an operator's lines, and readings of them one after the other over real HTTP."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from watcher.ask import Answer, Reach, ask
from watcher.errors import FetchError
from watcher.fetch import Client, HostGate, Limits
from watcher.model import Source
from watcher.sources.entry import Entry
from watcher.sources.kinds import KINDS
from watcher.sources.steps import Credentials, Reading
from watcher.state import SourceState

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AGENT = "Concordat/test (+https://example.org)"


def source_of(kind: str, **keys: Any) -> Source:
    """A source as an operator writes it."""
    return KINDS[kind].source.model_validate({"id": f"a-{kind}", "kind": kind, **keys})


class Reader:
    """Reads sources as the watcher does, with a state for each that a good reading leaves to the next; `now` stands still."""

    def __init__(self, credentials: Credentials | None = None, now: datetime = NOW) -> None:
        self.now = now
        self._states: dict[str, SourceState] = {}
        self._client = Client(user_agent=AGENT, allow_private=True, limits=Limits(connect=1, idle=2, total=5))
        self._reach = Reach(self._client, HostGate(), credentials or Credentials(), lambda: self.now)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.__aexit__(None, None, None)

    def state(self, source: Source) -> SourceState:
        """What is remembered of a source."""
        return self._states.get(source.id, SourceState(source.id, source.address))

    async def answer(self, source: Source) -> Answer:
        """One reading with whatever came of it; what it wants remembered is."""
        before = self.state(source)
        got = await ask(source, before, self._reach)
        if got.reading is not None and got.headers is not None:
            memo = before.memo if got.reading.memo is None else got.reading.memo
            seen = before.seen if got.reading.seen is None else got.reading.seen
            after = replace(before, memo=memo, seen=seen, first_ok_at=before.first_ok_at or self.now)
            if got.error is None:
                etag, modified = got.headers.get("etag"), got.headers.get("last-modified")
                after = replace(after, etag=etag, last_modified=modified, body_hash=got.body_hash)
            self._states[source.id] = after
        self.now += timedelta(minutes=15)
        return got

    async def read(self, source: Source) -> Reading:
        """One good reading."""
        got = await self.answer(source)
        assert got.error is None, str(got.error)
        assert got.reading is not None, "nothing changed"
        return got.reading

    async def entries(self, source: Source) -> tuple[Entry, ...]:
        """What a good reading found, in the order of the answer."""
        return (await self.read(source)).parsed.entries

    async def error(self, source: Source) -> FetchError:
        """The error of a reading that must fail."""
        got = await self.answer(source)
        assert got.error is not None, f"no error, but {got.reading}"
        return got.error

    async def many(self, *sources: Source) -> list[Answer]:
        """Readings of several sources at once."""
        return list(await asyncio.gather(*(self.answer(s) for s in sources)))
