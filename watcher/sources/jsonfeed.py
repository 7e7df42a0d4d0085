"""JSON Feed, versions 1 and 1.1 (jsonfeed.org), by its specification. Pure: bytes in, entries out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from watcher.errors import FetchError, FetchReason
from watcher.sources.entry import CONTENT_LIMIT, MAX_ENTRIES, SUMMARY_LIMIT, TITLE_LIMIT, Entry, Parsed
from watcher.text import clean, inert, language, title_text, visible
from watcher.units import utc
from watcher.urls import absolute
from watcher.websub.discover import offered


def parse_json_feed(body: bytes, url: str, headers: Mapping[str, str] = MappingProxyType({})) -> Parsed:
    """A JSON Feed, version 1 or 1.1 (jsonfeed.org). Invalid JSON is not used in part; an item without an id is left out, as it says."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise FetchError(FetchReason.NOT_A_FEED, "this is not valid JSON, so no JSON Feed") from None
    if not isinstance(data, dict) or not isinstance(data.get("items"), list) or "jsonfeed.org" not in str(data.get("version", "")):
        raise FetchError(FetchReason.NOT_A_FEED, "this is JSON, but not a JSON Feed: `version` or `items` is missing")
    base = absolute(_str(data.get("home_page_url")), url) or url
    lang = language(_str(data.get("language")))
    raw = data["items"][:MAX_ENTRIES]
    entries = tuple(e for item in raw if isinstance(item, dict) and (e := _json_entry(item, base, lang)) is not None)
    return Parsed(
        entries,
        title_text(_str(data.get("title")), TITLE_LIMIT),
        lang,
        dropped=len(raw) - len(entries),
        hub=offered(headers, _json_links(data), url),
    )


def _json_links(data: dict[str, Any]) -> list[tuple[str, str]]:
    """A JSON Feed's hubs and its own address, as the links that they are elsewhere."""
    hubs = data.get("hubs")
    given = [h for h in hubs if isinstance(h, dict) and _str(h.get("type")).lower() == "websub"] if isinstance(hubs, list) else []
    return [*(("hub", _str(h.get("url"))) for h in given), ("self", _str(data.get("feed_url")))]


def _json_entry(item: dict[str, Any], base: str, lang: str) -> Entry | None:
    given = item.get("id")
    entry_id = clean(inert(str(given)), 2_000) if isinstance(given, str | int | float) and not isinstance(given, bool) else ""
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
        lang=language(_str(item.get("language"))) or lang,
        tags=tuple(t for tag in tags if (t := title_text(_str(tag), 80))) if isinstance(tags, list) else (),
        author=title_text(", ".join(n for n in names if n), 200),
    )


def _str(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _rfc3339(value: Any) -> datetime | None:
    try:
        return utc(datetime.fromisoformat(value)) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
