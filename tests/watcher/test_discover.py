"""From a site's address to its feeds: what the page names, what the address shows, and what a look around finds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.feedforms import Form
from tests.fakes.feedhost import FeedHost
from tests.fakes.pages import Site, Story
from watcher.ask import Reach
from watcher.discover import discover
from watcher.errors import FetchError, FetchReason
from watcher.fetch import Client, HostGate
from watcher.sources.discover import alternates, guesses, linked_feeds, page_for_feed, recognised
from watcher.sources.feed import parse_feed
from watcher.sources.markup import tree_of

BASE = "https://lab.example/news/"


def _page(head: str, body: str = "") -> bytes:
    return f"<!doctype html><html><head><title>Lab</title>{head}</head><body>{body}</body></html>".encode()


def _named(head: str) -> list[str]:
    return [a.url for a in alternates(tree_of(_page(head), {}), BASE)]


@pytest.mark.parametrize("kind", ["application/rss+xml", "application/atom+xml", "application/feed+json", "Application/RSS+XML; charset=x"])
def test_a_named_feed_is_found(kind: str) -> None:
    """Every type that a feed is named by counts, and its address is read against the page's."""
    assert _named(f"<link rel='alternate' type='{kind}' href='../feed'>") == ["https://lab.example/feed"]


def test_the_main_feed_comes_first() -> None:
    """The news come before a tag's feed, that before the comments', and JSON after XML; among equals the page's order holds."""
    head = """
      <link rel="alternate" type="application/rss+xml" title="Lab » Comments Feed" href="/comments/feed/">
      <link rel="alternate" type="application/rss+xml" title="Lab » AI" href="/tag/ai/feed/">
      <link rel="alternate" type="application/feed+json" title="Lab" href="/feed.json">
      <link rel="alternate" type="application/rss+xml" title="Lab » Feed" href="/feed/">
      <link rel="alternate" type="application/atom+xml" title="Lab » Atom" href="/atom/">"""
    paths = [url.removeprefix("https://lab.example") for url in _named(head)]
    assert paths == ["/feed/", "/atom/", "/feed.json", "/tag/ai/feed/", "/comments/feed/"]


def test_what_is_no_feed_is_not_named() -> None:
    """Other languages, oEmbed, icons, interfaces and addresses of other schemes are alternates of another sort."""
    head = """
      <link rel="alternate" hreflang="fr" href="/fr"><link rel="icon" type="image/png" href="/i.png">
      <link rel="alternate" type="application/json+oembed" href="/o"><link rel="alternate" type="application/json" href="/wp-json/1">
      <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)"><link rel="alternate" type="application/rss+xml" href="">
      <link rel="stylesheet" type="application/rss+xml" href="/x">"""
    assert _named(head) == []


def test_base_is_respected() -> None:
    """An address is relative to `<base href>` where the page has one."""
    assert _named("<base href='https://cdn.example/x/'><link rel='alternate' type='application/rss+xml' href='f'>") == [
        "https://cdn.example/x/f"
    ]


def test_links_to_feeds_are_told_from_others() -> None:
    """Links in the text that look like feeds are worth a try, the others are not."""
    body = "<a href='/rss.xml'>RSS</a> <a href='/feedback'>Feedback</a> <a href='/news/feed/'>Feed</a> <a href='/a/atomic-clock'>Atomic</a>"
    assert [a.url for a in linked_feeds(tree_of(_page("", body), {}), BASE)] == [
        "https://lab.example/rss.xml",
        "https://lab.example/news/feed/",
    ]


@pytest.mark.parametrize(
    ("url", "entry"),
    [
        ("https://www.gov.uk/government/organisations/ai-security-institute", {"kind": "feed", "url": "https://www.gov.uk/government/organisations/ai-security-institute.atom"}),
        ("https://www.gov.uk/search/all?keywords=ai", {"kind": "feed", "url": "https://www.gov.uk/search/all.atom?keywords=ai"}),
        ("https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv", {"kind": "youtube", "channel": "UCabcdefghijklmnopqrstuv"}),
        ("https://www.youtube.com/playlist?list=PLabcdefghijkl", {"kind": "youtube", "playlist": "PLabcdefghijkl"}),
        ("https://bsky.app/profile/ec.europa.eu", {"kind": "bluesky", "actor": "ec.europa.eu"}),
        ("https://old.reddit.com/r/MachineLearning/new/", {"kind": "reddit", "subreddit": "MachineLearning"}),
        ("https://social.example/@EUCommission", {"kind": "mastodon", "url": "https://social.example", "account": "EUCommission"}),
        ("https://lab.substack.com/", {"kind": "feed", "url": "https://lab.substack.com/feed"}),
        ("https://x.com/ENERGY", {"kind": "x", "user": "ENERGY"}),
        ("https://github.com/o/r/releases", {"kind": "feed", "url": "https://github.com/o/r/releases.atom"}),
    ],
)  # fmt: skip
def test_known_services_are_recognised(url: str, entry: dict[str, str]) -> None:
    """Where addresses follow a rule, the entry of the right kind comes without a request."""
    assert [dict(s.entry) for s in recognised(url)] == [entry]


