"""Articles behind new entries: their text is there when the entry is written, and nothing that an article does loses or holds up one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.fakes.feedhost import FeedHost
from tests.fakes.pages import Site
from tests.watcher.reading import source_of
from watcher.ask import Answer, Reach
from watcher.bus import Bus
from watcher.bus.due import DueSet
from watcher.errors import FetchError, FetchReason
from watcher.fetch import Client, HostGate
from watcher.fulltext import MOST, READER, Articles
from watcher.identity import keys_of
from watcher.model import Source
from watcher.service import Watcher
from watcher.settings import Settings
from watcher.sources.article import Article, completed, read_article, wanting
from watcher.sources.entry import Entry, Parsed
from watcher.sources.steps import Reading
from watcher.state import SourceState
from watcher.store import Store
from watcher.store.sources import save_states
from watcher.store.tables import items
from watcher.urls import site_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL = "https://lab.example/news/venado"
TEXT = "\n".join(
    f"The reasoning models will be installed on Venado in step {i}, so that researchers of laboratory number {i} can use them."
    for i in range(8)
)
HTML = {"content-type": "text/html"}


def _page(head: str = "", body: str = "") -> bytes:
    return f"<!doctype html><html lang='fr'><head><title>Venado | The Lab</title>{head}</head><body>{body}</body></html>".encode()


def _read(body: bytes, url: str = URL, *, fulltext: bool = False, headers: dict[str, str] | None = None) -> Article:
    return read_article(body, headers or HTML, URL, url, fulltext)


GRAPH = """<meta property='og:title' content='OpenAI &amp; Venado - The Lab'><meta property='og:site_name' content='The Lab'>
<meta property='article:published_time' content='2026-11-24T07:00:00-05:00'>"""
LINKED = """<script type="application/ld+json">{"@graph": [{"@type": "WebPage"}, {"@type": ["NewsArticle"],
"headline": "OpenAI &amp; Venado", "datePublished": "2026-11-24T12:00:00Z"}]}</script>"""
MICRO = (
    "<h1>OpenAI &amp; Venado</h1><time itemprop='datePublished' datetime='2026-11-24T12:00Z'>x</time><time datetime='2020-01-01'>y</time>"
)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (GRAPH, ""),
        (LINKED, "<h1>Another</h1>"),
        ("<meta name='DC.date' content='2026-11-24T12:00:00Z'>", "<h1>OpenAI <em>&amp; Venado</em></h1>"),
        ("", MICRO),
    ],
    ids=["open graph", "json-ld", "dublin core", "microdata"],
)
def test_title_day_and_language_are_those_that_are_stated(head: str, body: str) -> None:
    """Each way of stating them gives the same, without the site's name, in the page's language."""
    article = _read(_page(head, body))
    assert (article.title, article.published, article.lang) == ("OpenAI & Venado", NOW, "fr")


def test_a_day_is_never_guessed() -> None:
    """A date in the text, of a comment or of the copyright is not the article's."""
    assert (
        _read(
            _page("", "<h1>OpenAI</h1><p>On 3 March 2019 it began.</p><time datetime='2018-01-01'>x</time><footer>© 2017</footer>")
        ).published
        is None
    )


def test_the_text_is_the_articles() -> None:
    """Without navigation and footer, without markup, and only where it is wanted."""
    paragraphs = "".join(f"<p>{p}</p>" for p in TEXT.split("\n"))
    chrome = "<nav><ul><li><a href=/>Home of the lab</a></li></ul></nav>", "<footer><p>Imprint and cookies of the lab</p></footer>"
    body = _page("", f"{chrome[0]}<article><h1>V</h1>{paragraphs}<script>alert(1)</script></article>{chrome[1]}")
    text = READER.call(read_article, body, HTML, URL, URL, True).text
    assert "laboratory number 7 can use them" in text
    assert all(word not in text for word in ("<p>", "alert", "Imprint", "Home of"))
    assert _read(body).text == ""


