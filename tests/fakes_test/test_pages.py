"""The fake site keeps to what real ones do: validators, status codes, and sitemaps as their protocols have them."""

from __future__ import annotations

import asyncio
import gzip
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest_asyncio

from tests.fakes.pages import NEWS, SITEMAP, Site, Story


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    """An empty one."""
    async with Site() as site:
        yield site


async def test_a_page_is_answered_with_304_when_it_is_known(site: Site) -> None:
    """By its ETag, until it changes; one that is not there is 404."""
    url = site.put("/a", "one")
    async with aiohttp.ClientSession() as http:
        async with http.get(url) as first:
            tag = first.headers["ETag"]
            assert (first.status, await first.text()) == (200, "one")
        async with http.get(url, headers={"If-None-Match": tag}) as again:
            assert again.status == 304
        site.put("/a", "two")
        async with http.get(url, headers={"If-None-Match": tag}) as changed:
            assert await changed.text() == "two"
        async with http.get(f"{site.base}/b") as missing:
            assert missing.status == 404
    assert (site.asked, site.statuses) == (["/a", "/a", "/a", "/b"], [200, 304, 200, 404])


async def test_sitemaps_are_well_formed(site: Site) -> None:
    """A plain one packed as a file, an index, and news with Google's names."""
    plain, index = site.sitemap("/s.xml.gz", ["/a"], lastmod={"/a": "2026-11-24"}, packed=True), site.index("/i.xml", {"/s.xml.gz": ""})
    news = site.news_sitemap("/n.xml", [Story("/n/1", "A & B", datetime(2026, 11, 24, tzinfo=UTC), "fr")])
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        async with http.get(plain) as answer:
            assert "Content-Encoding" not in answer.headers
            tree = ET.fromstring(gzip.decompress(await answer.read()))
        assert [e.text for e in tree.iter(f"{{{SITEMAP}}}loc")] == [f"{site.base}/a"]
        async with http.get(index) as answer:
            assert [e.text for e in ET.fromstring(await answer.read()).iter(f"{{{SITEMAP}}}loc")] == [plain]
        async with http.get(news) as answer:
            assert [e.text for e in ET.fromstring(await answer.read()).iter(f"{{{NEWS}}}title")] == ["A & B"]


async def test_it_counts_what_is_open_at_once(site: Site) -> None:
    """Held answers show how many were asked for together."""
    urls = [site.put(f"/{i}", "x", wait=0.2) for i in range(3)]
    async with aiohttp.ClientSession() as http:
        await asyncio.gather(*(http.get(url) for url in urls))
    assert site.most_at_once == 3
