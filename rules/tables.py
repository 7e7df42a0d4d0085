"""The first floor's tables: matches, stories and the alerts that go upstairs."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from watcher.store import Json, Moment, RowId, metadata
from watcher.store import tables as ground

assert ground.items is not None

matches = Table(
    "matches",
    metadata,
    Column("item_id", RowId, ForeignKey("items.id", ondelete="CASCADE"), nullable=False),
    Column("rule_id", String(64), nullable=False),
    Column("severity", String(8), nullable=False),
    Column("topics", Json, nullable=False),
    Column("score", Float, nullable=False),
    Column("evidence", Json, nullable=False),  # [[field, start, end], …] in characters of the item's field
    Column("ruleset", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("item_id", "rule_id"),
    Index("ix_matches_rule_id_at", "rule_id", "at"),
)

item_entities = Table(
    "item_entities",
    metadata,
    Column("item_id", RowId, ForeignKey("items.id", ondelete="CASCADE"), nullable=False),
    Column("entity_id", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("type", String(16), nullable=False),
    Column("spans", Json, nullable=False),  # [[field, start, end], …]
    Column("country", String(3)),  # its code, such as US, where the pack says it
    PrimaryKeyConstraint("item_id", "entity_id"),
    Index("ix_item_entities_entity_id", "entity_id"),
)

stories = Table(
    "stories",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("lang", String(16), nullable=False),
    Column("severity", String(8), nullable=False),
    Column("score", Float, nullable=False),
    Column("topics", Json, nullable=False),  # sorted list of topic names
    Column("rules", Json, nullable=False),  # sorted list of rule ids
    Column("entities", Json, nullable=False),  # [{id, name, type}, …], most telling first
    Column("facts", Json),
    Column("item_count", Integer, nullable=False),
    Column("outlets", Json, nullable=False),  # sorted list of distinct outlets
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("published_at", Moment),  # the latest moment that one of its items claims
    Column("rung_at", Moment),  # when it first became an alert; None while all of its items are quiet
    Column("revision", Integer, nullable=False),  # grows with every change that a reader would see
    Index("ix_stories_updated_at", "updated_at"),
    Index("ix_stories_created_at", "created_at"),
    sqlite_autoincrement=True,  # the number of a story that was merged away never means another one
)

story_items = Table(
    "story_items",
    metadata,
    Column("seq", RowId, primary_key=True),  # grows with every join; an item that moves to another story gets a new row
    Column("item_id", RowId, ForeignKey("items.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("story_id", RowId, ForeignKey("stories.id", ondelete="CASCADE"), nullable=False),
    Column("how", Text, nullable=False),  # why it joined, in words
    Column("similarity", Float, nullable=False),
    Column("joined_at", Moment, nullable=False),
    Index("ix_story_items_story_id", "story_id"),
    sqlite_autoincrement=True,  # a number is never given twice, so that whoever read up to it has missed nothing
)

# what people did to stories, for good: which items went from where to where, by whom and why
story_log = Table(
    "story_log",
    metadata,
    Column("id", RowId, primary_key=True),  # whoever keeps stories in memory reads them anew when it grows
    Column("at", Moment, nullable=False),
    Column("kind", String(8), nullable=False),  # split | merge
    Column("story_id", RowId, nullable=False),  # the story that was split, or the one that stayed
    Column("other_id", RowId, nullable=False),  # the one that came of it, or that was merged away and is gone
    Column("items", Json, nullable=False),  # [item id, …] that moved
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Index("ix_story_log_story_id", "story_id"),
    Index("ix_story_log_other_id", "other_id"),
    sqlite_autoincrement=True,
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("story_id", RowId, ForeignKey("stories.id", ondelete="CASCADE"), nullable=False),
    Column("item_id", RowId, ForeignKey("items.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(8), nullable=False),  # new | update | rise
    Column("severity", String(8), nullable=False),
    Column("at", Moment, nullable=False),
    Column("routed_at", Moment),  # the notifier has decided whom it reaches, in the same transaction as the deliveries
    Index("ix_alerts_story_id", "story_id"),
    sqlite_autoincrement=True,
)
Index("ix_alerts_unrouted", alerts.c.id, sqlite_where=alerts.c.routed_at.is_(None), postgresql_where=alerts.c.routed_at.is_(None))
