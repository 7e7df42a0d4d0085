"""Hacker News, Reddit and YouTube: a search by time, and two kinds of feeds with ways of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from pydantic import ValidationError

from tests.fakes.feedfaults import page, replaced, status
from tests.fakes.hackernews import START, HackerNews
from tests.fakes.reddit import Reddit
from tests.fakes.youtube import YouTube
from tests.watcher.reading import Reader, source_of
from watcher.errors import FetchReason
from watcher.sources.kinds import KINDS

CHANNEL = "UC" + "x" * 22


@pytest_asyncio.fixture
async def reader() -> AsyncIterator[Reader]:
    """A reader without credentials; none of these wants any."""
    async with Reader() as reader:
        yield reader


async def test_a_story_leads_to_its_page_and_names_its_talk(reader: Reader) -> None:
    """The address is the article's; where people talk of it stands in the text; a text post is at home on the site."""
    async with HackerNews() as hn:
        hn.story("OpenAI &amp; Los Alamos", url="https://lanl.example/a")
        hn.story("Ask HN: OpenAI?", url=None, story_text="<p>What &lt;now&gt;?<p>Tell")
        ask, story = await reader.entries(source_of("hackernews", url=hn.base, search="openai"))
    talk = "https://news.ycombinator.com/item?id=4000000"
    assert (story.title, story.url, story.summary) == ("OpenAI & Los Alamos", "https://lanl.example/a", f"{talk}1")
    assert (story.author, story.lang, story.published) == ("pg", "en", datetime.fromtimestamp(START + 60, UTC))
    assert (ask.url, ask.summary) == (f"{talk}2", "What <now>?\nTell")


async def test_only_news_is_asked_for(reader: Reader) -> None:
    """The first reading takes the newest page; later ones what came since, with an hour for a search that lags behind."""
    async with HackerNews() as hn:
        for i in range(300):
            hn.story(f"OpenAI {i}")
        source = source_of("hackernews", url=hn.base, search="openai")
        assert len(await reader.entries(source)) == 100
        hn.story("OpenAI new")
        found = await reader.entries(source)
        assert found[0].title == "OpenAI new"
        assert hn.asked[-1].query["numericFilters"] == f"created_at_i>{START + 300 * 60 - 3600}"
        assert len(hn.asked) == 2


async def test_what_was_empty_at_first_is_read_whole(reader: Reader) -> None:
    """The first stories of a search may be more than a page."""
    async with HackerNews() as hn:
        source = source_of("hackernews", url=hn.base, search="openai")
        assert await reader.entries(source) == ()
        for i in range(150):
            hn.story(f"OpenAI {i}")
        assert len(await reader.entries(source)) == 150


