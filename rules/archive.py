"""What was stored, read again: the items of a stretch of time in order of arrival, and what the rules made of them then. Read-only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from rules.drafts import Pending
from rules.records import as_pending
from rules.replay import RINGING
from rules.tables import alerts, matches
from watcher.store.tables import items


@dataclass(frozen=True, slots=True)
class Stretch:
    """Items from one id to another, both included, and how many of them there are."""

    first: int
    last: int
    count: int


def stretches(conn: Connection, since: datetime, size: int) -> list[Stretch]:
    """The items that were read since that moment, in stretches of at most so many, in order of arrival."""
    ids = conn.scalars(select(items.c.id).where(items.c.seen_at >= since).order_by(items.c.id)).all()
    cut = (ids[start : start + size] for start in range(0, len(ids), size))
    return [Stretch(part[0], part[-1], len(part)) for part in cut]


def read(conn: Connection, stretch: Stretch, since: datetime) -> Iterator[Pending]:
    """The items of a stretch as the rules stage is given them."""
    chosen = select(items).where(items.c.id.between(stretch.first, stretch.last), items.c.seen_at >= since)
    for row in conn.execute(chosen.order_by(items.c.id)):
        yield as_pending(row)


def alerts_by_rule(conn: Connection, since: datetime) -> dict[str, int]:
    """How many alerts rang since that moment because of an item that a rule matched; one for each of the item's rules."""
    rang = alerts.join(matches, matches.c.item_id == alerts.c.item_id)
    chosen = alerts.c.at >= since, alerts.c.kind.in_(RINGING)
    query = select(matches.c.rule_id, func.count().label("n")).select_from(rang).where(*chosen).group_by(matches.c.rule_id)
    return {row.rule_id: row.n for row in conn.execute(query)}
