"""The ledger of deliveries, which is the outbox as well: what is due, and recording what became of it. Claiming is `notifier.claims`.

What was claimed and not recorded within the lease is due again: only a crash between the channel's answer and our record can repeat a
message.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from notifier import stories
from notifier.jobs import Due, Job
from notifier.model import Channel, Kind, State
from notifier.tables import deliveries as table
from notifier.tables import subscribers as people
from watcher.bus import DELIVERIES
from watcher.store import insert_ignore
from watcher.store.tables import dead_letters

LEASE = timedelta(seconds=90)  # longer than any send takes, its own waiting included

_STALE = table.c.sent_revision < table.c.revision


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
        "change": None, "told": None, "carrier_id": None, "state": State.PENDING, "reason": reason, "attempts": 0, "not_before": now,
        "revision": 0, "sent_revision": 0, "created_at": now, **more,
    }  # fmt: skip


def claimable(now: datetime) -> Any:
    """The condition under which a delivery may be taken: it waits, its sender died, or its reader has an older revision."""
    return or_(_waiting(now), _abandoned(now), _outdated(now))


def due(conn: Connection, now: datetime, channels: Collection[Channel], after: int = 0, limit: int = 2000) -> list[Due]:
    """What may be sent now: pending, held by a sender that died, or seen by its reader in an older revision.

    Of these channels, with ids above `after`, in their order. Asked for one by one, because each has an index of its own.
    """
    here = and_(table.c.id > after, people.c.channel.in_(list(channels)))
    found = [d for which in (_waiting(now), _abandoned(now), _outdated(now)) for d in _lanes(conn, and_(which, here), limit)]
    return sorted(found, key=lambda d: d.id)[:limit]


def lanes(conn: Connection, ids: Sequence[int], now: datetime) -> list[Due]:
    """The same for those of `ids` that are due."""
    return [d for batch in stories.chunks(ids) for d in _lanes(conn, and_(table.c.id.in_(batch), claimable(now)), len(batch))]


def sent(conn: Connection, job: Job, remote_ref: str | None, now: datetime) -> None:
    """The channel took it; where a story moved on meanwhile, an edit is due from now on."""
    values: dict[str, Any] = {"state": State.SENT, "lease_until": None, "attempts": 0}
    if not job.edit:
        values |= {"remote_ref": remote_ref, "sent_at": now}
    for id_, revision in [(p.id, p.revision) for p in job.parts] or [(job.id, job.revision)]:
        carrier = {"carrier_id": job.id} if id_ != job.id and not job.edit else {}
        conn.execute(update(table).where(table.c.id == id_).values(**values, **carrier, sent_revision=revision))


def put_back(conn: Connection, job: Job, not_before: datetime, reason: str, *, counts: bool = True, alone: bool = False) -> None:
    """Try again at `not_before`; a try that never reached the channel does not count. `alone` takes a message of several apart for good."""
    values: dict[str, Any] = {"state": State.SENT if job.edit else State.PENDING, "lease_until": None, "not_before": not_before}
    values |= {"reason": reason, "attempts": table.c.attempts - (0 if counts else 1)}
    if alone and not job.edit:
        values["carrier_id"] = table.c.id
    conn.execute(update(table).where(table.c.id.in_(job.ids)).values(**values))


def is_due(conn: Connection, id_: int, now: datetime) -> bool:
    """Whether it may still be taken: another process may have sent it meanwhile."""
    return conn.scalar(select(table.c.id).where(table.c.id == id_, claimable(now))) is not None


def put_off(conn: Connection, ids: Sequence[int], not_before: datetime, reason: str) -> None:
    """Leave deliveries that nobody claimed until `not_before`; those that are no longer due stay as they are."""
    for batch in stories.chunks(ids):
        waiting = or_(table.c.state == State.PENDING, and_(table.c.state == State.SENT, _STALE))
        values = {"not_before": not_before, "reason": reason}
        conn.execute(update(table).where(table.c.id.in_(batch), waiting, table.c.not_before < not_before).values(**values))


def drop(conn: Connection, job: Job, reason: str) -> None:
    """It is no longer wanted, or nobody is there; an edit that cannot be made leaves the message as it is."""
    values: dict[str, Any] = {"lease_until": None, "reason": reason}
    values |= {"sent_revision": table.c.revision} if job.edit else {"state": State.DROPPED}
    conn.execute(update(table).where(table.c.id.in_(job.ids)).values(**values))


def bury(conn: Connection, job: Job, reason: str, now: datetime) -> None:
    """Give it up, and leave a dead letter for the operator; the rest of the chat's messages flow.

    A message of several is taken apart instead, so that what is wrong with one of them costs the others nothing.
    """
    if job.edit:
        drop(conn, job, reason)
        return
    if job.together:
        put_back(conn, job, now, f"to be sent alone: {reason}", counts=False, alone=True)
        return
    conn.execute(update(table).where(table.c.id == job.id).values(state=State.DEAD, lease_until=None, reason=reason))
    letter = {"stream": DELIVERIES, "ref": str(job.id), "error": reason, "attempts": job.attempts, "at": now}
    conn.execute(insert(dead_letters).values(**letter))


def came_back(conn: Connection, id_: int, reason: str) -> None:
    """A message that its channel had taken was returned; a digest's stories are for the next one to tell."""
    conn.execute(update(table).where(table.c.id == id_).values(state=State.DEAD, reason=reason))


def supersede(conn: Connection, ids: Sequence[int], reason: str, now: datetime) -> None:
    """What dead deliveries would have told is told by another one: they are closed, and so are their dead letters."""
    for batch in stories.chunks(ids):
        conn.execute(update(table).where(table.c.id.in_(batch), table.c.state == State.DEAD).values(state=State.DROPPED, reason=reason))
        _close_letters(conn, batch, now)


def revive(conn: Connection, ids: Sequence[int], now: datetime) -> int:
    """Send dead deliveries again, at the operator's word; how many there were."""
    revived = 0
    for batch in stories.chunks(ids):
        done = conn.execute(
            update(table)
            .where(table.c.id.in_(batch), table.c.state == State.DEAD)
            .values(state=State.PENDING, not_before=now, attempts=0, reason="retried by the operator")
        )
        _close_letters(conn, batch, now)
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


def _close_letters(conn: Connection, ids: Sequence[int], now: datetime) -> None:
    mine = and_(dead_letters.c.stream == DELIVERIES, dead_letters.c.ref.in_([str(i) for i in ids]))
    conn.execute(update(dead_letters).where(mine).values(replayed_at=now))


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
