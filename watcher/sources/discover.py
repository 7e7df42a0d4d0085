"""From the address of a site to what can be written in a source file: what the address shows, and what its page links to. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from lxml.html import HtmlElement

from watcher.errors import FetchError, FetchReason
from watcher.sources.entry import Parsed
from watcher.sources.markup import base_of, tree_of
from watcher.sources.walls import check_wall
from watcher.text import one_line
from watcher.urls import absolute

ALTERNATES_MOST = 50
_TYPES = ("application/atom+xml", "application/rss+xml", "application/rdf+xml", "application/feed+json", "application/xml", "text/xml")
_FEED_LIKE = re.compile(
    r"(?i)(/(feeds?|rss|atom)(/|\.\w{2,5})?$|\.(rss|atom|rdf)$|(rss|atom|feed|index)\w{0,12}\.(xml|rdf|json)$|[?&](feed|format)=(rss|atom))"
)
_COMMENTS = re.compile(r"(?i)\bcomments?\b|kommentare?|commentaires?|comentarios|コメント")
_PART = re.compile(r"(?i)/(tag|category|author|search|topics?)/|[?&](s|cat|tag|author)=")
# where feeds are found when nothing names them, the likeliest first
_PLACES = ("feed/", "rss.xml", "feed.xml", "atom.xml", "rss", "index.xml", "feed.json")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What can be written in a source file: `entry` has its keys but the id; `parsed` is what a try has read, None without one, and
    `headers` came with it."""

    entry: Mapping[str, Any]
    why: str
    title: str = ""
    parsed: Parsed | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def entries(self) -> int | None:
        """How many entries a try has read."""
        return None if self.parsed is None else len(self.parsed.entries)


@dataclass(frozen=True, slots=True)
class Alternate:
    """A feed that a page names."""

    url: str
    title: str = ""


def alternates(tree: HtmlElement, url: str) -> tuple[Alternate, ...]:
    """The feeds that a page names in its head, the one of its news first: before those of comments, of a tag, of a search."""
    base = base_of(tree, url)
    found: dict[str, tuple[tuple[bool, bool, bool], Alternate]] = {}
    for link in tree.iter("link"):
        kind = str(link.get("type") or "").split(";")[0].strip().lower()
        href = str(link.get("href") or "")
        rels = str(link.get("rel") or "").lower().split()
        if not href.strip() or not {"alternate", "feed"} & set(rels) or not (kind in _TYPES or (not kind and "feed" in rels)):
            continue
        address = absolute(href, base)
        if address and address not in found and len(found) < ALTERNATES_MOST:
            title = one_line(str(link.get("title") or ""), 200)
            rank = (bool(_COMMENTS.search(f"{title} {urlsplit(address).path}")), bool(_PART.search(address)), "json" in kind)
            found[address] = (rank, Alternate(address, title))
    return tuple(each for _, each in sorted(found.values(), key=lambda f: f[0]))


def page_for_feed(body: bytes, headers: Mapping[str, str], url: str) -> FetchError:
    """Why a page that came where a feed should be is none: a challenge, a login, or a page that names its feed."""
    try:
        tree = tree_of(body, headers)
        check_wall(tree, body, headers, "", url)
    except FetchError as e:
        return e if e.reason is FetchReason.BLOCKED else FetchError(FetchReason.NOT_A_FEED, f"this is no feed: {e}")
    its = next((a.url for a in alternates(tree, url) if a.url != url), "")
    said = f"; its feed is {its}" if its else ", not a feed; look on it for the address of its feed"
    return FetchError(FetchReason.NOT_A_FEED, f"this is a web page{said}")


def linked_feeds(tree: HtmlElement, url: str) -> tuple[Alternate, ...]:
    """The links in a page's text that look as if they led to a feed; only a try can tell."""
    base = base_of(tree, url)
    found: dict[str, Alternate] = {}
    for link in tree.iter("a"):
        address = absolute(str(link.get("href") or ""), base)
        if address and _FEED_LIKE.search(address) and not _COMMENTS.search(address):
            found.setdefault(address, Alternate(address, one_line("".join(link.itertext()), 200)))
    return tuple(found.values())[:ALTERNATES_MOST]


def guesses(url: str) -> tuple[str, ...]:
    """Addresses at which a site's feed often is, under the page itself and at the root."""
    here = url.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0].rstrip("/") + "/"
    root = urljoin(url, "/")
    places = [urljoin(here, place) for place in _PLACES] if here != root else []
    return tuple(dict.fromkeys([*places[:3], *(urljoin(root, place) for place in _PLACES)]))


