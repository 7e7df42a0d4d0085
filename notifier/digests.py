"""Planning digests and reading what goes into them, on a connection. What they say is `notifier.digest`; nothing here sends.

A digest's row, the stories that it tells, its delivery and the reader's next window are written in one transaction, so that however often
the program dies, no story falls between two digests or into both, and a digest that is tried again says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, func, insert, select, update

from notifier import ledger, stories, subscribers, told
from notifier.chart import DAYS, counts
from notifier.digest import Closing, Coverage, Digest, compose
from notifier.model import Channel, Kind, Standing, Story, Subscriber
from notifier.schedule import next_digest, rhythm
from notifier.since import Changed, what_changed
from notifier.subscribers import DIGEST_AT, FIRST_WINDOW
from notifier.tables import digests as table
from notifier.tables import subscribers as people
from notifier.wanting import concerns
from notifier.wishes import Wishes
from watcher.state import Health
from watcher.store.tables import items, source_state

OVERLAP = timedelta(minutes=10)  # before a window: what was being written when the last one was planned, and nobody was told of
LONGEST = timedelta(days=31)  # of a window, after whatever was down, or whoever was away, for longer
MEMORY = timedelta(days=14)  # for how long it is told what came of a story
SOON = timedelta(days=21)  # tenders that close within it are named
TENDERS_OF = timedelta(days=180)  # how long ago something may last have come of them
MOST_LINES = 12  # of what changed, and of what closes soon
SLOWEST_POLL = timedelta(hours=48)  # a source that nobody asked for so long is not watched any more
_ALMOST_OK = (Health.OK, Health.SLOW)


class Shelf:
    """Stories that were read for one digest and may concern the next; what belongs to a window is asked once for all who share it."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._windows: dict[tuple[datetime, datetime], list[int]] = {}
        self._stories: dict[int, Story] = {}

    def began(self, after: datetime, until: datetime) -> list[int]:
        """The ids of what may count for this window."""
        if (after, until) not in self._windows:
            self._windows[after, until] = stories.began(self._conn, after, until)
        return self._windows[after, until]

    def outlines(self, until: datetime) -> list[Story]:
        """The stories of the chart's days, without their reports."""
        return stories.outlines(self._conn, until - timedelta(days=DAYS + 1), until)

    def read(self, ids: Sequence[int]) -> list[Story]:
        """The stories with these ids that there are, the weightiest first."""
        missing = [i for i in ids if i not in self._stories]
        self._stories |= stories.load(self._conn, missing)
        return sorted((self._stories[i] for i in ids if i in self._stories), key=stories.weight, reverse=True)


def plan_due(conn: Connection, now: datetime, limit: int = 500) -> list[int]:
    """Plan the digests whose hour has come; the ids of their deliveries.

    Hours that were missed are made up by one digest over the whole time. Run by any number of processes, each hour is planned once.
    """
    p = people.c
    planned, shelf = [], Shelf(conn)
    for row in due(conn, now)[:limit]:
        person = subscribers.subscriber(row)
        at, wishes = person.wishes.digest_at or DIGEST_AT, person.wishes
        values = {"digest_from": now, "digest_next": next_digest(now, at, wishes.tz, wishes.digest_days)}
        claimed = conn.execute(update(people).where(p.id == row.id, p.digest_next == row.digest_next).values(**values))
        if claimed.rowcount == 1 and now > row.digest_from:
            reason = f"{rhythm(wishes.digest_days)} at {at} {wishes.tz}"
            planned.append(_plan(conn, person, row.digest_from, now, reason, shelf))
    return ledger.write(conn, planned)


def plan_all_now(conn: Connection, now: datetime, to: Sequence[str] = ()) -> list[int]:
    """Plan a digest up to now for every active subscriber who has an hour, or for these addresses; the ids of their deliveries.

    The hour of the next one stays; it tells what comes after this.
    """
    planned, shelf = [], Shelf(conn)
    for row in asked_for(conn, to):
        p = people.c
        moved = update(people).where(p.id == row.id, p.digest_from == row.digest_from, p.digest_from < now).values(digest_from=now)
        if conn.execute(moved).rowcount == 1:
            planned.append(_plan(conn, subscribers.subscriber(row), row.digest_from, now, "asked for by the operator", shelf))
    return ledger.write(conn, planned)


