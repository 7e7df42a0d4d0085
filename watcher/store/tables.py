"""The ground floor's tables: what each source last said, the items, the keys that tell known entries, and the dead letters."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from watcher.store.database import metadata
from watcher.store.types import Json, Key, Moment, RowId

source_state = Table(
    "source_state",
    metadata,
    Column("source_id", String(64), primary_key=True),
    Column("url", Text, nullable=False),  # what the state below belongs to: another address starts afresh, but stays quiet
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", Key(16)),
    Column("first_ok_at", Moment),  # None: nothing was ever read, so what comes next is the past and rings nobody
    Column("last_polled_at", Moment),
    Column("last_ok_at", Moment),
    Column("last_new_at", Moment),
    Column("next_at", Moment),
    Column("interval_s", Float),
    Column("failures", Integer, nullable=False, default=0),
    Column("health", String(16), nullable=False, default="new"),
    Column("health_reason", Text, nullable=False, default=""),
    Column("health_since", Moment),
    Column("items_read", Integer, nullable=False, default=0),
    Column("memo", Json),  # what its kind remembers between readings
    Column("seen", LargeBinary),  # what the feed reader knows of the last answer
    Column("hints", Json),  # what it last said of how often to come
    Column("failing_since", Moment),
    Column("told", String(16), nullable=False, default=""),  # the health for the worse that the operator was told of
    Column("usual_gap_s", Float),
    Column("moved_to", Text),
    Column("moved_times", Integer, nullable=False, default=0),
    Column("moved_since", Moment),
    Column("full_at", Moment),  # the last answer with a body
    Column("stale", Boolean),  # its validators stayed what they were while it had something new
)

items = Table(
    "items",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source_id", String(64), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("entry_id", Text, nullable=False),  # the publisher's own id, as given
    Column("url", Text, nullable=False),
    Column("canonical_url", Text, nullable=False),
    Column("outlet", Text, nullable=False),  # registrable domain of the link, else the source: who is speaking
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("lang", String(16), nullable=False),
    Column("tags", Json, nullable=False),
    Column("author", Text, nullable=False),
    Column("published_at", Moment),
    Column("seen_at", Moment, nullable=False),
    Column("facts", Json),
    Column("quiet", String(16)),  # why this item may ring nobody (Quiet), or None
    Column("matched_at", Moment),  # the rules stage has decided on it, and what it decided is in the same transaction
    Column("ruleset", String(16)),
    Index("ix_items_source_id", "source_id"),
    Index("ix_items_canonical_url", "canonical_url"),
    Index("ix_items_seen_at", "seen_at"),
)
Index("ix_items_unmatched", items.c.id, sqlite_where=items.c.matched_at.is_(None), postgresql_where=items.c.matched_at.is_(None))

item_keys = Table(
    "item_keys",
    metadata,
    Column("source_id", String(64), nullable=False),
    Column("key", Key(16), nullable=False),
    Column("item_id", RowId, ForeignKey("items.id", ondelete="CASCADE"), nullable=False),
    PrimaryKeyConstraint("source_id", "key"),
    Index("ix_item_keys_item_id", "item_id"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("stream", String(64), nullable=False),
    Column("ref", Text, nullable=False),  # the id of the row that could not be carried on
    Column("error", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("replayed_at", Moment),
)

# what the operator should hear of; whoever tells people takes those that nobody was told of yet
notices = Table(
    "notices",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("kind", String(24), nullable=False),  # source, ...
    Column("subject", Text, nullable=False),  # the source's id
    Column("text", Text, nullable=False),
    Column("told_at", Moment),
)
Index("ix_notices_untold", notices.c.id, sqlite_where=notices.c.told_at.is_(None), postgresql_where=notices.c.told_at.is_(None))

# small facts that outlive a process: the bot's update offset, the last sweep; one row a name
meta = Table(
    "meta",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

# what was asked of hubs that push (WebSub), and what they granted; see watcher/websub/subscription.py for each column
websub_subscriptions = Table(
    "websub_subscriptions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source_id", String(64), nullable=False),
    Column("address", Text, nullable=False),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("token", String(64), nullable=False),
    Column("secret", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("asked", String(16), nullable=False, default=""),
    Column("asked_at", Moment),
    Column("verified_at", Moment),
    Column("lease_end", Moment),
    Column("failures", Integer, nullable=False, default=0),
    Column("error", Text, nullable=False, default=""),
    Column("delivered_at", Moment),
    Column("deliveries", Integer, nullable=False, default=0),
    Column("ignored", Integer, nullable=False, default=0),
    Column("misses", Integer, nullable=False, default=0),
    UniqueConstraint("token"),
    Index("ix_websub_subscriptions_source_id", "source_id"),
    Index("ix_websub_subscriptions_next_at", "next_at"),
)

# what hubs delivered and no watcher has read yet; a row is deleted in the transaction that writes its items
websub_inbox = Table(
    "websub_inbox",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("subscription_id", RowId, nullable=False),
    Column("at", Moment, nullable=False),
    Column("headers", Json, nullable=False),  # those that say how to read the body
    Column("body", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),  # bytes of the body
    Column("dead_at", Moment),  # it could not be carried on, and became a dead letter
    Index("ix_websub_inbox_subscription_id", "subscription_id"),
)
