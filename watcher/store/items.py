"""Items in and out of the store. Plain functions on a connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from watcher.decide import NewItem
from watcher.model import NO_FACTS, Facts, Item
from watcher.store.plain import insert_many, marks, rows_of
from watcher.store.tables import dead_letters, item_keys, items
from watcher.urls import canonical, outlet_of

_KEY = ("source_id", "key", "item_id")
_COLUMNS = (
    "source_id", "kind", "entry_id", "url", "canonical_url", "outlet", "title", "summary", "content", "lang", "tags", "author",
    "published_at", "seen_at", "facts", "quiet",
)  # fmt: skip
_CHUNK = 500  # values of one IN (…); SQLite's own limit is far above


def known_keys(conn: Connection, source_id: str, keys: Iterable[bytes]) -> dict[bytes, int]:
    """Which of these keys the source's items already have, and which item each belongs to."""
    wanted = list(set(keys))
    found: dict[bytes, int] = {}
    for start in range(0, len(wanted), _CHUNK):
        some = wanted[start : start + _CHUNK]
        sql = f"SELECT key, item_id FROM item_keys WHERE source_id = ? AND key IN ({marks(len(some))})"
        found.update((bytes(key), item_id) for key, item_id in rows_of(conn, sql, (source_id, *some)))
    return found


def insert_items(conn: Connection, new: Sequence[tuple[str, str, NewItem]], now: datetime) -> list[int]:
    """Write new items, given as (source id, kind, item); the row ids, in the same order."""
    if not new:
        return []
    ids = _insert(conn, [_row(source_id, kind, item, now) for source_id, kind, item in new])
    keyed = zip(new, ids, strict=True)
    insert_many(conn, item_keys, _KEY, ((source_id, key, row_id) for (source_id, _, item), row_id in keyed for key in item.keys))
    return ids


def _insert(conn: Connection, rows: list[tuple[Any, ...]]) -> list[int]:
    if conn.dialect.name != "sqlite":
        named = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
        result = conn.execute(insert(items).returning(items.c.id, sort_by_parameter_order=True), named)
        return [int(i) for i in result.scalars()]
    # SQLite gives ids row by row, and this transaction alone may write: they are counted on here, for a third of the time
    first = (conn.scalar(select(func.max(items.c.id))) or 0) + 1
    ids = list(range(first, first + len(rows)))
    insert_many(conn, items, ("id", *_COLUMNS), ((i, *row) for row, i in zip(rows, ids, strict=True)))
    return ids


def add_keys(conn: Connection, source_id: str, more: Sequence[tuple[bytes, int]]) -> None:
    """Let known items be known by further keys as well."""
    if more:
        insert_many(conn, item_keys, _KEY, ((source_id, key, item_id) for key, item_id in more))


def load_items(conn: Connection, ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Item rows by id; ids that are not there are left out."""
    found: dict[int, Mapping[str, Any]] = {}
    for start in range(0, len(ids), _CHUNK):
        query = select(items).where(items.c.id.in_(ids[start : start + _CHUNK]))
        found.update((row["id"], dict(row)) for row in conn.execute(query).mappings())
    return found


def as_item(row: Mapping[str, Any]) -> Item:
    """A row of `items` as the Item that the rules look at."""
    return Item(
        id=str(row["id"]), title=row["title"], summary=row["summary"], content=row["content"], url=row["url"], source=row["source_id"],
        kind=row["kind"], lang=row["lang"], tags=tuple(row["tags"]), published=row["published_at"], seen=row["seen_at"],
        author=row["author"], facts=Facts(**(row["facts"] or {})),
    )  # fmt: skip


def add_dead_letter(conn: Connection, stream: str, ref: str, error: str, attempts: int, now: datetime) -> None:
    """Keep the record of a row that could not be carried on."""
    conn.execute(insert(dead_letters).values(stream=stream, ref=ref, error=error[:2000], attempts=attempts, at=now))


def _row(source_id: str, kind: str, item: NewItem, now: datetime) -> tuple[Any, ...]:
    """The values of `_COLUMNS`."""
    e = item.entry
    return (
        source_id, kind, e.entry_id, e.url, canonical(e.url) if e.url else "", outlet_of(e.url, source_id), e.title, e.summary, e.content,
        e.lang, e.tags, e.author, e.published, now, None if e.facts is NO_FACTS else e.facts.as_dict() or None,
        item.quiet.value if item.quiet else None,
    )  # fmt: skip
