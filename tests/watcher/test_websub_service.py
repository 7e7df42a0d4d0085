"""WebSub against a strict hub on loopback: asked, verified, renewed, delivered, refused; and polling that goes on whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from sqlalchemy import select

from tests.fakes.hub import Hub
from tests.postgres import postgres
from tests.watcher.websub_world import World, world
from watcher.bus import PUSHES, Bus
from watcher.cadence import FASTEST, SLOWEST
from watcher.sources.entry import Hub as SourceHub
from watcher.sources.feed import FeedSource
from watcher.store import Store
from watcher.store.schema import upgrade
from watcher.store.sources import load_states
from watcher.store.tables import websub_inbox
from watcher.websub import record
from watcher.websub.subscription import Mode, Standing, verified


@pytest_asyncio.fixture
async def w(store: Store, bus: Bus) -> AsyncIterator[World]:
    """The world of these tests."""
    async with world(store, bus) as found:
        yield found


async def test_a_delivery_becomes_items_at_once(w: World) -> None:
    """Discovered by a poll, subscribed, verified, delivered, signed: the entry is an item, and the next poll brings it no second time."""
    granted = await w.subscribed()
    assert "/websub/" in granted.callback
    assert w.rows()[0].state is Standing.ACTIVE
    w.feed.publish("1", "Cohere signs with Ottawa")
    assert await w.push() == [202]
    assert await w.read() == ["Cohere signs with Ottawa"]
    assert (await w.poll()).items == ()
    assert (w.rows()[0].deliveries, w.rows()[0].ignored, w.waiting()) == (1, 0, 0)


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
async def test_every_method_of_signing_is_understood(w: World, method: str) -> None:
    """The four that the specification names."""
    await w.subscribed()
    w.feed.publish("1", "A title")
    assert await w.push(method=method) == [202]
    assert await w.read() == ["A title"]


@pytest.mark.parametrize("how", [{"sign": False}, {"secret": "guessed"}, {"method": "md5"}])
async def test_an_unsigned_delivery_is_ignored_and_not_told_so(w: World, how: dict[str, Any]) -> None:
    """Whoever guesses gets the same answer; nothing is kept, and it is counted."""
    await w.subscribed()
    w.feed.publish("1", "False news")
    assert await w.push(**how) == [202]
    assert await w.read() == []
    assert (w.waiting(), w.rows()[0].ignored, w.rows()[0].deliveries) == (0, 1, 0)


async def test_a_push_of_one_entry_is_no_feed_that_shrank(w: World) -> None:
    """It may hold only what is new: nothing of the source's memory of its last answer changes, nor when it is polled."""
    for n in range(5):
        w.feed.publish(str(n), f"Title {n}")
    await w.subscribed()
    with w.store.reading() as conn:
        before = load_states(conn)["press"]
    everything = w.feed.entries
    w.clock.forward(minutes=3)
    w.feed.replace([w.feed.publish("new", "Only this")])
    await w.push()
    assert (await w.read())[5:] == ["Only this"]
    with w.store.reading() as conn:
        after = load_states(conn)["press"]
    kept = ("etag", "last_modified", "body_hash", "seen", "memo", "next_at", "interval", "last_ok_at", "last_polled_at", "failures")
    assert [getattr(after, k) for k in kept] == [getattr(before, k) for k in kept]
    assert (after.items_read, after.last_new_at) == (6, w.clock())
    w.feed.replace([w.feed.entries[0], *everything])
    assert (await w.poll()).items == ()


async def test_a_push_says_nothing_of_how_the_host_does(w: World) -> None:
    """A source that cannot be polled stays as ill as it is, however well its hub delivers."""
    await w.subscribed()
    with w.store.reading() as conn:
        well = load_states(conn)["press"]
    w.feed.fault = _refuse
    failed = await w.poll()
    w.feed.publish("1", "All the same")
    await w.push()
    assert await w.read() == ["All the same"]
    with w.store.reading() as conn:
        after = load_states(conn)["press"]
    assert (after.failures, after.health, after.last_ok_at) == (failed.state.failures, failed.state.health, well.last_ok_at)
    assert after.failures == 1


