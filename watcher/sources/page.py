"""A body without a feed: its listing page is watched, and each link to an article is an entry.

Larger pages are read apart, where the reader can be stopped: libxml2 takes the square of the number of an element's attributes.
A page on which nothing is found is a failure with a reason, never "no news": a list of news is not empty by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

import re2
from cssselect import SelectorError
from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement
from pydantic import field_validator

from watcher.apart import APART, SMALL
from watcher.errors import FetchError, FetchReason
from watcher.model import Source
from watcher.sources.entry import TITLE_LIMIT, Entry, Parsed
from watcher.sources.listing import Page, entries_of
from watcher.sources.markup import ACCEPT, looks_like_html, title_of, tree_of
from watcher.sources.repeated import article_links
from watcher.sources.steps import Ask, Reading, Situation, Steps
from watcher.sources.walls import LOGIN, check_wall, has_password
from watcher.text import title_text

SELECTOR_MOST = 500  # characters


class PageSource(Source):
    """A page that lists articles: `links` is a CSS selector of theirs, `match` an RE2 expression that their addresses must hold."""

    kind: Literal["page"] = "page"
    links: str = ""
    match: str = ""

    @field_validator("links")
    @classmethod
    def _selects(cls, value: str) -> str:
        try:
            if value:
                CSSSelector(value[:SELECTOR_MOST], translator="html")
        except (SelectorError, ValueError) as e:
            raise ValueError(f"{value!r} is no CSS selector ({e}); write one such as `main h3 a` or `.news-list a`") from None
        return value

    @field_validator("match")
    @classmethod
    def _matches(cls, value: str) -> str:
        return checked_expression(value)


def checked_expression(value: str) -> str:
    """An RE2 expression as it was written. Raises ValueError that says what is wrong with it."""
    try:
        re2.compile(value)
    except re2.error as e:
        raise ValueError(f"{value!r} is no regular expression of RE2 ({e}); write one such as /news/ or ^https://lab\\.example/") from None
    return value


def read(source: PageSource, situation: Situation) -> Steps:
    """One conditional request."""
    got = yield Ask(source.url, headers=ACCEPT, conditional=True)
    given = (got.body, dict(got.headers), got.url, source, situation.first)
    return Reading(parse_page(*given) if len(got.body) <= SMALL else cast(Parsed, APART.call(parse_page, *given)))


def parse_page(body: bytes, headers: Mapping[str, str], url: str, source: PageSource, first: bool = True) -> Parsed:
    """The entries of a listing page fetched from `url`.

    Raises FetchError: BLOCKED for a challenge or a login, NOT_A_FEED for something that is no page, UNREADABLE where no article is found.
    """
    if not looks_like_html(body, headers):
        raise FetchError(FetchReason.NOT_A_FEED, _other(body))
    tree = tree_of(body, headers)
    check_wall(tree, body, headers, source.url, url)
    page = Page.of(tree, url)
    entries = _selected(page, source.links, first=first) if source.links else _found(page)
    if not entries:
        raise _nothing(tree)
    if source.match:
        matches = re2.compile(source.match).search
        fitting = [e for e in entries if matches(e.url)]
        if not fitting:
            what = f"none of the {len(entries)} links matches `match: {source.match}`, {entries[0].url} for one does not"
            raise FetchError(FetchReason.UNREADABLE, what)
        entries = fitting
    return Parsed(tuple(entries), title_text(title_of(tree), TITLE_LIMIT), page.lang)


def _selected(page: Page, selector: str, *, first: bool) -> list[Entry]:
    elements = CSSSelector(selector, translator="html")(page.tree)
    entries = entries_of(page.links(e for e in elements if isinstance(e, HtmlElement)), page)
    if entries:
        return entries
    what = f"`links: {selector}` finds no link on the page" if not elements else f"what `links: {selector}` finds leads to no other page"
    raise FetchError(FetchReason.UNREADABLE, f"{what}; " + ("look at it, and write another" if first else "it was rebuilt: write another"))


def _found(page: Page) -> list[Entry]:
    """By structure; on a page that is drawn by scripts, what its JSON-LD says."""
    return entries_of(article_links(page), page) or [
        Entry("", said.url, said.title, published=said.published, lang=page.lang) for said in page.data.values() if said.published
    ]


def _nothing(tree: HtmlElement) -> FetchError:
    if has_password(tree):
        return FetchError(FetchReason.BLOCKED, LOGIN)
    count = sum(1 for _ in tree.iter("a"))
    if count < 3 and tree.find(".//script") is not None:
        what = "the page shows nothing without its scripts; look for a feed or a sitemap of the site"
    else:
        what = f"no list of articles was found among the {count} links of the page; write `links:` with a CSS selector of them"
    return FetchError(FetchReason.UNREADABLE, what)


def _other(body: bytes) -> str:
    start = body[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"<?xml", b"<rss", b"<feed", b"<rdf", b"{")):
        return "this is no web page; if it is a feed, write `kind: feed`, and `kind: sitemap` for a sitemap"
    return "this is no web page" if start else "the answer is empty where a page should be"
