"""The articles behind new entries, fetched before the entries are written. A thin loop around `watcher.sources.article`.

It stands between a reading and its commit, so it is short of time: a bounded number of articles, all at once where they are on different
sites and one at a time on each, and whatever has not come in time is done without. No article, and nothing that one does, can lose an
entry or hold it up beyond SECONDS.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import cast

import structlog

from watcher.apart import SMALL, Apart
from watcher.ask import Answer, Reach
from watcher.errors import FetchError, FetchReason
from watcher.fetch import Fetched, NotModified, Request
from watcher.identity import keyed
from watcher.model import Source
from watcher.poll import current_state
from watcher.sources.article import Article, completed, read_article, wanting
from watcher.sources.entry import Entry
from watcher.sources.markup import ACCEPT
from watcher.store import Store
from watcher.store.items import known_keys
from watcher.store.sources import load_states
from watcher.urls import site_of

log = structlog.get_logger("watcher")

MOST = 20  # articles of one reading
SECONDS = 30.0  # for all of them; with the reading itself well within the lease on a source
READ_SECONDS = 8.0  # for the text of one; honest ones take a tenth of a second
# what one article tells of its whole site: the others there are left for this time
_WHOLE_SITE = frozenset({FetchReason.RATE_LIMITED, FetchReason.BLOCKED, FetchReason.TIMEOUT, FetchReason.CONNECTION, FetchReason.DNS,
                         FetchReason.TLS, FetchReason.PRIVATE_ADDRESS})  # fmt: skip
READER = Apart(seconds=READ_SECONDS)
atexit.register(READER.close)


class Articles:
    """Completes answers with the articles of their new entries."""

    def __init__(self, store: Store, reach: Reach, max_age: timedelta, seconds: float = SECONDS) -> None:
        self._store, self._reach, self._max_age, self._seconds = store, reach, max_age, seconds
        self._reading = asyncio.Lock()  # one at a time, so that waiting for the reader takes no more than one thread

    async def complete(self, answer: Answer) -> Answer:
        """The answer, its new entries with their articles' words where they are wanted. Raises StoreError only.

        On the first reading of a source nothing is fetched: what stood there before rings nobody.
        """
        reading = answer.reading
        if reading is None or not reading.parsed.entries:
            return answer
        entries, fulltext = reading.parsed.entries, answer.source.fulltext
        if not fulltext and all(e.title or e.summary or e.content for e in entries):
            return answer
        articles: dict[int, Article] = {}
        states = await self._store.read(load_states, [answer.source.id])
        if current_state(answer.source, states.get(answer.source.id)).first_ok_at is not None:
            keys = [k for each in keyed(reading.parsed).keys or () for k in each.all()]
            known = await self._store.read(known_keys, answer.source.id, keys)
            wanted = wanting(reading.parsed, known, self._reach.now() - self._max_age, fulltext=fulltext)
            articles = await self._fetch_all(answer.source, entries, wanted[:MOST])
        done = tuple(completed(entry, articles.get(i), fulltext=fulltext) for i, entry in enumerate(entries))
        return replace(answer, reading=replace(reading, parsed=replace(reading.parsed, entries=done)))

    async def _fetch_all(self, source: Source, entries: Sequence[Entry], wanted: Sequence[int]) -> dict[int, Article]:
        """By the entries' places, what came in time."""
        found: dict[int, Article] = {}
        by_site: dict[str, list[int]] = {}
        for i in wanted:
            by_site.setdefault(site_of(entries[i].url), []).append(i)
        try:
            async with asyncio.timeout(self._seconds), asyncio.TaskGroup() as group:
                for places in by_site.values():
                    group.create_task(self._fetch_site(source, {i: entries[i].url for i in places}, found))
        except TimeoutError:
            log.info("articles did not come in time", source=source.id, came=len(found), wanted=len(wanted))
        return found

    async def _fetch_site(self, source: Source, urls: Mapping[int, str], found: dict[int, Article]) -> None:
        for i, url in urls.items():
            try:
                found[i] = await self._fetch(source, url)
            except FetchError as e:
                log.info("no article", source=source.id, url=url, why=str(e))
                if e.reason in _WHOLE_SITE:
                    return
            except Exception:  # the edge of a task: one article's fault is told, and its entry goes on without it
                log.exception("an article broke its reader", source=source.id, url=url)

    async def _fetch(self, source: Source, url: str) -> Article:
        got = await self._reach.fetch(source.id, Request(url, headers=ACCEPT))
        assert not isinstance(got, NotModified), "nothing conditional was asked"
        return await self._read(got, url, fulltext=source.fulltext)

    async def _read(self, got: Fetched, url: str, *, fulltext: bool) -> Article:
        given = (got.body, dict(got.headers), url, got.url, fulltext)
        if len(got.body) <= SMALL and not fulltext:
            return read_article(*given)
        async with self._reading:
            return cast(Article, await asyncio.to_thread(READER.call, read_article, *given))
