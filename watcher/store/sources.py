"""What is remembered of each source, read and written. Plain functions on a connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from watcher.state import Health, SourceState
from watcher.store.database import insert_ignore
from watcher.store.tables import notices
from watcher.store.tables import source_state as t

_SPANS = ("interval", "usual_gap")  # kept as seconds


def load_states(conn: Connection, source_ids: Iterable[str] | None = None) -> dict[str, SourceState]:
    """The states of these sources, or of all; a source never polled has none."""
    query = select(t)
    if source_ids is not None:
        query = query.where(t.c.source_id.in_(list(source_ids)))
    return {row["source_id"]: _state(dict(row)) for row in conn.execute(query).mappings()}


def save_states(conn: Connection, states: Iterable[SourceState]) -> None:
    """Write states, new ones and known ones alike."""
    rows = [_row(s) for s in states]
    if not rows:
        return
    conn.execute(insert_ignore(conn, t), [{"source_id": r["source_id"], "url": r["url"]} for r in rows])
    update = t.update().where(t.c.source_id == bindparam("key"))
    conn.execute(update, [{**{k: v for k, v in r.items() if k != "source_id"}, "key": r["source_id"]} for r in rows])


def _state(row: Mapping[str, Any]) -> SourceState:
    values = dict(row)
    for name in _SPANS:
        seconds = values.pop(f"{name}_s")
        values[name] = None if seconds is None else timedelta(seconds=seconds)
    return SourceState(**values | {"health": Health(values["health"])})


def _row(state: SourceState) -> dict[str, Any]:
    row = {name: getattr(state, name) for name in state.__slots__ if name not in _SPANS}
    for name in _SPANS:
        span = getattr(state, name)
        row[f"{name}_s"] = None if span is None else span.total_seconds()
    return row | {"health": state.health.value}


def add_notices(conn: Connection, new: Iterable[tuple[str, str]], now: datetime, kind: str = "source") -> None:
    """Write down what the operator should hear of, as (subject, text)."""
    rows = [{"at": now, "kind": kind, "subject": subject, "text": text[:1000]} for subject, text in new]
    if rows:
        conn.execute(insert(notices), rows)
