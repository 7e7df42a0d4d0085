"""Feeds: RSS, Atom, RDF and CDF through feedparser, JSON Feed 1.1 by its specification. Bytes in, entries out.

feedparser opens addresses and paths that it is handed as text, so it only ever gets bytes, and larger ones apart, where it can be
stopped: it takes the square of the length for some of them. Its own sanitising is off: everything is turned into visible text here,
and plain text needs none.
"""

from __future__ import annotations

import calendar
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, ClassVar, Literal, cast

import feedparser

from watcher.apart import APART, SMALL
from watcher.errors import FetchError, FetchReason
from watcher.model import Source
from watcher.sources.discover import named_feed
from watcher.sources.entry import CONTENT_LIMIT, SUMMARY_LIMIT, TITLE_LIMIT, Entry, Hints, Parsed
from watcher.sources.markup import looks_like_html
from watcher.sources.skips import skipped
from watcher.sources.steps import Ask, Reading, Situation, Steps
from watcher.text import clean, title_text, visible
from watcher.units import utc
from watcher.urls import absolute
from watcher.websub.discover import offered

JSON_TYPES = ("application/feed+json", "application/json")
PERIODS = {"hourly": 3600.0, "daily": 86400.0, "weekly": 604800.0, "monthly": 2592000.0, "yearly": 31536000.0}
MAX_ENTRIES = 5_000


class FeedSource(Source):
    """A feed at an address: RSS, Atom, RDF, CDF or JSON Feed. `websub: false` declines what its hub would push."""

    kind: Literal["feed"] = "feed"
    websub: bool = True

    aside: ClassVar[frozenset[str]] = frozenset({"websub"})


def read(source: FeedSource, _: Situation) -> Steps:
    """One conditional request."""
    got = yield Ask(source.url, conditional=True)
    return Reading(parse_feed(got.body, got.headers, got.url))


def parse_feed(body: bytes, headers: Mapping[str, str], url: str) -> Parsed:
    """The entries of a feed document fetched from `url`.

    Raises FetchError: NOT_A_FEED for a page or something else that is no feed, UNREADABLE for a feed too damaged to give entries.
    A feed that says it has no entries is fine and gives none.
    """
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:512]
    if not start:
        raise FetchError(FetchReason.NOT_A_FEED, "the answer is empty where a feed should be")
    if kind in JSON_TYPES or start.startswith(b"{"):
        return parse_json_feed(body, url, headers)
    if len(body) <= SMALL:
        return _with_feedparser(body, headers, url, start)
    return cast(Parsed, APART.call(_with_feedparser, body, dict(headers), url, start))


