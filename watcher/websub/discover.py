"""Which hub a feed offers, from the Link headers of its answer and from the links inside it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from watcher.fetch.link import links
from watcher.sources.entry import Hub
from watcher.urls import absolute

LONGEST = 2_000  # characters of an address


def offered(headers: Mapping[str, str], inside: Sequence[tuple[str, str]], url: str) -> Hub | None:
    """The hub and the topic of a feed that was fetched from `url`, or None; `inside` are its own links as (rel, address).

    Headers win over the feed, the first hub over others that also speak https. A feed that does not say its own address is known by
    the one that it was fetched from.
    """
    named = links(headers.get("link", ""), url)
    named += [(frozenset(rel.lower().split()), absolute(href, url)) for rel, href in inside]
    hubs = [u for relations, u in named if "hub" in relations and 0 < len(u) <= LONGEST]
    topic = next((u for relations, u in named if "self" in relations and 0 < len(u) <= LONGEST), url)
    hub = next((u for u in hubs if u.startswith("https://")), hubs[0] if hubs else None)
    return Hub(hub, topic) if hub else None
