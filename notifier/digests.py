"""Planning digests and reading what goes into them, on a connection. What they say is `notifier.digest`; nothing here sends.

A digest's row, its delivery and the reader's next window are written in one transaction, so that however often the program dies, no story
falls between two digests or into both.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from notifier import ledger, stories, subscribers
from notifier.digest import Coverage, Digest, compose
from notifier.model import Channel, Kind, Standing, Subscriber
from notifier.schedule import next_digest
from notifier.subscribers import DIGEST_AT, FIRST_WINDOW
from notifier.tables import digests as table
from notifier.tables import subscribers as people
from notifier.wishes import Wishes, from_json
from watcher.state import Health
from watcher.store.tables import items, source_state

SETTLE = timedelta(seconds=30)  # a planned window ends this much earlier: a story that is being written now belongs to the next
SLOWEST_POLL = timedelta(hours=48)  # a source that nobody asked for so long is not watched any more
_ALMOST_OK = (Health.OK, Health.SLOW)


def plan_due(conn: Connection, now: datetime, limit: int = 500) -> list[int]:
    """Plan the digests whose hour has come; the ids of their deliveries.

    Hours that were missed are made up by one digest over the whole time. Run by any number of processes, each hour is planned once.
    """
    p = people.c
    due = (
        select(people)
        .where(p.state == Standing.ACTIVE, p.digest_next <= now)
        .order_by(p.digest_next)
        .limit(limit)
    )
    planned = []
    for row in conn.execute(due).all():
        wishes = from_json(row.wishes)
        at = wishes.digest_at or DIGEST_AT
        until = max(now - SETTLE, row.digest_from)
        values = {"digest_from": until, "digest_next": next_digest(now, at, wishes.tz, wishes.digest_days)}
        claimed = conn.execute(update(people).where(p.id == row.id, p.digest_next == row.digest_next).values(**values))
        if claimed.rowcount == 1 and until > row.digest_from:
            planned.append(_plan(conn, row, until, now, f"daily at {at} {wishes.tz}"))
    return ledger.write(conn, planned)


def plan_all_now(conn: Connection, now: datetime, to: Sequence[str] = ()) -> list[int]:
    """Plan a digest up to now for every active subscriber who has an hour, or for these addresses; the ids of their deliveries.

    The hour of the next one stays; it tells what comes after this.
    """
    p = people.c
    whom = p.address.in_(list(to)) if to else p.digest_next.is_not(None)
    planned = []
    for row in conn.execute(select(people).where(p.state == Standing.ACTIVE, whom).order_by(p.id)).all():
        moved = update(people).where(p.id == row.id, p.digest_from == row.digest_from, p.digest_from < now).values(digest_from=now)
        if conn.execute(moved).rowcount == 1:
            planned.append(_plan(conn, row, now, now, "asked for by the operator"))
    return ledger.write(conn, planned)


def compose_for(conn: Connection, digest_id: int) -> Digest | None:
    """The digest that was planned under this id, from what is stored now; None when it is no more."""
    row = conn.execute(select(table).where(table.c.id == digest_id)).one_or_none()
    subscriber = subscribers.get(conn, row.subscriber_id) if row else None
    if row is None or subscriber is None:
        return None
    return _read(conn, subscriber, row.from_at, row.to_at, digest_id)


def preview(conn: Connection, subscriber: Subscriber | None, now: datetime) -> Digest:
    """What the subscriber's digest would say if it were sent now; None stands for a reader of everything in the last day."""
    if subscriber is None:
        reader = Subscriber(0, Channel.EMAIL, "reader@localhost", wishes=Wishes(min_severity="low"))
        return _read(conn, reader, now - FIRST_WINDOW, now)
    after = conn.scalar(select(people.c.digest_from).where(people.c.id == subscriber.id))
    return _read(conn, subscriber, after or now - FIRST_WINDOW, now)


def coverage(conn: Connection, after: datetime, until: datetime) -> Coverage:
    """What was watched in (after, until]."""
    s, i = source_state.c, items.c
    watched = select(s.source_id, s.first_ok_at, s.last_ok_at, s.health).where(s.last_polled_at > min(after, until - SLOWEST_POLL))
    rows = conn.execute(watched.order_by(s.source_id)).all()
    return Coverage(
        read=sum(1 for r in rows if r.last_ok_at and r.last_ok_at > after),
        failing=tuple(r.source_id for r in rows if r.first_ok_at and r.health not in _ALMOST_OK),
        silent=tuple(r.source_id for r in rows if r.first_ok_at is None),
        items=conn.scalar(select(func.count()).where(i.seen_at > after, i.seen_at <= until)) or 0,
    )


def _read(conn: Connection, subscriber: Subscriber, after: datetime, until: datetime, digest_id: int = 0) -> Digest:
    told = stories.in_window(conn, after, until)
    return compose(subscriber, told, after, until, coverage(conn, after, until), digest_id)


def _plan(conn: Connection, row: Row[Any], until: datetime, now: datetime, reason: str) -> dict[str, Any]:
    values = {"subscriber_id": row.id, "from_at": row.digest_from, "to_at": until, "created_at": now}
    digest_id = conn.execute(insert(table).values(**values).returning(table.c.id)).scalar_one()
    return ledger.new(f"digest:{digest_id}", row.id, Kind.DIGEST, reason, now, digest_id=digest_id)
