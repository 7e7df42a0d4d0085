"""Feeds: every form read alike, and nothing that bytes can do but an entry or a reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.feedforms import Entry, Form, render
from watcher.errors import FetchError, FetchReason
from watcher.sources.feed import parse_feed

NOON = datetime(2025, 1, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize("form", list(Form))
def test_every_form_says_the_same(form: Form) -> None:
    """RSS, Atom, RDF and JSON Feed of the same entries give the same entries."""
    entry = Entry("1", "Venado & more", "A <b>sum</b>", "", "https://lab.example/1", "", NOON)
    body = render(form, "Lab", "https://lab.example/", [entry])
    parsed = parse_feed(body, {"content-type": form.value}, "https://lab.example/feed")
    (read,) = parsed.entries
    assert (read.title, read.url, read.published) == ("Venado & more", "https://lab.example/1", NOON)
    assert "A sum" in read.summary
    assert parsed.title == "Lab"


def test_no_markup_is_carried_through() -> None:
    """Scripts, handlers and tags of an entry end at the parser; its link is a web address or none."""
    body = (
        b"<rss version='2.0'><channel><title>x</title><item><guid isPermaLink='false'>1</guid>"
        b"<title>&lt;img src=x onerror=alert(1)&gt;Deal</title>"
        b"<link>javascript:alert(1)</link><description>&lt;script&gt;x&lt;/script&gt;&lt;p onclick='y'&gt;Body&lt;/p&gt;</description>"
        b"</item></channel></rss>"
    )
    (entry,) = parse_feed(body, {}, "https://h.example/").entries
    assert (entry.title, entry.summary, entry.url) == ("Deal", "Body", "")


def test_relative_links_are_resolved() -> None:
    """A link is read against the feed's own address for its site."""
    body = (
        b"<rss version='2.0'><channel><title>x</title><link>/news/</link>"
        b"<item><title>t</title><link>../a/1</link></item></channel></rss>"
    )
    (entry,) = parse_feed(body, {}, "https://h.example/f.xml").entries
    assert entry.url == "https://h.example/a/1"


