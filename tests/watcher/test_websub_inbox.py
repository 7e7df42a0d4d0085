"""What reaches the callback and its inbox: rubbish, bombs, floods and broken connections stop nothing, and nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from sqlalchemy import insert, select, update

from tests.watcher.websub_world import World, world
from watcher.bus import PUSHES, Bus
from watcher.store import Store
from watcher.store.tables import dead_letters, websub_inbox
from watcher.websub.record import WAITING_MOST
from watcher.websub.web import BODY_MOST


@pytest_asyncio.fixture
async def w(store: Store, bus: Bus) -> AsyncIterator[World]:
    """The world of these tests."""
    async with world(store, bus) as found:
        yield found


@pytest.mark.parametrize("body", [b"", b"<html><body>moved</body></html>", b"\x00\xff" * 500, b"[" * 100_000, b"{}"])
async def test_a_delivery_of_no_use_is_dropped_with_its_reason(w: World, body: bytes) -> None:
    """Signed rubbish stops nothing: it stands beside the subscription why, and the next delivery is read."""
    await w.subscribed()
    assert await w.push(body) == [202]
    assert await w.read() == []
    assert "of no use" in w.rows()[0].error
    w.feed.publish("1", "Good")
    await w.push()
    assert await w.read() == ["Good"]


async def test_a_packed_delivery_is_unpacked_within_limits(w: World) -> None:
    """gzip is read; what unpacks to more than a feed may hold is dropped."""
    await w.subscribed()
    w.feed.publish("1", "Packed")
    packed = {"Content-Encoding": "gzip"}
    assert await w.push(gzip.compress(w.feed.body()), headers=packed) == [202]
    assert await w.push(gzip.compress(b" " * 30_000_000), headers=packed) == [202]
    assert await w.read() == ["Packed"]
    assert "larger" in w.rows()[0].error


async def test_the_inbox_is_bounded(w: World) -> None:
    """Too large is 413; too many that nobody reads is 503, so that the hub keeps them; nothing was acknowledged that is not kept."""
    await w.subscribed()
    assert await w.push(b" " * (BODY_MOST + 1)) == [413]
    sub = w.rows()[0]
    row = {"subscription_id": sub.id, "at": w.clock(), "headers": {}, "body": b"", "size": 0}
    with w.store.begin() as conn:
        conn.execute(insert(websub_inbox), [row] * WAITING_MOST)
    w.feed.publish("1", "Later")
    assert await w.push() == [503]
    assert await w.read() == []
    assert await w.push() == [202]
    assert await w.read() == ["Later"]


async def test_a_poison_delivery_becomes_a_dead_letter(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails again and again is set aside once, and no sweep brings it back until it is replayed."""
    await w.subscribed()
    w.feed.publish("1", "Poison")
    await w.push()
    with w.store.reading() as conn:
        (row,) = conn.execute(select(websub_inbox.c.id)).scalars()
    await w.hubs._on_dead(PUSHES, row, "ValueError: x", 5)
    w.clock.forward(minutes=1)
    assert await w.read() == []
    with w.store.begin() as conn:
        assert [tuple(r) for r in conn.execute(select(dead_letters.c.stream, dead_letters.c.ref))] == [(PUSHES, str(row))]
        conn.execute(update(websub_inbox).values(dead_at=None))
    assert await w.read() == ["Poison"]


async def test_a_callback_takes_nothing_but_its_two_methods(w: World) -> None:
    """PUT and DELETE are refused; a hub that breaks off in the middle of a body leaves nothing behind."""
    granted = await w.subscribed()
    async with aiohttp.ClientSession() as session:
        for method in ("PUT", "DELETE", "PATCH"):
            async with session.request(method, granted.callback) as answer:
                assert answer.status == 405
    host, port = granted.callback.split("/")[2].split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    path = granted.callback.split(port, 1)[1]
    writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    w.feed.publish("1", "Whole")
    assert await w.push() == [202]
    assert await w.read() == ["Whole"]