async def test_more_than_a_thousand_hits_are_found(reader: Reader) -> None:
    """The search gives a thousand hits a query, so the rest is asked for by time; hits of one second are not lost between."""
    async with HackerNews() as hn:
        source = source_of("hackernews", url=hn.base, search="openai")
        hn.story("OpenAI old")
        await reader.entries(source)
        for i in range(1_150):
            hn.story(f"OpenAI {i}", at=START + 600 + i // 3)
        found = await reader.entries(source)
    assert {e.title for e in found} == {"OpenAI old", *(f"OpenAI {i}" for i in range(1_150))}
    assert len({e.entry_id for e in found}) == len(found)


async def test_a_flood_ends_and_is_told(reader: Reader) -> None:
    """Catching up has a bound."""
    async with HackerNews() as hn:
        source = source_of("hackernews", url=hn.base, search="openai")
        hn.story("OpenAI old")
        await reader.entries(source)
        for i in range(1_700):
            hn.story(f"OpenAI {i}")
        reading = await reader.read(source)
        assert len(hn.asked) == 16
    assert "left out" in reading.parsed.warning


async def test_a_story_that_gains_its_points_later_is_found(reader: Reader) -> None:
    """With `points`, the last two days are looked through each time: a story is older than its fame."""
    async with HackerNews() as hn:
        source = source_of("hackernews", url=hn.base, points=50)
        slow = hn.story("A slow start", points=3)
        for _ in range(600):
            hn.story("Passing", points=60)
        assert "A slow start" not in {e.title for e in await reader.entries(source)}
        slow["points"] = 51
        assert "A slow start" in {e.title for e in await reader.entries(source)}
        assert {q.query["numericFilters"].split(",")[-1] for q in hn.asked} == {"points>=50"}


@pytest.mark.parametrize("body", [b"null", b'{"hits": 4}', b'{"hits": [null, {"objectID": "x", "title": "t"}, {"objectID": 3}]}'])
async def test_odd_hits_are_passed_over(reader: Reader, body: bytes) -> None:
    """Other types than the documented ones are no stories."""
    async with HackerNews() as hn:
        hn.fault = replaced(body, "application/json")
        assert await reader.entries(source_of("hackernews", url=hn.base, search="x")) == ()
        hn.fault = page()
        assert (await reader.error(source_of("hackernews", url=hn.base, search="x"))).reason is FetchReason.NOT_A_FEED


async def test_reddit_posts_are_told_from_their_frame(reader: Reader) -> None:
    """The text without what Reddit writes under it; a link post with the address that it is about."""
    async with Reddit() as reddit:
        reddit.submit("hpc", "A question", html="<p>Who runs <a href='https://a.example/'>Venado</a>?</p>")
        reddit.submit("hpc", "Venado & more", link="https://lanl.example/venado?a=1&b=2")
        link, text = await reader.entries(source_of("reddit", url=reddit.base, subreddit="r/hpc"))
    assert (text.title, text.summary, text.content, text.author) == ("A question", "Who runs Venado?", "", "someone")
    assert (link.title, link.summary) == ("Venado & more", "https://lanl.example/venado?a=1&b=2")
    assert (link.url, link.entry_id) == ("https://www.reddit.com/r/hpc/comments/000002/slug/", "t3_000002")


async def test_reddit_is_searched_and_asked_for_changes_only(reader: Reader) -> None:
    """The search stays in the subreddit; a feed that did not change ends the reading."""
    async with Reddit() as reddit:
        reddit.submit("hpc", "OpenAI here")
        reddit.submit("hpc", "Nothing")
        source = source_of("reddit", url=reddit.base, subreddit="hpc", search="openai")
        assert [e.title for e in await reader.entries(source)] == ["OpenAI here"]
        answer = await reader.answer(source)
        assert (answer.error, answer.reading) == (None, None)


@pytest.mark.parametrize(
    ("fault", "reason", "says"),
    [
        (status(403), FetchReason.BLOCKED, "private, or Reddit has had too many readers"),
        (page(), FetchReason.BLOCKED, "takes a reader for a bot"),
        (status(404), FetchReason.NOT_FOUND, "no subreddit hpc"),
        (replaced(b"", "application/atom+xml"), FetchReason.NOT_A_FEED, "empty"),
    ],
)  # fmt: skip
async def test_what_reddit_refuses_is_told(reader: Reader, fault: Any, reason: FetchReason, says: str) -> None:
    """A refusal, a page for people and a wrong name each say what they are."""
    async with Reddit() as reddit:
        reddit.fault = fault
        error = await reader.error(source_of("reddit", url=reddit.base, subreddit="hpc"))
    assert (error.reason, says in str(error)) == (reason, True)


async def test_reddit_says_when_to_come_back(reader: Reader) -> None:
    """Its limit ends as many seconds from now as it says in its own header."""
    async with Reddit() as reddit:
        reddit.crowded = True
        error = await reader.error(source_of("reddit", url=reddit.base, subreddit="hpc"))
    assert (error.reason, error.retry_after) == (FetchReason.RATE_LIMITED, 120)
    assert "all readers of an address" in str(error)


async def test_an_unknown_subreddit_is_no_feed_of_another_page(reader: Reader) -> None:
    """Reddit leads from an unknown name to a search for names."""
    async with Reddit() as reddit:
        error = await reader.error(source_of("reddit", url=reddit.base, subreddit="nosuch"))
    assert (error.reason, "no subreddit nosuch" in str(error)) == (FetchReason.NOT_FOUND, True)


async def test_a_video_has_its_description_as_text(reader: Reader) -> None:
    """Title, description with its lines, address and channel."""
    async with YouTube() as youtube:
        youtube.upload(CHANNEL, "Venado & OpenAI", "More: https://lanl.example/venado\nRecorded in May")
        (entry,) = await reader.entries(source_of("youtube", url=youtube.base, channel=CHANNEL))
    assert (entry.title, entry.summary) == ("Venado & OpenAI", "More: https://lanl.example/venado\nRecorded in May")
    assert (entry.url, entry.author, entry.entry_id) == ("https://www.youtube.com/watch?v=vid00000001", "A channel", "yt:video:vid00000001")


@pytest.mark.parametrize("code", [404, 500])
async def test_youtubes_spells_are_passing_faults(reader: Reader, code: int) -> None:
    """Whole days of 404 and 500 were seen: neither is the end of a channel."""
    async with YouTube() as youtube:
        youtube.upload(CHANNEL, "A video")
        source = source_of("youtube", url=youtube.base, playlist="UU" + "x" * 22)
        youtube.fault = status(code)
        error = await reader.error(source)
        assert (error.reason, error.permanent) == (FetchReason.HTTP, False)


@pytest.mark.parametrize(
    ("kind", "keys", "says"),
    [
        ("hackernews", {}, "write search, points or both"), ("hackernews", {"points": -1}, "greater than or equal to 0"),
        ("reddit", {}, "Field required"), ("reddit", {"subreddit": "no name"}, "write the subreddit's name"),
        ("youtube", {}, "either channel or playlist"), ("youtube", {"channel": "@LosAlamos"}, "write the channel's id"),
        ("youtube", {"playlist": "x"}, "write the playlist's id"),
    ],
)  # fmt: skip
def test_mistakes_say_what_to_write(kind: str, keys: dict[str, Any], says: str) -> None:
    """An operator reads what is wrong in the source's own words."""
    with pytest.raises(ValidationError, match=says):
        source_of(kind, **keys)


def test_what_operators_paste_is_understood() -> None:
    """Names as addresses show them."""
    assert source_of("reddit", subreddit="https://www.reddit.com/r/hpc/").model_dump()["subreddit"] == "hpc"
    assert source_of("youtube", channel=f"https://www.youtube.com/channel/{CHANNEL}").model_dump()["channel"] == CHANNEL
    playlist = source_of("youtube", playlist="https://www.youtube.com/playlist?list=PLabcdefgh")
    assert playlist.model_dump()["playlist"] == "PLabcdefgh"


def test_no_network_is_asked_too_often() -> None:
    """Each kind has a pace, in minutes, that no habit of its sources makes faster."""
    floors = {"bluesky": 5, "mastodon": 5, "x": 15, "reddit": 10, "hackernews": 5, "youtube": 15}
    assert {kind: KINDS[kind].floor.total_seconds() / 60 for kind in floors} == floors
