"""Statements on the path of every poll, handed to the driver as they are: SQLAlchemy's work on each costs more than the database's.

They are written with `?` and in the SQL that SQLite and PostgreSQL share; values go through the column types' own converters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Connection, Dialect, LargeBinary, Table

from watcher.store.types import Json, Moment

Convert = Callable[[Any], Any]


def rows_of(conn: Connection, sql: str, values: Sequence[Any]) -> Sequence[Any]:
    """The rows that a query gives, as the driver returns them."""
    with closing(conn.exec_driver_sql(_spelled(conn, sql), tuple(values))) as result:
        rows: Sequence[Any] = result.cursor.fetchall()
    return rows


def run_many(conn: Connection, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Run a statement once for each of these rows."""
    wanted = list(rows)
    if wanted:
        conn.exec_driver_sql(_spelled(conn, sql), wanted)


def insert_many(conn: Connection, table: Table, names: Sequence[str], rows: Iterable[Sequence[Any]], key: str = "") -> None:
    """Insert rows with these columns; one that is there already is passed over, or written anew where its `key` is."""
    kept = ", ".join(f"{name} = excluded.{name}" for name in names if name != key)
    conflict = f"({key}) DO UPDATE SET {kept}" if key else "DO NOTHING"
    sql = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks(len(names))}) ON CONFLICT {conflict}"
    run_many(conn, sql, converted(conn, table, names, rows))


def converted(conn: Connection, table: Table, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """Rows with these columns as the driver takes them; what stands behind the columns goes as it is."""
    converts = _placed([_converters(conn.dialect, table.c[name])[0] for name in names])
    return map(tuple, rows) if not converts else (tuple(with_converted(list(row), converts)) for row in rows)


def with_converted(row: list[Any], converts: Sequence[tuple[int, Convert]]) -> list[Any]:
    """The same row, with the values at these places converted."""
    for at, convert in converts:
        if row[at] is not None:
            row[at] = convert(row[at])
    return row


def marks(count: int) -> str:
    """So many places for values."""
    return ", ".join("?" * count)


def from_driver(conn: Connection, columns: Iterable[Column[Any]]) -> list[tuple[int, Convert]]:
    """What turns what the driver returns for these columns into values, by place; for `with_converted`."""
    return _placed([_converters(conn.dialect, column)[1] for column in columns])


def _placed(converts: Sequence[Convert | None]) -> list[tuple[int, Convert]]:
    return [(at, convert) for at, convert in enumerate(converts) if convert is not None]


@lru_cache(maxsize=500)
def _converters(dialect: Dialect, column: Column[Any]) -> tuple[Convert | None, Convert | None]:
    """To the driver and from it; None where nothing is to be done. Neither is given None."""
    if isinstance(column.type, Moment | Json):  # by themselves, for half the time
        return column.type.kept, column.type.meant
    if isinstance(column.type, LargeBinary):
        return None, bytes  # some drivers return views of memory
    return column.type.bind_processor(dialect), column.type.result_processor(dialect, None)


def _spelled(conn: Connection, sql: str) -> str:
    return sql if conn.dialect.paramstyle == "qmark" else sql.replace("?", "%s")