def _with_feedparser(body: bytes, headers: Mapping[str, str], url: str, start: bytes) -> Parsed:
    document = feedparser.parse(
        io.BytesIO(body),
        response_headers={"content-type": headers.get("content-type", ""), "content-location": url},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not document.get("version") and not document.entries:
        raise _no_feed(document, start, body, headers, url)
    feed = document.feed
    base = absolute(str(feed.get("link", "")), url) or url
    language = str(feed.get("language", "") or "")[:16]
    entries = [_entry(e, base, language) for e in document.entries[:MAX_ENTRIES]]
    useful = tuple(e for e in entries if e is not None)
    if not useful and _matters(document):
        raise FetchError(FetchReason.UNREADABLE, f"the feed is damaged: {_reason(document)}")
    return Parsed(
        entries=useful,
        title=title_text(str(feed.get("title", "")), TITLE_LIMIT),
        lang=language,
        hints=_hints(feed, body),
        dropped=len(entries) - len(useful),
        warning=_reason(document) if _matters(document) else "",
        hub=offered(headers, [(_str(link.get("rel")), _str(link.get("href"))) for link in feed.get("links") or ()], url),
    )


def _no_feed(document: Any, start: bytes, body: bytes, headers: Mapping[str, str], url: str) -> FetchError:
    if looks_like_html(start, {}):
        its = named_feed(body, headers, url)
        what = f"this is a web page; its feed is {its}" if its else "this is a web page, not a feed; look on it for the address of its feed"
        return FetchError(FetchReason.NOT_A_FEED, what)
    if b"\x00" in start or (not start.isascii() and b"<" not in start):
        return FetchError(FetchReason.NOT_A_FEED, "this is binary data, not a feed")
    return FetchError(FetchReason.NOT_A_FEED, f"no feed was found in the answer ({_reason(document) or 'no known format'})")


def _reason(document: Any) -> str:
    problem = document.get("bozo_exception")
    return clean(str(problem), 160) if problem is not None else ""


def _matters(document: Any) -> bool:
    """A wrong media type or charset label is everyday life and no news to an operator."""
    harmless = feedparser.NonXMLContentType | feedparser.CharacterEncodingOverride
    return bool(document.get("bozo")) and not isinstance(document.get("bozo_exception"), harmless)


def _entry(raw: Any, base: str, feed_language: str) -> Entry | None:
    base = absolute(str(raw.get("base", "") or ""), base) or base
    link = absolute(str(raw.get("link", "") or ""), base)
    entry_id = clean(str(raw.get("id", "") or ""), 2_000)
    title = title_text(str(raw.get("title", "") or ""), TITLE_LIMIT)
    summary = visible(str(raw.get("summary", "") or ""), SUMMARY_LIMIT)
    content = visible("\n".join(str(c.get("value", "")) for c in raw.get("content", []) or ()), CONTENT_LIMIT)
    if not (title or summary or content):
        return None
    if not link and entry_id.startswith(("http://", "https://")):
        link = absolute(entry_id, "")
    return Entry(
        entry_id=entry_id or link,
        url=link,
        title=title,
        summary=summary,
        content="" if content == summary else content,
        # past its own `get`, which maps each of the two to the other and warns
        published=_moment(dict.get(raw, "published_parsed")) or _moment(dict.get(raw, "updated_parsed")),
        lang=_language(raw, feed_language),
        tags=tuple(t for tag in raw.get("tags", []) or () if (t := clean(str(tag.get("term") or ""), 80))),
        author=clean(str(raw.get("author", "") or ""), 200),
    )


def _language(raw: Any, default: str) -> str:
    for part in ("title_detail", "summary_detail"):
        language = (raw.get(part) or {}).get("language")
        if language:
            return str(language)[:16]
    return default


def _moment(parsed: Any) -> datetime | None:
    """feedparser's UTC struct_time as a moment; None for dates that no calendar has."""
    if not parsed:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _hints(feed: Any, body: bytes) -> Hints:
    period = PERIODS.get(str(feed.get("sy_updateperiod", "")).strip().lower())
    frequency = _number(feed.get("sy_updatefrequency")) or 1.0
    return Hints(_number(feed.get("ttl")), period / frequency if period else None, *skipped(body))


def _number(text: Any) -> float | None:
    try:
        value = float(str(text).strip())
    except ValueError:
        return None
    return value if 0 < value < 1e7 else None


def parse_json_feed(body: bytes, url: str, headers: Mapping[str, str] = MappingProxyType({})) -> Parsed:
    """A JSON Feed, version 1 or 1.1 (jsonfeed.org). Invalid JSON is not used in part; an item without an id is left out, as it says."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise FetchError(FetchReason.NOT_A_FEED, "this is not valid JSON, so no JSON Feed") from None
    if not isinstance(data, dict) or not isinstance(data.get("items"), list) or "jsonfeed.org" not in str(data.get("version", "")):
        raise FetchError(FetchReason.NOT_A_FEED, "this is JSON, but not a JSON Feed: `version` or `items` is missing")
    base = absolute(_str(data.get("home_page_url")), url) or url
    language = _str(data.get("language"))[:16]
    raw = data["items"][:MAX_ENTRIES]
    entries = tuple(e for item in raw if isinstance(item, dict) and (e := _json_entry(item, base, language)) is not None)
    return Parsed(
        entries,
        title_text(_str(data.get("title")), TITLE_LIMIT),
        language,
        dropped=len(raw) - len(entries),
        hub=offered(headers, _json_links(data), url),
    )


def _json_links(data: dict[str, Any]) -> list[tuple[str, str]]:
    """A JSON Feed's hubs and its own address, as the links that they are elsewhere."""
    hubs = data.get("hubs")
    given = [h for h in hubs if isinstance(h, dict) and _str(h.get("type")).lower() == "websub"] if isinstance(hubs, list) else []
    return [*(("hub", _str(h.get("url"))) for h in given), ("self", _str(data.get("feed_url")))]


def _json_entry(item: dict[str, Any], base: str, language: str) -> Entry | None:
    given = item.get("id")
    entry_id = clean(str(given), 2_000) if isinstance(given, str | int | float) and not isinstance(given, bool) else ""
    summary = visible(_str(item.get("summary")), SUMMARY_LIMIT)
    content = visible(_str(item.get("content_html")), CONTENT_LIMIT) or visible(_str(item.get("content_text")), CONTENT_LIMIT)
    title = title_text(_str(item.get("title")), TITLE_LIMIT)
    if not entry_id or not (title or summary or content):
        return None
    authors = item.get("authors") or [item.get("author")]
    names = [_str(a.get("name")) for a in authors if isinstance(a, dict)] if isinstance(authors, list) else []
    tags = item.get("tags")
    return Entry(
        entry_id=entry_id,
        url=absolute(_str(item.get("url")) or _str(item.get("external_url")), base),
        title=title,
        summary=summary or clean(content, SUMMARY_LIMIT),
        content=content if summary else "",
        published=_rfc3339(item.get("date_published")) or _rfc3339(item.get("date_modified")),
        lang=_str(item.get("language"))[:16] or language,
        tags=tuple(clean(t, 80) for t in tags if isinstance(t, str)) if isinstance(tags, list) else (),
        author=clean(", ".join(n for n in names if n), 200),
    )


def _str(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _rfc3339(value: Any) -> datetime | None:
    try:
        return utc(datetime.fromisoformat(value)) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
