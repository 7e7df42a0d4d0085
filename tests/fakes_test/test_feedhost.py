"""The feed host: forms that readers parse, validators that hold, faults that happen as named."""

from __future__ import annotations

import asyncio
import calendar
import contextlib
import io
import json
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import aiohttp
import feedparser
import pytest

from tests.fakes import feedfaults
from tests.fakes.feedforms import Form
from tests.fakes.feedhost import Feed, FeedHost

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

NOON = datetime(2025, 1, 30, 12, tzinfo=UTC)


def scenario(play: Callable[[FeedHost, Feed, aiohttp.ClientSession], Awaitable[None]]) -> None:
    """Run a play against a host with one feed of one entry."""

    async def run() -> None:
        async with FeedHost() as host, aiohttp.ClientSession() as client:
            feed = host.feed("press")
            feed.publish("1", "Venado & OpenAI", "A <b>summary</b>", author="Lab", published=NOON)
            await play(host, feed, client)

    asyncio.run(run())


@pytest.mark.parametrize("form", [Form.RSS, Form.ATOM, Form.RDF])
def test_xml_forms_say_the_same(form: Form) -> None:
    """RSS, Atom and RDF carry the same entries, as an independent parser reads them."""

    async def play(host: FeedHost, feed: Feed, client: aiohttp.ClientSession) -> None:
        feed.form = form
        async with client.get(feed.url) as answer:
            assert answer.content_type == form.value
            read = feedparser.parse(io.BytesIO(await answer.read()))
        assert not read.bozo
        entry = read.entries[0]
        assert entry.title in {"Venado & OpenAI", "Venado &amp; OpenAI"}
        assert (entry.link, entry.summary) == (f"{host.base}/a/press/1", "A <b>summary</b>")
        stamp = entry.get("published_parsed") or entry.updated_parsed
        assert datetime.fromtimestamp(calendar.timegm(stamp), UTC) == NOON

    scenario(play)


def test_json_form() -> None:
    """JSON Feed 1.1 has its version, and each item an id and content."""

    async def play(host: FeedHost, feed: Feed, client: aiohttp.ClientSession) -> None:
        feed.form = Form.JSON
        async with client.get(feed.url) as answer:
            assert answer.content_type == "application/feed+json"
            document = json.loads(await answer.read())
        assert document["version"] == "https://jsonfeed.org/version/1.1"
        item = document["items"][0]
        assert (item["id"], item["content_html"], item["date_published"]) == (
            "1",
            "A <b>summary</b>",
            "2025-01-30T12:00:00Z",
        )

    scenario(play)


def test_etag_answers_304_until_a_change() -> None:
    """The same ETag, strong, weak or in a list, gets 304 without a body; a new entry gets 200 and another ETag."""

    async def play(host: FeedHost, feed: Feed, client: aiohttp.ClientSession) -> None:
        async with client.get(feed.url) as answer:
            tag = answer.headers["ETag"]
        for asked in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            async with client.get(feed.url, headers={"If-None-Match": asked}) as answer:
                assert (answer.status, await answer.read(), answer.headers["ETag"]) == (304, b"", tag)
        feed.publish("2", "News")
        async with client.get(feed.url, headers={"If-None-Match": tag}) as answer:
            assert answer.status == 200
            assert answer.headers["ETag"] != tag

    scenario(play)


def test_last_modified_answers_304_until_a_change() -> None:
    """The date alone works too, even for two changes within one second, and never overrules an ETag that differs."""

    async def play(host: FeedHost, feed: Feed, client: aiohttp.ClientSession) -> None:
        async with client.get(feed.url) as answer:
            date = answer.headers["Last-Modified"]
        for headers, status in (
            ({"If-Modified-Since": date}, 304),
            ({"If-Modified-Since": "yesterday"}, 200),
            ({"If-Modified-Since": date, "If-None-Match": '"other"'}, 200),
        ):
            async with client.get(feed.url, headers=headers) as answer:
                assert answer.status == status
        feed.publish("2", "News")
        async with client.get(feed.url, headers={"If-Modified-Since": date}) as answer:
            assert answer.status == 200

    scenario(play)


def test_no_validators() -> None:
    """A feed may offer neither validator, and then never answers 304."""

    async def play(host: FeedHost, feed: Feed, client: aiohttp.ClientSession) -> None:
        feed.etag = feed.last_modified = False
        async with client.get(feed.url, headers={"If-None-Match": "*"}) as answer:
            assert answer.status == 200
            assert not {"ETag", "Last-Modified"} & set(answer.headers)

    scenario(play)