async def test_deliveries_outlive_the_watcher_and_redis(w: World) -> None:
    """Acknowledged means kept: with nobody reading and Redis emptied, the sweep brings them back, and each is read once."""
    await w.subscribed()
    for n in range(3):
        w.feed.replace([w.feed.publish(f"id-{n}", f"Title {n}")])
        assert await w.push() == [202]
    await w.bus.redis.flushall()
    assert w.waiting() == 3
    w.clock.forward(seconds=5)
    assert await w.hubs.sweep() == 3
    stop = asyncio.Event()
    running = asyncio.create_task(w.hubs.run(stop))
    async with asyncio.timeout(30):
        while w.waiting():
            await asyncio.sleep(0.02)
    stop.set()
    await running
    assert sorted(await w.read()) == ["Title 0", "Title 1", "Title 2"]
    assert await w.bus.idle(PUSHES, "watcher")


async def test_a_delivery_read_by_two_watchers_is_written_once(w: World) -> None:
    """The bus may hand one delivery to two of them; the second finds nothing new."""
    await w.subscribed()
    w.feed.publish("1", "Once")
    await w.push()
    with w.store.reading() as conn:
        (row,) = conn.execute(select(websub_inbox.c.id)).scalars()
    await asyncio.gather(w.hubs.take([row]), w.hubs.take([row]), w.poll())
    await w.hubs.take([row])
    assert await w.read() == ["Once"]
    assert w.rows()[0].deliveries == 1


async def test_polling_slows_down_only_for_a_hub_that_delivers(w: World) -> None:
    """Never beyond an hour by itself; two polls that find what no push brought end it; `every` stays what the operator wrote."""
    await w.subscribed()
    assert (await w.poll()).interval < SLOWEST
    w.feed.publish("1", "Pushed")
    await w.push()
    await w.read()
    w.feed.publish("quiet", "")
    assert (await w.poll()).interval == SLOWEST
    for n in range(2):
        w.feed.publish(f"missed-{n}", f"Missed {n}")
        assert (await w.poll()).interval == SLOWEST
    w.feed.publish("missed-3", "Missed 3")
    assert FASTEST <= (await w.poll()).interval < SLOWEST
    await w.push()
    await w.read()
    w.sources["press"] = FeedSource(id="press", url=w.feed.url, every=timedelta(seconds=5))
    w.feed.publish("x", "Last")
    assert (await w.poll()).interval == timedelta(seconds=5)


async def test_only_what_was_asked_for_is_verified(w: World) -> None:
    """Another topic, another mode, an unknown or a malformed callback: 404, and nothing of the challenge comes back."""
    granted = await w.subscribed()
    for topic, mode in ((w.feed.url + "x", "subscribe"), (w.feed.url, "unsubscribe"), (w.feed.url, "publish"), (w.feed.url, "")):
        assert await w.hub.ask(granted.callback, mode, topic) == (404, "")
    base = granted.callback.rpartition("/")[0]
    for token in ("x" * 43, "short", "%00" * 10, "a/b"):
        assert (await w.hub.ask(f"{base}/{token}", "subscribe", w.feed.url))[0] == 404
    assert (await w.hub.ask(granted.callback, "subscribe", w.feed.url, challenge="x" * 5000))[0] == 404
    assert await w.hub.ask(granted.callback, "subscribe", w.feed.url, challenge="<b>again") == (200, "<b>again")


async def test_a_hub_that_lies_about_the_topic_gets_nothing(w: World) -> None:
    """We echo for our topic alone, so that nobody is subscribed to something else in our name."""
    w.hub.asks_for = "https://other.example/feed"
    await w.poll()
    await w.hubs.ask()
    await w.hub.until(lambda: bool(w.hub.answers))
    assert w.hub.answers == [(404, "")]
    assert (w.hub.granted, w.rows()[0].state) == ([], Standing.OFFERED)


