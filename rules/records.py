"""The record of the rules stage: matches, stories and alerts in SQL. Every function here works inside its caller's transaction.

`record` writes what was decided and that it was decided at once, so that a batch that comes twice changes nothing. It decides
nothing itself: rules.stories says what joins, rules.drafts what rings.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, bindparam, func, insert, select, text, update

from rules.drafts import AlertKind, Decided, Draft, Pending, entered
from rules.model import EntityHit
from rules.tables import alerts, item_entities, matches, stories, story_items, story_log
from watcher.model import Item
from watcher.store import items as stored
from watcher.store.tables import items

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from rules.stories import Join, StoryIndex

_LOCK = 0x73746F72  # PostgreSQL's advisory lock under which stories are formed, by one process at a time
_LOUDNESS: dict[AlertKind, int] = {"update": 0, "rise": 1, "new": 2}
_FIRST = "first of the story"


def pending(conn: Connection, ids: Sequence[int]) -> list[Pending]:
    """The items among `ids` that no rules were asked about yet, in order of arrival."""
    rows = conn.execute(select(items).where(items.c.id.in_(ids), items.c.matched_at.is_(None)).order_by(items.c.id))
    return [as_pending(row) for row in rows]


def record(
    conn: Connection, decided: Sequence[Decided], index: StoryIndex, now: datetime, ruleset_version: str
) -> list[int]:
    """Write what was decided; the ids of the alerts to publish.

    Items that were decided on before are passed over. Those with a match join a story or begin one. `index` is brought up to
    date first, and what a rolled-back transaction left in it is noticed and dropped at the next call.
    """
    now = as_kept(now)
    lock(conn)
    claimed = _claim(conn, [int(d.pending.item.id) for d in decided], now, ruleset_version)
    found = [d for d in decided if int(d.pending.item.id) in claimed and d.result.matches]
    if not found:
        return []
    conn.execute(insert(matches), [row for d in found for row in _match_rows(d, now, ruleset_version)])
    if entities := [row for d in found for row in _entity_rows(d)]:
        conn.execute(insert(item_entities), entities)
    catch_up(conn, index, now)
    return _Binder(conn, index, now).bind(found)


def catch_up(conn: Connection, index: StoryIndex, now: datetime) -> None:
    """Bring `index` up to what is stored: what other processes wrote is added, what was rolled back or taken apart is dropped."""
    since = now - index.window
    mended = conn.scalar(select(func.max(story_log.c.id))) or 0
    if mended != index.mended or (index.mark is not None and not _stands(conn, index.mark)):
        index.clear()
        index.mended = mended
    load_index(conn, index, since)
    index.forget(since)


def load_index(conn: Connection, index: StoryIndex, since: datetime) -> None:
    """Add to `index` what it has not read yet of the stories that changed since that moment."""
    after = index.mark[0] if index.mark else 0
    chosen = story_items.c.seq > after, stories.c.updated_at >= since
    whole = story_items.join(stories, stories.c.id == story_items.c.story_id)
    hits: dict[int, list[EntityHit]] = {}
    of_items = whole.join(item_entities, item_entities.c.item_id == story_items.c.item_id)
    for row in conn.execute(select(item_entities).select_from(of_items).where(*chosen).order_by(item_entities.c.entity_id)):
        spans = tuple((field, start, end) for field, start, end in row.spans)
        hits.setdefault(row.item_id, []).append(EntityHit(row.entity_id, row.name, row.type, spans, row.country or ""))
    joins = whole.join(items, items.c.id == story_items.c.item_id)
    columns = story_items.c.seq, story_items.c.story_id, story_items.c.joined_at, items
    for row in conn.execute(select(*columns).select_from(joins).where(*chosen).order_by(story_items.c.seq)):
        index.add(str(row.story_id), as_item(row), hits.get(row.id, ()), row.joined_at)
        index.mark = row.seq, row.id, row.joined_at


def unmatched(conn: Connection, limit: int, before: datetime) -> list[int]:
    """Items stored before that moment that no rules were asked about yet, oldest first."""
    chosen = select(items.c.id).where(items.c.matched_at.is_(None), items.c.seen_at < before)
    return list(conn.execute(chosen.order_by(items.c.id).limit(limit)).scalars())


def unrouted(conn: Connection, limit: int, before: datetime) -> list[int]:
    """Alerts from before that moment for which nobody decided yet whom they reach, oldest first."""
    chosen = select(alerts.c.id).where(alerts.c.routed_at.is_(None), alerts.c.at < before)
    return list(conn.execute(chosen.order_by(alerts.c.id).limit(limit)).scalars())


class _Binder:
    """One transaction's work on stories: each is read once, changed in memory, and written once at the end."""

    def __init__(self, conn: Connection, index: StoryIndex, now: datetime) -> None:
        self._conn, self._index, self._now = conn, index, now
        self._drafts: dict[int, Draft] = {}
        self._changed: set[int] = set()
        self._rung: dict[int, tuple[AlertKind, int]] = {}  # story → its loudest alert, and the item that set it off
        self._joins: list[dict[str, Any]] = []

    def bind(self, found: Iterable[Decided]) -> list[int]:
        """Join each item to its story, or begin one; the ids of the alerts."""
        for decided in found:
            item = decided.pending.item
            join = self._index.find(item, decided.result.entities, self._now)
            story = self._enter(decided, join)
            self._index.add(str(story), item, decided.result.entities, self._now)
            how, similarity = (join.how, join.similarity) if join else (_FIRST, 1.0)
            self._joins.append(
                {"story_id": story, "item_id": int(item.id), "how": how, "similarity": similarity, "joined_at": self._now}
            )
        return self._write()

    def _enter(self, decided: Decided, join: Join | None) -> int:
        before = self._draft(int(join.story)) if join else None
        draft, kind = entered(before, decided, self._now, self._index.party)
        if join and before:
            story = int(join.story)
            self._changed.add(story)
        else:
            story = _inserted(self._conn, draft)
        self._drafts[story] = draft
        if kind and (story not in self._rung or _LOUDNESS[kind] > _LOUDNESS[self._rung[story][0]]):
            self._rung[story] = kind, int(decided.pending.item.id)
        return story

    def _draft(self, story: int) -> Draft:
        if story not in self._drafts:
            row = self._conn.execute(select(stories).where(stories.c.id == story)).one()
            self._drafts[story] = Draft(**{f.name: getattr(row, f.name) for f in fields(Draft)})
        return self._drafts[story]

    def _write(self) -> list[int]:
        changed = [{"story": story, **self._drafts[story].row()} for story in sorted(self._changed)]
        if changed:
            self._conn.execute(update(stories).where(stories.c.id == bindparam("story")), changed)
        joins = insert(story_items).returning(story_items.c.seq, story_items.c.item_id, sort_by_parameter_order=True)
        self._index.mark = max((r.seq, r.item_id, self._now) for r in self._conn.execute(joins, self._joins))
        rows = [
            {"story_id": story, "item_id": item, "kind": kind, "severity": self._drafts[story].severity, "at": self._now}
            for story, (kind, item) in self._rung.items()
        ]
        if not rows:
            return []
        ringing = insert(alerts).returning(alerts.c.id, sort_by_parameter_order=True)
        return list(self._conn.execute(ringing, rows).scalars())


