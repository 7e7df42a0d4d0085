"""One article's page: its title, day, language and text; and what of them an entry takes over. Pure.

Title and day come only from what the page states for machines (Open Graph, JSON-LD, `<time itemprop>`), never from a guess: a wrong day
could keep an item from ringing. The text is trafilatura's; it is imported when it is first needed, because that takes long.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from watcher.errors import FetchError, FetchReason
from watcher.identity import keys_of, known_as
from watcher.sources.dates import moment_of
from watcher.sources.entry import CONTENT_LIMIT, SUMMARY_LIMIT, TITLE_LIMIT, Entry, Parsed
from watcher.sources.headlines import line_of, title_in_address
from watcher.sources.markup import is_a, language_of, linked_data, looks_like_html, metas, title_of, tree_of
from watcher.sources.walls import check_wall
from watcher.text import clean, title_text, visible

STUB = 200  # characters; less text than this is a teaser before a paywall, or a notice about cookies
_DATES = ("article:published_time", "datepublished", "date", "dc.date", "dc.date.issued", "dcterms.date", "dcterms.issued",
          "dcterms.created", "parsely-pub-date", "sailthru.date", "pubdate", "publish-date", "og:published_time")  # fmt: skip
_TYPES = ("NewsArticle", "Article", "BlogPosting", "ReportageNewsArticle", "TechArticle", "AnalysisNewsArticle", "PressRelease", "Report",
          "GovernmentService", "SpecialAnnouncement")  # fmt: skip
_NO_PAGES = re.compile(r"(?i)\.(pdf|docx?|xlsx?|pptx?|odt|zip|gz|mp3|mp4|mov|jpe?g|png|gif|svg|webp|ics|epub)$")


@dataclass(frozen=True, slots=True)
class Article:
    """What a page says of its article; all of it visible text, each part empty where there is none."""

    title: str = ""
    summary: str = ""
    text: str = ""
    published: datetime | None = None
    lang: str = ""


def wanting(parsed: Parsed, known: Mapping[bytes, int], since: datetime, *, fulltext: bool) -> list[int]:
    """Which entries' articles are wanted, by their places, the newest first: of new ones without any words, with `fulltext` of all new
    ones, and of none from before `since`, which ring nobody. `known` is as in `decide_entries`."""
    entries = parsed.entries
    found = [
        i
        for i, keys in enumerate(keys_of(entries, sure_ids=parsed.sure_ids))
        if (fulltext or _wordless(entries[i])) and _has_page(entries[i].url) and known_as(keys, known) is None
    ]
    recent = [i for i in found if (moment := entries[i].published) is None or moment >= since]
    moments = {i: moment.timestamp() for i in recent if (moment := entries[i].published) is not None}
    return sorted(recent, key=lambda i: -moments.get(i, float("inf")))


def completed(entry: Entry, article: Article | None, *, fulltext: bool) -> Entry:
    """The entry with what its article adds; without one, words for an entry that has none are read out of its address."""
    if article is None:
        return replace(entry, title=title_in_address(entry.url)) if _wordless(entry) else entry
    wordless = _wordless(entry)
    longer = fulltext and len(article.text) >= max(STUB, len(entry.content), len(entry.summary))
    return replace(
        entry,
        title=entry.title or article.title or (title_in_address(entry.url) if wordless else ""),
        summary=entry.summary or (article.summary if wordless else ""),
        content=article.text if longer else entry.content,
        published=(article.published or entry.published) if wordless else (entry.published or article.published),
        lang=entry.lang or article.lang,
    )


def read_article(body: bytes, headers: Mapping[str, str], asked: str, url: str, fulltext: bool) -> Article:
    """The article on a page that was asked for as `asked` and came from `url`; its text only with `fulltext`.

    Raises FetchError for what is no page, a challenge, a login, or the home page that a lost article was redirected to.
    """
    if not looks_like_html(body, headers):
        raise FetchError(FetchReason.NOT_A_FEED, "the article is no web page")
    if url != asked and urlsplit(url).path.strip("/") == "" != urlsplit(asked).path.strip("/"):
        raise FetchError(FetchReason.NOT_FOUND, "the article's address leads to the home page")
    tree = tree_of(body, headers)
    check_wall(tree, body, headers, asked, url)
    said = metas(tree)
    data = next((thing for thing in linked_data(tree) if is_a(thing, *_TYPES)), {})
    return Article(
        title=_title(tree, said, data),
        summary=visible(said.get("og:description") or said.get("description") or "", SUMMARY_LIMIT),
        published=_published(tree, said, data),
        lang=language_of(tree),
        text=_text(tree, data) if fulltext else "",  # last: it takes the tree apart
    )


def _title(tree: HtmlElement, said: Mapping[str, str], data: Mapping[str, Any]) -> str:
    headings = [line_of(h) for h in tree.iter("h1")]
    stated = str(data.get("headline") or "") or said.get("og:title", "")
    title = title_text(stated, TITLE_LIMIT) or (headings[0] if len(headings) == 1 else "") or title_of(tree)
    site = said.get("og:site_name", "")
    return re.sub(rf"\s+[|–—·-]\s+{re.escape(site)}$", "", title) if site else title


def _published(tree: HtmlElement, said: Mapping[str, str], data: Mapping[str, Any]) -> datetime | None:
    values = [str(data.get("datePublished") or ""), *(said.get(name, "") for name in _DATES)]
    times = [t for t in tree.iter("time") if "datepublished" in str(t.get("itemprop") or "").lower() or t.get("pubdate") is not None]
    values += [str(t.get("datetime") or "") for t in times]
    return next((moment for value in values if value and (moment := moment_of(value)) is not None), None)


def _text(tree: HtmlElement, data: Mapping[str, Any]) -> str:
    from trafilatura import bare_extraction

    found = bare_extraction(tree, fast=True, include_comments=False, with_metadata=False)
    text = clean(str(getattr(found, "text", None) or ""), CONTENT_LIMIT)
    stated = visible(str(data.get("articleBody") or "")[: 2 * CONTENT_LIMIT], CONTENT_LIMIT)
    return max(text, stated, key=len)


def _wordless(entry: Entry) -> bool:
    return not (entry.title or entry.summary or entry.content)


def _has_page(url: str) -> bool:
    return url.startswith(("http://", "https://")) and not _NO_PAGES.search(urlsplit(url).path)
