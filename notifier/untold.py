"""Who was not told of a story, and why: what routing would decide now of those whom the ledger does not name. Read-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from notifier import silences, stories, subscribers
from notifier.lately import lately
from notifier.model import Kind
from notifier.route import Verdict, route
from notifier.tables import deliveries
from notifier.wanting import NOTHING_LATELY


@dataclass(frozen=True, slots=True)
class Untold:
    """A subscriber and the reason; `wanted` where nothing stands against it, so that an alert is on its way or the story rang nobody."""

    subscriber: int
    reason: str
    wanted: bool


def untold(conn: Connection, story: int, now: datetime) -> list[Untold]:
    """Everybody active without a delivery of this story."""
    found = stories.load(conn, [story]).get(story)
    if found is None:
        return []
    query = select(deliveries.c.subscriber_id).where(deliveries.c.story_id == story, deliveries.c.kind == Kind.ALERT)
    known = set(conn.scalars(query))
    people = [p for p in subscribers.reachable(conn) if p.id not in known]
    sent, silenced = lately(conn, people, now), silences.rules(conn, now)
    decided = ((p, route(found, p, (), now, sent.get(p.id, NOTHING_LATELY), silenced)) for p in people)
    return [Untold(p.id, d.reason, d.verdict is Verdict.RING) for p, d in decided]
