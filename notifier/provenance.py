"""Whose word a report is: an official one (a register, a government, a laboratory, the company itself), the press's, or a social post.

Pure. What decides is the address first, because a post may lead to an official page, then what the source says of itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum

from watcher.urls import host_of, registrable

REGISTERS = frozenset({"usaspending", "sam", "federal_register", "contracts_finder", "find_a_tender", "ted"})
SOCIAL_KINDS = frozenset({"bluesky", "jetstream", "mastodon", "reddit", "hackernews", "x", "youtube"})
OFFICIAL_TAGS = frozenset({"official", "government", "lab", "procurement", "federal_register", "company"})
SOCIAL_SITES = frozenset({
    "bsky.app", "facebook.com", "instagram.com", "linkedin.com", "mastodon.social", "news.ycombinator.com", "reddit.com", "t.me",
    "threads.net", "tiktok.com", "twitter.com", "x.com", "youtu.be", "youtube.com",
})  # fmt: skip
# the names that only governments, their armed forces and bodies under treaty may register
_STATE = re.compile(
    r"(^|\.)((gov|mil|gouv|gob|govt|gub)\.[a-z]{2}|go\.(jp|kr|th|id|tz|ke|ug|cr)|gov|mil|int|europa\.eu|bund\.de|gc\.ca|admin\.ch)$"
)


class Voice(StrEnum):
    """Who is speaking."""

    OFFICIAL = "official"
    PRESS = "press"
    SOCIAL = "social"


def voice(url: str, kind: str, tags: Collection[str]) -> Voice:
    """Whose word an item is, by its address, the kind of its source and the source's tags."""
    host = host_of(url)
    if kind in REGISTERS or is_state(host):
        return Voice.OFFICIAL
    if kind in SOCIAL_KINDS or "social" in tags or host in SOCIAL_SITES or registrable(host) in SOCIAL_SITES:
        return Voice.SOCIAL
    return Voice.OFFICIAL if OFFICIAL_TAGS.intersection(tags) and "press" not in tags else Voice.PRESS


def is_state(host: str) -> bool:
    """Whether only a government could have registered this name."""
    return _STATE.search(host.lower()) is not None
