"""feedparser itself: a document as a whole, or the values of a few entries. Pure.

feedparser opens addresses and paths that it is handed as text, so it only ever gets bytes. Its own sanitising is off: everything is
turned into visible text here, and plain text needs none. It takes the square of the length for some bytes: larger documents are for
`watcher.apart`, and so everything here goes in and out as plain data.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

import feedparser

from watcher.errors import FetchError, FetchReason
from watcher.sources.discover import page_for_feed
from watcher.sources.entry import MAX_ENTRIES, Parsed
from watcher.sources.markup import looks_like_html
from watcher.sources.raw import entry_of, head_of
from watcher.text import clean

_PLACE = re.compile(r"^<unknown>:(\d+):(\d+): ")  # of a mistake in XML
# what we read of feedparser's values
_OF_ENTRY = ("base", "link", "id", "title", "summary", "published_parsed", "updated_parsed", "author")
_OF_HEAD = ("link", "title", "language", "ttl", "sy_updateperiod", "sy_updatefrequency")


def read_whole(body: bytes, headers: Mapping[str, str], url: str) -> Parsed:
    """All of a document that was fetched from `url`. Raises FetchError: NOT_A_FEED, UNREADABLE."""
    document = _parse(body, headers.get("content-type", ""), url)
    if not document.get("version") and not document.entries:
        raise _no_feed(document, body, headers, url)
    head = head_of(_plain_head(document.feed), body, headers, url)
    entries = [entry_of(_plain_entry(e), head) for e in document.entries[:MAX_ENTRIES]]
    if not any(entries) and _matters(document):
        raise FetchError(FetchReason.UNREADABLE, f"the feed is damaged: {_reason(document)}")
    return head.parsed(entries, _reason(document) if _matters(document) else "")


def read_values(document: bytes, url: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """feedparser's values of a document in UTF-8: of its head and of each entry."""
    read = _parse(document, "application/xml; charset=utf-8", url)
    return _plain_head(read.feed), [_plain_entry(e) for e in read.entries]


def _parse(body: bytes, content_type: str, url: str) -> Any:
    headers = {"content-type": content_type, "content-location": url}
    try:
        return feedparser.parse(io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    except Exception as e:  # noqa: BLE001  it raises KeyError and the like where elements do not end as they began
        raise FetchError(FetchReason.UNREADABLE, f"the feed is damaged ({type(e).__name__})") from None


def _plain_head(feed: Any) -> dict[str, Any]:
    links = [{"rel": link.get("rel"), "href": link.get("href")} for link in dict.get(feed, "links") or ()]
    return {name: value for name in _OF_HEAD if (value := dict.get(feed, name)) is not None} | {"links": links}


def _plain_entry(entry: Any) -> dict[str, Any]:
    """Past feedparser's own `get`, which maps some names to others and warns."""
    plain = {name: value for name in _OF_ENTRY if (value := dict.get(entry, name)) is not None}
    for name in ("title_detail", "summary_detail"):
        if dict.get(entry, name):
            plain[name] = {"language": entry[name].get("language")}
    plain["content"] = [{"value": c.get("value", "")} for c in dict.get(entry, "content") or ()]
    plain["tags"] = [{"term": t.get("term")} for t in dict.get(entry, "tags") or ()]
    return plain


def _no_feed(document: Any, body: bytes, headers: Mapping[str, str], url: str) -> FetchError:
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:512]
    if looks_like_html(start, {}):
        return page_for_feed(body, headers, url)
    if b"\x00" in start or (not start.isascii() and b"<" not in start):
        return FetchError(FetchReason.NOT_A_FEED, "this is binary data, not a feed")
    return FetchError(FetchReason.NOT_A_FEED, f"no feed was found in the answer ({_reason(document) or 'no known format'})")


def _reason(document: Any) -> str:
    problem = document.get("bozo_exception")
    return clean(_PLACE.sub(r"line \1, column \2: ", str(problem)), 160) if problem is not None else ""


def _matters(document: Any) -> bool:
    """A wrong media type or charset label is everyday life and no news to an operator."""
    harmless = feedparser.NonXMLContentType | feedparser.CharacterEncodingOverride
    return bool(document.get("bozo")) and not isinstance(document.get("bozo_exception"), harmless)