@pytest.mark.parametrize(
    "url",
    [
        "https://lab.example/",
        "https://www.youtube.com/@lab",
        "https://www.gov.uk/",
        "https://www.gov.uk/search/all.atom",
        "https://x.com/a/status/1",
        "http://[::1",
        "",
    ],
)
def test_other_addresses_are_not_guessed_at(url: str) -> None:
    """What the address does not show is left to a look at the page."""
    assert recognised(url) == ()


def test_guesses_are_few_and_under_the_page_first() -> None:
    """Each guess is a request to somebody's server."""
    places = guesses("https://lab.example/news?x=1")
    assert places[0] == "https://lab.example/news/feed/"
    assert "https://lab.example/rss.xml" in places
    assert len(places) == len(set(places)) <= 10


def test_a_page_where_a_feed_was_names_its_feed() -> None:
    """The error of a configured feed that answers with a page says what to write instead."""
    body = _page("<link rel='alternate' type='application/rss+xml' href='/rss.xml'>")
    with pytest.raises(FetchError, match=r"this is a web page; its feed is https://lab\.example/rss\.xml"):
        parse_feed(body, {"content-type": "text/html"}, BASE)


def test_a_challenge_where_a_feed_was_is_called_one() -> None:
    """A host that wants proof, or a login, refuses us; its page is no page that names a feed."""
    challenge = b"<!doctype html><html><head><title>Just a moment...</title></head><body></body></html>"
    with pytest.raises(FetchError, match="no robot") as caught:
        parse_feed(challenge, {"content-type": "text/html"}, BASE)
    assert caught.value.reason is FetchReason.BLOCKED
    with pytest.raises(FetchError, match="login"):
        parse_feed(_page(""), {"content-type": "text/html"}, "https://lab.example/sso/login")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_have_a_reason(body: bytes) -> None:
    """No page crashes the look for its feed."""
    said = page_for_feed(b"<link rel=alternate type=application/rss+xml href=" + body, {"content-type": "text/html"}, BASE)
    assert said.reason in {FetchReason.NOT_A_FEED, FetchReason.BLOCKED}


@pytest_asyncio.fixture
async def reach() -> AsyncIterator[Reach]:
    """A client that may speak to loopback."""
    async with Client(user_agent="test", allow_private=True) as client:
        yield Reach(client, HostGate())


async def test_discovery_reads_what_the_page_names(reach: Reach) -> None:
    """The page's feed is tried, and told with its title and count; one that fails its try is left out."""
    async with FeedHost() as host:
        host.feed("news", Form.ATOM, "Lab news").publish("1", "OpenAI signs")
        host.page("/", _page("<link rel='alternate' type='application/rss+xml' href='/f/gone'>"
                             "<link rel='alternate' type='application/atom+xml' href='/f/news'>").decode())  # fmt: skip
        found = await discover(host.base, reach)
        (known,) = found.suggestions
        assert (dict(known.entry), known.title, known.entries) == ({"kind": "feed", "url": f"{host.base}/f/news"}, "Lab news", 1)


async def test_discovery_of_a_feed_is_the_feed(reach: Reach) -> None:
    """An address that is a feed already is suggested as it is, with one request."""
    async with FeedHost() as host:
        feed = host.feed("news")
        feed.publish("1", "x")
        found = await discover(feed.url, reach)
        assert [s.entry["url"] for s in found.suggestions] == [feed.url]
        assert len(host.requests) == 1


async def test_discovery_says_why_there_is_nothing(reach: Reach) -> None:
    """A site without anything, an address without a site and a word that is no address each end in one line."""
    async with FeedHost() as host:
        host.page("/", "<html><body>hello</body></html>")
        assert "no feed" in (await discover(host.base, reach)).problem
        assert "404" in (await discover(f"{host.base}/nowhere", reach)).problem
    assert "is not an address" in (await discover("https://", reach)).problem


async def test_a_site_without_a_feed_is_watched_by_its_page(reach: Reach) -> None:
    """Its listing is suggested with what it lists, and its sitemap for the part of the site that was asked for."""
    async with Site() as site:
        for i in range(3):
            site.article(f"/news/story-{i}", f"Story number {i} of the laboratory", "Words.")
        url = site.listing("/news", [f"/news/story-{i}" for i in range(3)])
        site.put("/robots.txt", f"User-agent: *\nSitemap: {site.base}/map.xml\n", "text/plain")
        site.sitemap("/map.xml", ["/about", "/news/story-0"])
        found = await discover(url, reach)
        assert [dict(s.entry) for s in found.suggestions] == [
            {"kind": "page", "url": url}, {"kind": "sitemap", "url": f"{site.base}/map.xml", "match": "/news/"},
        ]  # fmt: skip
        assert found.suggestions[0].entries == 3
        assert len(site.asked) < 20


async def test_a_sitemap_of_news_is_better_than_a_page(reach: Reach) -> None:
    """It has titles and moments, and no structure that a new design would break."""
    async with Site() as site:
        site.put("/", "<html><body>hello</body></html>")
        site.news_sitemap("/news-sitemap.xml", [Story("/n/1", "OpenAI signs", datetime(2026, 11, 24, tzinfo=UTC))])
        found = await discover(site.base, reach)
        assert [dict(s.entry) for s in found.suggestions] == [{"kind": "sitemap", "url": f"{site.base}/news-sitemap.xml"}]