async def test_leases_are_renewed_before_they_end(w: World) -> None:
    """Nothing is asked early; in the last quarter of the lease the hub is asked again, with the same callback and secret."""
    w.hub.lease = 7200
    first = await w.subscribed()
    w.clock.forward(minutes=80)
    await w.hubs.ask()
    assert len(w.hub.asked) == 1
    w.clock.forward(minutes=30)
    await w.hubs.ask()
    await w.hub.until(lambda: len(w.hub.answers) == 2)
    assert w.hub.granted == [first]
    assert w.rows()[0].lease_end == w.clock() + timedelta(hours=2)
    w.feed.publish("1", "Still here")
    assert await w.push() == [202]


async def test_a_denial_is_told_and_waited_out(w: World) -> None:
    """The reason stands beside the subscription; a day later the hub is asked again."""
    w.hub.deny = "no feed readers"
    await w.poll()
    await w.hubs.ask()
    await w.hub.until(lambda: bool(w.hub.answers))
    assert w.hub.answers == [(200, "")]
    assert (w.rows()[0].state, "no feed readers" in w.rows()[0].error) == (Standing.DENIED, True)
    w.clock.forward(hours=23)
    await w.hubs.ask()
    assert len(w.hub.asked) == 1
    w.hub.deny = ""
    w.clock.forward(hours=2)
    await w.hubs.ask()
    await w.hub.until(lambda: bool(w.hub.granted))


async def test_a_hub_that_fails_leaves_polling_alone(w: World) -> None:
    """An error waits as the hub says; the source is polled as if there were none; later it works."""
    w.hub.status, w.hub.retry_after = 500, "7200"
    await w.poll()
    await w.hubs.ask()
    assert "500" in w.rows()[0].error
    w.feed.publish("1", "Polled")
    assert [i.entry.title for i in (await w.poll()).items] == ["Polled"]
    w.clock.forward(minutes=110)
    await w.hubs.ask()
    assert len(w.hub.asked) == 1
    w.hub.status = 0
    w.clock.forward(minutes=20)
    await w.hubs.ask()
    await w.hub.until(lambda: bool(w.hub.granted))


async def test_a_busy_hub_is_left_alone_by_all_its_subscriptions(w: World) -> None:
    """429 and 503 speak for the hub's whole site: the next question waits without being sent."""
    w.hub.status, w.hub.retry_after = 503, "7200"
    await w.poll()
    await w.hubs.ask()
    w.clock.forward(minutes=121)
    await w.hubs.ask()
    assert len(w.hub.asked) == 1
    assert (w.rows()[0].failures, w.rows()[0].next_at > w.clock()) == (1, True)


@pytest.mark.parametrize("status", [307, 308])
async def test_a_hub_may_send_us_on(w: World, status: int) -> None:
    """307 and 308 lead to another hub, which gets the whole question."""
    async with Hub() as other:
        w.hub.redirect = (status, other.url)
        await w.poll()
        await w.hubs.ask()
        await other.until(lambda: bool(other.granted))
        assert other.asked[0]["hub.topic"] == w.feed.url
        w.feed.publish("1", "From there")
        assert await other.publish(w.feed.url, w.feed.body(), "application/rss+xml") == [202]
        assert await w.read() == ["From there"]


async def test_a_hub_that_sends_us_elsewhere_is_not_obeyed(w: World) -> None:
    """302 makes a question without its body: nobody is subscribed, and the subscription says so."""
    w.hub.redirect = (302, w.feed.url)
    await w.poll()
    await w.hubs.ask()
    assert w.rows()[0].state is Standing.OFFERED
    assert w.hub.granted == []


