"""What is remembered of each source, read and written. Plain functions on a connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, insert

from watcher.state import Health, SourceState
from watcher.store.plain import converted, from_driver, insert_many, marks, rows_of, run_many, with_converted
from watcher.store.tables import notices
from watcher.store.tables import source_state as t

_SPANS = ("interval", "usual_gap")  # kept as seconds
_FIELDS = tuple(field.name for field in fields(SourceState))
_COLUMN_OF = {name: f"{name}_s" if name in _SPANS else name for name in _FIELDS}
_COLUMNS = tuple(_COLUMN_OF.values())
_ID = _COLUMNS.index("source_id")
_HEALTHS: Mapping[str, Health] = {h.value: h for h in Health}
_OTHERS: Sequence[tuple[int, Callable[[Any], Any]]] = (
    *((_COLUMNS.index(f"{name}_s"), lambda seconds: timedelta(0, seconds)) for name in _SPANS),
    (_COLUMNS.index("health"), _HEALTHS.__getitem__),
)
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
    converts = [*from_driver(conn, [t.c[name] for name in _COLUMNS]), *_OTHERS]
    rows = (with_converted(list(row), converts) for row in rows_of(conn, sql, values))
    return {row[_ID]: SourceState.of(dict(zip(_FIELDS, row, strict=True))) for row in rows}


def save_states(conn: Connection, states: Iterable[SourceState], before: Mapping[str, SourceState] = MappingProxyType({})) -> None:
    """Write states, new ones and known ones alike; of those that are known to stand there as in `before` only what is different."""
    changed: defaultdict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)  # by the columns that change
    new = []
    for state in states:
        now, old = vars(state), before.get(state.source_id)
        if old is None:
            new.append([_as_column(name, now[name]) for name in _FIELDS])
            continue
        was = vars(old)
        names = [name for name, value in now.items() if value is not was[name] and value != was[name]]
        changed[tuple(names)].append((*(_as_column(name, now[name]) for name in names), state.source_id))
    insert_many(conn, t, _COLUMNS, new, key="source_id")
    for kept, rows in changed.items():
        columns = [_COLUMN_OF[name] for name in kept]
        if columns:
            sql = f"UPDATE source_state SET {', '.join(f'{name} = ?' for name in columns)} WHERE source_id = ?"
            run_many(conn, sql, converted(conn, t, columns, rows))


def _as_column(name: str, value: Any) -> Any:
    if name in _SPANS:
        return None if value is None else value.total_seconds()
    return value.value if name == "health" else value


def add_notices(conn: Connection, new: Iterable[tuple[str, str]], now: datetime, kind: str = "source") -> None:
    """Write down what the operator should hear of, as (subject, text)."""
    rows = [{"at": now, "kind": kind, "subject": subject, "text": text[:1000]} for subject, text in new]
    if rows:
        conn.execute(insert(notices), rows)
