"""The kinds of source there are: what an operator may write for each, and how it is read. A new kind is a module and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from watcher.model import Source
from watcher.sources import bluesky, feed, hackernews, mastodon, reddit, x, youtube
from watcher.sources.steps import Situation, Steps


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: the model of its entries in `sources/*.yaml`, its reader, and the shortest interval that it may be read at.

    `floor` holds unless the operator writes `every`.
    """

    source: type[Source]
    read: Callable[[Any, Situation], Steps]
    floor: timedelta = timedelta(0)


KINDS: Mapping[str, Kind] = {
    "feed": Kind(feed.FeedSource, feed.read),
    "bluesky": Kind(bluesky.BlueskySource, bluesky.read, floor=timedelta(minutes=5)),
    "mastodon": Kind(mastodon.MastodonSource, mastodon.read, floor=timedelta(minutes=5)),
    "x": Kind(x.XSource, x.read, floor=timedelta(minutes=15)),
    "reddit": Kind(reddit.RedditSource, reddit.read, floor=timedelta(minutes=10)),
    "hackernews": Kind(hackernews.HackerNewsSource, hackernews.read, floor=timedelta(minutes=5)),
    "youtube": Kind(youtube.YouTubeSource, youtube.read, floor=timedelta(minutes=15)),
}
