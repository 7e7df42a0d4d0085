"""What people were sent lately, for the daily budget and for bundles. Read-only, on a connection."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from notifier import stories
from notifier.model import Kind, State, Subscriber
from notifier.schedule import midnight
from notifier.tables import deliveries as table
from notifier.wanting import Lately
from notifier.wishes import Tier

_COUNTED = (State.PENDING, State.SENDING, State.SENT)
WINDOW = timedelta(hours=26)  # longer than any day of any zone; clocks change by two hours at the most


def lately(conn: Connection, people: Iterable[Subscriber], now: datetime) -> dict[int, Lately]:
    """By subscriber, for those to whom it matters: who set a budget, or takes some alerts in bundles."""
    chosen = {p.id: p for p in people if p.wishes.budget is not None or Tier.BUNDLE in p.wishes.tiers}
    since = {id_: midnight(now, p.tz) for id_, p in chosen.items()}
    today: dict[int, int] = dict.fromkeys(chosen, 0)
    last: dict[int, datetime] = {}
    d = table.c
    for batch in stories.chunks(chosen):
        query = select(d.subscriber_id, d.created_at, d.not_before).where(
            d.subscriber_id.in_(batch), d.kind == Kind.ALERT, d.change.is_(None), d.created_at > now - WINDOW, d.state.in_(_COUNTED)
        )  # fmt: skip
        for row in conn.execute(query):
            today[row.subscriber_id] += row.created_at >= since[row.subscriber_id]
            last[row.subscriber_id] = max(last.get(row.subscriber_id, row.not_before), row.not_before)
    return {id_: Lately(today[id_], last.get(id_)) for id_ in chosen}
