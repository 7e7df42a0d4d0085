"""Stories mended by hand: one split in two, several merged into one. Inside the caller's transaction; each step is logged.

Only the record is changed here. Whoever keeps an index of stories sees the log grow and reads the stories anew (rules.records.catch_up);
what the step means for messages that were sent is the notifier's to say.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from rules.drafts import Decided, Draft, Pending, joined, opened
from rules.model import EntityHit, MatchResult, RuleMatch
from rules.records import as_item, as_kept, lock
from rules.stories import prior
from rules.tables import alerts, item_entities, matches, stories, story_items, story_log
from watcher.errors import ConcordatError
from watcher.store.tables import items

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

SPLIT, MERGE = "split", "merge"


class CannotMendError(ConcordatError):
    """A step that makes no sense: an unknown story, an item of another one, nothing left over."""


@dataclass(frozen=True, slots=True)
class Word:
    """Who mends, and why."""

    by: str
    why: str = ""


def split(conn: Connection, story: int, chosen: Sequence[int], word: Word, now: datetime, *, ring: bool = False) -> int:
    """Take items out of a story and make them one of their own; its number.

    What the old story told counts as told of the new one, so that nothing rings, unless `ring` asks for an alert.
    """
    now = as_kept(now)
    lock(conn)
    before, members = _draft(conn, story), _members(conn, story)
    if strangers := sorted(set(chosen) - set(members)):
        named = ", ".join(map(str, strangers))
        raise CannotMendError(f"story {story} has no item {named}; `concordat stories show {story}` lists those it has")
    if not chosen or len(set(chosen)) == len(members):
        raise CannotMendError("name some of the items of a story, and not all of them")
    rung = now if ring else before.rung_at
    draft = replace(_told(conn, chosen, now), created_at=now, updated_at=now, rung_at=rung, revision=1)
    key = conn.execute(insert(stories).values(**draft.row())).inserted_primary_key
    assert key is not None
    new = int(key[0])
    _move(conn, chosen, new, f"split from story {story} by {word.by}", now)
    rest = _told(conn, [m for m in members if m not in set(chosen)], now)
    _write(conn, story, replace(rest, created_at=before.created_at, updated_at=now, rung_at=before.rung_at, revision=before.revision + 1))
    if ring:
        alert = {"story_id": new, "item_id": min(chosen), "kind": "new", "severity": draft.severity, "at": now}
        conn.execute(insert(alerts), [alert])
    _log(conn, SPLIT, story, new, sorted(set(chosen)), word, now)
    return new


def merge(conn: Connection, into: int, others: Sequence[int], word: Word, now: datetime) -> None:
    """Put all items of some stories into the first; the others are gone, and only the log remembers them.

    Their alerts become alerts of the one that stays, and so must what was sent of them, before this transaction ends.
    """
    now = as_kept(now)
    lock(conn)
    if not others or into in others:
        raise CannotMendError("name the story that stays and at least one other")
    parts = {story: _draft(conn, story) for story in dict.fromkeys((into, *others))}
    for story in parts:
        if story != into:
            moved = _members(conn, story)
            _move(conn, moved, into, f"merged with story {story} by {word.by}", now)
            conn.execute(update(alerts).where(alerts.c.story_id == story).values(story_id=into))
            _log(conn, MERGE, into, story, moved, word, now)
    rung = [d.rung_at for d in parts.values() if d.rung_at]
    whole = _told(conn, _members(conn, into), now)
    begun, revision = min(d.created_at for d in parts.values()), max(d.revision for d in parts.values()) + 1
    _write(conn, into, replace(whole, created_at=begun, updated_at=now, rung_at=min(rung, default=None), revision=revision))


def bury(conn: Connection, others: Sequence[int]) -> None:
    """Delete stories that were merged away, once nothing points at them any more."""
    conn.execute(delete(stories).where(stories.c.id.in_(others)))


def _draft(conn: Connection, story: int) -> Draft:
    row = conn.execute(select(stories).where(stories.c.id == story).with_for_update()).one_or_none()
    if row is not None:
        return Draft(**{f.name: getattr(row, f.name) for f in fields(Draft)})
    gone = conn.execute(select(story_log.c.story_id).where(story_log.c.other_id == story, story_log.c.kind == MERGE)).scalar()
    raise CannotMendError(f"there is no story {story}" + (f"; it was merged into story {gone}" if gone else ""))


def _members(conn: Connection, story: int) -> list[int]:
    query = select(story_items.c.item_id).where(story_items.c.story_id == story).order_by(story_items.c.item_id)
    return list(conn.execute(query).scalars())


def _move(conn: Connection, chosen: Sequence[int], story: int, how: str, now: datetime) -> None:
    """Give the items new joins, with numbers above all others, so that whoever reads on from a number sees them."""
    conn.execute(delete(story_items).where(story_items.c.item_id.in_(chosen)))
    rows = [{"story_id": story, "item_id": i, "how": how, "similarity": 1.0, "joined_at": now} for i in sorted(set(chosen))]
    conn.execute(insert(story_items), rows)


def _told(conn: Connection, chosen: Sequence[int], now: datetime) -> Draft:
    """The story that these items make, as if they had just joined one after the other."""
    first, *rest = _decided(conn, chosen)
    draft = opened(first, now, prior)
    for each in rest:
        draft = joined(draft, each, now, prior)
    return draft


def _decided(conn: Connection, chosen: Sequence[int]) -> list[Decided]:
    found: dict[int, list[RuleMatch]] = {}
    for m in conn.execute(select(matches).where(matches.c.item_id.in_(chosen)).order_by(matches.c.rule_id)):
        found.setdefault(m.item_id, []).append(RuleMatch(m.rule_id, m.severity, tuple(m.topics), m.score, (), (), ()))
    named: dict[int, list[EntityHit]] = {}
    for e in conn.execute(select(item_entities).where(item_entities.c.item_id.in_(chosen)).order_by(item_entities.c.entity_id)):
        named.setdefault(e.item_id, []).append(EntityHit(e.entity_id, e.name, e.type, (), e.country or ""))
    return [
        Decided(Pending(as_item(r), r.url, r.outlet, r.quiet), MatchResult(tuple(named.get(r.id, ())), tuple(found.get(r.id, ()))))
        for r in conn.execute(select(items).where(items.c.id.in_(chosen)).order_by(items.c.id))
    ]


def _write(conn: Connection, story: int, draft: Draft) -> None:
    conn.execute(update(stories).where(stories.c.id == story).values(**draft.row()))


def _log(conn: Connection, kind: str, story: int, other: int, moved: Sequence[int], word: Word, now: datetime) -> None:
    step: dict[str, Any] = {"at": now, "kind": kind, "story_id": story, "other_id": other, "items": list(moved)}
    conn.execute(insert(story_log), [{**step, "by": word.by, "why": word.why}])
