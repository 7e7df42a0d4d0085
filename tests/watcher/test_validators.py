"""Conditional requests: what a host gave is given back, and a host whose validators lie loses nothing and is found out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import func, select

from watcher.ask import Reach, ask
from watcher.decide import Policy
from watcher.fetch import Client, Fetched, HostGate, NotModified, Request
from watcher.poll import write_answers
from watcher.sources.feed import FeedSource
from watcher.state import FULL_EVERY, SourceState
from watcher.store import Store
from watcher.store.sources import load_states
from watcher.store.tables import items

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SOURCE = FeedSource(id="lab", url="https://lab.example/feed")


class Host:
    """A host that believes its own ETag and not its feed."""

    def __init__(self) -> None:
        self.entries, self.etag = 1, '"a"'
        self.asked: list[str | None] = []

    async def fetch(self, request: Request) -> Fetched | NotModified:
        """304 to whoever gives the ETag back."""
        self.asked.append(request.etag)
        if request.etag == self.etag:
            return NotModified({"etag": self.etag})
        inside = "".join(f"<item><guid>{n}</guid><title>News {n}</title></item>" for n in range(self.entries))
        body = f"<rss version='2.0'><channel><title>Lab</title>{inside}</channel></rss>".encode()
        return Fetched(request.url, 200, {"etag": self.etag}, body)


class Polls:
    """The source, polled every hour."""

    def __init__(self, store: Store, host: Host) -> None:
        self.store, self.host, self.now = store, host, START

    def poll(self, times: int = 1) -> int:
        """So many polls; how many items there are then."""
        reach = Reach(cast(Client, self.host), HostGate(), now=lambda: self.now)
        for _ in range(times):
            answer = asyncio.run(ask(SOURCE, self.state(), reach))
            with self.store.begin() as conn:
                write_answers(conn, [answer], {SOURCE.id: Policy(timedelta(hours=48))}, self.now, lambda: 0.5)
            self.now += HOUR
        with self.store.reading() as conn:
            return conn.scalar(select(func.count()).select_from(items)) or 0

    def state(self) -> SourceState:
        """What is remembered."""
        with self.store.reading() as conn:
            return load_states(conn).get(SOURCE.id, SourceState(SOURCE.id, SOURCE.address))


@pytest.fixture
def polls(store: Store) -> Polls:
    """A source that was read once."""
    polls = Polls(store, Host())
    assert polls.poll() == 1
    return polls


def test_an_honest_host_is_asked_in_full_once_a_day(polls: Polls) -> None:
    """All the other requests of two days give the ETag back."""
    polls.poll(49)
    assert [at for at, etag in enumerate(polls.host.asked) if etag is None] == [0, 24, 48]
    assert polls.state().stale is None


def test_a_host_that_always_says_not_modified_is_found_out(polls: Polls) -> None:
    """Its news comes within a day; from then on it is asked in full, and what it adds comes at once."""
    polls.host.entries = 2
    assert polls.poll(int(FULL_EVERY / HOUR)) == 2
    assert polls.state().stale
    for n in range(3, 6):
        polls.host.entries = n
        assert polls.poll() == n


def test_a_host_that_mends_its_ways_is_believed_again(polls: Polls) -> None:
    """A new validator for a new answer is trusted."""
    polls.host.entries = 2
    polls.poll(24)
    polls.host.entries, polls.host.etag = 3, '"b"'
    assert polls.poll() == 3
    assert polls.state().stale is None
    polls.poll()
    assert polls.host.asked[-1] == '"b"'


def test_a_busy_feed_with_honest_validators_is_never_doubted(polls: Polls) -> None:
    """Each answer has its own."""
    for n in range(2, 30):
        polls.host.entries, polls.host.etag = n, f'"{n}"'
        assert polls.poll() == n
        assert polls.state().stale is None
