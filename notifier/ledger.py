"""The ledger of deliveries, which is the outbox as well: claiming, recording what became of a delivery, and what is due.

A delivery is claimed by a conditional UPDATE, so that one sender has it, however many processes are handed its id. What was claimed and
not recorded within the lease is due again: only a crash between the channel's answer and our record can repeat a message.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from notifier import stories, subscribers
from notifier.model import Channel, Kind, State, Story, Subscriber
from notifier.tables import deliveries as table
from notifier.tables import subscribers as people
from watcher.bus import DELIVERIES
from watcher.store import insert_ignore
from watcher.store.tables import dead_letters

LEASE = timedelta(seconds=90)  # longer than any send takes, its own waiting included


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed delivery with all that is needed to send it; `edit` when the reader has an older revision of it."""

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


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that wants sending, and the lane it belongs to: one address of one channel."""

    id: int
    channel: Channel
    address: str
    kind: Kind
    edit: bool


def write(conn: Connection, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Add deliveries, passing over those whose key is there already; the ids of the new ones, in order."""
    written: list[int] = []
    for batch in stories.chunks(rows):
        keys = [r["key"] for r in batch]
        known = set(conn.scalars(select(table.c.key).where(table.c.key.in_(keys))))
        fresh = [r for r in batch if r["key"] not in known]
        if fresh:
            conn.execute(insert_ignore(conn, table), fresh)
            keys = [r["key"] for r in fresh]
            written += conn.scalars(select(table.c.id).where(table.c.key.in_(keys)).order_by(table.c.id))
    return written


def new(key: str, subscriber: int, kind: Kind, reason: str, now: datetime, **more: Any) -> dict[str, Any]:
    """The row of a delivery that is to be sent at once."""
    return {
        "key": key, "subscriber_id": subscriber, "kind": kind, "story_id": None, "digest_id": None, "severity": None, "payload": None,
        "state": State.PENDING, "reason": reason, "attempts": 0, "not_before": now, "revision": 0, "sent_revision": 0,
        "created_at": now, **more,
    }  # fmt: skip


def due(conn: Connection, now: datetime, channels: Collection[Channel], after: int = 0, limit: int = 2000) -> list[Due]:
    """What may be sent now: pending, held by a sender that died, or seen by its reader in an older revision.

    Of these channels, with ids above `after`, in their order. Asked for one by one, because each has an index of its own.
    """
    here = and_(table.c.id > after, people.c.channel.in_(list(channels)))
    found = [d for which in (_waiting(now), _abandoned(now), _outdated(now)) for d in _lanes(conn, and_(which, here), limit)]
    return sorted(found, key=lambda d: d.id)[:limit]


def lanes(conn: Connection, ids: Sequence[int], now: datetime) -> list[Due]:
    """The same for those of `ids` that are due."""
    return [d for batch in stories.chunks(ids) for d in _lanes(conn, and_(table.c.id.in_(batch), _claimable(now)), len(batch))]


def claim(conn: Connection, id_: int, now: datetime) -> Job | None:
    """Take a delivery that is due; None when it is not, or another sender has it."""
    row = conn.execute(select(table).where(table.c.id == id_, _claimable(now)).with_for_update()).one_or_none()
    if row is None:
        return None
    edit = row.state == State.SENT
    story = stories.load(conn, [row.story_id]).get(row.story_id) if row.story_id else None
    values = {"state": State.SENT if edit else State.SENDING, "lease_until": now + LEASE, "attempts": row.attempts + 1}
    if story and not edit:
        values["severity"] = story.severity  # what this message rings for; an edit rings for nothing
    taken = conn.execute(update(table).where(table.c.id == id_, _claimable(now)).values(**values))
    subscriber = subscribers.get(conn, row.subscriber_id)
    if taken.rowcount != 1 or subscriber is None:
        return None
    return Job(
        id=row.id, kind=Kind(row.kind), subscriber=subscriber, edit=edit, attempts=row.attempts + 1, created_at=row.created_at,
        revision=max(row.revision, story.revision) if story else row.revision, story=story, digest_id=row.digest_id,
        payload=row.payload, remote_ref=row.remote_ref, reply_to=_earlier(conn, row) if row.kind == Kind.ALERT else None,
    )  # fmt: skip


def sent(conn: Connection, job: Job, remote_ref: str | None, now: datetime) -> None:
    """The channel took it; where the story moved on meanwhile, an edit is due from now on."""
    values: dict[str, Any] = {"state": State.SENT, "lease_until": None, "attempts": 0, "sent_revision": job.revision}
    if not job.edit:
        values |= {"remote_ref": remote_ref, "sent_at": now}
    conn.execute(update(table).where(table.c.id == job.id).values(**values))