def asked_for(conn: Connection, to: Sequence[str] = ()) -> Sequence[Row[Any]]:
    """Whom the operator's word means: every active subscriber who has an hour, or those of these addresses who are active."""
    p = people.c
    whom = p.address.in_(list(to)) if to else p.digest_next.is_not(None)
    return conn.execute(select(people).where(p.state == Standing.ACTIVE, whom).order_by(p.id)).all()


def compose_for(conn: Connection, digest_id: int) -> Digest | None:
    """The digest that was planned under this id, its stories as they are now; None when it is no more."""
    row = conn.execute(select(table).where(table.c.id == digest_id)).one_or_none()
    subscriber = subscribers.get(conn, row.subscriber_id) if row else None
    if row is None or subscriber is None:
        return None
    tells, shelf = told.of_digest(conn, digest_id), Shelf(conn)
    fresh = shelf.read([i for i in tells if tells[i]])
    before = told.last(conn, subscriber.id, row.to_at - MEMORY, row.to_at)
    changed = [Changed(s, before[s.id]) for s in shelf.read([i for i in tells if not tells[i]]) if s.id in before]
    return _whole(conn, subscriber, fresh, changed, (row.from_at, row.to_at), shelf, digest_id)


def preview(conn: Connection, subscriber: Subscriber | None, now: datetime) -> Digest:
    """What the subscriber's digest would say if it were sent now; None stands for a reader of everything in the last day."""
    reader = subscriber or Subscriber(0, Channel.EMAIL, "reader@localhost", wishes=Wishes(min_severity="low"))
    known = conn.scalar(select(people.c.digest_from).where(people.c.id == subscriber.id)) if subscriber else None
    after, shelf = known or now - FIRST_WINDOW, Shelf(conn)
    fresh = gather(conn, reader, after, now, shelf)
    return _whole(conn, reader, fresh, developments(conn, reader, after, now, fresh, shelf), (after, now), shelf)


def on_day(conn: Connection, subscriber: Subscriber, day: date, now: datetime) -> Digest:
    """The digest of that day, on the reader's clock: the one that was planned then, else what one at their hour would say."""
    begins = datetime.combine(day, time(), ZoneInfo(subscriber.tz)).astimezone(UTC)
    that_day = (table.c.to_at >= begins, table.c.to_at < begins + timedelta(days=1))
    mine = select(table.c.id).where(table.c.subscriber_id == subscriber.id, *that_day)
    planned = conn.scalar(mine.order_by(table.c.to_at.desc()).limit(1))
    if planned:
        found = compose_for(conn, planned)
        assert found is not None  # its row and its reader were read in this transaction
        return found
    at = next_digest(begins - timedelta(microseconds=1), subscriber.wishes.digest_at or DIGEST_AT, subscriber.tz)
    until, shelf = min(at, now), Shelf(conn)
    earlier = select(func.max(table.c.to_at)).where(table.c.subscriber_id == subscriber.id, table.c.to_at < until)
    after = conn.scalar(earlier) or until - FIRST_WINDOW
    fresh = gather(conn, subscriber, after, until, shelf)
    return _whole(conn, subscriber, fresh, developments(conn, subscriber, after, until, fresh, shelf), (after, until), shelf)


def due(conn: Connection, now: datetime) -> Sequence[Row[Any]]:
    """The subscribers whose hour has come, the longest waiting first."""
    p = people.c
    return conn.execute(select(people).where(p.state == Standing.ACTIVE, p.digest_next <= now).order_by(p.digest_next)).all()


def gather(conn: Connection, subscriber: Subscriber, after: datetime, until: datetime, shelf: Shelf) -> list[Story]:
    """The stories that a digest over (after, until] tells this reader: those of the window that concern them and that none has told yet."""
    ids = shelf.began(after - OVERLAP, until)
    known = told.among(conn, subscriber.id, ids)
    return [s for s in shelf.read([i for i in ids if i not in known]) if concerns(subscriber.wishes, s, until).wanted]


