"""What the machine itself gives the operator to hear of: edited rule files that are refused, dead letters, and work that piles up.

`judge` is pure: what was told before and how things stand now in, new notices out. `look` reads and writes them down, on a connection.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select

from notifier.model import State
from notifier.tables import deliveries
from rules.tables import alerts
from watcher.store import on_conflict_update
from watcher.store.tables import dead_letters, items, meta, notices
from watcher.text import cut, one_line

LATE = timedelta(minutes=10)  # work that waits so long piles up …
CAUGHT_UP = timedelta(minutes=2)  # … until none waits longer than this
_LONGEST = 400  # characters of one notice
_NAME = "alarms"

Notice = tuple[str, str, str]  # kind, subject, text


@dataclass(frozen=True, slots=True)
class Told:
    """What the operator was told last: the refusal of rule files, the newest dead letter, and what was said to pile up."""

    refused: str = ""
    dead: int = 0
    late: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """How things stand: why edited rule files are refused, dead letters newer than the last told (id, stream, error), and how long the
    oldest of each kind of work has waited.
    """

    refused: str = ""
    dead: tuple[tuple[int, str, str], ...] = ()
    waits: tuple[tuple[str, timedelta], ...] = ()


def judge(told: Told, facts: Facts) -> tuple[list[Notice], Told]:
    """What is to be told now, and what will have been told then. Nothing is told twice, and that it is over is told once."""
    found: list[Notice] = []
    if facts.refused != told.refused:
        said = f"not in force: {cut(one_line(facts.refused), _LONGEST)}" if facts.refused else "in force again"
        found.append(("rules", "rule files", said))
    if facts.dead:
        number, stream, error = facts.dead[-1]
        count = f"{len(facts.dead)} more, the last of {stream}" if len(facts.dead) > 1 else f"one of {stream}"
        found.append(("dead", "dead letters", f"{count}: {cut(one_line(error), _LONGEST)}; concordat dead list"))
        told = Told(told.refused, number, told.late)
    late = []
    for work, wait in facts.waits:
        was = work in told.late
        if wait > LATE or (was and wait > CAUGHT_UP):
            late.append(work)
            if not was:
                found.append(("backlog", work, f"the oldest waits for {int(wait.total_seconds() // 60)} minutes"))
        elif was:
            found.append(("backlog", work, "caught up"))
    return found, Told(facts.refused, told.dead, tuple(late))


def look(conn: Connection, refused: str | None, now: datetime) -> int:
    """Write down what is new for the operator; how many notices. `refused` None where this process does not read the rule files."""
    kept = _told(conn)
    told = kept or Told(dead=conn.scalar(select(func.max(dead_letters.c.id))) or 0)  # what was there at the beginning is history
    found, after = judge(told, _facts(conn, told, told.refused if refused is None else refused, now))
    if found:
        conn.execute(insert(notices), [{"at": now, "kind": k, "subject": s, "text": t, "told_at": None} for k, s, t in found])
    if after != kept:
        on_conflict_update(conn, meta, ["name"], {"name": _NAME, "value": json.dumps(asdict(after))})
    return len(found)


def _told(conn: Connection) -> Told | None:
    """What was told before; None at the very beginning."""
    kept = conn.scalar(select(meta.c.value).where(meta.c.name == _NAME))
    if kept is None:
        return None
    read = json.loads(kept)
    return Told(read["refused"], read["dead"], tuple(read["late"]))


def _facts(conn: Connection, told: Told, refused: str, now: datetime) -> Facts:
    d = dead_letters.c
    dead = conn.execute(select(d.id, d.stream, d.error).where(d.id > told.dead).order_by(d.id)).all()
    oldest: Sequence[tuple[str, datetime | None]] = (
        ("items to match", conn.scalar(select(func.min(items.c.seen_at)).where(items.c.matched_at.is_(None)))),
        ("alerts to route", conn.scalar(select(func.min(alerts.c.at)).where(alerts.c.routed_at.is_(None)))),
        ("messages to send", conn.scalar(select(func.min(deliveries.c.not_before)).where(deliveries.c.state == State.PENDING))),
    )
    waits = tuple((work, now - at if at else timedelta(0)) for work, at in oldest)
    return Facts(refused, tuple((r.id, r.stream, r.error) for r in dead), waits)
