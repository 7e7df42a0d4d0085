"""Rules that the operator holds still for a while: no story that only these rules found rings anybody. Nothing here sends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, or_, select

from notifier.tables import silences as table
from watcher.store import on_conflict_update


@dataclass(frozen=True, slots=True)
class Silence:
    """One rule that is held still, until when (None: until it is lifted), and by whom."""

    rule: str
    until: datetime | None
    by: str


def current(conn: Connection, now: datetime) -> tuple[Silence, ...]:
    """Those in force, by rule."""
    rows = conn.execute(select(table).where(or_(table.c.until.is_(None), table.c.until > now)).order_by(table.c.rule_id))
    return tuple(Silence(r.rule_id, r.until, r.by) for r in rows)


def rules(conn: Connection, now: datetime) -> frozenset[str]:
    """The rules that are held still now: what routing asks."""
    return frozenset(s.rule for s in current(conn, now))


def silence(conn: Connection, rule: str, until: datetime | None, by: str, now: datetime) -> None:
    """Hold a rule still; a new word on it takes the place of the old one."""
    on_conflict_update(conn, table, ["rule_id"], {"rule_id": rule, "until": until, "by": by, "at": now})


def lift(conn: Connection, rule: str) -> bool:
    """Let a rule ring again; False when it was not held."""
    return conn.execute(delete(table).where(table.c.rule_id == rule)).rowcount > 0