@pytest.mark.parametrize(
    ("body", "reason", "said"),
    [
        (b"", FetchReason.NOT_A_FEED, "empty"),
        (b"<!DOCTYPE html><html><body>Moved</body></html>", FetchReason.NOT_A_FEED, "web page"),
        (bytes(range(256)) * 40, FetchReason.NOT_A_FEED, "binary"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [', FetchReason.NOT_A_FEED, "not valid JSON"),
        (b'{"hello": 1}', FetchReason.NOT_A_FEED, "not a JSON Feed"),
        (b"just words", FetchReason.NOT_A_FEED, "no feed"),
    ],
)
def test_what_is_no_feed_is_a_failure_with_a_reason(body: bytes, reason: FetchReason, said: str) -> None:
    """Never "no news": each wrong answer raises and says what it looks like."""
    with pytest.raises(FetchError, match=said) as caught:
        parse_feed(body, {}, "https://h.example/")
    assert caught.value.reason is reason


def test_an_empty_feed_is_no_failure() -> None:
    """A feed that holds nothing now is read, and gives nothing."""
    body = b"<rss version='2.0'><channel><title>quiet</title></channel></rss>"
    assert parse_feed(body, {}, "https://h.example/").entries == ()


def test_an_entity_bomb_stays_small() -> None:
    """Entities that would unfold into gigabytes are not unfolded."""
    levels = "".join(f"<!ENTITY l{i} '{f'&l{i - 1};' * 10}'>" for i in range(1, 12))
    body = (
        f"<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY l0 'boom'>{levels}]>"
        "<rss version='2.0'><channel><title>x</title><item><title>&l11;</title><link>https://h.example/1</link></item></channel></rss>"
    )
    try:
        parsed = parse_feed(body.encode(), {}, "https://h.example/")
    except FetchError:
        return
    assert all(len(e.title) < 2_000 for e in parsed.entries)


def test_files_are_not_read_through_entities() -> None:
    """An external entity that names a local file gives nothing of it."""
    body = (
        b"<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY f SYSTEM 'file:///etc/passwd'>]>"
        b"<rss version='2.0'><channel><title>x</title><item><title>a &f; b</title><link>https://h.example/1</link></item></channel></rss>"
    )
    try:
        parsed = parse_feed(body, {}, "https://h.example/")
    except FetchError:
        return
    assert "root:" not in repr(parsed)


def test_json_feed_items_without_id_are_left_out() -> None:
    """As version 1.1 of its specification asks; a number is an id all the same."""
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [
        {"content_text": "no id"}, {"id": 7, "content_html": "<p>Seven</p>", "url": "/7", "date_published": "2025-01-30T12:00:00Z"},
        {"id": "", "content_text": "empty id"}, "not an object",
    ]}  # fmt: skip
    parsed = parse_feed(json.dumps(feed).encode(), {"content-type": "application/feed+json"}, "https://h.example/f.json")
    assert [(e.entry_id, e.summary, e.url, e.published) for e in parsed.entries] == [("7", "Seven", "https://h.example/7", NOON)]
    assert parsed.dropped == 3


def test_impossible_dates_are_no_dates() -> None:
    """A 32nd of January is unknown, and the entry stays."""
    body = (
        b"<rss version='2.0'><channel><title>x</title><item><title>t</title><link>https://h.example/1</link>"
        b"<pubDate>Thu, 32 Jan 2025 12:00:00 GMT</pubDate></item></channel></rss>"
    )
    (entry,) = parse_feed(body, {}, "https://h.example/").entries
    assert entry.published is None


@pytest.mark.parametrize(
    ("said", "hours", "days"),
    [
        ("<skipHours><hour>0</hour>\n<hour> 7 </hour></skipHours>", {0, 7}, set()),
        ("<skipDays><day>Sunday</day><day>saturday</day></skipDays>", set(), {5, 6}),
        ("<skipHours><hour>24</hour><hour>25</hour><hour>x</hour></skipHours><skipDays><day>Caturday</day></skipDays>", {0}, set()),
        ("<skipHours>" + "".join(f"<hour>{n}</hour>" for n in range(24)) + "</skipHours>", set(), set()),
        ("<skipHours><hour>3</hour>" + " " * 5_000 + "</skipHours>", set(), set()),
        ("<ttl>90</ttl><!-- <skipHours> --><skipHours/>", set(), set()),
    ],
)
def test_hours_and_days_without_visits_are_heard(said: str, hours: set[int], days: set[int]) -> None:
    """skipHours and skipDays are read where they make sense, and what would keep us away for good is not believed."""
    parsed = parse_feed(f"<rss version='2.0'><channel><title>x</title>{said}</channel></rss>".encode(), {}, "https://h.example/")
    assert (set(parsed.hints.skip_hours), set(parsed.hints.skip_days)) == (hours, days)


FIVE = [Entry(str(i), f"Title {i}", "Sum", "", f"https://l.example/{i}", "", NOON) for i in range(5)]
GOOD = render(Form.RSS, "Lab", "https://lab.example/", FIVE)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD)), st.integers(0, 60), st.binary(max_size=40))
def test_damaged_bytes_give_entries_or_a_reason(at: int, gone: int, put: bytes) -> None:
    """Whatever is cut out of a feed or put into it, the reader answers with entries or a FetchError."""
    body = GOOD[:at] + put + GOOD[at + gone :]
    try:
        parsed = parse_feed(body, {"content-type": "application/rss+xml"}, "https://h.example/")
    except FetchError as e:
        assert str(e)
    else:
        assert len(parsed.entries) <= 10


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_give_entries_or_a_reason(body: bytes) -> None:
    """No bytes crash the reader."""
    try:
        parse_feed(body, {}, "https://h.example/")
    except FetchError as e:
        assert str(e)
