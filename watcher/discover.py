"""What could be read of a site, found by asking it: its feeds first, then its sitemap, then its page. Only at a person's request.

found = await discover("https://lab.example/news", reach)
found.suggestions      what can be written in a source file, the best first
found.problem          why there is nothing
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urljoin, urlsplit

from watcher.apart import APART
from watcher.ask import Reach
from watcher.errors import FetchError
from watcher.fetch import Fetched, NotModified, Request
from watcher.sources.discover import Alternate, Suggestion, alternates, guesses, linked_feeds, recognised
from watcher.sources.entry import Parsed
from watcher.sources.feed import parse_feed
from watcher.sources.markup import looks_like_html, tree_of
from watcher.sources.page import PageSource, parse_page
from watcher.sources.sitemap import ACCEPT as SITEMAP_ACCEPT
from watcher.sources.sitemapxml import Found, unseen
from watcher.sources.steps import Ask
from watcher.sources.walls import check_wall
from watcher.urls import absolute

LISTED = 3  # articles that a page lists at least, to be suggested
TRIED_MOST = 3  # feeds that are named on the page and read for a try; the others are shown as they are named
NOTHING = "no feed, sitemap or list of articles was found; look for one on its news page, and give that address"


@dataclass(frozen=True, slots=True)
class Discovered:
    """What was found, the best first; `problem` says in one line why there is nothing."""

    suggestions: tuple[Suggestion, ...] = ()
    problem: str = ""


Search = Generator[Ask, Fetched, Discovered]


async def discover(address: str, reach: Reach) -> Discovered:
    """Look for what can be read at a site's address (`lab.example` stands for `https://lab.example`); never raises for what the site does.

    At most some twenty small requests, one after the other.
    """
    url = absolute(address if "://" in address else f"https://{address}", "")
    if not url:
        return Discovered(problem=f"{address!r} is not an address; write one that begins with https://")
    steps = search(url)
    try:
        step = next(steps)
        while True:
            try:
                async with reach.gate.turn(step.url):
                    got = await reach.client.fetch(Request(step.url, headers=step.headers))
                assert not isinstance(got, NotModified), "nothing conditional was asked"
            except FetchError as e:
                step = steps.throw(e)
            else:
                step = steps.send(got)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # what a generator returns is untyped there


def search(url: str) -> Search:
    """The requests of `discover`, and what comes of them; does no I/O."""
    known = recognised(url)
    if known:
        return Discovered(known)
    try:
        got = yield Ask(url)
    except FetchError as e:
        return Discovered(problem=str(e))
    own = _feed(url, got, "this is the address of a feed")
    if own is not None:
        return Discovered((own,))
    if not looks_like_html(got.body, got.headers):
        return Discovered(problem="this is neither a feed nor a web page; give the address of the site's news page")
    return (yield from _page(got))


def _page(got: Fetched) -> Search:
    try:
        seen = cast(Look, APART.call(look, got.body, dict(got.headers), got.url))
    except FetchError as e:
        return Discovered(problem=str(e))
    found = yield from _tried((a.url for a in seen.named[:TRIED_MOST]), "the page names it as its feed")
    others = tuple(Suggestion({"kind": "feed", "url": a.url}, "the page names it too", a.title) for a in seen.named[TRIED_MOST:])
    if found:
        return Discovered((*found, *others))
    found = yield from _tried((a.url for a in seen.linked[:TRIED_MOST]), "the page links to it")
    found = found or (yield from _tried(guesses(got.url), "found where many sites have their feed", enough=1))
    if found:
        return Discovered(found)
    page = Suggestion(
        {"kind": "page", "url": got.url}, "it has no feed, and this page lists articles", seen.title, seen.listed, got.headers
    )
    sitemap = yield from _sitemap(got.url)
    news = sitemap is not None and "match" not in sitemap.entry
    ways = [sitemap if news else None, page if seen.listed is not None else None, None if news else sitemap]
    found = tuple(way for way in ways if way is not None)
    return Discovered(found) if found else Discovered(problem=NOTHING)


@dataclass(frozen=True, slots=True)
class Look:
    """What a page shows: feeds that it names, links that look like feeds, and the articles that it lists, None without a list."""

    named: tuple[Alternate, ...]
    linked: tuple[Alternate, ...]
    title: str = ""
    listed: Parsed | None = None


def look(body: bytes, headers: Mapping[str, str], url: str) -> Look:
    """What a page shows. Raises FetchError for one that cannot be read, and for a challenge or a login."""
    tree = tree_of(body, headers)
    check_wall(tree, body, headers, url, url)
    named, linked = alternates(tree, url), linked_feeds(tree, url)
    try:
        listed = parse_page(body, headers, url, PageSource(id="given", url=url))
    except FetchError:
        return Look(named, linked)
    return Look(named, linked, listed.title, listed if len(listed.entries) >= LISTED else None)


def _sitemap(url: str) -> Generator[Ask, Fetched, Suggestion | None]:
    """The site's sitemap: one of news, else one that has addresses below this page's own."""
    addresses = [urljoin(url, "/sitemap.xml"), urljoin(url, "/news-sitemap.xml")]
    try:
        robots = yield Ask(urljoin(url, "/robots.txt"))
        named = (line.partition(b":")[2].strip() for line in robots.body.splitlines() if line.lower().startswith(b"sitemap:"))
        addresses = [a for line in named if (a := absolute(line.decode("utf-8", "replace"), url))][:TRIED_MOST] or addresses
    except FetchError:
        pass
    below = urlsplit(url).path.rstrip("/") + "/"
    plain = None
    for address in sorted(addresses, key=lambda a: "news" not in a):
        try:
            got = yield Ask(address, headers=SITEMAP_ACCEPT)
            found = cast(Found, APART.call(unseen, got.body, dict(got.headers), got.url, "", b""))
        except FetchError:
            continue
        if any(place.title for place in found.fresh):
            return Suggestion({"kind": "sitemap", "url": address}, "the site has a sitemap of its news")
        if below != "/" and (found.index or any(below in place.url for place in found.fresh)):
            plain = plain or Suggestion(
                {"kind": "sitemap", "url": address, "match": re.escape(below)}, "the site's sitemap names its articles"
            )
    return plain


def _tried(urls: Iterable[str], why: str, enough: int = TRIED_MOST) -> Generator[Ask, Fetched, tuple[Suggestion, ...]]:
    found: dict[str, Suggestion] = {}
    for url in urls:
        try:
            got = yield Ask(url)
        except FetchError:
            continue
        known = _feed(url, got, why)
        if known is not None:
            found.setdefault(got.url, known)
        if len(found) >= enough:
            break
    return tuple(found.values())


def _feed(url: str, got: Fetched, why: str) -> Suggestion | None:
    try:
        parsed: Parsed = parse_feed(got.body, got.headers, got.url)
    except FetchError:
        return None
    shown = recognised(got.url)
    entry = shown[0].entry if shown else {"kind": "feed", "url": got.moved_to or url}
    return Suggestion(entry, why, parsed.title, parsed, got.headers)
