"""Errors that feed bridges write as entries: health of the source, never news; and articles about bridges are news."""

from __future__ import annotations

from html import escape

import pytest

from watcher.errors import FetchError, FetchReason
from watcher.sources.bridges import is_error
from watcher.sources.entry import Entry
from watcher.sources.feed import parse_feed, read_feed

FEED = "https://bridge.example/?action=display&bridge=Lab&format=Atom"
ERRORS = [
    Entry("urn:sha1:1", FEED, "Bridge returned error 500! (20123)"),
    Entry("tag:bridge.example:LabBridge_20123", "https://elsewhere.example/", "Bridge returned error 0! (20123)"),
    Entry("1", "https://rsshub.app/", "Looks like something went wrong"),
    Entry("1", "", "This route is empty, please check the original site or open an issue"),
    Entry("1", "https://fetchrss.com/prices", "Please upgrade your plan to keep this feed"),
    Entry("1", "https://rss.app/pricing", "", "Your subscription has expired"),
    Entry("1", "https://rss.app/", "Trial expired. Please upgrade your plan."),
    Entry("1", FEED, "Error 403: the site refused"),
    Entry("1", FEED, "Failed to fetch the page"),
]
ARTICLES = [
    Entry("1", "https://l.example/1", "Bridge returned error 500! (20123): what it means"),
    Entry("1", "https://l.example/1", "City bridge returned to service after error"),
    Entry("1", "https://l.example/1", "Why your trial expired: upgrade your plan, says ministry"),
    Entry("1", "https://blog.rss.app/1", "How to build a feed"),
    Entry("1", "https://l.example/1", "Error 403: how agencies block crawlers"),
    Entry("1", "https://notfetchrss.com/1", "Please upgrade your plan"),
    Entry("1", "https://l.example/1", "OpenAI signs with Los Alamos", "Bridge returned error 500! (20123)"),
    Entry("1", FEED, "OpenAI signs with Los Alamos"),
    Entry("1", "", "Errors"),
]


@pytest.mark.parametrize("entry", ERRORS, ids=lambda e: e.title or e.summary)
def test_a_bridges_error_is_known(entry: Entry) -> None:
    """By the form of its title, or by what it says and where it leads."""
    assert is_error(entry, FEED)


@pytest.mark.parametrize("entry", ARTICLES, ids=lambda e: e.title)
def test_an_article_about_errors_is_an_article(entry: Entry) -> None:
    """What has a page of its own, or only speaks of such things, passes."""
    assert not is_error(entry, FEED)


def feed(*entries: Entry) -> bytes:
    """An RSS document of these."""
    items = (f"<item><guid>{e.entry_id}</guid><title>{escape(e.title)}</title><link>{escape(e.url)}</link></item>" for e in entries)
    return f"<rss version='2.0'><channel><title>Lab</title>{''.join(items)}</channel></rss>".encode()


NEWS = Entry("n", "https://l.example/n", "OpenAI signs with Los Alamos")


def test_a_feed_of_errors_alone_has_failed() -> None:
    """It is no feed that emptied; the reason says what the bridge said."""
    with pytest.raises(FetchError, match=r"the bridge reports an error: Bridge returned error 500! \(20123\)") as failed:
        parse_feed(feed(ERRORS[0]), {}, FEED)
    assert failed.value.reason is FetchReason.UNREADABLE


def test_an_error_among_news_is_a_warning_for_as_long_as_it_stands() -> None:
    """The news is read, each with its own keys; the error is said again at every reading, though the same bytes stood there before."""
    _, seen = read_feed(feed(NEWS), {}, FEED)
    for n in range(3):
        more = Entry(f"m{n}", f"https://l.example/m{n}", f"Number {n} signs")
        parsed, seen = read_feed(feed(ERRORS[0], NEWS, more), {}, FEED, seen)
        assert [e.title for e in parsed.entries] == [more.title]
        assert (len(parsed.keys or ()), parsed.standing) == (1, 1)
        assert "Bridge returned error 500" in parsed.warning
    parsed, _ = read_feed(feed(NEWS, more), {}, FEED, seen)
    assert parsed.warning == ""


def test_news_that_stands_beside_an_error_keeps_the_feed_good() -> None:
    """Nothing new but the error: the old entries still stand there, so the reading is good, with a warning."""
    _, seen = read_feed(feed(NEWS), {}, FEED)
    parsed, _ = read_feed(feed(NEWS, ERRORS[0]), {}, FEED, seen)
    assert (parsed.entries, parsed.standing) == ((), 1)
    assert parsed.warning


def test_a_json_feed_is_held_to_the_same() -> None:
    """Bridges write JSON Feed as well."""
    body = b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": "Bridge returned error 404! (20123)"}]}'
    with pytest.raises(FetchError, match="the bridge reports an error"):
        parse_feed(body, {"content-type": "application/feed+json"}, FEED)
