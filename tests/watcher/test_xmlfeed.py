"""Feeds read fast, and feeds read in part, give what feedparser gives of the whole: over golden feeds and over feeds of every making."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import feedparser
import pytest
from feedparser.datetimes import _parse_date
from feedparser.html import _cp1252
from feedparser.urls import _urljoin
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.watcher.feedzoo import Zoo, changed, zoos
from tests.watcher.zooparts import ADDRESSES, DATES
from watcher.decide import Outcome, Policy, decide_entries
from watcher.errors import FetchError
from watcher.fetch import Fetched
from watcher.identity import keyed
from watcher.sources.cut import MOST
from watcher.sources.entry import Parsed
from watcher.sources.feed import FeedSource, parse_feed, read_feed
from watcher.sources.feed import read as read_source
from watcher.sources.reference import read_whole
from watcher.sources.steps import Ask, Reading, Situation, advance
from watcher.sources.strict import Whole, read_strictly
from watcher.sources.strict.values import CP1252, as_moment, joined, moment_of
from watcher.sources.xmlbytes import as_utf8
from watcher.state import SourceState

GOLDEN = sorted((Path(__file__).parent.parent / "data" / "feeds").glob("*.xml"))
URL = "https://h.example/feed"
HEADERS = {"content-type": "application/rss+xml"}
NOW = datetime(2025, 1, 31, tzinfo=UTC)
POLICY = Policy(max_age=timedelta(hours=48))


def whole(body: bytes, headers: dict[str, str] = HEADERS) -> Parsed | str:
    """What feedparser alone gives, or the reason why nothing."""
    try:
        return read_whole(body, headers, URL)
    except FetchError as e:
        return str(e)
    except (ValueError, TypeError, KeyError) as e:  # feedparser breaks on some of what the strategies make
        return type(e).__name__


def read(body: bytes, kept: bytes = b"", headers: dict[str, str] = HEADERS) -> tuple[Parsed | str, bytes]:
    """What the reader gives, without the keys, and what it keeps."""
    try:
        parsed, kept = read_feed(body, headers, URL, kept)
    except FetchError as e:
        return str(e), b""
    except (ValueError, TypeError, KeyError) as e:
        return type(e).__name__, b""
    return parsed, kept


def unkeyed(parsed: Parsed | str) -> Parsed | str:
    """Without what only a reading in part has."""
    return parsed if isinstance(parsed, str) else replace(parsed, keys=None)


class Desk:
    """A source as the store knows it: its state, and the keys of its items."""

    def __init__(self) -> None:
        self.state = SourceState("s", URL)
        self.known: dict[bytes, int] = {}
        self.now = NOW

    def decide(self, parsed: Parsed) -> Outcome:
        """What this answer means now."""
        parsed = keyed(parsed)
        known = {k: self.known[k] for keys in parsed.keys or () for k in keys.all() if k in self.known}
        return decide_entries(self.state, parsed, known, {}, POLICY, self.now)

    def write(self, outcome: Outcome) -> None:
        """Keep what was decided."""
        for item in outcome.items:
            number = len(self.known)
            for key in item.keys:
                self.known.setdefault(key, number)
        for key, number in outcome.more_keys:
            self.known.setdefault(key, number)
        self.state, self.now = outcome.state, self.now + timedelta(hours=1)


def meaning(outcome: Outcome) -> tuple[Any, ...]:
    """All of an outcome; the order in which more keys are written means nothing."""
    return outcome.items, set(outcome.more_keys), outcome.state, outcome.interval, outcome.notices


def assert_same_story(bodies: list[bytes]) -> int:
    """Reading what is new of each document leads to the same outcomes as reading each whole; how many entries were passed over."""
    desk, kept, passed = Desk(), b"", 0
    for body in bodies:
        (part, left), all_of_it = read(body, kept), whole(body)
        if isinstance(part, str) or isinstance(all_of_it, str):
            assert part == all_of_it
            continue
        kept, passed = left, passed + part.standing
        assert unkeyed(replace(part, entries=(), standing=0)) == replace(all_of_it, entries=())
        assert len(part.entries) + part.standing == len(all_of_it.entries)
        outcome = desk.decide(part)
        assert meaning(outcome) == meaning(desk.decide(all_of_it))
        desk.write(outcome)
    return passed


# --- as the reference says


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: p.stem)
@pytest.mark.parametrize("media", ["application/rss+xml", "text/xml; charset=utf-8", "text/xml", "text/html", ""])
def test_golden_feeds_are_read_as_feedparser_reads_them(path: Path, media: str) -> None:
    """Every form, encoding and mistake, under every media type: the same entries, head and warnings."""
    body, headers = path.read_bytes(), {"content-type": media}
    assert unkeyed(read(body, headers=headers)[0]) == whole(body, headers)


@settings(max_examples=400, deadline=None)
@given(zoos())
def test_feeds_of_every_making_are_read_as_feedparser_reads_them(zoo: Zoo) -> None:
    """The strict reader says nothing rather than something else."""
    body = zoo.document().encode()
    assert unkeyed(read(body)[0]) == whole(body)


PLAIN = ("rss20-wordpress", "rdf10-government", "atom10-plain", "youtube", "podcast", "latin1", "gb2312", "rss20-escaped-markup")


@pytest.mark.parametrize("name", PLAIN)
def test_everyday_feeds_need_no_feedparser(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nearly every publisher writes is read without it."""
    body = next(p for p in GOLDEN if p.stem == name).read_bytes()
    monkeypatch.setattr(feedparser, "parse", None)
    parsed, kept = read_feed(body, HEADERS, URL)
    assert parsed.entries
    assert kept


