"""The fakes of social networks keep what the networks document, so that a reader that passes here asks as it may."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.fakes.social import CHANNEL, Social


@pytest_asyncio.fixture
async def social() -> AsyncIterator[Social]:
    """Every network, with twenty posts on each."""
    async with Social() as social:
        for i in range(20):
            social.speak(f"OpenAI {i}")
        yield social


async def get(url: str, token: str = "", **query: str) -> tuple[int, Any, Any]:
    """Status, body (JSON where it is) and headers."""
    headers = {"User-Agent": "Concordat/test"} | ({"Authorization": f"Bearer {token}"} if token else {})
    async with aiohttp.ClientSession() as session, session.get(url, params=query, headers=headers, allow_redirects=False) as answer:
        body = await answer.text()
        return answer.status, json.loads(body) if "json" in answer.content_type else body, answer.headers


async def test_bluesky_pages_by_cursor_and_refuses_by_name(social: Social) -> None:
    """A cursor leads to the next page and ends; mistakes have XRPC's form; searches want a session."""
    feed = f"{social.bluesky.base}/xrpc/app.bsky.feed.getAuthorFeed"
    _, first, _ = await get(feed, actor="ec.europa.eu", limit="15")
    _, rest, _ = await get(feed, actor="ec.europa.eu", limit="15", cursor=first["cursor"])
    texts = [item["post"]["record"]["text"] for item in (*first["feed"], *rest["feed"])]
    assert (texts, "cursor" in rest) == ([f"OpenAI {i}" for i in reversed(range(20))], False)
    for wrong in ({"limit": "101"}, {"limit": "x"}, {"filter": "none"}):
        status, body, _ = await get(feed, actor="ec.europa.eu", **wrong)
        assert (status, body["error"]) == (400, "InvalidRequest")
    assert (await get(feed, actor="nobody.example"))[1]["message"] == "Profile not found"
    search = f"{social.bluesky.base}/xrpc/app.bsky.feed.searchPosts"
    assert (await get(search, q="x"))[0] == 403
    assert (await get(search, "old", q="x"))[1]["error"] == "ExpiredToken"


async def test_bluesky_counts_sign_ins(social: Social) -> None:
    """Thirty in five minutes, then 429 with the moment of its end."""
    url = f"{social.bluesky.base}/xrpc/com.atproto.server.createSession"
    given = {"identifier": social.bluesky.handle, "password": social.bluesky.password}
    async with aiohttp.ClientSession() as session:
        for _ in range(30):
            async with session.post(url, json=given) as answer:
                assert answer.status == 200
        async with session.post(url, json=given) as answer:
            assert (answer.status, "ratelimit-reset" in answer.headers) == (429, True)


async def test_mastodon_links_to_older_pages_while_there_are_any(social: Social) -> None:
    """`next` stands beside a full page only; at most forty come, whatever is asked for; ids above `since_id` only."""
    url = f"{social.mastodon.base}/api/v1/accounts/{social.mastodon.account('bund')}/statuses"
    _, page, headers = await get(url, limit="15")
    assert (len(page), 'rel="next"' in headers["Link"]) == (15, True)
    _, page, headers = await get(url, limit="40")
    assert (len(page), 'rel="next"' in headers["Link"]) == (20, False)
    _, page, headers = await get(url, since_id=page[0]["id"])
    assert (page, "Link" in headers) == ([], False)
    social.mastodon.closed = True
    assert (await get(url))[0] == 401
    assert (await get(url, social.mastodon.token))[0] == 200


async def test_x_wants_its_limits_kept_and_charges(social: Social) -> None:
    """Pages from ten to a hundred, known parameters only, a token; what it gives is on the meter."""
    url = f"{social.x.base}/2/tweets/search/recent"
    assert (await get(url, query="openai"))[0] == 401
    for wrong in ({"max_results": "9"}, {"max_results": "101"}, {"count": "10"}, {"query": "x" * 513}):
        assert (await get(url, social.x.token, **{"query": "openai", **wrong}))[0] == 400
    assert social.x.charged == 0
    _, page, _ = await get(url, social.x.token, query="openai", max_results="15")
    _, rest, _ = await get(url, social.x.token, query="openai", max_results="15", next_token=page["meta"]["next_token"])
    assert ([len(page["data"]), len(rest["data"])], social.x.charged) == ([15, 5], 20)
    _, none, _ = await get(url, social.x.token, query="openai", since_id=page["meta"]["newest_id"])
    assert none == {"meta": {"result_count": 0}}


async def test_hackernews_gives_a_thousand_hits_a_query(social: Social) -> None:
    """However many pages are asked for."""
    for i in range(1_100):
        social.hackernews.story(f"Many {i}")
    url = f"{social.hackernews.base}/api/v1/search_by_date"
    pages = [await get(url, query="many", hitsPerPage="500", page=str(n)) for n in range(3)]
    assert [len(p[1]["hits"]) for p in pages] == [500, 500, 0]
    assert pages[0][1]["nbHits"] == 1_100
    assert (await get(url, numericFilters="created_at_i~3"))[0] == 400


async def test_reddit_and_youtube_serve_feeds(social: Social) -> None:
    """The newest first; unknown names lead elsewhere, or nowhere."""
    status, body, headers = await get(f"{social.reddit.base}/r/hpc/new/.rss")
    assert (status, "atom" in headers["Content-Type"], body.count("<entry>")) == (200, True, 20)
    assert (await get(f"{social.reddit.base}/r/nosuch/new/.rss"))[0] == 302
    status, body, _ = await get(f"{social.youtube.base}/feeds/videos.xml", channel_id=CHANNEL)
    assert (status, body.count("<entry>"), body.index("OpenAI 19") < body.index("OpenAI 18")) == (200, 15, True)
    assert (await get(f"{social.youtube.base}/feeds/videos.xml", channel_id="UCno"))[0] == 404


@pytest.mark.parametrize("kind", ["bluesky", "mastodon", "x", "reddit", "hackernews", "youtube"])
def test_there_is_a_source_of_each_kind(kind: str) -> None:
    """So that a test that reads them all misses none."""
    assert kind in {source["kind"] for source in Social().sources()}
