"""Routing in SQL: alerts that came from below become deliveries, in one transaction with the fact that they were routed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from notifier import ledger, stories, subscribers
from notifier.model import Kind, State, Story, Subscriber, Told
from notifier.route import Decision, Verdict, alert_key, route
from notifier.tables import deliveries as table
from rules.tables import alerts


def route_alerts(conn: Connection, ids: Sequence[int], now: datetime) -> list[int]:
    """Decide whom these alerts reach; the ids of deliveries to be sent, edits among them.

    Alerts that were routed already are passed over, so that an id that comes twice changes nothing. Several alerts of one story
    are one decision, because every decision is about the story as it is now.
    """
    claimed: set[int] = set()
    for batch in stories.chunks(ids):
        fresh = select(alerts.c.id, alerts.c.story_id).where(alerts.c.id.in_(batch), alerts.c.routed_at.is_(None)).with_for_update()
        rows = conn.execute(fresh).all()
        claimed |= {r.story_id for r in rows}
        conn.execute(update(alerts).where(alerts.c.id.in_([r.id for r in rows])).values(routed_at=now))
    if not claimed:
        return []
    people = subscribers.wanting_alerts(conn)
    told = _told(conn, sorted(claimed))
    fresh_rows: list[dict[str, Any]] = []
    edits: list[int] = []
    for story in stories.load(conn, claimed).values():
        changed: list[Told] = []
        for person in people:
            decision = route(story, person, told.get((story.id, person.id), ()), now)
            if decision.verdict in {Verdict.RING, Verdict.RING_AGAIN}:
                fresh_rows.append(_ring(story, person, decision, now))
            elif decision.verdict is Verdict.EDIT and decision.told:
                changed.append(decision.told)
        edits += _raise(conn, story, changed)
    return ledger.write(conn, fresh_rows) + edits


def _ring(story: Story, person: Subscriber, decision: Decision, now: datetime) -> dict[str, Any]:
    again = story.severity if decision.verdict is Verdict.RING_AGAIN else None
    return ledger.new(
        alert_key(story.id, person.id, again), person.id, Kind.ALERT, decision.reason, now,
        story_id=story.id, severity=story.severity, revision=story.revision,
    )  # fmt: skip


def _raise(conn: Connection, story: Story, told: Sequence[Told]) -> list[int]:
    """Ask for the newest revision; what was not sent yet will show it anyway, and tell its severity. The ids of those to be edited."""
    of_state = {waits: [t.id for t in told if (t.state is State.PENDING) is waits] for waits in (True, False)}
    for waits, ids in of_state.items():
        values = {"revision": story.revision, **({"severity": story.severity} if waits else {})}
        for batch in stories.chunks(ids):
            conn.execute(update(table).where(table.c.id.in_(batch)).values(**values))
    return [t.id for t in told if t.state is State.SENT]


def _told(conn: Connection, ids: Sequence[int]) -> dict[tuple[int, int], list[Told]]:
    found: dict[tuple[int, int], list[Told]] = defaultdict(list)
    columns = (table.c.id, table.c.story_id, table.c.subscriber_id, table.c.state, table.c.severity, table.c.revision)
    for batch in stories.chunks(ids):
        query = select(*columns).where(table.c.story_id.in_(batch), table.c.kind == Kind.ALERT).order_by(table.c.id)
        for row in conn.execute(query):
            found[row.story_id, row.subscriber_id].append(Told(row.id, State(row.state), row.severity or "normal", row.revision))
    return found