UNPLAIN = ("bare-ampersand", "misnested", "truncated", "internal-entity", "utf16", "cdf", "undefined-entity", "channel-elsewhere")


@pytest.mark.parametrize("name", UNPLAIN)
def test_odd_documents_are_for_feedparser(name: str) -> None:
    """Ill-formed, guessed at, or with entries that depend on one another: nothing is kept, and nothing is cut out next time."""
    body = next(p for p in GOLDEN if p.stem == name).read_bytes()
    parsed, kept = read_feed(body, HEADERS, URL)
    assert (kept, parsed.standing) == (b"", 0)
    assert read_feed(body, HEADERS, URL, kept)[0] == parsed


@settings(max_examples=300)
@given(st.one_of(st.sampled_from(DATES), st.datetimes().map(lambda d: d.strftime("%a, %d %b %Y %H:%M:%S")), st.datetimes().map(str)),
       st.sampled_from(("", " GMT", " +0000", " -0530", "Z", "+02:00", " +1500", ".5Z", " EST")))  # fmt: skip
def test_dates_are_feedparsers(date: str, zone: str) -> None:
    """Those that are worked out here are the same moments."""
    text = (date + zone).strip()
    assert moment_of(text) == as_moment(_parse_date(text))


@settings(max_examples=300)
@given(
    st.sampled_from(("https://h.example/feed", "http://h.example", "https://h.example/a/b?c=d")),
    st.one_of(
        st.sampled_from(ADDRESSES),
        st.text("htps:/.?#;%a=&", max_size=30),
        st.from_regex(r"https?://[a-z.]{1,9}(/[\w.;?#=&%/-]{0,20})?"),
    ),
)
def test_addresses_are_resolved_as_by_feedparser(base: str, address: str) -> None:
    """Those that are taken as they stand are the same."""
    assert joined(base, address.strip()) == _urljoin(base, address.strip())


def test_windows_characters_are_feedparsers() -> None:
    """The table of what Windows put among the controls is the same."""
    assert _cp1252 == CP1252


# --- in part as in whole


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_reading_what_is_new_is_reading_it_whole(data: st.DataObject) -> None:
    """Over any history of a feed: entries that come, go, return, move, are edited or doubled, and heads that change."""
    zoo = data.draw(zoos())
    story = [zoo]
    for _ in range(data.draw(st.integers(1, 4))):
        zoo = data.draw(changed(zoo))
        story.append(zoo)
    assert_same_story([z.document().encode() for z in story])