@pytest.mark.parametrize(
    ("body", "url", "headers", "reason"),
    [
        (b"%PDF-1.7", URL, {"content-type": "application/pdf"}, FetchReason.NOT_A_FEED),
        (b'{"a": 1}', URL, {"content-type": "application/json"}, FetchReason.NOT_A_FEED),
        (_page("", "<h1>Welcome</h1>"), "https://lab.example/", HTML, FetchReason.NOT_FOUND),
        (_page("", "<h1>Sign in</h1>"), "https://lab.example/login?next=x", HTML, FetchReason.BLOCKED),
        (b"<html><title>Just a moment...</title><script>_cf_chl_opt</script></html>", URL, HTML, FetchReason.BLOCKED),
        (b"<html>" + b"<i></i>" * 100_000, URL, HTML, FetchReason.TOO_LARGE),
    ],
    ids=["pdf", "json", "home page", "login", "challenge", "too large"],
)
def test_what_is_no_article_is_refused(body: bytes, url: str, headers: dict[str, str], reason: FetchReason) -> None:
    """So that its words never become an entry's."""
    with pytest.raises(FetchError) as caught:
        _read(body, url, headers=headers)
    assert caught.value.reason is reason


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_an_article_or_a_reason(data: bytes) -> None:
    """No page crashes its reader, and what it gives is bounded text."""
    try:
        article = _read(_page('<script type=\'application/ld+json\'>{"@type":"Article","headline":"') + data)
    except FetchError as e:
        assert str(e)
    else:
        assert len(article.title) <= 1_000


def test_deep_pages_have_a_text_or_none() -> None:
    """A hundred thousand levels of nesting are read in the end, or given up."""
    body = b"<!doctype html><html><body><article>" + b"<div>" * 100_000 + b"<p>words</p>"
    assert len(READER.call(read_article, body, HTML, URL, URL, True).text) < 100


def test_only_new_and_recent_entries_are_wanted() -> None:
    """The newest first; of those that have words only with `fulltext`; never a file that is no page."""
    entries = (
        Entry("1", f"{URL}/1", "Known"),
        Entry("2", f"{URL}/2", "Old", published=NOW - timedelta(days=9)),
        Entry("3", f"{URL}/3.pdf", "File"),
        Entry("4", f"{URL}/4", "Earlier", published=NOW - timedelta(hours=2)),
        Entry("5", f"{URL}/5", "", published=NOW),
        Entry("6", "", "No page"),
        Entry("7", f"{URL}/7", "Undated"),
    )
    known = dict.fromkeys(keys_of(entries)[0].all(), 1)
    assert wanting(Parsed(entries), known, NOW - timedelta(days=2), fulltext=True) == [6, 4, 3]
    assert wanting(Parsed(entries), known, NOW - timedelta(days=2), fulltext=False) == [4]


def test_an_entry_keeps_what_it_has() -> None:
    """Only what is missing is taken over, and a text only when there is more of it: a paywall's teaser changes nothing."""
    entry = Entry("1", URL, "Title", "A summary of its own", "Long content. " * 40, published=NOW, lang="en")
    teaser = Article("Other", "Other summary", "Subscribe to read. " * 12, datetime(2020, 1, 1, tzinfo=UTC), "fr")
    assert completed(entry, teaser, fulltext=True) == entry
    assert completed(Entry("1", URL, "Title", "Sum"), Article(text="x" * 100), fulltext=True).content == ""
    assert completed(Entry("1", URL, "Title", "Sum"), Article(text="x" * 300), fulltext=True).content == "x" * 300
    assert completed(Entry("1", URL, "Title", "Sum"), Article(text="x" * 300), fulltext=False).content == ""


def test_an_entry_without_words_gets_some() -> None:
    """From its article, whose day is better than the sitemap's, else out of its address."""
    entry = Entry("", URL, published=NOW)
    article = Article("OpenAI comes to Venado", "What it says", published=NOW - timedelta(hours=1), lang="fr")
    assert completed(entry, article, fulltext=False) == Entry(
        "", URL, "OpenAI comes to Venado", "What it says", published=NOW - timedelta(hours=1), lang="fr"
    )
    assert completed(entry, None, fulltext=False).title == "Venado"


class World:
    """A feed host, two sites and a watcher that reads what it is given, once after the other."""

    def __init__(self, store: Store, bus: Bus, feeds: FeedHost, site: Site, other: Site, client: Client) -> None:
        self.store, self.bus, self.feeds, self.site, self.other, self.client = store, bus, feeds, site, other, client

    async def once(self, *sources: Source) -> None:
        """One reading of each."""
        config = Settings(home=Path("nowhere"), allow_private_addresses=True, builtin_sources=False)
        await Watcher(config, self.store, self.bus, self.client, sources).once(lambda *_: None)

    def items(self) -> list[Any]:
        """What was stored, in order."""
        with self.store.reading() as conn:
            return list(conn.execute(select(items).order_by(items.c.id)).all())


