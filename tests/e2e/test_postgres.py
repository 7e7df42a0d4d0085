"""The same program on PostgreSQL, with its stages in processes of their own on one Redis, as the compose file runs it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import notifier.tables  # noqa: F401  every storey's tables stand on the one metadata
from tests.e2e.program import Program
from tests.e2e.test_nothing_lost import headline
from tests.fakes.feedhost import FeedHost
from tests.fakes.telegram import Telegram
from tests.postgres import postgres
from watcher.bus.embedded import EmbeddedRedis
from watcher.store import Store, metadata
from watcher.store.schema import upgrade

CHAT = 7


@pytest.mark.timeout(300)
async def test_stages_in_processes_of_their_own(tmp_path: Path) -> None:
    """Two watchers, two rules processes and a notifier on one PostgreSQL and one Redis: each item alerts once."""
    server = EmbeddedRedis(tmp_path / "redis")
    with postgres() as url:
        store = Store(url.replace("postgresql://", "postgresql+psycopg://"))
        assert upgrade(store) is True
        assert upgrade(store) is False
        with store.reading() as conn:
            assert compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), metadata) == []
        store.close()
        await asyncio.to_thread(server.start)
        try:
            async with FeedHost() as host, Telegram() as telegram:
                feed = host.feed("press")
                shared = {"database_url": url, "redis_url": server.url, "telegram_api_url": telegram.url}
                stages = ["watcher,console", "watcher,console", "rules,console", "rules,console", "notifier,console"]
                programs = []
                for number, only in enumerate(stages):
                    token = {"telegram_token": telegram.token} if "notifier" in only else {}
                    program = Program(tmp_path / str(number), **shared, **token)
                    program.sources({"id": "press", "url": feed.url, "every": "1s"})
                    programs.append((program, only))
                await programs[0][0].run("subscribers", "add", "--telegram", str(CHAT))
                for program, only in programs:
                    await program.start("--only", only)
                for program, _ in programs:
                    await program.ready()
                await host.until(lambda: bool(feed.statuses), 90)
                titles = [headline(n) for n in range(6)]
                for n, title in enumerate(titles):
                    feed.publish(f"id-{n}", title)
                await telegram.until(lambda: all(any(t in m.text for m in telegram.to(CHAT)) for t in titles), 60)
                for program, _ in programs:
                    assert await program.stop() == 0, program.log[-2000:]
                assert len(telegram.to(CHAT)) == len(titles)
        finally:
            await asyncio.to_thread(server.stop)
