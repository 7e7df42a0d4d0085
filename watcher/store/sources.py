"""What is remembered of each source, read and written. Plain functions on a connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select

from watcher.decide import Health, SourceState
from watcher.store.database import insert_ignore
from watcher.store.tables import source_state as t


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
    seconds = values.pop("interval_s")
    return SourceState(**values | {"health": Health(values["health"])}, interval=None if seconds is None else timedelta(seconds=seconds))


def _row(state: SourceState) -> dict[str, Any]:
    row = {name: getattr(state, name) for name in state.__slots__ if name != "interval"}
    return row | {"health": state.health.value, "interval_s": None if state.interval is None else state.interval.total_seconds()}
