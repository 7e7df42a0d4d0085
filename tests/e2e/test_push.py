"""What arrives by push, through the whole program: a hub's delivery becomes an item while its feed is hardly polled."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from tests.e2e.program import Program
from tests.fakes.feedhost import FeedHost
from tests.fakes.hub import Hub
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
