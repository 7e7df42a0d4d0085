"""How the whole machine is doing, as numbers: sources by health, backlogs, what the last day brought. Read-only, on a connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, FromClause, Table, func, select

from notifier.model import Kind, Standing, State
from notifier.tables import deliveries, subscribers
from rules.tables import alerts, stories
from watcher.state import Health
from watcher.store.tables import dead_letters, items, source_state

DAY = timedelta(days=1)
_ORDER = (Health.GONE, Health.BROKEN, Health.BLOCKED, Health.QUIET, Health.SLOW, Health.NEW, Health.OK)  # the worst first


@dataclass(frozen=True, slots=True)
class Vitals:
    """See the module; `items`, `stories`, `alerts` and `digests` are of the last day, the rest is as it stands now."""

    sources: dict[str, int] = field(default_factory=dict)
    last_item: datetime | None = None
    last_outlet: str = ""
    unmatched: int = 0
    unrouted: int = 0
    pending: int = 0
    oldest_delivery: datetime | None = None
    items: int = 0
    stories: int = 0
    alerts: int = 0
    digests: int = 0
    dead: int = 0
    active: int = 0
    stopped: int = 0
    gone: int = 0


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source as the operator is shown it."""

    id: str
    health: str
    reason: str
    since: datetime | None
    last_new: datetime | None


def read(conn: Connection, now: datetime) -> Vitals:
    """Everything at once."""
    s, since = source_state.c, now - DAY
    health: dict[str, int] = {r.health: r.n for r in conn.execute(select(s.health, func.count().label("n")).group_by(s.health))}
    people: dict[str, int] = {
        r.state: r.n for r in conn.execute(select(subscribers.c.state, func.count().label("n")).group_by(subscribers.c.state))
    }
    last = conn.execute(select(items.c.seen_at, items.c.outlet).order_by(items.c.id.desc()).limit(1)).one_or_none()
    waits = deliveries.c.state == State.PENDING, deliveries.c.not_before <= now
    sent = deliveries.c.sent_at > since
    return Vitals(
        sources={h: health[h] for h in sorted(health, key=_rank)},
        last_item=last.seen_at if last else None,
        last_outlet=last.outlet if last else "",
        unmatched=_count(conn, items, items.c.matched_at.is_(None)),
        unrouted=_count(conn, alerts, alerts.c.routed_at.is_(None)),
        pending=_count(conn, deliveries, *waits),
        oldest_delivery=conn.scalar(select(func.min(deliveries.c.not_before)).where(*waits)),
        items=_count(conn, items, items.c.seen_at > since),
        stories=_count(conn, stories, stories.c.created_at > since),
        alerts=_count(conn, deliveries, deliveries.c.kind == Kind.ALERT, sent),
        digests=_count(conn, deliveries, deliveries.c.kind == Kind.DIGEST, sent),
        dead=_count(conn, dead_letters, dead_letters.c.replayed_at.is_(None)),
        active=people.get(Standing.ACTIVE, 0),
        stopped=people.get(Standing.STOPPED, 0),
        gone=people.get(Standing.GONE, 0),
    )


def sources(conn: Connection) -> list[SourceLine]:
    """Every source that was ever asked, the worst first, then by name."""
    rows = conn.execute(select(source_state)).all()
    ordered = sorted(rows, key=lambda r: (_rank(r.health), r.source_id))
    return [SourceLine(r.source_id, r.health, r.health_reason, r.health_since, r.last_new_at) for r in ordered]


def _rank(health: str) -> int:
    return _ORDER.index(Health(health)) if health in set(Health) else len(_ORDER)


def _count(conn: Connection, table: Table | FromClause, *where: ColumnElement[bool]) -> int:
    return conn.scalar(select(func.count()).select_from(table).where(*where)) or 0
