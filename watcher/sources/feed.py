"""The kind `feed`: RSS, Atom, RDF and CDF (`xmlfeed`), and JSON Feed (`jsonfeed`). Bytes in, entries out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import ClassVar, Literal

from watcher.errors import FetchError, FetchReason
from watcher.model import Source
from watcher.sources.bridges import without_errors
from watcher.sources.entry import Parsed
from watcher.sources.jsonfeed import parse_json_feed
from watcher.sources.steps import Ask, Reading, Situation, Steps
from watcher.sources.xmlfeed import TakesLong, read_xml

JSON_TYPES = ("application/feed+json", "application/json")
AT_ONCE = 200_000  # bytes of a feed that is read on the event loop: a hundredth of a second, where all of it is new


class FeedSource(Source):
    """A feed at an address: RSS, Atom, RDF, CDF or JSON Feed. `websub: false` declines what its hub would push."""

    kind: Literal["feed"] = "feed"
    websub: bool = True

    aside: ClassVar[frozenset[str]] = frozenset({"websub"})


def read(source: FeedSource, at: Situation) -> Steps:
    """One conditional request. What can be read at once is: handing it to a thread would cost as much as reading what is new in it."""
    got = yield Ask(source.url, conditional=True, quick=True)

    def read_now(*, quick: bool = False) -> Reading:
        parsed, seen = read_feed(got.body, got.headers, got.url, at.seen, quick=quick)
        return Reading(parsed, seen=seen)

    if len(got.body) <= AT_ONCE:
        with suppress(TakesLong):
            return read_now(quick=True)
    return Reading(Parsed(()), rest=read_now)


def parse_feed(body: bytes, headers: Mapping[str, str], url: str) -> Parsed:
    """All entries of a feed document fetched from `url`; raises as `read_feed`."""
    return read_feed(body, headers, url)[0]


def read_feed(body: bytes, headers: Mapping[str, str], url: str, seen: bytes = b"", *, quick: bool = False) -> tuple[Parsed, bytes]:
    """The entries of a feed document fetched from `url` that did not stand in the answer of which `seen` was kept, and what to keep.

    Raises FetchError: NOT_A_FEED for a page or something else that is no feed, UNREADABLE for a feed too damaged to give entries, or
    one in which a bridge only reports an error; with `quick` also TakesLong. A feed that says it has no entries is fine and gives none.
    """
    parsed, now = _read(body, headers, url, seen, quick=quick)
    clean = without_errors(parsed, url)
    return clean, now if clean is parsed else seen  # an error that still stands there is read, and said, again


def _read(body: bytes, headers: Mapping[str, str], url: str, seen: bytes, *, quick: bool) -> tuple[Parsed, bytes]:
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:512]
    if not start:
        raise FetchError(FetchReason.NOT_A_FEED, "the answer is empty where a feed should be")
    if kind in JSON_TYPES or start.startswith(b"{"):
        return parse_json_feed(body, url, headers), b""
    return read_xml(body, headers, url, seen, quick=quick)
