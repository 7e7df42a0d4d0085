"""What each digest told, story by story, so that the next one can tell what came since: on a connection, nothing here decides or sends.

A row is written in the transaction that plans its digest, and says in what state the story was then. What a digest that never reached its
reader would have told is forgotten, and the next one tells it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from notifier import ledger
from notifier.model import Change, State, Story
from notifier.since import Telling
from notifier.stories import chunks
from notifier.tables import deliveries, digests
from notifier.tables import digest_stories as table

LOST = frozenset({State.DEAD, State.DROPPED})  # a delivery that was given up, or that nobody wanted any more when its turn came


def remember(conn: Connection, digest: int, stories: Iterable[Story], *, fresh: bool) -> None:
    """These stories are told by this digest: as new ones, or for what changed in them."""
    rows = [
        {"digest_id": digest, "story_id": s.id, "fresh": fresh, "severity": s.severity, "outlets": len(s.outlets),
         "changes": sorted(s.changes)}
        for s in stories
    ]  # fmt: skip
    if rows:
        conn.execute(insert(table), rows)


def of_digest(conn: Connection, digest: int) -> dict[int, bool]:
    """The stories that a digest tells, each with whether it is new to its reader."""
    return {r.story_id: r.fresh for r in conn.execute(select(table.c.story_id, table.c.fresh).where(table.c.digest_id == digest))}


def among(conn: Connection, subscriber: int, stories: Collection[int]) -> set[int]:
    """Those of these stories that some digest told this subscriber."""
    found: set[int] = set()
    for batch in chunks(sorted(stories)):
        mine = select(table.c.story_id).join(digests, digests.c.id == table.c.digest_id).where(digests.c.subscriber_id == subscriber)
        found.update(conn.scalars(mine.where(table.c.story_id.in_(batch))))
    return found


def last(conn: Connection, subscriber: int, after: datetime, before: datetime) -> dict[int, Telling]:
    """How each story was when this subscriber was last told of it, by digests whose windows ended after one moment and before another."""
    query = (
        select(table.c.story_id, table.c.severity, table.c.outlets, table.c.changes)
        .join(digests, digests.c.id == table.c.digest_id)
        .where(digests.c.subscriber_id == subscriber, digests.c.to_at > after, digests.c.to_at < before)
        .order_by(digests.c.to_at)
    )
    rows = conn.execute(query)
    return {r.story_id: Telling(r.severity, r.outlets, frozenset(map(Change, r.changes))) for r in rows}


def lost(conn: Connection, subscriber: int, since: datetime) -> dict[int, datetime]:
    """The digests of the time since then that never reached this reader, and whose stories no other tells: where their windows began."""
    query = (
        select(digests.c.id, digests.c.from_at)
        .join(deliveries, deliveries.c.digest_id == digests.c.id)
        .where(digests.c.subscriber_id == subscriber, digests.c.to_at > since, digests.c.told_by.is_(None), deliveries.c.state.in_(LOST))
    )
    return {r.id: r.from_at for r in conn.execute(query)}


def take_over(conn: Connection, by: int, others: Collection[int], now: datetime) -> None:
    """What lost digests would have told is for the digest `by` to tell; no word to try them again tells anything twice."""
    if others:
        conn.execute(delete(table).where(table.c.digest_id.in_(others)))
        conn.execute(update(digests).where(digests.c.id.in_(others)).values(told_by=by))
        dead = list(conn.scalars(select(deliveries.c.id).where(deliveries.c.digest_id.in_(others))))
        ledger.supersede(conn, dead, "told in the next digest", now)


def share(conn: Connection, story: int, new: int) -> None:
    """`new` was split from `story`: every digest that told the one told the other."""
    rows = conn.execute(select(table).where(table.c.story_id == story)).mappings()
    copies = [{**row, "story_id": new} for row in rows]
    if copies:
        conn.execute(insert(table), copies)


def hand_over(conn: Connection, into: int, others: Collection[int]) -> None:
    """Some stories became part of another: what digests told of them they told of that one."""
    t = table.c
    held = set(conn.scalars(select(t.digest_id).where(t.story_id == into)))
    for row in conn.execute(select(table).where(t.story_id.in_(others)).order_by(t.digest_id, t.story_id)).all():
        mine = (t.digest_id == row.digest_id, t.story_id == row.story_id)
        conn.execute(delete(table).where(*mine) if row.digest_id in held else update(table).where(*mine).values(story_id=into))
        held.add(row.digest_id)
