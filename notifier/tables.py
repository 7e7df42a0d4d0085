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
    Column("wishes", Json, nullable=False),  # notifier.wishes, without what is as by default
    Column("role", String(16), nullable=False),  # subscriber | admin
    Column("joined", String(16), nullable=False),  # no | open | invitation | operator
    Column("thread", RowId),  # the forum topic of a group that messages go to
    Column("owner_id", RowId, ForeignKey("subscribers.id", ondelete="CASCADE")),  # of a mailbox: the chat that asked for it
    Column("digest_from", Moment, nullable=False),  # the end of the last digest's window
    Column("digest_next", Moment),  # None: no digest
    Column("token", String(64), nullable=False, unique=True),  # opaque; unsubscribes without a login
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("channel", "address"),
    Index("ix_subscribers_digest_next", "digest_next"),
    Index("ix_subscribers_owner_id", "owner_id"),
)

digests = Table(
    "digests",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("subscriber_id", RowId, ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    Column("from_at", Moment, nullable=False),  # stories after this moment …
    Column("to_at", Moment, nullable=False),  # … up to and with this one
    Column("created_at", Moment, nullable=False),
    Column("told_by", RowId),  # of one that never arrived: the digest that told its stories
    UniqueConstraint("subscriber_id", "to_at"),
)

# which stories each digest told, and in what state each was then; what came of a story is told against its last row
digest_stories = Table(
    "digest_stories",
    metadata,
    Column("digest_id", RowId, ForeignKey("digests.id", ondelete="CASCADE"), nullable=False),
    Column("story_id", RowId, ForeignKey("stories.id", ondelete="CASCADE"), nullable=False),
    Column("fresh", Boolean, nullable=False),  # told for the first time; else for what changed in it
    Column("severity", String(8), nullable=False),
    Column("outlets", Integer, nullable=False),
    Column("changes", Json, nullable=False),  # official, ended: what it had seen by then
    PrimaryKeyConstraint("digest_id", "story_id"),
    Index("ix_digest_stories_story_id", "story_id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # what makes it one: alert:STORY:SUBSCRIBER[:SEVERITY], digest:ID, notice:…
    Column("subscriber_id", RowId, ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),  # alert | digest | notice | broadcast
    Column("story_id", RowId, ForeignKey("stories.id", ondelete="SET NULL")),
    Column("digest_id", RowId, ForeignKey("digests.id", ondelete="SET NULL")),
    Column("severity", String(8)),  # of an alert: the story's severity that this delivery tells
    Column("payload", Json),  # what a notice says; of an answer to an alert: the changes that it tells
    Column("change", String(16)),  # rise | official | ended: an answer to an earlier alert of the story; None is the alert itself
    Column("told", Json),  # of an alert: the changes that its text told, so that none is told again
    # the delivery whose message tells this one too; its own id where it must travel alone, because a message of several was refused
    Column("carrier_id", RowId),
    Column("state", String(16), nullable=False),  # pending | sending | sent | dropped | dead | shelved | told
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
    Index("ix_deliveries_carrier_id", "carrier_id"),
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
    Column("why", String(16), nullable=False),  # of a -1: noise | duplicate | entity | old, or empty
    Column("rules", Json, nullable=False),  # the story's rules at that moment
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("delivery_id", "subscriber_id"),
)

# what Telegram posted to the webhook; once dealt with only its number stays, by which it is known when it comes again
telegram_inbox = Table(
    "telegram_inbox",
    metadata,
    Column("bot", String(32), nullable=False),
    Column("update_id", RowId, nullable=False),
    Column("body", Text, nullable=False),  # JSON
    Column("at", Moment, nullable=False),
    Column("done", Boolean, nullable=False),
    PrimaryKeyConstraint("bot", "update_id"),
    Index("ix_telegram_inbox_waiting", "bot", "done", "update_id"),
)

# codes by which strangers may come in; used up when `uses_left` is 0
invitations = Table(
    "invitations",
    metadata,
    Column("code", String(32), primary_key=True),
    Column("role", String(16), nullable=False),  # what its holder becomes
    Column("uses_left", Integer, nullable=False),
    Column("expires_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("note", Text, nullable=False),
)

# mail addresses that were asked for and not confirmed yet; the mail has the code, and a link with the token
confirmations = Table(
    "confirmations",
    metadata,
    Column("mailbox_id", RowId, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    Column("owner_id", RowId, ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    Column("code", String(16), nullable=False),
    Column("token", String(64), nullable=False, unique=True),
    Column("tries", Integer, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index("ix_confirmations_owner_id", "owner_id"),
)

# rules that the operator holds still: no story that only these rules found rings anybody
silences = Table(
    "silences",
    metadata,
    Column("rule_id", String(64), primary_key=True),
    Column("until", Moment),  # None: until it is lifted
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