def recognised(url: str) -> tuple[Suggestion, ...]:
    """What the address alone shows, of services whose addresses follow a rule; nothing is asked."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ()
    host = (parts.hostname or "").lower().removeprefix("www.").removeprefix("m.")
    pieces = [p for p in parts.path.split("/") if p]
    for knows in _RULES:
        entry, why = knows(host, pieces, url) or ({}, "")
        if entry:
            return (Suggestion(entry, why),)
    return ()


Found = tuple[dict[str, Any], str] | None


def _gov_uk(host: str, pieces: list[str], url: str) -> Found:
    if host != "gov.uk" or not pieces or url.split("?", maxsplit=1)[0].endswith(".atom"):
        return None
    if len(pieces) == 3 and pieces[:2] == ["government", "organisations"]:
        return {"kind": "feed", "url": f"https://www.gov.uk/{'/'.join(pieces)}.atom"}, "every organisation on GOV.UK has a feed"
    if pieces[0] == "search" and len(pieces) == 2:
        query = urlsplit(url).query
        address = f"https://www.gov.uk/{'/'.join(pieces)}.atom" + (f"?{query}" if query else "")
        return {"kind": "feed", "url": address}, "every search on GOV.UK has a feed"
    return None


def _youtube(host: str, pieces: list[str], url: str) -> Found:
    if host not in {"youtube.com", "youtu.be"} or not pieces:
        return None
    query = parse_qs(urlsplit(url).query)
    channel = pieces[1] if len(pieces) > 1 and pieces[0] == "channel" else query.get("channel_id", [""])[0]
    playlist = query.get("list", [""])[0] or query.get("playlist_id", [""])[0]
    if re.fullmatch(r"UC[\w-]{22}", channel):
        return {"kind": "youtube", "channel": channel}, "a YouTube channel"
    if re.fullmatch(r"[\w-]{10,64}", playlist):
        return {"kind": "youtube", "playlist": playlist}, "a YouTube playlist"
    return None


def _bluesky(host: str, pieces: list[str], _: str) -> Found:
    if host == "bsky.app" and len(pieces) == 2 and pieces[0] == "profile":
        return {"kind": "bluesky", "actor": pieces[1].removeprefix("@")}, "a Bluesky account"
    return None


def _reddit(host: str, pieces: list[str], _: str) -> Found:
    if host in {"reddit.com", "old.reddit.com", "new.reddit.com"} and len(pieces) >= 2 and pieces[0] == "r":
        return {"kind": "reddit", "subreddit": pieces[1]}, "a subreddit"
    return None


def _x(host: str, pieces: list[str], _: str) -> Found:
    if host in {"x.com", "twitter.com"} and len(pieces) == 1 and re.fullmatch(r"@?\w{1,15}", pieces[0]):
        return {"kind": "x", "user": pieces[0].removeprefix("@")}, "an account on X; it needs a paid token"
    return None


def _blogs(host: str, pieces: list[str], url: str) -> Found:
    if host.endswith(".substack.com") and not pieces[1:]:
        return {"kind": "feed", "url": f"https://{host}/feed"}, "every Substack has a feed"
    if host == "medium.com" and len(pieces) == 1:
        return {"kind": "feed", "url": f"https://medium.com/feed/{pieces[0]}"}, "everything on Medium has a feed"
    if host == "github.com" and len(pieces) == 3 and pieces[2] in {"releases", "tags"}:
        return {"kind": "feed", "url": f"{url.split('?', maxsplit=1)[0].rstrip('/')}.atom"}, "releases on GitHub have a feed"
    return None


def _mastodon(host: str, pieces: list[str], url: str) -> Found:
    """`/@name` and `/tags/name`: a rule of Mastodon and its relatives, and of a few others that are none."""
    if host in {"youtube.com", "medium.com", "tiktok.com", "threads.net", "threads.com"}:
        return None
    server = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    if len(pieces) == 1 and re.fullmatch(r"@\w[\w.-]*(@[\w.-]+)?", pieces[0]):
        return {"kind": "mastodon", "url": server, "account": pieces[0].removeprefix("@")}, "an account on Mastodon, as its address shows"
    return None


_RULES: tuple[Callable[[str, list[str], str], Found], ...] = (_gov_uk, _youtube, _bluesky, _reddit, _x, _blogs, _mastodon)
