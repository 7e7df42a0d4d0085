"""Which links of a page are its articles, judged by structure: what repeats, with headlines and days, outside of the page's chrome. Pure.

Links are grouped by where they stand (the path of elements above them); the group that reads most like a list of news wins, and what
links under the same part of the site with a headline of its own (the story on top of the list) joins it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from watcher.sources.entry import Entry
from watcher.sources.listing import MOST_ENTRIES, Link, Page, entries_of
from watcher.urls import canonical, registrable

_CHROME_TAGS = frozenset({"nav", "footer", "aside", "form", "select", "dialog", "template", "noscript"})
_CHROME_ROLES = frozenset(
    {"navigation", "contentinfo", "banner", "search", "complementary", "menu", "menubar", "dialog", "tablist", "toolbar"}
)
_CHROME_NAMES = re.compile(
    r"(?i)(^|[\s_-])(nav|navbar|navigation|menu|footer|breadcrumbs?|social|share|sharing|languages?|lang-?switcher|pager|pagination|paging|"
    r"cookies?|consent|skip-?links?|toolbar|copyright|masthead|topbar|login|sidebar|tag-?cloud|filters?|facets?|related)($|[\s_-])"
)
_ELSEWHERE = re.compile(
    r"(?i)(^|\.)(facebook|twitter|x|linkedin|instagram|youtube|tiktok|threads|bsky|whatsapp|t|pinterest|reddit|flickr|weibo|addtoany)\.(com|me|app|net)$"
)
_NO_ARTICLE = re.compile(
    r"(?i)/(page|tag|tags|category|categories|author|authors)/[^/]+/?$|/(login|search|rss|feed|feeds)/?$|[?&](page|paged|start|offset)=\d"
)
MOST_GROUPS = 40  # the largest are looked at
ENOUGH = 2.5  # a group below this reads like something other than news


@dataclass(frozen=True, slots=True)
class _Group:
    links: list[Link]
    entries: list[Entry]
    mean: float

    @property
    def score(self) -> float:
        return self.mean * math.log2(1 + min(len(self.entries), 30))


def article_links(page: Page) -> list[Link]:
    """The links of the page's articles, in its order; empty when nothing on it reads like a list of news."""
    for by_name in (True, False):  # class names mislead at times: a page may call its whole list a menu
        chrome: dict[HtmlElement, bool] = {}
        links = [
            link
            for link in page.links(page.tree.iter("a"))
            if not _in_chrome(link.element, chrome, by_name=by_name) and not _leads_elsewhere(link.url)
        ]
        groups = [_judged(group, page) for group in _by_place(links)[:MOST_GROUPS] if _repeats(group) or _stands_alone(group)]
        best = max(groups, key=lambda g: g.score, default=None)
        if best is not None and best.mean >= ENOUGH:
            return _with_others(best, groups, links)
    return []


def _in_chrome(link: HtmlElement, known: dict[HtmlElement, bool], *, by_name: bool) -> bool:
    path = []
    answer = False
    for element in (link, *link.iterancestors()):
        if element in known:
            answer = known[element]
            break
        path.append(element)
    for element in reversed(path):
        answer = answer or _is_chrome(element, by_name=by_name)
        known[element] = answer
    return answer


def _is_chrome(element: HtmlElement, *, by_name: bool) -> bool:
    if element.tag in _CHROME_TAGS or str(element.get("role") or "").lower() in _CHROME_ROLES or element.get("hidden") is not None:
        return True
    if element.tag == "header":
        return all(a.tag not in {"article", "main", "section", "li"} for a in element.iterancestors())
    if not by_name or element.tag in {"html", "body", "main", "article", "a"}:
        return False
    return bool(_CHROME_NAMES.search(f"{element.get('class') or ''} {element.get('id') or ''}"))


def _leads_elsewhere(url: str) -> bool:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    return bool(_ELSEWHERE.search(host) or _NO_ARTICLE.search(url))


def _by_place(links: Sequence[Link]) -> list[list[Link]]:
    groups: dict[str, list[Link]] = {}
    for link in links:
        groups.setdefault(_place(link.element), []).append(link)
    return sorted(groups.values(), key=len, reverse=True)


def _place(link: HtmlElement) -> str:
    """The tags above a link; of a table's cells and of columns their number as well."""
    names = []
    for element in link.iterancestors():
        number = f"{sum(1 for _ in element.itersiblings('td', 'th', preceding=True))}" if element.tag in {"td", "th"} else ""
        names.append(f"{element.tag}{number}")
    return "/".join(names)


def _repeats(group: Sequence[Link]) -> bool:
    return any(link.key != group[0].key for link in group)


def _stands_alone(group: Sequence[Link]) -> bool:
    """A site's only article so far: in an `<article>` of its own."""
    return any(a.tag == "article" for a in group[0].element.iterancestors())


def _judged(links: list[Link], page: Page) -> _Group:
    entries = entries_of(links, page)
    headings = {link.key for link in links if _has_heading(link.element)}
    marks = [_mark(entry, page, heading=canonical(entry.url) in headings) for entry in entries]
    found = min(len({link.key for link in links}), MOST_ENTRIES)
    return _Group(links, entries, sum(marks) / found if found else 0.0)


def _has_heading(link: HtmlElement) -> bool:
    return any(True for _ in link.iter("h2", "h3", "h4")) or any(a.tag in {"h2", "h3", "h4"} for a in link.iterancestors())


def _mark(entry: Entry, page: Page, *, heading: bool) -> float:
    """How much one entry reads like news: 0 to 6.5."""
    words = entry.title.split()
    headline = len(words) >= 5 or len(entry.title) >= 30 or (not entry.title.isascii() and len(entry.title) >= 12)
    mark = 1.5 * headline + 1.5 * (entry.published is not None) + 1.0 * heading + 0.5 * bool(entry.summary)
    here, there = urlsplit(page.url), urlsplit(entry.url)
    if registrable(here.hostname or "") != registrable(there.hostname or ""):
        return mark
    below = there.path.startswith(here.path.rstrip("/") + "/") and there.path.rstrip("/") != here.path.rstrip("/")
    last = there.path.rstrip("/").rsplit("/", 1)[-1]
    return mark + 0.5 + 0.5 * below + 0.5 * (last.count("-") >= 3 or any(c.isdecimal() for c in last + there.query))


def _with_others(best: _Group, groups: Sequence[_Group], links: Sequence[Link]) -> list[Link]:
    """The best group, the groups that read like it, and all other links to the same articles."""
    folders = {_folder(link.url) for link in best.links}
    keys = {link.key for link in best.links}
    for group in groups:
        if group is not best and group.mean >= max(ENOUGH, best.mean * 0.7):
            keys |= {canonical(e.url) for e in group.entries if _folder(e.url) in folders}
    return [link for link in links if link.key in keys]


def _folder(url: str) -> str:
    """The part of the site that an address belongs to: its host and the first part of its path."""
    parts = urlsplit(url)
    return f"{parts.netloc}/{parts.path.strip('/').split('/')[0]}"
