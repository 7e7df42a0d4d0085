"""What arrives by push, through the whole program: what a hub delivers, and what is heard on a stream."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.program import Program
from tests.e2e.test_nothing_lost import headline
from tests.fakes.feedhost import FeedHost
from tests.fakes.hub import Hub
from tests.fakes.jetstream import Jetstream
from tests.fakes.telegram import Telegram

CHAT = 7
NEWS = "Cohere was awarded a contract by NATO for programme Avrolin worth $11 million"


async def test_a_delivery_rings_long_before_the_next_poll(tmp_path: Path) -> None:
    """The callback in one process, the watcher in another: acknowledged, written, matched, told; the secret in no log."""
    async with FeedHost() as host, Hub() as hub, Telegram() as telegram:
        feed = host.feed("press")
        feed.headers = hub.links(feed.url)
        console = Program(tmp_path)
        console.env["CONCORDAT_PUBLIC_URL"] = f"http://127.0.0.1:{console.port}"
        public = console.env["CONCORDAT_PUBLIC_URL"]
        stages = Program(tmp_path, telegram_token=telegram.token, telegram_api_url=telegram.url, public_url=public)
        stages.sources({"id": "press", "url": feed.url, "every": "1h"})
        await stages.run("subscribers", "add", "--telegram", str(CHAT))
        await console.start("--only", "console")
        await console.ready()
        await stages.start("--only", "watcher,rules,notifier,console")
        await stages.ready()
        await hub.until(lambda: bool(hub.granted), 60)
        polled = len(feed.requests)
        feed.publish("1", NEWS)
        assert await hub.publish(feed.url, feed.body(), "application/rss+xml") == [202]
        assert await hub.publish(feed.url, feed.body(), "application/rss+xml", secret="guessed") == [202]
        await telegram.until(lambda: any(NEWS in m.text for m in telegram.to(CHAT)), 60)
        assert len(feed.requests) == polled
        code, out, _ = await stages.run("sources", "list", "--json")
        assert code == 0
        assert json.loads(out)[0]["push"].startswith("active until")
        assert await stages.stop() == 0
        assert await console.stop() == 0
        token, secret = hub.granted[0].callback.rpartition("/")[2], hub.granted[0].secret
        assert token not in stages.log + console.log
        assert secret not in stages.log + console.log
        with sqlite3.connect(tmp_path / "data" / "concordat.db") as db:
            assert db.execute("SELECT deliveries, ignored FROM websub_subscriptions").fetchall() == [(1, 1)]
            assert db.execute("SELECT count(*) FROM websub_inbox").fetchone() == (0,)
        db.close()


def _posts(home: Path) -> Counter[str]:
    with sqlite3.connect(home / "data" / "concordat.db") as db:
        found = Counter(row[0] for row in db.execute("SELECT summary FROM items"))
    db.close()
    return found


async def _until_all(home: Path, texts: list[str], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not set(texts) <= set(await asyncio.to_thread(_posts, home)):
            await asyncio.sleep(0.1)


async def test_a_post_rings_when_it_is_written(tmp_path: Path) -> None:
    """Resolved, listened to, matched, told; `sources list` and `sources check` know the stream, `once` hears what it missed."""
    async with Jetstream(handles={"nasa.gov": "did:plc:nasa"}) as jet, Telegram() as telegram:
        program = Program(tmp_path, telegram_token=telegram.token, telegram_api_url=telegram.url)
        program.sources({"id": "sky", "kind": "jetstream", "url": jet.url, "directory": jet.url, "accounts": ["nasa.gov"]})
        await program.run("subscribers", "add", "--telegram", str(CHAT))
        await program.start()
        await program.ready()
        await jet.until(lambda: jet.listeners, 60)
        jet.post("did:plc:nasa", NEWS)
        await telegram.until(lambda: any(NEWS in m.text for m in telegram.to(CHAT)), 60)
        assert await program.stop() == 0
        _, out, _ = await program.run("sources", "list", "--json")
        assert [(s["kind"], s["health"], s["items"]) for s in json.loads(out)] == [("jetstream", "ok", 1)]
        code, out, _ = await program.run("sources", "check", "sky")
        assert code == 0
        assert "Cohere was awarded" in out
        jet.post("did:plc:nasa", headline(3))
        code, out, err = await program.run("once", "--json")
        assert (code, json.loads(out)["new_items"]) == (0, 1), err
        assert _posts(tmp_path) == {NEWS: 1, headline(3): 1}


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_kills_in_the_middle_of_a_stream(tmp_path: Path) -> None:
    """SIGKILL again and again while posts come and connections drop: every post is one item."""
    chance = random.Random(6)
    async with Jetstream() as jet:
        program = Program(tmp_path)
        program.sources({"id": "sky", "kind": "jetstream", "url": jet.url, "words": ["programme"]})
        await program.start("--only", "watcher,console")
        await program.ready()
        await jet.until(lambda: jet.listeners, 60)
        texts = [headline(n) for n in range(250)]

        async def write() -> None:
            for n, text in enumerate(texts):
                jet.post(f"did:plc:{n}", text)
                jet.post(f"did:plc:{n}", "lunch")
                await asyncio.sleep(0.1)

        writing = asyncio.create_task(write())
        for _ in range(3):
            await asyncio.sleep(chance.uniform(1.0, 5.0))
            await jet.drop()
            await asyncio.sleep(chance.uniform(0.5, 3.0))
            await program.kill()
            await program.start("--only", "watcher,console")
            opened = len(jet.opened)
            await jet.until(lambda opened=opened: len(jet.opened) > opened, 60)  # type: ignore[misc]
        await writing
        await _until_all(tmp_path, texts, 90)
        assert await program.stop() == 0
        assert set(_posts(tmp_path).values()) == {1}
        assert set(_posts(tmp_path)) == set(texts)
