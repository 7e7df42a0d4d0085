"""The second floor's tables: subscribers, their digests, and the ledger of deliveries, which is the outbox as well."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, String, Table, Text, UniqueConstraint

from rules import tables as first_floor
from watcher.store import Json, Moment, RowId, metadata

assert first_floor.stories is not None  # the foreign keys below need the first floor's tables declared first

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("channel", String(16), nullable=False),  # telegram | email
    Column("address", Text, nullable=False),  # chat id as text, or the mail address
    Column("name", Text, nullable=False),
    Column("lang", String(16), nullable=False),
    Column("state", String(16), nullable=False),  # active | stopped | gone
    Column("state_reason", Text, nullable=False),
    Column("topics", Json),  # list of topic names, or None for every topic
    Column("muted", Json, nullable=False),  # list of topic names that are not followed in any case
    Column("min_severity", String(8), nullable=False),
    Column("alerts", Boolean, nullable=False),  # gets alerts as they come; a mail subscriber gets digests only
    Column("digest_at", String(5)),  # "08:00" on the wall clock of `tz`, or None
    Column("tz", String(64), nullable=False),
    Column("digest_from", Moment, nullable=False),  # the end of the last digest's window
    Column("digest_next", Moment),
    Column("token", String(64), nullable=False, unique=True),  # opaque; unsubscribes without a login
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("channel", "address"),
    Index("ix_subscribers_digest_next", "digest_next"),
)

digests = Table(
    "digests",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("subscriber_id", RowId, ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    Column("from_at", Moment, nullable=False),  # stories after this moment …
    Column("to_at", Moment, nullable=False),  # … up to and with this one
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("subscriber_id", "to_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # what makes it one: alert:STORY:SUBSCRIBER[:SEVERITY], digest:ID, notice:…
    Column("subscriber_id", RowId, ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),  # alert | digest | notice
    Column("story_id", RowId, ForeignKey("stories.id", ondelete="SET NULL")),
    Column("digest_id", RowId, ForeignKey("digests.id", ondelete="SET NULL")),
    Column("severity", String(8)),  # of an alert: the story's severity that this delivery tells
    Column("payload", Json),  # what a notice says
    Column("state", String(16), nullable=False),  # pending | sending | sent | dropped | dead
    Column("reason", Text, nullable=False),  # why it was routed, dropped or given up, in words
    Column("attempts", Integer, nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("lease_until", Moment),  # while sending: after this moment the sender is taken to be dead
    Column("revision", Integer, nullable=False),  # the story's revision that the reader should see
    Column("sent_revision", Integer, nullable=False),  # the one that the reader does see; below `revision`: an edit is due
    Column("remote_ref", Text),  # the channel's own id of the message, for edits
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Index("ix_deliveries_state_not_before", "state", "not_before"),
    Index("ix_deliveries_story_id", "story_id"),
    Index("ix_deliveries_subscriber_id", "subscriber_id"),
)
# edits that are due: a condition without values, so that it is the same to the planner in every query
_STALE = deliveries.c.sent_revision < deliveries.c.revision
Index("ix_deliveries_stale", deliveries.c.state, deliveries.c.not_before, sqlite_where=_STALE, postgresql_where=_STALE)

# what a reader said of one alert; pressing again changes the vote
feedback = Table(
    "feedback",
    metadata,
    Column("delivery_id", RowId, ForeignKey("deliveries.id", ondelete="CASCADE"), nullable=False),
    Column("subscriber_id", RowId, ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    Column("vote", Integer, nullable=False),  # 1 worth it, -1 not
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("delivery_id", "subscriber_id"),
)
