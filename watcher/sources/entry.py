"""What every kind of source is turned into: entries as plain text, and what the source says about itself. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from watcher.model import Facts

TITLE_LIMIT, SUMMARY_LIMIT, CONTENT_LIMIT = 1_000, 8_000, 60_000  # characters; what goes beyond is cut


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
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True, slots=True)
class Hints:
    """What a source says about how often to come: minutes of `ttl`, seconds of `sy:` period, hubs for WebSub."""

    ttl: float | None = None
    period: float | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A source's answer, read. `dropped` counts entries that could not be used; `warning` says what was odd, for the operator."""

    entries: tuple[Entry, ...]
    title: str = ""
    lang: str = ""
    hints: Hints = field(default_factory=Hints)
    dropped: int = 0
    warning: str = ""
