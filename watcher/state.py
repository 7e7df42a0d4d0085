"""What is remembered of a source between polls. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self


class Health(StrEnum):
    """How a source is doing, as the operator sees it."""

    NEW = "new"
    OK = "ok"
    SLOW = "slow"  # the host asks us to come less often
    BLOCKED = "blocked"  # the host refuses us
    BROKEN = "broken"  # no answer, or none that can be read
    GONE = "gone"  # the host says it is gone for good
    QUIET = "quiet"  # it answers, and has had nothing new for far longer than is its way


MOVED_TIMES, MOVED_FOR = 3, timedelta(days=1)  # a permanent redirect is learned after this many readings over this long
FULL_EVERY = timedelta(days=1)  # between two answers with a body; one a day costs a host little, and a feed that stands still nothing more


@dataclass(frozen=True)
class SourceState:
    """What is remembered of a source between polls. Without slots: `but` is a tenth of the work so, and every poll changes some fields."""

    source_id: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: bytes | None = None
    first_ok_at: datetime | None = None
    last_polled_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    next_at: datetime | None = None
    interval: timedelta | None = None
    failures: int = 0
    health: Health = Health.NEW
    health_reason: str = ""
    health_since: datetime | None = None
    items_read: int = 0
    memo: Mapping[str, Any] | None = None  # what its kind remembers between readings
    seen: bytes | None = None  # what the feed reader knows of the last answer
    hints: Mapping[str, Any] | None = None  # what it last said of how often to come (Hints.as_dict)
    failing_since: datetime | None = None
    told: str = ""  # the health for the worse that the operator was told of, empty while there is none
    usual_gap: timedelta | None = None  # between two moments with news, as a moving average
    moved_to: str | None = None  # where permanent redirects lead
    moved_times: int = 0
    moved_since: datetime | None = None
    full_at: datetime | None = None  # the last answer with a body
    stale: bool | None = None  # its validators stayed what they were while it had something new

    def validators(self, now: datetime) -> tuple[str | None, str | None]:
        """What to ask with, so that an answer that did not change costs its host little: ETag and Last-Modified, verbatim.

        Neither where they were seen to lie, nor once in a while: a host that always says "not modified" is found out then.
        """
        due = self.full_at is not None and now - self.full_at >= FULL_EVERY
        return (None, None) if self.stale or due else (self.etag, self.last_modified)

    def but(self, **changes: Any) -> Self:
        """This state with some fields changed."""
        assert changes.keys() <= self.__dict__.keys(), "a field of that name is there"
        return self.of(self.__dict__ | changes)

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Self:
        """The state with exactly these fields, which are all that there are."""
        state = object.__new__(cls)
        state.__dict__.update(fields)
        return state

    @property
    def learned(self) -> str | None:
        """The address that the source moved to for good, once that was seen often and long enough to be believed."""
        since, last = self.moved_since, self.last_ok_at
        believed = since is not None and last is not None and self.moved_times >= MOVED_TIMES and last - since >= MOVED_FOR
        return self.moved_to if believed else None