def developments(
    conn: Connection, subscriber: Subscriber, after: datetime, until: datetime, fresh: Sequence[Story], shelf: Shelf
) -> list[Changed]:
    """What this reader was told of lately and is worth another word, the weightiest first."""
    before = told.last(conn, subscriber.id, until - MEMORY, until)
    ids = stories.touched(conn, sorted(before.keys() - {s.id for s in fresh}), after - OVERLAP)
    found = [Changed(s, before[s.id]) for s in shelf.read(ids) if concerns(subscriber.wishes, s, until).wanted]
    return [c for c in found if what_changed(c)][:MOST_LINES]


def closing(conn: Connection, subscriber: Subscriber, now: datetime, shelf: Shelf) -> list[Closing]:
    """The tenders that concern this reader and take offers for not much longer, the next to close first."""
    found = []
    for story in shelf.read(stories.tenders(conn, now - TENDERS_OF)):
        at = _deadline(story)
        if at and now < at <= now + SOON and not story.ended and concerns(subscriber.wishes, story, now).wanted:
            found.append(Closing(story, at))
    return sorted(found, key=lambda c: c.at)[:MOST_LINES]


def coverage(conn: Connection, after: datetime, until: datetime) -> Coverage:
    """What was watched in (after, until]."""
    s, i = source_state.c, items.c
    watched = select(s.source_id, s.first_ok_at, s.last_ok_at, s.health).where(s.last_polled_at > min(after, until - SLOWEST_POLL))
    rows = conn.execute(watched.order_by(s.source_id)).all()
    return Coverage(
        read=sum(1 for r in rows if r.last_ok_at and r.last_ok_at > after),
        failing=tuple(r.source_id for r in rows if r.first_ok_at and r.health not in (*_ALMOST_OK, Health.BLOCKED)),
        silent=tuple(r.source_id for r in rows if r.first_ok_at is None and r.health != Health.BLOCKED),
        blocked=tuple(r.source_id for r in rows if r.health == Health.BLOCKED),
        items=conn.scalar(select(func.count()).where(i.seen_at > after, i.seen_at <= until)) or 0,
    )


def _whole(
    conn: Connection,
    reader: Subscriber,
    fresh: Sequence[Story],
    changed: Sequence[Changed],
    span: tuple[datetime, datetime],
    shelf: Shelf,
    digest_id: int = 0,
) -> Digest:
    after, until = span
    lately = [s.created_at for s in shelf.outlines(until) if concerns(reader.wishes, s, until).wanted]
    return replace(
        compose(reader, fresh, after, until, coverage(conn, after, until), digest_id),
        changes=tuple(c for c in changed if concerns(reader.wishes, c.story, until).wanted),
        closing=tuple(closing(conn, reader, until, shelf)),
        days=counts(lately, until, reader.tz),
    )


def _deadline(story: Story) -> datetime | None:
    """The last moment for offers that a register states; None for what is no moment."""
    try:
        at = datetime.fromisoformat(str(story.facts.get("deadline", "")))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _plan(conn: Connection, reader: Subscriber, start: datetime, now: datetime, reason: str, shelf: Shelf) -> dict[str, Any]:
    lost = told.lost(conn, reader.id, now - LONGEST)
    after = max(min([start, *lost.values()]), now - LONGEST)
    values = {"subscriber_id": reader.id, "from_at": after, "to_at": now, "created_at": now}
    digest_id = int(conn.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())
    told.take_over(conn, digest_id, list(lost), now)
    fresh = gather(conn, reader, after, now, shelf)
    told.remember(conn, digest_id, fresh, fresh=True)
    told.remember(conn, digest_id, [c.story for c in developments(conn, reader, after, now, fresh, shelf)], fresh=False)
    return ledger.new(f"digest:{digest_id}", reader.id, Kind.DIGEST, reason, now, digest_id=digest_id)
