"""Listening to a stream on loopback: nothing lost and nothing twice, whatever ends it; one process at a time; told when it stays away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from tests.fakes.jetstream import Jetstream
from watcher import listen
from watcher.ask import Reach
from watcher.bus import Bus
from watcher.bus.due import DueSet
from watcher.bus.lease import Lease
from watcher.decide import Policy
from watcher.errors import FetchError, FetchReason
from watcher.fetch import Client, HostGate, Limits
from watcher.listen import Listener, overhear
from watcher.model import Source
from watcher.poll import Committer
from watcher.sources.jetstream import JetstreamSource
from watcher.state import Health, SourceState
from watcher.store import Store
from watcher.store.sources import load_states, save_states
from watcher.store.tables import items, notices
from watcher.stream import Streams, cancelled

NASA = "did:plc:nasa"


@dataclass
class World:
    """A stream, and what listens to it."""

    jet: Jetstream
    store: Store
    bus: Bus
    reach: Reach
    committer: Committer

    def source(self, **keys: Any) -> JetstreamSource:
        """The source `sky`: NASA's posts, unless other keys say otherwise."""
        keys = keys or {"accounts": (NASA,)}
        return JetstreamSource(id="sky", url=self.jet.url, directory=self.jet.url, **keys)

    @asynccontextmanager
    async def listening(self, source: Source | None = None) -> AsyncIterator[None]:
        """Somebody listens, until the end of the block; then no more, as if killed."""
        task = asyncio.create_task(Listener(source or self.source(), self.store, self.reach, self.committer).run())
        opened = len(self.jet.opened)
        try:
            await self.jet.until(lambda: len(self.jet.opened) > opened or self.jet.status)
            yield
        finally:
            await cancelled(task)

    def texts(self) -> list[str]:
        """All items, in the order of their rows."""
        with self.store.reading() as conn:
            return list(conn.execute(select(items.c.summary).order_by(items.c.id)).scalars())

    def state(self) -> SourceState:
        """What is remembered."""
        with self.store.reading() as conn:
            return load_states(conn).get("sky") or SourceState("sky", "")

    def cursor(self) -> int:
        """How far it was written."""
        return int((self.state().memo or {}).get("cursor") or 0)

    async def until(self, test: Callable[[], object], seconds: float = 20) -> None:
        """Wait for something in the store."""
        async with asyncio.timeout(seconds):
            while not test():
                await asyncio.sleep(0.02)


@pytest_asyncio.fixture
async def w(store: Store, bus: Bus) -> AsyncIterator[World]:
    """The world of these tests."""
    async with Jetstream() as jet, Client(user_agent="t", allow_private=True, limits=Limits(connect=3, idle=3, total=5)) as client:
        committer = Committer(store, bus, DueSet(bus), lambda s: Policy(timedelta(hours=48), s.every), lambda: datetime.now(UTC))
        yield World(jet, store, bus, Reach(client, HostGate()), committer)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that a person would wait for are short."""
    monkeypatch.setattr(listen, "PAUSE", 0.05)
    monkeypatch.setattr(listen, "ONCE_SILENT", 0.3)
    monkeypatch.setattr(listen, "GATHER", 0.05)


async def test_what_is_posted_rings_from_the_first_moment(w: World) -> None:
    """A new stream begins now: nothing of the past comes in, and the first post is news, not history."""
    w.jet.post(NASA, "long ago")
    async with w.listening():
        await w.until(lambda: w.state().first_ok_at)
        w.jet.post(NASA, "first")
        w.jet.post("did:plc:other", "somebody else")
        await w.until(lambda: w.texts() == ["first"])
    with w.store.reading() as conn:
        assert conn.execute(select(items.c.quiet)).scalars().all() == [None]
    assert w.state().health is Health.OK
    assert w.state().next_at is None


async def test_a_dropped_connection_loses_nothing_and_repeats_nothing(w: World) -> None:
    """Ended after each second message, thirty times over: every post is one item."""
    w.jet.drops_after = 2
    async with w.listening():
        await w.until(lambda: w.state().first_ok_at)
        for n in range(60):
            w.jet.post(NASA, f"post {n}")
        w.jet.drops_after = 7  # the rewind brings the last ones again
        await w.until(lambda: len(w.texts()) >= 60, 60)
    assert sorted(w.texts()) == sorted(f"post {n}" for n in range(60))
    assert len(w.jet.opened) > 3
    assert w.state().failures == 0


async def test_posts_of_an_absence_are_heard_later(w: World) -> None:
    """What was written while nobody listened comes in from the cursor, which is a moment in microseconds."""
    async with w.listening():
        await w.until(lambda: w.state().first_ok_at)
        w.jet.post(NASA, "before")
        await w.until(lambda: w.texts() == ["before"])
    for n in range(300):
        w.jet.post(NASA, f"meanwhile {n}")
    before = w.cursor()
    async with w.listening():
        await w.until(lambda: len(w.texts()) == 301 and w.cursor() == w.jet.events[-1][0])
    assert int(w.jet.opened[-1]["cursor"][0]) == before - listen.REWIND


async def test_the_cursor_is_never_ahead_of_the_items(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed with a batch in hand: neither it nor its cursor is written, and it comes again."""
    async with w.listening():
        await w.until(lambda: w.state().first_ok_at)
    monkeypatch.setattr(listen, "GATHER", 60.0)
    start = w.cursor()
    async with w.listening():
        w.jet.post(NASA, "in hand")
        await w.jet.until(lambda: w.jet.sent == 1)
        await asyncio.sleep(0.1)
    assert (w.texts(), w.cursor()) == ([], start)
    monkeypatch.setattr(listen, "GATHER", 0.05)
    async with w.listening():
        await w.until(lambda: w.texts() == ["in hand"])


