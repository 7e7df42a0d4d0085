"""The kinds of source there are: what an operator may write for each, and how it is read. A new kind is a module and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from watcher.model import Source
from watcher.sources import (
    bluesky,
    contracts_finder,
    federal_register,
    feed,
    find_a_tender,
    hackernews,
    jetstream,
    mastodon,
    page,
    reddit,
    sam,
    sitemap,
    ted,
    usaspending,
    x,
    youtube,
)
from watcher.sources.entry import Parsed
from watcher.sources.steps import Situation, Steps
from watcher.sources.stream import Wire


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: the model of its entries in `sources/*.yaml`, its reader, and the shortest interval that it may be read at.

    `floor` holds unless the operator writes `every`. `push` reads what a hub delivers (body, headers, topic) where a kind has hubs. A
    kind with a `stream` is listened to instead of polled: its reader says what has to be known before, and leaves it in the memo.
    """

    source: type[Source]
    read: Callable[[Any, Situation], Steps]
    floor: timedelta = timedelta(0)
    push: Callable[[bytes, Mapping[str, str], str], Parsed] | None = None
    stream: Callable[[Any, Mapping[str, Any]], Wire] | None = None


KINDS: Mapping[str, Kind] = {
    "feed": Kind(feed.FeedSource, feed.read, push=feed.parse_feed),
    "page": Kind(page.PageSource, page.read, floor=timedelta(minutes=10)),
    "sitemap": Kind(sitemap.SitemapSource, sitemap.read, floor=timedelta(minutes=10)),
    "bluesky": Kind(bluesky.BlueskySource, bluesky.read, floor=timedelta(minutes=5)),
    "jetstream": Kind(jetstream.JetstreamSource, jetstream.read, stream=jetstream.JetstreamWire),
    "mastodon": Kind(mastodon.MastodonSource, mastodon.read, floor=timedelta(minutes=5)),
    "x": Kind(x.XSource, x.read, floor=timedelta(minutes=15)),
    "reddit": Kind(reddit.RedditSource, reddit.read, floor=timedelta(minutes=10)),
    "hackernews": Kind(hackernews.HackerNewsSource, hackernews.read, floor=timedelta(minutes=5)),
    "youtube": Kind(youtube.YouTubeSource, youtube.read, floor=timedelta(minutes=15), push=feed.parse_feed),
    "federal_register": Kind(federal_register.FederalRegisterSource, federal_register.read, floor=timedelta(minutes=30)),
    "usaspending": Kind(usaspending.USAspendingSource, usaspending.read, floor=timedelta(hours=3)),
    "sam": Kind(sam.SamSource, sam.read, floor=timedelta(hours=3)),
    "contracts_finder": Kind(contracts_finder.ContractsFinderSource, contracts_finder.read, floor=timedelta(minutes=15)),
    "find_a_tender": Kind(find_a_tender.FindATenderSource, find_a_tender.read, floor=timedelta(minutes=15)),
    "ted": Kind(ted.TedSource, ted.read, floor=timedelta(minutes=30)),
}
