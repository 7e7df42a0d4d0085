"""Sitemaps read as a stream: what a document of up to fifty thousand addresses has that was not seen before. Pure.

    https://www.sitemaps.org/protocol.html          urlset, sitemapindex, gzip, plain text
    Google's news extension                         title, publication_date, language

Elements are let go of as soon as they were read, entities are not unfolded, and a gzipped document is unpacked piece by piece.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

import re2
from lxml import etree

from watcher.errors import FetchError, FetchReason
from watcher.sources.dates import moment_of
from watcher.sources.entry import TITLE_LIMIT
from watcher.sources.markup import looks_like_html, tree_of
from watcher.sources.walls import check_wall
from watcher.text import title_text
from watcher.urls import absolute, canonical

UNPACKED_MOST = 52_428_800  # bytes: 50 MB, the protocol's own limit
MOST_PLACES, MOST_CHILDREN, MOST_FRESH = 60_000, 1_000, 2_000  # of one document; the protocol allows 50,000
MARK = 8  # bytes by which an address is remembered
_PIECE = 65_536
_BARE = re.compile(rb"&(?!#?\w{1,10};)")


@dataclass(frozen=True, slots=True)
class Place:
    """One address of a sitemap; `changed` is its lastmod, the others come from the news extension."""

    url: str
    changed: datetime | None = None
    title: str = ""
    published: datetime | None = None
    lang: str = ""

    @property
    def when(self) -> datetime | None:
        """The best known moment."""
        return self.published or self.changed


@dataclass(frozen=True, slots=True)
class Found:
    """What one document holds: the children of an index, or pages. `fresh` are those not seen before, the newest first, `marks` stand
    for all that match, `count` is how many addresses there are in all."""

    children: tuple[Place, ...] = ()
    fresh: tuple[Place, ...] = ()
    marks: bytes = b""
    count: int = 0
    index: bool = False
    damaged: bool = False


def unseen(body: bytes, headers: Mapping[str, str], url: str, match: str, seen: bytes) -> Found:
    """Read a sitemap fetched from `url`; `seen` holds the marks of addresses seen before, `match` is an RE2 expression or empty.

    Raises FetchError: NOT_A_FEED for anything else than a sitemap, BLOCKED for a challenge, TOO_LARGE, UNREADABLE where nothing in it
    can be read.
    """
    if looks_like_html(body, headers):
        check_wall(tree_of(body, headers), body, headers, url, url)
        raise FetchError(FetchReason.NOT_A_FEED, "this is a web page, not a sitemap; write `kind: page` to watch it")
    if body.startswith((b"http://", b"https://")):
        return _told((("url", Place(line)) for line in _lines(body, url)), match, seen)
    return _told(_stream(body, url), match, seen)


def mark(url: str) -> bytes:
    """What an address is remembered by."""
    return blake2b(canonical(url).encode("utf-8", "surrogatepass"), digest_size=MARK).digest()


def _told(rows: Iterator[tuple[str, Place | None]], match: str, seen: bytes) -> Found:
    known = {seen[i : i + MARK] for i in range(0, len(seen), MARK)}
    fits = re2.compile(match).search if match else lambda _: True
    children: list[Place] = []
    fresh: list[Place] = []
    marks: dict[bytes, None] = {}
    count = 0
    index = damaged = False
    for kind, place in rows:
        if place is None:
            index, damaged = index or kind == "index", damaged or kind == "damaged"
            continue
        count += 1
        if kind == "sitemap":
            children.append(place)
        elif fits(place.url):
            own = mark(place.url)
            if own not in known and own not in marks:
                fresh.append(place)
            marks[own] = None
    if damaged and not count:
        raise FetchError(FetchReason.UNREADABLE, "the sitemap is damaged: none of its addresses can be read")
    fresh.sort(key=_age)
    children.sort(key=_age)
    return Found(tuple(children[:MOST_CHILDREN]), tuple(fresh[:MOST_FRESH]), b"".join(marks), count, index, damaged)


def _age(place: Place) -> float:
    return -place.when.timestamp() if place.when is not None else 0.0


def _lines(body: bytes, url: str) -> Iterator[str]:
    for line in body.decode("utf-8", "replace").splitlines()[:MOST_PLACES]:
        address = absolute(line.strip(), url)
        if address:
            yield address


def _stream(body: bytes, url: str) -> Iterator[tuple[str, Place | None]]:
    """("url" or "sitemap", place) for each; ("index", None) and ("damaged", None) as notes."""
    root: Any = None
    count = 0
    whole = False
    for event, element, late in _events(body):
        if root is None:
            root = element
            yield from _root(_name(element))
        whole = whole or (event == "end" and element is root and not late)
        if event != "end" or element.getparent() is not root:
            continue
        place = _place(element, url) if _name(element) in {"url", "sitemap"} else None
        if place is not None:
            count += 1
            yield _name(element), place
        element.clear()
        while element.getprevious() is not None:
            del root[0]
        if count >= MOST_PLACES:
            return
    if root is None:
        what = "no sitemap was found in the answer" if body else "the answer is empty where a sitemap should be"
        raise FetchError(FetchReason.NOT_A_FEED, what)
    if not whole:
        yield "damaged", None


def _events(body: bytes) -> Iterator[tuple[str, Any, bool]]:
    """What the parser meets, and whether it is late: what follows a mistake in the document comes at its end, and ends that it lacks."""
    parser = etree.XMLPullParser(
        ("start", "end"), resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=True,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    for piece in _mended(_pieces(body)):
        parser.feed(piece)
        yield from ((event, element, False) for event, element in parser.read_events())
    try:
        parser.close()
    except etree.XMLSyntaxError:
        return
    yield from ((event, element, True) for event, element in parser.read_events())


def _mended(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Ampersands of addresses that nobody escaped, escaped: libxml2 would drop the word after each."""
    rest = b""
    for piece in pieces:
        data = rest + piece
        at = data.rfind(b"&", max(0, len(data) - 12))  # a name may go on in the next piece
        data, rest = (data[:at], data[at:]) if at >= 0 else (data, b"")
        yield _BARE.sub(b"&amp;", data)
    if rest:
        yield _BARE.sub(b"&amp;", rest)


