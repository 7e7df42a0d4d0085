"""What is remembered of each source, read and written. Plain functions on a connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, insert

from watcher.state import Health, SourceState
from watcher.store.plain import converted, from_driver, insert_many, marks, rows_of, run_many
from watcher.store.tables import notices
from watcher.store.tables import source_state as t

_SPANS = ("interval", "usual_gap")  # kept as seconds
_COLUMNS = tuple(column.name for column in t.columns)
_CHUNK = 500  # values of one IN (…)


def load_states(conn: Connection, source_ids: Iterable[str] | None = None) -> dict[str, SourceState]:
    """The states of these sources, or of all; a source never polled has none."""
    sql = f"SELECT {', '.join(_COLUMNS)} FROM source_state"
    if source_ids is None:
        return _states(conn, sql, ())
    wanted = list(source_ids)
    states: dict[str, SourceState] = {}
    for start in range(0, len(wanted), _CHUNK):
        some = wanted[start : start + _CHUNK]
        states |= _states(conn, f"{sql} WHERE source_id IN ({marks(len(some))})", some)
    return states


def _states(conn: Connection, sql: str, values: Sequence[str]) -> dict[str, SourceState]:
    converts = [from_driver(conn, t.c[name]) for name in _COLUMNS]
    found = {}
    for row in rows_of(conn, sql, values):
        plain = {n: v if v is None or c is None else c(v) for n, c, v in zip(_COLUMNS, converts, row, strict=True)}
        for name in _SPANS:
            seconds = plain.pop(f"{name}_s")
            plain[name] = None if seconds is None else timedelta(seconds=seconds)
        plain["health"] = Health(plain["health"])
        found[plain["source_id"]] = SourceState(**plain)
    return found


def save_states(conn: Connection, states: Iterable[SourceState], before: Mapping[str, SourceState] = MappingProxyType({})) -> None:
    """Write states, new ones and known ones alike; of those that are known to stand there as in `before` only what is different."""
    changed: defaultdict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)  # by the columns that change
    new = []
    for state in states:
        row, old = _row(state), before.get(state.source_id)
        if old is None:
            new.append(row)
            continue
        was = _row(old)
        different = {name: value for name, value in row.items() if value != was[name]}
        changed[tuple(different)].append((*different.values(), state.source_id))
    insert_many(conn, t, _COLUMNS, ([row[name] for name in _COLUMNS] for row in new), key="source_id")
    for names, rows in changed.items():
        if names:
            sql = f"UPDATE source_state SET {', '.join(f'{name} = ?' for name in names)} WHERE source_id = ?"
            run_many(conn, sql, converted(conn, t, names, rows))


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
