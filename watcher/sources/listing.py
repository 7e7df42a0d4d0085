"""The entries of a listing page, once it is known which of its links are the articles: title, day and summary around each link. Pure.

The block of a link is the largest element around it that holds no other article. Lists without blocks (a heading, a date and a paragraph
after each other; `dt` and `dd`) are read by what stands between two links.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from lxml.html import HtmlElement

from watcher.sources.dates import Order, day_in_address, day_in_text, moment_of, order_of
from watcher.sources.entry import SUMMARY_LIMIT, TITLE_LIMIT, Entry
from watcher.sources.headlines import is_day, is_more, line_of, title_near, title_unseen
from watcher.sources.markup import base_of, is_a, language_of, linked_data
from watcher.text import one_line, visible_in
from watcher.urls import absolute, canonical, host_of

MOST_LINKS, MOST_ENTRIES = 3_000, 300
_SHORT = 60  # characters; a day stands in a line of its own, not in a sentence
_ENDS = frozenset({"body", "html", "main"})


class Link(NamedTuple):
    """A link of a page; `key` is what makes two of them the same article."""

    element: HtmlElement
    url: str
    key: str


class Said(NamedTuple):
    """What a page's JSON-LD says of an article."""

    url: str = ""
    title: str = ""
    published: datetime | None = None


@dataclass(slots=True)
class Page:
    """A listing page, with what is the same for all its entries."""

    tree: HtmlElement
    url: str
    base: str = ""
    lang: str = ""
    order: Order = Order.UNKNOWN
    data: Mapping[str, Said] = field(default_factory=dict)  # by the key of the article

    @classmethod
    def of(cls, tree: HtmlElement, url: str) -> Page:
        """The page that was read from `url`."""
        base, lang = base_of(tree, url), language_of(tree)
        short = (t for e in tree.iter() for t in (e.text, e.tail) if t and 7 < len(t) < _SHORT)
        return cls(tree, url, base, lang, order_of(short, lang, host_of(url)), _articles(tree, base))

    def links(self, elements: Iterable[HtmlElement]) -> list[Link]:
        """The links in or around these elements that lead to another page."""
        own = canonical(self.url)
        found = []
        for element in elements:
            a = element if element.tag in {"a", "area"} else next(element.iter("a"), None)
            if a is None:
                a = next(element.iterancestors("a"), None)
            href = str(a.get("href") or "").strip() if a is not None else ""
            url = absolute(href, self.base) if href and not href.startswith("#") else ""
            key = canonical(url) if url else ""
            if key and key != own:
                found.append(Link(a, url, key))
            if len(found) >= MOST_LINKS:
                break
        return found


def _articles(tree: HtmlElement, base: str) -> dict[str, Said]:
    found: dict[str, Said] = {}
    for thing in linked_data(tree):
        lists = [thing.get(k) for k in ("itemListElement", "hasPart", "blogPost", "mainEntity", "about")]
        inner = [t for each in lists for t in (each if isinstance(each, list) else [each]) if isinstance(t, dict)]
        inner += [t for i in inner for t in (i.get("itemListElement") or () if isinstance(i.get("itemListElement"), list) else ())]
        for each in [thing, *inner]:
            item = each.get("item") if isinstance(each, dict) and isinstance(each.get("item"), dict) else each
            if isinstance(item, dict) and not is_a(item, "WebPage", "CollectionPage", "WebSite", "Organization", "BreadcrumbList", "Blog"):
                url = absolute(str(item.get("url") or item.get("@id") or ""), base)
                title = one_line(str(item.get("headline") or item.get("name") or ""), TITLE_LIMIT)
                if url and title and len(found) < MOST_ENTRIES:
                    found.setdefault(canonical(url), Said(url, title, moment_of(str(item.get("datePublished") or ""))))
    return found


def entries_of(links: Sequence[Link], page: Page) -> list[Entry]:
    """One entry for each article that is linked, in the page's order; links that no title can be found for are left out."""
    blocks = _Blocks(links)
    by_key: dict[str, list[Link]] = {}
    for link in links:
        by_key.setdefault(link.key, []).append(link)
    entries = []
    for key, own in list(by_key.items())[:MOST_ENTRIES]:
        block = blocks.around(own[0])
        inside = [link for link in own if blocks.around(link) is block]
        before, after = blocks.beside(block)
        said = page.data.get(key, Said())
        title = title_near([link.element for link in inside], block) or title_unseen([link.element for link in own]) or said.title
        if title:
            parts = [block, *after]
            published = said.published or _published(own[0].url, [*(before[-1:]), *parts], title, page.order)
            entries.append(Entry("", own[0].url, title, _summary(parts, title), published=published, lang=page.lang))
    return entries


