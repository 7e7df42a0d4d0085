"""A listing page, a sitemap and a feed with whole articles through the whole program, as an operator runs it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from tests.e2e.program import Program
from tests.fakes.feedhost import FeedHost
from tests.fakes.pages import Site

TEXT = "\n".join(f"In step {i} the models of OpenAI are installed on Venado for researchers of laboratory number {i}." for i in range(6))


def stored(home: Path) -> set[tuple[str, str, bool, bool]]:
    """Source, title, whether it may ring, and whether its article's text is there."""
    with closing(sqlite3.connect(f"file:{home / 'data' / 'concordat.db'}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT source_id, title, quiet, content FROM items").fetchall()
    return {(source, title, quiet is None, "laboratory number 5" in content) for source, title, quiet, content in rows}


async def test_up_reads_pages_sitemaps_and_articles(tmp_path: Path) -> None:
    """What stood there rings nobody and is not fetched; what comes while it runs is an item with its words."""
    async with Site() as site, Site() as mapped, FeedHost() as host:
        feed = host.feed("press")
        site.article("/news/one", "The first story of the laboratory", TEXT)
        site.article("/news/two", "The second story of the laboratory", TEXT)
        feed.publish("1", "Old", url=site.article("/a/1", "Old", TEXT))
        program = Program(tmp_path)
        program.sources(
            {"id": "page", "kind": "page", "url": site.listing("/news", ["/news/one"]), "every": "1s"},
            {"id": "map", "kind": "sitemap", "url": mapped.sitemap("/sitemap.xml", ["/news/first-of-all"]), "every": "1s"},
            {"id": "press", "url": feed.url, "every": "1s", "fulltext": True},
        )
        await program.start("--only", "watcher,console")
        await program.ready()
        first = {
            ("page", "The first story of the laboratory", False, False),
            ("map", "First of all", False, False),
            ("press", "Old", False, False),
        }
        async with asyncio.timeout(60):
            while stored(tmp_path) != first:
                await asyncio.sleep(0.1)
        site.listing("/news", ["/news/two", "/news/one"])
        mapped.article("/news/x", "A title that only the page has", TEXT, published=datetime.now(UTC).isoformat())
        mapped.sitemap("/sitemap.xml", ["/news/first-of-all", "/news/x"])
        feed.publish("2", "New", url=site.article("/a/2", "New", TEXT))
        new = {
            ("page", "The second story of the laboratory", True, False),
            ("map", "A title that only the page has", True, False),
            ("press", "New", True, True),
        }
        async with asyncio.timeout(60):
            while stored(tmp_path) != first | new:
                await asyncio.sleep(0.1)
        assert await program.stop() == 0
        assert (site.count("/a/1"), site.count("/a/2"), mapped.count("/news/x"), mapped.count("/news/first-of-all")) == (0, 1, 1, 0)
