"""What the notifier talks about: subscribers, the story as a reader sees it, and the states of a delivery. Frozen, without I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

SEVERITIES = ("low", "normal", "high", "critical")


def rank(severity: str) -> int:
    """How loud a severity is, counted from 0; one that nobody knows counts as normal."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else 1


class Channel(StrEnum):
    """How a subscriber is reached."""

    TELEGRAM = "telegram"
    EMAIL = "email"


class Standing(StrEnum):
    """Whether a subscriber gets anything: gone means that the channel says nobody is there."""

    ACTIVE = "active"
    STOPPED = "stopped"
    GONE = "gone"


class State(StrEnum):
    """Where a delivery is: pending → sending → sent, dropped (no longer wanted) or dead (given up)."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DROPPED = "dropped"
    DEAD = "dead"


class Kind(StrEnum):
    """What a delivery carries."""

    ALERT = "alert"
    DIGEST = "digest"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One person, group or mailbox, and what they want: `topics` (None: every topic) but those that are `muted`."""

    id: int
    channel: Channel
    address: str = field(repr=False)
    name: str = ""
    lang: str = ""
    state: Standing = Standing.ACTIVE
    state_reason: str = ""
    topics: tuple[str, ...] | None = None
    muted: tuple[str, ...] = ()
    min_severity: str = "normal"
    alerts: bool = True
    digest_at: str | None = None
    tz: str = "UTC"
    token: str = field(default="", repr=False)

    @property
    def active(self) -> bool:
        """Whether anything may be sent unasked."""
        return self.state is Standing.ACTIVE

    def follows(self, topics: Sequence[str]) -> bool:
        """Whether a story of these topics concerns them: one followed topic that is not muted is enough."""
        if not topics:
            return self.topics is None
        return any((self.topics is None or t in self.topics) and t not in self.muted for t in topics)


@dataclass(frozen=True, slots=True)
class Party:
    """An entity that a story names."""

    id: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Report:
    """One item of a story: who said it, under which title, where and when (UTC)."""

    outlet: str
    title: str
    url: str
    lang: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A story in its current state, as readers are shown it; `reports` in the order in which they came."""

    id: int
    title: str
    url: str
    severity: str
    topics: tuple[str, ...]
    rules: tuple[str, ...]
    parties: tuple[Party, ...]
    facts: dict[str, Any]
    outlets: tuple[str, ...]
    reports: tuple[Report, ...]
    item_count: int
    revision: int
    created_at: datetime
    published_at: datetime | None = None
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Told:
    """An alert delivery of one story to one subscriber that exists already."""

    id: int
    state: State
    severity: str
    revision: int