@pytest.mark.parametrize("why", ["gone", "declined", "moved"])
async def test_a_source_that_is_wanted_no_longer_is_unsubscribed(w: World, why: str) -> None:
    """Removed, `websub: false`, or read at another address: the hub is told, its question is answered, and the row goes away."""
    await w.subscribed()
    source = w.sources.pop("press")
    if why != "gone":
        url = source.url + ("?2" if why == "moved" else "")
        w.sources["press"] = FeedSource(id="press", url=url, websub=why != "declined")
    await w.hubs.settle()
    w.clock.forward(seconds=1)
    await w.hubs.ask()
    await w.hub.until(lambda: not w.hub.granted)
    assert w.hub.asked[-1]["hub.mode"] == "unsubscribe"
    assert w.hub.answers[-1][0] == 200
    w.clock.forward(hours=2)
    await w.hubs.ask()
    assert w.rows() == []


async def test_a_delivery_after_the_end_is_turned_away(w: World) -> None:
    """410 tells the hub to forget us; what came for a source that is gone is dropped."""
    await w.subscribed()
    w.feed.publish("1", "Too late")
    await w.push()
    w.sources.clear()
    assert await w.read() == []
    await w.hubs.settle()
    assert await w.push() == [410]
    assert (w.waiting(), w.hub.granted) == (0, [])


async def test_a_source_that_names_another_hub_moves_to_it(w: World) -> None:
    """The old hub is left, the new one asked; not within the first hour."""
    await w.subscribed()
    async with Hub() as other:
        w.feed.headers = other.links(w.feed.url)
        w.feed.publish("1", "One")
        await w.poll()
        assert len(w.rows()) == 1
        w.clock.forward(hours=2)
        w.feed.publish("2", "Two")
        await w.poll()
        await w.hubs.ask()
        await other.until(lambda: bool(other.granted))
        await w.hub.until(lambda: not w.hub.granted)


async def test_a_source_is_subscribed_once(w: World) -> None:
    """Two watchers that read one source at the same moment may both find its hub: the older subscription is left."""
    await w.subscribed()
    with w.store.begin() as conn:
        record.heed(conn, None, "press", w.feed.url, SourceHub(w.hub.url, w.feed.url), news=False, now=w.clock())
    await w.hubs.settle()
    await w.hubs.ask()
    await w.hub.until(lambda: len(w.hub.answers) == 3)
    assert [s.state for s in w.rows()] == [Standing.ENDED, Standing.ACTIVE]


def test_the_record_is_the_same_on_postgresql() -> None:
    """Found, claimed by one of two, verified, delivered, read once, left."""
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    with postgres() as url:
        store = Store(url.replace("postgresql://", "postgresql+psycopg://"))
        upgrade(store)
        with store.begin() as conn:
            record.heed(conn, None, "press", "https://h.example/f", SourceHub("https://hub.example/", "https://h.example/f"), False, now)
        with store.begin() as first, store.begin() as second:
            ((sub, mode),) = record.claim(first, now, 5)
            assert record.claim(second, now, 5) == []
        assert mode is Mode.SUBSCRIBE
        with store.begin() as conn:
            after = record.change(conn, sub.token, lambda s: verified(s, "subscribe", s.topic, 3600, now, 0.5))
            assert after is not None
            row = record.receive(conn, after.id, {"content-type": "text/xml"}, b"\x00<rss/>", now)
            assert row is not None
        with store.begin() as conn:
            (push,) = record.load(conn, record.waiting(conn, 5, now + timedelta(seconds=1)))
            assert (push.body, push.headers, push.source_id) == (b"\x00<rss/>", {"content-type": "text/xml"}, "press")
            assert (record.read(conn, push.id, now), record.read(conn, push.id, now)) == (True, False)
            assert record.of_sources(conn)["press"].deliveries == 1
            assert record.settle(conn, {}, now) == 1
            assert record.of_sources(conn) == {}
        store.close()


async def _refuse(*_: object) -> aiohttp.web.StreamResponse:
    return aiohttp.web.Response(status=500)