class _Blocks:
    """Which elements hold which articles."""

    def __init__(self, links: Sequence[Link]) -> None:
        self._holds: dict[HtmlElement, str | None] = {}  # the one article that an element holds, None for several
        self._gaps: dict[HtmlElement, tuple[int, bool]] = {}
        self._alone = len({link.key for link in links}) == 1
        for link in links:
            for element in (link.element, *link.element.iterancestors()):
                if self._holds.setdefault(element, link.key) != link.key:
                    self._holds[element] = None

    def around(self, link: Link) -> HtmlElement:
        """The largest element that holds this article and no other."""
        block = link.element
        for level, element in enumerate(link.element.iterancestors()):
            if element.tag in _ENDS or self._holds[element] is None:
                break
            if self._alone and (block.tag in {"article", "li", "tr"} or level > 2):
                break
            block = element
        return block

    def beside(self, block: HtmlElement) -> tuple[list[HtmlElement], list[HtmlElement]]:
        """What stands before and after a block and belongs to it, where its list has no wrapper around each article."""
        parent = block.getparent()
        if parent is None or self._alone:
            return [], []
        if parent not in self._gaps:
            self._gaps[parent] = self._gap(parent)
        most, leads = self._gaps[parent]
        if not most:
            return [], []
        before = self._run(block.itersiblings(preceding=True), most)[::-1] if leads else []
        return before, self._run(block.itersiblings(), most - leads)

    def _run(self, siblings: Iterator[HtmlElement], most: int) -> list[HtmlElement]:
        found: list[HtmlElement] = []
        for element in siblings:
            if element in self._holds or len(found) >= most:
                break
            found.append(element)
        return found

    def _gap(self, parent: HtmlElement) -> tuple[int, bool]:
        """The most elements between two articles of this parent, and whether the days stand before their articles."""
        gaps: list[int] = []
        run, lead = 0, None
        for child in parent:
            if child not in self._holds:
                run += 1
                continue
            if lead is None:
                lead = child
            else:
                gaps.append(run)
            run = 0
        most = max(gaps, default=0)
        first = lead.getprevious() if lead is not None else None
        return most, bool(most and first is not None and any(day_in_text(t) for t in _short_texts(first)))


def _published(url: str, parts: Sequence[HtmlElement], title: str, order: Order) -> datetime | None:
    for part in parts:
        for time in part.iter("time"):
            moment = moment_of(str(time.get("datetime") or "")) or day_in_text(line_of(time), order)
            if moment is not None:
                return moment
    moment = day_in_address(url)
    if moment is not None:
        return moment
    texts = (text for part in parts for text in _short_texts(part) if text != title)
    return next((day for text in texts if (day := day_in_text(text, order)) is not None), None)


def _short_texts(part: HtmlElement) -> Iterator[str]:
    """The short lines in an element: those of its elements as a whole, and the texts between them."""
    for element in part.iter():
        if element.tag in {"script", "style"}:
            continue
        for own in (str(element.text or ""), str(element.tail or "") if element is not part else ""):
            if 5 < len(own.strip()) <= _SHORT:
                yield one_line(own)
        if 0 < len(element) <= 8 and (whole := _whole(element)):
            yield whole


def _whole(element: HtmlElement) -> str:
    """All of an element's text where that is short, else an empty string."""
    texts: list[str] = []
    for text in element.itertext():
        texts.append(text)
        if len(texts) > _SHORT or sum(len(t) for t in texts if not t.isspace()) > 2 * _SHORT:
            return ""
    whole = one_line(" ".join(texts))
    return whole if 5 < len(whole) <= _SHORT else ""


def _summary(parts: Sequence[HtmlElement], title: str) -> str:
    for part in parts:
        for paragraph in part.iter("p"):
            text = one_line(visible_in(paragraph, SUMMARY_LIMIT), SUMMARY_LIMIT)
            for link in paragraph.iter("a"):
                words = line_of(link)
                text = text.removesuffix(words).rstrip() if is_more(words) else text
            if text != title and len(text) >= (40 if text.isascii() else 20) and not is_day(text):
                return text
    return ""