def _root(name: str) -> Iterator[tuple[str, None]]:
    if name not in {"urlset", "sitemapindex"}:
        raise FetchError(FetchReason.NOT_A_FEED, _other(name))
    if name == "sitemapindex":
        yield "index", None


def _name(element: Any) -> str:
    """A tag without its namespace, or without a prefix that nobody declared; empty for an entity."""
    return element.tag.rpartition("}")[2].split(":")[-1].lower() if isinstance(element.tag, str) else ""


def _other(name: str) -> str:
    if name in {"rss", "feed", "rdf"}:
        return "this is a feed, not a sitemap; write `kind: feed`"
    return f"this is no sitemap: it begins with <{name[:40]}>"


def _place(element: Any, base: str) -> Place | None:
    values: dict[str, str] = {}
    for child in element:
        name = _name(child)
        if name in {"loc", "lastmod"}:
            values.setdefault(name, (child.text or "").strip().replace("&amp;", "&"))  # in CDATA it was escaped twice
        elif name == "news":
            values.update((f"news:{_name(inner)}", inner.text.strip()) for inner in child.iter() if inner.text)
    url = absolute(values["loc"][:2_048], base) if values.get("loc") else ""
    if not url:
        return None
    return Place(
        url,
        moment_of(values["lastmod"]) if values.get("lastmod") else None,
        title_text(values.get("news:title", ""), TITLE_LIMIT),
        moment_of(values["news:publication_date"]) if values.get("news:publication_date") else None,
        said if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z]{2,4})?", said := values.get("news:language", "")) else "",
    )


def _pieces(body: bytes) -> Iterator[bytes]:
    if not body.startswith(b"\x1f\x8b"):
        yield from (body[i : i + _PIECE] for i in range(0, len(body), _PIECE))
        return
    inflate = zlib.decompressobj(31)
    size = 0
    left = body
    while left and not inflate.eof:
        try:
            piece = inflate.decompress(left, _PIECE)
        except zlib.error:
            raise FetchError(FetchReason.UNREADABLE, "the sitemap is damaged: it cannot be unpacked") from None
        left = inflate.unconsumed_tail
        size += len(piece)
        if size > UNPACKED_MOST:
            raise FetchError(FetchReason.TOO_LARGE, "the sitemap is larger than 50 MB unpacked, which its protocol forbids")
        yield piece