def test_log_and_pages() -> None:
    """Every request is on record with headers and status, pages and unknown paths too."""

    async def play(host: FeedHost, feed: Feed, client: aiohttp.ClientSession) -> None:
        feed.gzip = True
        page = host.page("/story", "<p>Text</p>")
        for url in (feed.url, page, host.base + "/nowhere"):
            async with client.get(url, headers={"User-Agent": "Reader/1"}):
                pass
        await host.until(lambda: [r.status for r in host.requests] == [200, 200, 404])
        assert host.requests[0].headers["User-Agent"] == "Reader/1"
        assert feed.statuses == [200]

    scenario(play)


def test_retry_after_in_both_spellings() -> None:
    """Retry-After comes in seconds or as an HTTP date; queued faults answer once each, in order."""

    async def play(host: FeedHost, feed: Feed, client: aiohttp.ClientSession) -> None:
        feed.faults.append(feedfaults.status(429, retry_after=30))
        feed.faults.append(feedfaults.status(503, retry_after=NOON))
        seen = []
        for _ in range(3):
            async with client.get(feed.url) as answer:
                seen.append((answer.status, answer.headers.get("Retry-After")))
        assert seen == [(429, "30"), (503, "Thu, 30 Jan 2025 12:00:00 GMT"), (200, None)]

    scenario(play)


def test_redirects() -> None:
    """A redirect goes where it was told, and to itself without end."""

    async def play(host: FeedHost, feed: Feed, client: aiohttp.ClientSession) -> None:
        moved = host.feed("moved")
        moved.fault = feedfaults.redirect(feed.url, 301)
        async with client.get(moved.url) as answer:
            assert (answer.status, str(answer.url)) == (200, feed.url)
        feed.fault = feedfaults.redirect(feed.url)
        with pytest.raises(aiohttp.TooManyRedirects):
            await client.get(feed.url)

    scenario(play)


def test_wrong_bodies() -> None:
    """HTML, nothing, garbage and a wrong charset all come with 200."""

    async def play(host: FeedHost, feed: Feed, client: aiohttp.ClientSession) -> None:
        feed.publish("2", "Café", published=NOON)
        got = []
        faults = (
            feedfaults.page(),
            feedfaults.empty(),
            feedfaults.garbage(),
            feedfaults.wrong_charset("utf-8", "latin-1"),
        )
        feed.faults.extend(faults)
        for _ in faults:
            async with client.get(feed.url) as answer:
                assert answer.status == 200
                got.append(await answer.read())
        assert b"<html" in got[0]
        assert got[1] == b""
        assert b"\x00" in got[2]
        assert b"Caf\xe9" in got[3]

    scenario(play)


def test_bomb_and_flood() -> None:
    """A gzip bomb is small on the wire and large unpacked; a huge body has no announced length."""

    async def play(host: FeedHost, feed: Feed, client: aiohttp.ClientSession) -> None:
        feed.faults.extend([feedfaults.gzip_bomb(20), feedfaults.huge(3)])
        async with aiohttp.ClientSession(auto_decompress=False) as raw, raw.get(feed.url) as answer:
            body = await answer.read()
        assert len(body) < 100_000
        unpacked, rest = 0, body
        while rest:
            member = zlib.decompressobj(31)
            unpacked += len(member.decompress(rest))
            rest = member.unused_data
        assert unpacked > 20 << 20
        async with client.get(feed.url) as answer:
            assert answer.content_length is None
            assert len(await answer.read()) > 3 << 20

    scenario(play)


@pytest.mark.parametrize("fault", [feedfaults.reset_midway(), feedfaults.wrong_length()])
def test_broken_bodies(fault: feedfaults.Fault) -> None:
    """A reset, or fewer bytes than promised, breaks the reading of the body."""

    async def play(host: FeedHost, feed: Feed, client: aiohttp.ClientSession) -> None:
        feed.fault = fault
        answer = await client.get(feed.url)
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientError):
            await answer.read()

    scenario(play)


def test_hang_and_drip_outlast_a_reader() -> None:
    """Neither a hang nor a drip ends by itself; both end when the reader leaves, and are no longer open then."""

    async def play(host: FeedHost, feed: Feed, client: aiohttp.ClientSession) -> None:
        for fault in (feedfaults.hang(), feedfaults.drip(0.05)):
            feed.fault = fault
            with contextlib.suppress(TimeoutError):
                async with client.get(feed.url, timeout=aiohttp.ClientTimeout(total=0.2)) as answer:
                    await answer.read()
                    pytest.fail("the body came to an end")
            await host.until(lambda: host.open == 0)

    scenario(play)


def test_requests_in_flight_are_counted() -> None:
    """The most requests open at once are known, for the host and for each feed."""

    async def play(host: FeedHost, feed: Feed, client: aiohttp.ClientSession) -> None:
        other = host.feed("other")
        feed.fault = other.fault = feedfaults.hang()
        tasks = [asyncio.ensure_future(client.get(f.url)) for f in (feed, feed, other)]
        await host.until(lambda: host.open == 3)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (host.most_at_once, feed.most_at_once, other.most_at_once) == (3, 2, 1)

    scenario(play)