@pytest_asyncio.fixture
async def world(store: Store, bus: Bus) -> AsyncIterator[World]:
    """An empty one."""
    async with AsyncExitStack() as stack:
        feeds = await stack.enter_async_context(FeedHost())
        site = await stack.enter_async_context(Site())
        other = await stack.enter_async_context(Site())
        client = await stack.enter_async_context(Client(user_agent="t", allow_private=True))
        yield World(store, bus, feeds, site, other, client)


async def test_a_feed_with_fulltext_brings_its_articles(world: World) -> None:
    """What stood there at first is not fetched; what is new has its article's text, once; the summary and title stay the feed's."""
    feed = world.feeds.feed("press")
    feed.publish("1", "Old", "Sum", url=world.site.article("/1", "Old", TEXT))
    source = source_of("feed", url=feed.url, fulltext=True)
    await world.once(source)
    assert world.site.asked == []
    feed.publish("2", "New in the feed", "A summary", url=world.site.article("/2", "New on its page", TEXT))
    await world.once(source)
    await world.once(source)
    old, new = world.items()
    assert (new.title, new.summary) == ("New in the feed", "A summary")
    assert "laboratory number 7" in new.content
    assert (old.content, world.site.asked) == ("", ["/2"])


async def test_articles_that_fail_change_nothing(world: World) -> None:
    """Missing, refused, no page, a login, endless redirects, on a private scheme: each entry is there as its feed had it."""
    feed = world.feeds.feed("press")
    source = source_of("feed", url=feed.url, fulltext=True)
    feed.publish("0", "First", "Sum", url=f"{world.site.base}/0")
    await world.once(source)
    world.site.put("/refused", "no", status=403)
    world.other.put("/file", b"%PDF-1.7 binary", "application/pdf")
    world.other.put("/login", "<html><h1>Sign in</h1></html>")
    world.other.put("/members", "", status=302, headers={"Location": "/login"})
    world.other.put("/loop", "", status=302, headers={"Location": "/loop"})
    paths = [world.other.base + p for p in ("/missing", "/file", "/members", "/loop")]
    for i, url in enumerate([*paths, f"{world.site.base}/refused", "mailto:x@lab.example"]):
        feed.publish(f"f{i}", f"Story {i}", f"Summary {i}", url=url)
    await world.once(source)
    found = {item.title: (item.summary, item.content, item.quiet) for item in world.items()[1:]}
    assert found == {f"Story {i}": (f"Summary {i}", "", None) for i in range(6)}


async def test_a_site_that_refuses_is_asked_once(world: World) -> None:
    """One refusal speaks for the others of the same site; another site's article comes all the same."""
    feed = world.feeds.feed("press")
    source = source_of("feed", url=feed.url, fulltext=True)
    await world.once(source)
    for i in range(5):
        feed.publish(f"{i}", f"Story {i}", url=world.site.put(f"/{i}", "slow down", status=429, headers={"Retry-After": "60"}))
    feed.publish("o", "Other", url=world.other.article("/o", "Other", TEXT))
    await world.once(source)
    assert len(world.site.asked) == 1
    assert ["laboratory" in item.content for item in world.items() if item.title == "Other"] == [True]


async def test_a_site_that_refuses_an_article_is_left_alone_by_every_watcher(world: World) -> None:
    """Another process, which heard of it through Redis only, takes no source of that site in hand, and takes those of others."""
    feed = world.feeds.feed("press")
    source = source_of("feed", url=feed.url, fulltext=True)
    await world.once(source)
    feed.publish("1", "Story", url=world.site.put("/1", "slow down", status=429, headers={"Retry-After": "60"}))
    await world.once(source)
    now, another = datetime.now(UTC).timestamp(), DueSet(world.bus, who="another")
    sites = {"there": site_of(world.site.base), "elsewhere": site_of(world.other.base)}
    await another.add_missing(dict.fromkeys(sites, now - 1), sites)
    assert (await another.claim(now, 120, 10)).sources == ("elsewhere",)
    assert (await another.claim(now + 61, 120, 10)).sources == ("there",)


