"""What every kind of source is turned into: entries as plain text, and what the source says about itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from watcher.model import NO_FACTS, Facts

if TYPE_CHECKING:
    from watcher.identity import Keys

TITLE_LIMIT, SUMMARY_LIMIT, CONTENT_LIMIT = 1_000, 8_000, 60_000  # characters; what goes beyond is cut
MAX_ENTRIES = 5_000  # of one document; those behind them are not read


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a source, already visible text. `entry_id` is the publisher's own id, or empty where it gave none."""

    entry_id: str
    url: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    published: datetime | None = None
    lang: str = ""
    tags: tuple[str, ...] = ()
    author: str = ""
    facts: Facts = NO_FACTS


@dataclass(frozen=True, slots=True)
class Hints:
    """What a source says about how often to come: minutes of `ttl`, seconds of `sy:` period, hours (GMT, 0 to 23) and days (0 is Monday)
    on which it wants no visits."""

    ttl: float | None = None
    period: float | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()

    def as_dict(self) -> dict[str, Any]:
        """Only what was said, as plain data."""
        said = {"ttl": self.ttl, "period": self.period, "skip_hours": sorted(self.skip_hours), "skip_days": sorted(self.skip_days)}
        return {k: v for k, v in said.items() if v}

    @classmethod
    def of(cls, said: Mapping[str, Any] | None) -> Hints:
        """What `as_dict` gave."""
        if not said:
            return _NOTHING_SAID
        skipped = {k: frozenset(said.get(k, ())) for k in ("skip_hours", "skip_days")}
        return cls(said.get("ttl"), said.get("period"), **skipped)


_NOTHING_SAID = Hints()


@dataclass(frozen=True, slots=True)
class Hub:
    """Where a source offers to push what is new (WebSub): the hub's address, and the topic by which the hub knows the source."""

    url: str
    topic: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A source's answer, read. `dropped` counts entries that could not be used; `warning` says what the operator should know of it.

    `sure_ids`: the ids are an interface's own, one each and for good, so that nothing else is needed to know an entry again. Many
    notices of a register share a title, and a page is written anew for an award that rose.

    `hub` is what this answer offers; None says nothing about an offer that an earlier one made.

    `standing` counts entries that stood in the last answer word for word, were decided then and are not among `entries`. Whoever leaves
    some out gives the `keys` of the others, because they depend on all.
    """

    entries: tuple[Entry, ...]
    title: str = ""
    lang: str = ""
    hints: Hints = field(default_factory=Hints)
    dropped: int = 0
    warning: str = ""
    sure_ids: bool = False
    hub: Hub | None = None
    standing: int = 0
    keys: tuple[Keys, ...] | None = None
