"""What it means for messages that a story was split or merged by hand. Inside the transaction of the mending; nothing is sent from here.

Who was told of a story was told of its parts: a part that is split off rings nobody again, and its story's message is edited. Of stories
that become one every message stays, and each is edited to show what they are now.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, select, update

from notifier import ledger, told
from notifier.model import Kind, State, rank
from notifier.route import alert_key
from notifier.tables import deliveries as table
from rules.tables import stories

_LIVE = (State.PENDING, State.SENDING, State.SENT)


def split(conn: Connection, story: int, new: int, now: datetime, *, ring: bool = False) -> None:
    """`new` was split from `story`: edit the messages of the old; unless the new is to `ring`, note who has been told of it.

    A message that waits has told nobody anything yet, so the new story waits beside it.
    """
    severity = conn.scalar(select(stories.c.severity).where(stories.c.id == new))
    rows = {}
    for row in conn.execute(_alerts(story).order_by(table.c.id)) if not ring else ():
        waits = row.state == State.PENDING
        rows[row.subscriber_id] = ledger.new(
            alert_key(new, row.subscriber_id), row.subscriber_id, Kind.ALERT,
            row.reason if waits else f"told as part of story {story}", row.not_before if waits else now,
            story_id=new, severity=severity if waits else row.severity, state=State.PENDING if waits else State.TOLD, revision=1,
            sent_revision=0 if waits else 1, created_at=now,
        )  # fmt: skip
    ledger.write(conn, list(rows.values()))
    if not ring:
        told.share(conn, story, new)
    _refresh(conn, story)


def merge(conn: Connection, into: int, others: Sequence[int]) -> None:
    """What was sent of `others` counts as sent of `into`, and shows it from now on; what still waits beside it is not sent as well."""
    conn.execute(update(table).where(table.c.story_id.in_(others)).values(story_id=into))
    told.hand_over(conn, into, others)
    heard: dict[int, int] = {}  # subscriber → how loud the loudest message is that they have, or will have
    late: list[int] = []
    for row in sorted(conn.execute(_alerts(into)), key=lambda r: (r.state == State.PENDING, -rank(r.severity), r.id)):
        if row.state == State.PENDING and rank(row.severity) <= heard.get(row.subscriber_id, -1):
            late.append(row.id)
        else:
            heard[row.subscriber_id] = max(rank(row.severity), heard.get(row.subscriber_id, -1))
    conn.execute(update(table).where(table.c.id.in_(late)).values(state=State.TOLD, reason=f"told as part of story {into}"))
    _refresh(conn, into)


def _alerts(story: int) -> Select[Any]:
    return select(table).where(_of(story))


def _refresh(conn: Connection, story: int) -> None:
    """Ask for the story's newest revision in every message of it."""
    revision = conn.scalar(select(stories.c.revision).where(stories.c.id == story))
    conn.execute(update(table).where(_of(story)).values(revision=revision))


def _of(story: int) -> ColumnElement[bool]:
    """The alerts themselves; an answer to one tells of a moment, and is not edited."""
    return and_(table.c.story_id == story, table.c.kind == Kind.ALERT, table.c.change.is_(None), table.c.state.in_(_LIVE))
