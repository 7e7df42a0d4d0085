"""Looking for stories by words, over the reports that were stored last. Read-only, on a connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, func, select

from notifier.wanting import needle
from rules.fold import fold
from rules.tables import item_entities, story_items
from watcher.store.tables import items

DEPTH = 10_000  # reports that are looked through, the newest first
_SUMMARY = 500  # characters of each summary


def find(conn: Connection, terms: Sequence[tuple[str, Collection[str]]], limit: int = 100) -> list[int]:
    """Stories in which each term is said or named, the newest first.

    A term is words that stand next to one another, case and accents aside, and the entities that they are a name of; one of the two is
    enough. The last word may go on: `partner` finds partnerships.
    """
    s, i = story_items.c, items.c
    summary = func.substr(i.summary, 1, _SUMMARY).label("summary")
    query = select(s.story_id, s.item_id, i.title, summary).join(items, i.id == s.item_id).order_by(s.seq.desc()).limit(DEPTH)
    said: dict[int, list[bytes]] = defaultdict(list)
    story_of: dict[int, int] = {}
    for row in conn.execute(query):
        said[row.story_id].append(fold(f"{row.title} | {row.summary}"))
        story_of[row.item_id] = row.story_id
    named = _named(conn, {e for _, entities in terms for e in entities}, story_of)
    sought = [(needle(words).rstrip(b" "), frozenset(entities)) for words, entities in terms]
    found = [
        story for story, texts in said.items()
        if all(named[story] & entities or any(words and words in text for text in texts) for words, entities in sought)
    ]  # fmt: skip
    return sorted(found, reverse=True)[:limit]


def _named(conn: Connection, entities: Collection[str], story_of: dict[int, int]) -> dict[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = defaultdict(frozenset)
    if entities and story_of:
        e = item_entities.c
        query = select(e.item_id, e.entity_id).where(e.entity_id.in_(sorted(entities)), e.item_id >= min(story_of))
        for row in conn.execute(query):
            if row.item_id in story_of:
                found[story_of[row.item_id]] |= {row.entity_id}
    return found
