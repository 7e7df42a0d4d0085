"""What could be read of a site, found by asking it: its feeds first, then its sitemap, then its page. Only at a person's request.

found = await discover("https://lab.example/news", reach)
found.suggestions      what can be written in a source file, the best first
found.problem          why there is nothing
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass

from watcher.ask import Reach
from watcher.errors import FetchError
from watcher.fetch import Fetched, NotModified, Request
from watcher.sources.discover import Suggestion, alternates, guesses, linked_feeds, recognised
from watcher.sources.entry import Parsed
from watcher.sources.feed import parse_feed
from watcher.sources.markup import looks_like_html, tree_of
from watcher.sources.steps import Ask
from watcher.urls import absolute

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
        tree = tree_of(got.body, got.headers)
    except FetchError as e:
        return Discovered(problem=str(e))
    named = alternates(tree, got.url)
    found = yield from _tried((a.url for a in named[:TRIED_MOST]), "the page names it as its feed")
    others = tuple(Suggestion({"kind": "feed", "url": a.url}, "the page names it too", a.title) for a in named[TRIED_MOST:])
    if found:
        return Discovered((*found, *others))
    found = yield from _tried((a.url for a in linked_feeds(tree, got.url)[:TRIED_MOST]), "the page links to it")
    found = found or (yield from _tried(guesses(got.url), "found where many sites have their feed", enough=1))
    return Discovered(found) if found else Discovered(problem=NOTHING)


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