def lock(conn: Connection) -> None:
    """Let one process at a time form stories, until its transaction ends; SQLite has one writer anyway."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def as_kept(now: datetime) -> datetime:
    """The moment as the store keeps it."""
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _claim(conn: Connection, ids: Sequence[int], now: datetime, version: str) -> set[int]:
    fresh = update(items).where(items.c.id.in_(ids), items.c.matched_at.is_(None))
    return set(conn.execute(fresh.values(matched_at=now, ruleset=version).returning(items.c.id)).scalars())


def _stands(conn: Connection, mark: tuple[int, int, datetime]) -> bool:
    """Whether the join that the index read last is still stored as it was."""
    columns = story_items.c.seq, story_items.c.item_id, story_items.c.joined_at
    row = conn.execute(select(*columns).where(story_items.c.seq == mark[0])).first()
    return row is not None and tuple(row) == mark


def _inserted(conn: Connection, draft: Draft) -> int:
    key = conn.execute(insert(stories).values(**draft.row())).inserted_primary_key
    assert key is not None
    return int(key[0])


def _match_rows(decided: Decided, now: datetime, version: str) -> Iterable[dict[str, Any]]:
    for m in decided.result.matches:
        yield {
            "item_id": int(decided.pending.item.id), "rule_id": m.rule, "severity": m.severity, "topics": list(m.topics),
            "score": m.score, "evidence": [list(span) for span in m.evidence], "ruleset": version, "at": now,
        }


def _entity_rows(decided: Decided) -> Iterable[dict[str, Any]]:
    for e in decided.result.entities:
        yield {
            "item_id": int(decided.pending.item.id), "entity_id": e.id, "name": e.name, "type": e.type,
            "spans": [list(span) for span in e.spans], "country": e.country or None,
        }


def as_pending(row: Row[Any]) -> Pending:
    """A stored item as it awaits a decision."""
    return Pending(as_item(row), row.url, row.outlet, row.quiet)


def as_item(row: Row[Any]) -> Item:
    """A stored item as rules and stories read it: under its canonical address, where it has one."""
    return replace(stored.as_item(row._asdict()), url=row.canonical_url or row.url)
