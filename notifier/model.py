"""What the notifier talks about: subscribers, the story as a reader sees it, and the states of a delivery. Frozen, without I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from notifier.provenance import Voice
from notifier.wishes import EVERYTHING, Wishes, rank

__all__ = [
    "Change", "Channel", "Joined", "Kind", "Party", "Report", "Role", "Standing", "State", "Story",
    "Subscriber", "Told", "rank",
]  # fmt: skip


class Channel(StrEnum):
    """How a subscriber is reached."""

    TELEGRAM = "telegram"
    EMAIL = "email"
    WEBHOOK = "webhook"
    APPRISE = "apprise"


class Standing(StrEnum):
    """Whether a subscriber gets anything: gone means that the channel says nobody is there."""

    ACTIVE = "active"
    STOPPED = "stopped"
    GONE = "gone"


class State(StrEnum):
    """Where a delivery is: pending → sending → sent, dropped (no longer wanted) or dead (given up); shelved is left to the digest.

    One that is told was never a message: its story was part of another, of which the reader has one.
    """

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DROPPED = "dropped"
    DEAD = "dead"
    SHELVED = "shelved"
    TOLD = "told"


class Kind(StrEnum):
    """What a delivery carries; a notice answers one person, a broadcast is the operator's word to everybody."""

    ALERT = "alert"
    DIGEST = "digest"
    NOTICE = "notice"
    BROADCAST = "broadcast"


class Change(StrEnum):
    """What may happen to a story after its alert that is worth an answer to it."""

    RISE = "rise"
    OFFICIAL = "official"
    ENDED = "ended"


class Role(StrEnum):
    """What somebody may do: admins also use the operator's commands."""

    SUBSCRIBER = "subscriber"
    ADMIN = "admin"


class Joined(StrEnum):
    """How somebody came to be here: not yet, by themselves, with a code, or added by the operator."""

    NO = "no"
    OPEN = "open"
    INVITATION = "invitation"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One person, group or mailbox, and what they want.

    `lang` is what Telegram says of them; `thread` is the forum topic that a group's messages go to; `owner` is the subscriber who asked
    for this mailbox.
    """

    id: int
    channel: Channel
    address: str = field(repr=False)
    name: str = ""
    lang: str = ""
    state: Standing = Standing.ACTIVE
    state_reason: str = ""
    wishes: Wishes = EVERYTHING
    role: Role = Role.SUBSCRIBER
    joined: Joined = Joined.NO
    thread: int | None = None
    owner: int | None = None
    token: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """The address as people may see it: of a webhook no more than its host, of an Apprise URL no more than its kind."""
        scheme, found, rest = self.address.partition("://")
        if not found or self.channel in {Channel.TELEGRAM, Channel.EMAIL}:
            return self.address
        return f"{scheme}://" + (rest.split("/")[0].rsplit("@", 1)[-1] + "/…" if self.channel is Channel.WEBHOOK else "…")

    @property
    def active(self) -> bool:
        """Whether anything may be sent unasked."""
        return self.state is Standing.ACTIVE

    @property
    def tz(self) -> str:
        """The zone whose clock they read."""
        return self.wishes.tz

    @property
    def language(self) -> str:
        """The language they are spoken to in, as a tag such as fr or pt-br: as chosen, else as Telegram says; may be empty."""
        return self.wishes.lang or self.lang


@dataclass(frozen=True, slots=True)
class Party:
    """An entity that a story names; `country` is its code, such as US, where it is known."""

    id: str
    name: str
    type: str
    country: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One item of a story: who said it, under which title, where and when (UTC); `words` are those that rules saw in title or summary."""

    outlet: str
    title: str
    url: str
    lang: str = ""
    at: datetime | None = None
    summary: str = ""
    voice: Voice = Voice.PRESS
    words: tuple[str, ...] = ()


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

    @property
    def official(self) -> Report | None:
        """The first report by an official source."""
        return next((r for r in self.reports if r.voice is Voice.OFFICIAL), None)

    @property
    def social_only(self) -> bool:
        """Whether nobody but social posts tells it so far."""
        return bool(self.reports) and all(r.voice is Voice.SOCIAL for r in self.reports)

    @property
    def ended(self) -> bool:
        """Whether a register says that it was called off or has ended."""
        return self.facts.get("stage") == "ended"

    @property
    def changes(self) -> frozenset[Change]:
        """The changes that a reader is told of, which this story has seen, whoever was told of them."""
        return frozenset(c for c, seen in ((Change.OFFICIAL, self.official is not None), (Change.ENDED, self.ended)) if seen)


@dataclass(frozen=True, slots=True)
class Told:
    """An alert delivery of one story to one subscriber that exists already.

    `change` is what it answers an earlier alert with, and None for the alert itself; `told` are the changes that its text told.
    """

    id: int
    state: State
    severity: str
    revision: int
    change: Change | None = None
    told: frozenset[Change] = frozenset()
