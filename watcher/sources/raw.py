"""What feedparser's values of a feed mean to us: plain text, addresses that are whole, moments, hints. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watcher.sources.entry import CONTENT_LIMIT, SUMMARY_LIMIT, TITLE_LIMIT, Entry, Hints, Hub, Parsed
from watcher.sources.skips import skipped
from watcher.sources.strict.values import as_moment
from watcher.text import clean, inert, language, title_text, visible
from watcher.urls import absolute
from watcher.websub.discover import offered

PERIODS = {"hourly": 3600.0, "daily": 86400.0, "weekly": 604800.0, "monthly": 2592000.0, "yearly": 31536000.0}


@dataclass(frozen=True, slots=True)
class Head:
    """What a feed says of itself. `base` is what the addresses of its entries are resolved against."""

    base: str
    title: str
    lang: str
    hints: Hints
    hub: Hub | None

    def parsed(self, entries: Sequence[Entry | None], warning: str = "") -> Parsed:
        """The answer with these entries; None stands for one that could not be used."""
        useful = tuple(e for e in entries if e is not None)
        return Parsed(useful, self.title, self.lang, self.hints, len(entries) - len(useful), warning, hub=self.hub)


def head_of(feed: Mapping[str, Any], body: bytes, headers: Mapping[str, str], url: str) -> Head:
    """The head of a feed, from feedparser's values of it, the whole document and the headers that it came with from `url`."""
    return Head(
        base=absolute(str(feed.get("link", "")), url) or url,
        title=title_text(str(feed.get("title", "")), TITLE_LIMIT),
        lang=language(str(feed.get("language", "") or "")),
        hints=_hints(feed, body),
        hub=offered(headers, [(_text(link.get("rel")), _text(link.get("href"))) for link in feed.get("links") or ()], url),
    )


def entry_of(raw: Mapping[str, Any], head: Head) -> Entry | None:
    """An entry, or None where nothing of it can be shown."""
    own = str(raw.get("base", "") or "")
    base = (absolute(own, head.base) if own else "") or head.base
    link = absolute(str(raw.get("link", "") or ""), base)
    entry_id = clean(inert(str(raw.get("id", "") or "")), 2_000)
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
        published=as_moment(raw.get("published_parsed")) or as_moment(raw.get("updated_parsed")),
        lang=_language(raw, head.lang),
        tags=tuple(t for tag in raw.get("tags", []) or () if (t := title_text(str(tag.get("term") or ""), 80))),
        author=title_text(str(raw.get("author", "") or ""), 200),
    )


def _language(raw: Mapping[str, Any], default: str) -> str:
    for part in ("title_detail", "summary_detail"):
        if said := language(str((raw.get(part) or {}).get("language") or "")):
            return said
    return default


def _hints(feed: Mapping[str, Any], body: bytes) -> Hints:
    period = PERIODS.get(str(feed.get("sy_updateperiod", "")).strip().lower())
    frequency = _number(feed.get("sy_updatefrequency")) or 1.0
    return Hints(_number(feed.get("ttl")), period / frequency if period else None, *skipped(body))


def _number(text: Any) -> float | None:
    try:
        value = float(str(text).strip())
    except ValueError:
        return None
    return value if 0 < value < 1e7 else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