async def test_words_are_listened_for_in_everything(w: World) -> None:
    """Without accounts no account is asked for, and only posts with a word come in; the cursor moves with the others."""
    async with w.listening(w.source(words=("cohere",))):
        await w.until(lambda: w.state().first_ok_at)
        w.jet.post("did:plc:a", "Cohere was chosen")
        w.jet.post("did:plc:b", "lunch")
        await w.until(lambda: w.texts() == ["Cohere was chosen"] and w.cursor() == w.jet.events[-1][0])
    assert "wantedDids" not in w.jet.opened[0]


async def test_handles_are_resolved_and_remembered(w: World) -> None:
    """Once looked up, an account is known for good; its posts name it by its handle."""
    w.jet.handles["nasa.gov"] = NASA
    source = w.source(accounts=("nasa.gov",))
    for n in range(2):
        async with w.listening(source):
            await w.until(lambda: w.state().first_ok_at)
            w.jet.post(NASA, f"post {n}")
            await w.until(lambda: f"post {n}" in w.texts())  # noqa: B023  waited for within the round
    assert w.jet.resolved == ["nasa.gov"]
    with w.store.reading() as conn:
        assert set(conn.execute(select(items.c.author)).scalars()) == {"@nasa.gov"}


async def test_rubbish_lies_and_giants_stop_nothing(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken JSON, other people's posts, a time in the future, and a message too large to be taken: the good posts come through."""
    monkeypatch.setattr(listen, "MESSAGE_MOST", 20_000)
    w.jet.obeys_size = False
    async with w.listening():
        await w.until(lambda: w.state().first_ok_at)
        for rubbish in ("{", "null", "[]", '{"kind": []}', '"\\ud83d"', "[" * 10_000):
            w.jet.raw(rubbish)
        w.jet.event({"did": NASA, "time_us": w.jet.now_us() + 10**13, "kind": "identity"})
        w.jet.post(NASA, "one")
        await w.until(lambda: w.texts() == ["one"])
        giant = w.jet.now_us()
        w.jet.raw('{"kind": "' + "x" * 30_000 + '"}', giant)
        await w.jet.until(lambda: len(w.jet.opened) > 3 or w.jet.listeners == 0)
        w.jet.post(NASA, "two", at=giant + 9_000_000)
        await w.until(lambda: "two" in w.texts(), 60)
    assert w.cursor() <= int(time.time() * 1_000_000)


async def test_silence_of_everything_is_a_dead_connection(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of Bluesky never falls silent: a connection that does is opened again; of one account silence is usual."""
    monkeypatch.setattr("watcher.sources.jetstream.SILENCE", 0.3)
    w.jet.mute = True
    async with w.listening(w.source(words=("cohere",))):
        await w.jet.until(lambda: len(w.jet.opened) >= 3)
    opened = len(w.jet.opened)
    async with w.listening():
        await asyncio.sleep(0.8)
        assert len(w.jet.opened) == opened + 1


async def test_a_stream_that_stays_away_is_told_of_and_so_is_its_return(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One failed try is nobody's business; an outage that lasts is told once, and its end."""
    monkeypatch.setattr(listen, "REPORT", 0.0)
    async with w.listening():
        await w.until(lambda: w.state().first_ok_at)
        w.jet.status = 502
        await w.jet.drop()
        await w.until(lambda: w.state().health is Health.BROKEN)
        assert "502" in w.state().health_reason
        w.jet.status = 0
        monkeypatch.setattr(listen, "PROVEN", 0.1)
        await w.until(lambda: w.state().health is Health.OK)
    with w.store.reading() as conn:
        told = conn.execute(select(notices.c.text).order_by(notices.c.id)).scalars().all()
    assert [t.split(":")[0].split(",")[0] for t in told] == ["broken", "well again"]


@pytest.mark.parametrize(
    ("status", "health", "said"),
    [
        (429, Health.SLOW, "slow down"), (403, Health.BLOCKED, "refuses"), (404, Health.BROKEN, "nothing at this address"),
        (200, Health.BROKEN, "WebSocket"),
    ],
)  # fmt: skip
async def test_a_refusal_is_told_in_words(w: World, status: int, health: Health, said: str) -> None:
    """What the host answers instead of a stream is the source's health."""
    w.jet.status = status
    outcome = await Listener(w.source(), w.store, w.reach, w.committer).once()
    assert said in outcome.state.health_reason
    assert outcome.state.health is health


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:{port}", FetchReason.PRIVATE_ADDRESS), ("http://localhost:{port}", FetchReason.PRIVATE_ADDRESS),
        ("http://[::ffff:127.0.0.1]:{port}", FetchReason.PRIVATE_ADDRESS), ("http://nowhere.invalid", FetchReason.DNS),
    ],
)  # fmt: skip
async def test_no_private_address_is_listened_to(w: World, url: str, reason: FetchReason) -> None:
    """A name is looked up and what it leads to is checked before anything is connected to."""
    source = JetstreamSource(id="sky", url=url.format(port=w.jet.url.rpartition(":")[2]), accounts=(NASA,))
    async with Client(user_agent="t") as client:
        answer = await overhear(source, Reach(client, HostGate()))
    assert isinstance(answer.error, FetchError)
    assert answer.error.reason is reason
    assert w.jet.opened == []