def grown(path: Path) -> Iterator[bytes]:
    """A golden feed as it came to be: its entries one after the other, newest first; then edited, and back again."""
    body = path.read_bytes()
    document = as_utf8(body, "application/xml")
    if document is None:
        yield body
        return
    try:
        spans = [(start, document.index(b">", end) + 1) for start, end in read_strictly(document, URL).spans]
    except Whole:
        yield body
        return
    parts = [document[start:end] for start, end in spans]
    head, tail = (document[: spans[0][0]], document[spans[-1][1] :]) if spans else (document, b"")
    for count in range(len(parts) + 1):
        yield head + b"\n".join(parts[len(parts) - count :]) + tail
    yield head + b"\n".join([*parts, *parts[:1]]) + tail
    yield head + b"\n".join(p.replace(b"e", b"E", 1) if b"<title>e" in p else p for p in reversed(parts)) + tail
    yield body


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: p.stem)
def test_golden_feeds_grow_as_if_read_whole(path: Path) -> None:
    """Each poll of a feed that grows entry by entry leads to the same items, keys, pace and health as reading all of it each time."""
    assert_same_story(list(grown(path)))


def test_of_a_changed_feed_only_new_entries_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries that need feedparser reach it once: at the next poll it gets the new one alone."""
    entry = "<item><title>{0}</title><link>https://h.example/{0}</link><tags>odd</tags></item>"
    documents = ["<rss version='2.0'><channel><title>T</title>" + "".join(map(entry.format, names)) + "</channel></rss>"
                 for names in (("old", "older"), ("new", "old", "older"))]  # fmt: skip
    seen: list[bytes] = []
    parse = feedparser.parse

    def watched(stream: BytesIO, **options: Any) -> Any:
        seen.append(stream.getvalue())
        return parse(stream, **options)

    monkeypatch.setattr(feedparser, "parse", watched)
    _, kept = read_feed(documents[0].encode(), HEADERS, URL)
    parsed, _ = read_feed(documents[1].encode(), HEADERS, URL, kept)
    assert [e.title for e in parsed.entries] == ["new"]
    assert parsed.standing == 2
    assert [b"older" in s for s in seen] == [True, False]
    assert b"new" in seen[1]


def test_what_is_kept_is_bounded() -> None:
    """A document with more entries than that is read whole each time, and nothing of it is kept."""
    item = "<item><title>{0}</title><link>https://h.example/{0}</link></item>"
    for count in (MOST, MOST + 1):
        body = ("<rss version='2.0'><channel>" + "".join(map(item.format, range(count))) + "</channel></rss>").encode()
        parsed, kept = read_feed(body, HEADERS, URL)
        assert len(parsed.entries) == count
        assert len(kept) == (17 + 65 * MOST if count == MOST else 0)


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_what_was_kept_by_others_is_forgotten(kept: bytes) -> None:
    """Whatever stands where `seen` was kept, the feed is read."""
    body = b"<rss version='2.0'><channel><item><title>t</title></item></channel></rss>"
    parsed, _ = read_feed(body, HEADERS, URL, kept)
    assert [e.title for e in parsed.entries] == ["t"]


def test_another_setting_makes_every_entry_new_to_read() -> None:
    """The same bytes under another language are other entries."""
    feed = "<rss version='2.0'><channel><language>{}</language><item><title>t</title></item></channel></rss>"
    french, italian = (feed.format(language).encode() for language in ("fr", "it"))
    _, kept = read_feed(french, HEADERS, URL)
    assert [e.lang for e in read_feed(italian, HEADERS, URL, kept)[0].entries] == ["it"]
    assert read_feed(french, HEADERS, URL, kept)[0].entries == ()


def first_step(body: bytes) -> Reading:
    """What the kind says to an answer before anything is done in a thread."""
    steps = read_source(FeedSource(id="f", url=URL), Situation(NOW))
    assert isinstance(advance(steps, None), Ask)
    reading = advance(steps, Fetched(URL, 200, HEADERS, body))
    assert isinstance(reading, Reading)
    return reading


def test_what_is_read_quickly_is_read_at_once() -> None:
    """A plain feed of a hundred kilobytes needs no thread; one that needs feedparser, or is far larger, is read to its end in one."""
    item = "<item><title>{0}</title><link>https://h.example/{0}</link><description>" + "word " * 100 + "</description></item>"
    plain = ("<rss version='2.0'><channel>" + "".join(map(item.format, range(200))) + "</channel></rss>").encode()
    assert len(first_step(plain).parsed.entries) == 200
    assert first_step(plain).rest is None
    for slow in (plain.replace(b"<title>7<", b"<title>7 & 8<"), plain.replace(b"word", b"longer word")):
        reading = first_step(slow)
        assert reading.rest is not None
        assert reading.rest().parsed == parse_feed(slow, HEADERS, URL)