async def test_one_at_a_time_on_each_site_and_sites_together(world: World) -> None:
    """Each site has one request at a time, while the other site's goes on; no more than so many articles are asked for."""
    feed = world.feeds.feed("press")
    source = source_of("feed", url=feed.url, fulltext=True)
    await world.once(source)
    for i in range(MOST + 5):
        feed.publish(f"{i}", f"Story {i}", url=(world.site if i % 2 else world.other).article(f"/{i}", f"Story {i}", TEXT, wait=0.02))
    await world.once(source)
    assert len(world.site.asked) + len(world.other.asked) == MOST
    assert (world.site.most_at_once, world.other.most_at_once) == (1, 1)
    assert len(world.items()) == MOST + 5


async def test_what_does_not_come_in_time_is_done_without(world: World) -> None:
    """A hanging article costs its reading no more than the time for all, and the articles that came are kept."""
    world.site.put("/hangs", "x", wait=3600)
    quick = world.other.article("/quick", "Quick", TEXT)
    parsed = Parsed((Entry("1", f"{world.site.base}/hangs", "Hangs", "Sum"), Entry("2", quick, "Quick", "Sum")))
    source = source_of("feed", url="https://lab.example/f", fulltext=True)
    READER.call(read_article, _page(), HTML, URL, URL, True)  # so that starting the reader takes none of the time
    await world.store.write(save_states, [SourceState(source.id, source.address, first_ok_at=NOW)])
    articles = Articles(world.store, Reach(world.client, HostGate(), now=lambda: NOW), timedelta(days=2), seconds=3.0)
    async with asyncio.timeout(20):
        got = await articles.complete(Answer(source, Reading(parsed), headers={}))
    assert got.reading is not None
    first, second = got.reading.parsed.entries
    assert (first, "laboratory" in second.content) == (parsed.entries[0], True)


async def test_a_listing_page_is_watched(world: World) -> None:
    """What stood there is quiet, what is added is an item once, also when its title is edited afterwards."""
    for i in range(3):
        world.site.article(f"/news/story-{i}", f"Story number {i} of the laboratory", TEXT)
    source = source_of("page", url=world.site.listing("/news", ["/news/story-1", "/news/story-0"]))
    await world.once(source)
    world.site.listing("/news", ["/news/story-2", "/news/story-1", "/news/story-0"])
    await world.once(source)
    world.site.titles["/news/story-2"] = "UPDATED: story number 2"
    world.site.listing("/news", ["/news/story-2", "/news/story-1", "/news/story-0"])
    await world.once(source)
    assert [(i.title, i.quiet) for i in world.items()] == [
        ("Story number 1 of the laboratory", "first_poll"), ("Story number 0 of the laboratory", "first_poll"),
        ("Story number 2 of the laboratory", None),
    ]  # fmt: skip


async def test_a_plain_sitemap_gets_its_titles_from_its_pages(world: World) -> None:
    """At first none is fetched; a new one has its page's title, summary and day, and one that cannot be fetched its address's words."""
    source = source_of("sitemap", url=world.site.sitemap("/sitemap.xml", ["/news/old-story"]))
    await world.once(source)
    now = datetime.now(UTC).replace(microsecond=0)
    world.site.article("/news/new", "OpenAI signs with Los Alamos", TEXT, published=now.isoformat())
    world.site.sitemap("/sitemap.xml", ["/news/old-story", "/news/new", "/news/gone-already"])
    await world.once(source)
    await world.once(source)
    old, *new = world.items()
    assert (old.title, old.quiet) == ("Old story", "first_poll")
    assert {(i.title, i.published_at, i.content) for i in new} == {("OpenAI signs with Los Alamos", now, ""), ("Gone already", None, "")}
    assert (world.site.count("/news/new"), world.site.count("/news/old-story")) == (1, 0)


async def test_an_old_page_that_a_sitemap_brings_up_rings_nobody(world: World) -> None:
    """Its page says when it was published, whatever the sitemap says of its last change."""
    source = source_of("sitemap", url=world.site.sitemap("/s.xml", []))
    await world.once(source)
    world.site.article("/old", "A story of 2019", TEXT, published="2019-03-01T00:00:00Z")
    world.site.sitemap("/s.xml", ["/old"], lastmod={"/old": datetime.now(UTC).isoformat()})
    await world.once(source)
    assert [(i.title, i.quiet) for i in world.items()] == [("A story of 2019", "too_old")]


def test_the_extractor_is_not_loaded_until_it_is_needed() -> None:
    """It takes a third of a second and tens of megabytes, and only in the process that reads articles."""
    code = "import sys, watcher.service, watcher.fulltext, concordat.cli; sys.exit('trafilatura' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