async def test_one_process_listens_at_a_time_and_another_takes_over(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two watchers one holds the stream; when it dies the other begins where it was, and each post is one item."""
    monkeypatch.setattr("watcher.bus.lease.SECONDS", 1.0)
    monkeypatch.setattr("watcher.stream.SECONDS", 0.6)
    monkeypatch.setattr("watcher.stream.LOOK", 0.1)
    monkeypatch.setattr(Lease.__init__, "__kwdefaults__", {"seconds": 1.0})
    stop = asyncio.Event()
    watchers = []
    for _ in range(2):
        streams = Streams(w.store, w.bus, w.reach, w.committer)
        streams.sources = {"sky": w.source()}
        watchers.append(asyncio.create_task(streams.run(stop)))
        await w.jet.until(lambda: w.jet.listeners == 1)
    await w.until(lambda: w.state().first_ok_at)
    w.jet.post(NASA, "one")
    await w.until(lambda: w.texts() == ["one"])
    await asyncio.sleep(1.5)  # longer than a lease
    assert (w.jet.listeners, len(w.jet.opened)) == (1, 1)
    watchers[0].cancel()
    await w.jet.until(lambda: len(w.jet.opened) == 2)
    w.jet.post(NASA, "two")
    await w.until(lambda: w.texts() == ["one", "two"])
    await w.bus.redis.flushall()
    await asyncio.sleep(1.5)
    assert (w.jet.listeners, len(w.jet.opened)) == (1, 2)
    streams.sources = {}
    await w.jet.until(lambda: w.jet.listeners == 0)
    stop.set()
    await asyncio.gather(*watchers, return_exceptions=True)


async def test_once_hears_what_came_since_the_last_time(w: World) -> None:
    """The first round begins the stream; each later one brings all that was kept since, and ends by itself."""
    listener = Listener(w.source(), w.store, w.reach, w.committer)
    assert (await listener.once()).items == ()
    for n in range(250):
        w.jet.post(NASA, f"later {n}")
    outcome = await Listener(w.source(), w.store, w.reach, w.committer).once()
    assert {i.entry.summary for i in outcome.items} == {f"later {n}" for n in range(250)}
    assert (await Listener(w.source(), w.store, w.reach, w.committer).once()).items == ()


async def test_a_look_shows_posts_and_writes_nothing(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who checks a source sees the last day of its accounts."""
    monkeypatch.setattr(listen, "LOOK_FOR", 1.0)
    w.jet.post(NASA, "an hour ago", at=w.jet.now_us() - 3_600_000_000)
    answer = await overhear(w.source(), w.reach)
    assert answer.reading is not None
    assert [e.summary for e in answer.reading.parsed.entries] == ["an hour ago"]
    assert (w.texts(), w.state().first_ok_at) == ([], None)


async def test_a_gap_that_nobody_can_fill_is_told(w: World) -> None:
    """After more hours than the server keeps, the operator sees that the oldest posts are lost."""
    listener = Listener(w.source(), w.store, w.reach, w.committer)
    outcome = await listener.once()
    state = outcome.state
    long_ago = w.jet.now_us() - 50 * 3600 * 1_000_000
    with w.store.begin() as conn:
        save_states(conn, [replace(state, memo={**(state.memo or {}), "cursor": long_ago})])
    outcome = await Listener(w.source(), w.store, w.reach, w.committer).once()
    assert "50 hours" in outcome.state.health_reason


async def test_a_post_that_cannot_be_written_holds_up_no_other(w: World) -> None:
    """A batch with one that the store refuses: the others are written, and the stream goes on."""

    class Picky(Committer):
        async def commit(self, answer: Any) -> Any:
            if any("poison" in e.summary for e in answer.reading.parsed.entries):
                raise ValueError("not this one")
            return await super().commit(answer)

    w.committer = Picky(w.store, w.bus, DueSet(w.bus), lambda s: Policy(timedelta(hours=48), s.every), lambda: datetime.now(UTC))
    async with w.listening():
        await w.until(lambda: w.state().first_ok_at)
        for text in ("one", "poison", "two"):
            w.jet.post(NASA, text)
        await w.until(lambda: w.texts() == ["one", "two"] and w.cursor() == w.jet.events[-1][0])
