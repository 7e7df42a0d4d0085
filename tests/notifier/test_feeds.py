"""Alerts as feeds that any reader can follow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import feedparser
import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from notifier import feeds
from tests.notifier.world import NOW, TITLE, tell
from watcher.store import Store

PUBLIC = "https://concordat.example.org"


@pytest_asyncio.fixture
async def client(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the feeds, with two stories that rang, of which one is of policy, and one that rang nobody."""
    with store.begin() as conn:
        tell(conn, at=NOW, topics=["labs"])
        tell(conn, "<i>Odd</i> & new", outlet="reuters.com", at=NOW + timedelta(hours=1), topics=["policy"])
        tell(conn, "Quiet", at=NOW, rung_at=None)
    app = Starlette(routes=feeds.routes(store, PUBLIC))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        yield client


async def test_atom_is_read_by_a_reader(client: httpx.AsyncClient) -> None:
    """The newest first, with link, dates, tags and text; markup of others is text; what rang nobody is left out."""
    answer = await client.get("/feed.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    read = feedparser.parse(answer.content)
    assert not read.bozo
    assert [e.title_detail.value for e in read.entries] == ["<i>Odd</i> & new", TITLE]
    assert read.entries[0].title_detail.type == "text/plain"
    assert [t.term for t in read.entries[1].tags] == ["labs", "high"]
    assert read.entries[1].link == "https://lemonde.fr/x"
    assert "OpenAI × Los Alamos National Laboratory" in read.entries[1].summary
    assert len({e.id for e in read.entries}) == 2


async def test_json_feed(client: httpx.AsyncClient) -> None:
    """The same as JSON, with everything that is known of a story beside it."""
    answer = await client.get("/feed.json")
    feed = answer.json()
    assert (answer.headers["content-type"], feed["version"]) == ("application/feed+json", "https://jsonfeed.org/version/1.1")
    assert [i["title"] for i in feed["items"]] == ["<i>Odd</i> & new", TITLE]
    assert feed["items"][1]["_concordat"]["parties"][0]["name"] == "OpenAI"


@pytest.mark.parametrize("path", ["/feed.atom", "/feed.json"])
async def test_one_topic(client: httpx.AsyncClient, path: str) -> None:
    """`?topic=` leaves only stories of that topic; one that nobody knows is an empty feed."""
    assert TITLE not in (await client.get(path, params={"topic": "policy"})).text
    assert TITLE in (await client.get(path, params={"topic": "Labs"})).text
    empty = await client.get(path, params={"topic": '"><script>'})
    assert (empty.status_code, "<script>" in empty.text.replace('\\">', "")) == (200, path == "/feed.json")


async def test_an_unchanged_feed_is_not_sent_again(client: httpx.AsyncClient) -> None:
    """Whoever has it is told so."""
    mark = (await client.get("/feed.atom")).headers["etag"]
    again = await client.get("/feed.atom", headers={"If-None-Match": mark})
    assert (again.status_code, again.content) == (304, b"")
