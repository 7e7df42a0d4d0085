"""What the outbox hands to senders: a delivery that is due, and one that was claimed, with all that is needed to send it. Frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifier.model import Change, Channel, Kind, Story, Subscriber


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that wants sending, and the lane it belongs to: one address of one channel."""

    id: int
    channel: Channel
    address: str
    kind: Kind
    edit: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One alert of a message: its delivery, its story, and the revision of it that the message will show."""

    id: int
    story: Story
    revision: int


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed delivery; `edit` when the reader has an older revision of it.

    `parts` are the alerts that the message tells, by their ids: the delivery's own, and those that are told with it. Other kinds have
    none. `changes` is what an answer to an alert tells, `before` the severity that its reader knew.
    """

    id: int
    kind: Kind
    subscriber: Subscriber
    edit: bool
    attempts: int
    created_at: datetime
    revision: int
    story: Story | None = None
    digest_id: int | None = None
    payload: dict[str, Any] | None = None
    remote_ref: str | None = None
    reply_to: str | None = None
    parts: tuple[Part, ...] = ()
    change: Change | None = None

    @property
    def ids(self) -> tuple[int, ...]:
        """Every delivery that the message is of."""
        return tuple(p.id for p in self.parts) or (self.id,)

    @property
    def together(self) -> bool:
        """Whether one message tells several alerts."""
        return len(self.parts) > 1

    @property
    def changes(self) -> tuple[Change, ...]:
        """What an answer tells, the weightiest first."""
        return tuple(Change(c) for c in (self.payload or {}).get("changes", ())) if self.change else ()

    @property
    def before(self) -> str:
        """The severity that the reader of an answer knew."""
        return str((self.payload or {}).get("before", "normal"))

    @property
    def silent(self) -> bool:
        """Whether it comes without a sound: answers to alerts do, unless they tell of something critical."""
        return bool((self.payload or {}).get("silent"))
