"""Taking a delivery that is due, with what is told in the same message, on a connection.

A delivery is claimed by a conditional UPDATE, so that one sender has it, however many processes are handed its id. Alerts that had to wait
for one reader travel together: those of a backlog, and those that were held (through quiet hours, say). An edit of such a message
brings all of its alerts up to date.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select, update

from notifier import silences, stories, subscribers
from notifier.jobs import Job, Part
from notifier.ledger import LEASE, claimable, drop, put_back
from notifier.model import Change, Kind, Standing, State, Story
from notifier.render import MOST_TOGETHER
from notifier.tables import deliveries as table
from notifier.wanting import Course, Reason, wants

BACKLOG = 8  # alerts that wait for one reader at once: they come in one message
HELD = timedelta(minutes=1)  # an alert that waited so long takes what else waits with it


def claim(conn: Connection, id_: int, now: datetime) -> Job | None:
    """Take a delivery that is due; None when it is not, or another sender has it."""
    row = conn.execute(select(table).where(table.c.id == id_, claimable(now)).with_for_update()).one_or_none()
    subscriber = subscribers.get(conn, row.subscriber_id) if row else None
    if row is None or subscriber is None:
        return None
    edit = row.state == State.SENT
    rows = [row, *(_shown_with(conn, row) if edit else _waiting_with(conn, row, now))]
    found = stories.load(conn, [r.story_id for r in rows if r.story_id])
    taken = {r.id for r in rows if _take(conn, r, found.get(r.story_id), now, edit=edit)}
    if row.id not in taken:
        return None
    story = found.get(row.story_id) if row.story_id else None
    return Job(
        id=row.id, kind=Kind(row.kind), subscriber=subscriber, edit=edit, attempts=row.attempts + 1, created_at=row.created_at,
        revision=max(row.revision, story.revision) if story else row.revision, story=story, digest_id=row.digest_id,
        payload=row.payload, remote_ref=row.remote_ref, reply_to=_answered(conn, row) if row.change else None,
        parts=_parts(row, rows, found, taken), change=Change(row.change) if row.change else None,
    )  # fmt: skip


def take(conn: Connection, id_: int, now: datetime) -> Job | None:
    """The same, without what is no longer wanted: that is dropped here, and what would ring in quiet hours waits for their end."""
    job = claim(conn, id_, now)
    if job is None:
        return None
    refusal = _refused(job)
    if refusal:
        drop(conn, job, refusal)
        return None
    if job.kind is not Kind.ALERT or job.edit:
        return job
    held = silences.rules(conn, now)
    decisions = {p.id: wants(job.subscriber.wishes, p.story, now, silenced=held) for p in job.parts or _own(job)}
    if all(d.rings and not (d.course is Course.LATER and d.reason is Reason.QUIET) for d in decisions.values()):
        return job
    for part in job.parts or _own(job):
        decision, single = decisions[part.id], _single(job, part)
        if not decision.rings:
            drop(conn, single, str(decision))
        else:
            put_back(conn, single, decision.at if decision.reason is Reason.QUIET and decision.at else now, str(decision), counts=False)
    return None


def _refused(job: Job) -> str:
    """Why a delivery cannot go to this reader, whatever it says; empty when it can."""
    person = job.subscriber
    if person.state is Standing.GONE or (job.kind is not Kind.NOTICE and not person.active):
        return f"subscriber is {person.state}"
    if job.kind is Kind.ALERT and job.story is None:
        return "the story is no more"
    return "the alert that it answers was not sent" if job.change and not job.reply_to else ""


def _own(job: Job) -> tuple[Part, ...]:
    """An answer to an alert, seen as the one part of its message."""
    return (Part(job.id, job.story, job.revision),) if job.story else ()


def _single(job: Job, part: Part) -> Job:
    """A part by itself."""
    return Job(part.id, job.kind, job.subscriber, job.edit, job.attempts, job.created_at, part.revision, part.story)


def _take(conn: Connection, row: Row[Any], story: Story | None, now: datetime, *, edit: bool) -> bool:
    values: dict[str, Any] = {"state": State.SENT if edit else State.SENDING, "lease_until": now + LEASE, "attempts": row.attempts + 1}
    if story and not edit:  # what this message tells; an edit rings for nothing
        values |= {"severity": story.severity, "told": sorted(story.changes)}
    free = or_(table.c.lease_until.is_(None), table.c.lease_until < now)
    condition = and_(table.c.state == State.SENT, free) if edit else claimable(now)
    return conn.execute(update(table).where(table.c.id == row.id, condition).values(**values)).rowcount == 1


def _parts(row: Row[Any], rows: Sequence[Row[Any]], found: dict[int, Story], taken: set[int]) -> tuple[Part, ...]:
    if row.kind != Kind.ALERT or row.change:
        return ()
    shown = ((r, found[r.story_id]) for r in sorted(rows, key=lambda r: r.id) if r.id in taken and r.story_id in found)
    return tuple(Part(r.id, story, max(r.revision, story.revision)) for r, story in shown)


def _waiting_with(conn: Connection, row: Row[Any], now: datetime) -> Sequence[Row[Any]]:
    """The alerts that wait for the same reader and may travel with this one; none while there is no backlog and none was held."""
    if not _may_join(row):
        return ()
    query = (
        select(table)
        .where(
            table.c.subscriber_id == row.subscriber_id, table.c.id != row.id, table.c.kind == Kind.ALERT, table.c.change.is_(None),
            table.c.state.in_((State.PENDING, State.SENDING)), table.c.severity != "critical", claimable(now),
            or_(table.c.carrier_id.is_(None), table.c.carrier_id != table.c.id),
        )
        .order_by(table.c.id)
        .limit(MOST_TOGETHER - 1)
        .with_for_update(skip_locked=True)
    )  # fmt: skip
    rows = conn.execute(query).all()
    held = any(now - r.created_at >= HELD for r in (row, *rows))
    return rows if len(rows) + 1 >= BACKLOG or held else ()


def _may_join(row: Row[Any]) -> bool:
    """Whether an alert may share a message: a critical one stands alone, and so does what a refused message was taken apart into."""
    return row.kind == Kind.ALERT and row.change is None and row.severity != "critical" and row.carrier_id != row.id


def _shown_with(conn: Connection, row: Row[Any]) -> Sequence[Row[Any]]:
    """The other alerts of the message that is to be edited."""
    root = row.carrier_id or row.id
    query = select(table).where(
        or_(table.c.id == root, table.c.carrier_id == root), table.c.id != row.id, table.c.state == State.SENT,
        table.c.remote_ref == row.remote_ref, table.c.subscriber_id == row.subscriber_id,
    )  # fmt: skip
    return conn.execute(query).all() if row.kind == Kind.ALERT else ()


def _answered(conn: Connection, row: Row[Any]) -> str | None:
    """The message of the alert that this one answers."""
    query = (
        select(table.c.remote_ref)
        .where(
            table.c.story_id == row.story_id, table.c.subscriber_id == row.subscriber_id, table.c.change.is_(None),
            table.c.remote_ref.is_not(None),
        )
        .order_by(table.c.id.desc())
        .limit(1)
    )  # fmt: skip
    return conn.scalar(query)