def put_back(conn: Connection, job: Job, not_before: datetime, reason: str, *, counts: bool = True) -> None:
    """Try again at `not_before`; a try that never reached the channel does not count."""
    state = State.SENT if job.edit else State.PENDING
    attempts = job.attempts if counts else job.attempts - 1
    conn.execute(
        update(table)
        .where(table.c.id == job.id)
        .values(state=state, lease_until=None, not_before=not_before, reason=reason, attempts=attempts)
    )


def put_off(conn: Connection, ids: Sequence[int], not_before: datetime, reason: str) -> None:
    """Leave deliveries that nobody claimed until `not_before`; those that are no longer due stay as they are."""
    for batch in stories.chunks(ids):
        waiting = or_(table.c.state == State.PENDING, and_(table.c.state == State.SENT, _STALE))
        values = {"not_before": not_before, "reason": reason}
        conn.execute(update(table).where(table.c.id.in_(batch), waiting, table.c.not_before < not_before).values(**values))


def drop(conn: Connection, job: Job, reason: str) -> None:
    """It is no longer wanted, or nobody is there; an edit that cannot be made leaves the message as it is."""
    values: dict[str, Any] = {"lease_until": None, "reason": reason}
    values |= {"sent_revision": job.revision} if job.edit else {"state": State.DROPPED}
    conn.execute(update(table).where(table.c.id == job.id).values(**values))


def bury(conn: Connection, job: Job, reason: str, now: datetime) -> None:
    """Give it up, and leave a dead letter for the operator; the rest of the chat's messages flow."""
    if job.edit:
        drop(conn, job, reason)
        return
    conn.execute(update(table).where(table.c.id == job.id).values(state=State.DEAD, lease_until=None, reason=reason))
    letter = {"stream": DELIVERIES, "ref": str(job.id), "error": reason, "attempts": job.attempts, "at": now}
    conn.execute(insert(dead_letters).values(**letter))


def revive(conn: Connection, ids: Sequence[int], now: datetime) -> int:
    """Send dead deliveries again, at the operator's word; how many there were."""
    revived = 0
    for batch in stories.chunks(ids):
        done = conn.execute(
            update(table)
            .where(table.c.id.in_(batch), table.c.state == State.DEAD)
            .values(state=State.PENDING, not_before=now, attempts=0, reason="retried by the operator")
        )
        conn.execute(
            update(dead_letters)
            .where(dead_letters.c.stream == DELIVERIES, dead_letters.c.ref.in_([str(i) for i in batch]))
            .values(replayed_at=now)
        )
        revived += done.rowcount
    return revived


def next_due(conn: Connection, channels: Collection[Channel]) -> datetime | None:
    """When the next delivery of these channels may be sent; None when there is none left to send."""
    moments = [
        conn.scalar(
            select(func.min(table.c.not_before))
            .join(people, people.c.id == table.c.subscriber_id)
            .where(which, people.c.channel.in_(list(channels)))
        )
        for which in (table.c.state == State.PENDING, and_(table.c.state == State.SENT, _STALE))
    ]
    return min((m for m in moments if m is not None), default=None)


_STALE = table.c.sent_revision < table.c.revision


def _claimable(now: datetime) -> Any:
    return or_(_waiting(now), _abandoned(now), _outdated(now))


def _waiting(now: datetime) -> Any:
    return and_(table.c.state == State.PENDING, table.c.not_before <= now)


def _abandoned(now: datetime) -> Any:
    return and_(table.c.state == State.SENDING, table.c.lease_until < now)


def _outdated(now: datetime) -> Any:
    free = or_(table.c.lease_until.is_(None), table.c.lease_until < now)
    return and_(table.c.state == State.SENT, _STALE, table.c.not_before <= now, free)


def _lanes(conn: Connection, which: Any, limit: int) -> list[Due]:
    query = (
        select(table.c.id, table.c.kind, table.c.state, people.c.channel, people.c.address)
        .join(people, people.c.id == table.c.subscriber_id)
        .where(which)
        .order_by(table.c.id)
        .limit(limit)
    )
    return [Due(r.id, Channel(r.channel), r.address, Kind(r.kind), r.state == State.SENT) for r in conn.execute(query)]


def _earlier(conn: Connection, row: Any) -> str | None:
    """The message that a second ring of the same story answers."""
    query = (
        select(table.c.remote_ref)
        .where(
            table.c.story_id == row.story_id, table.c.subscriber_id == row.subscriber_id, table.c.id < row.id,
            table.c.remote_ref.is_not(None),
        )
        .order_by(table.c.id.desc())
        .limit(1)
    )  # fmt: skip
    return conn.scalar(query)
