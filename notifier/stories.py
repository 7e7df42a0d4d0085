"""Reading stories, with the reports that make them up, as readers are shown them. What the rules stage wrote is never changed here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Text, and_, cast, exists, func, or_, select

from notifier.model import Party, Report, Story, Subscriber, rank
from notifier.provenance import voice
from notifier.wanting import concerns
from rules.drafts import Draft
from rules.spec import SEVERITIES
from rules.tables import alerts, matches, stories, story_items
from watcher.store.tables import items

CHUNK = 500  # rows or ids in one statement
SUMMARY = 1000  # characters of a report's summary
WORDS = 12  # that rules saw in a report
T = TypeVar("T")


def chunks(rows: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The rows in lists of at most `size`, in order."""
    batch: list[T] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def load(conn: Connection, ids: Iterable[int]) -> dict[int, Story]:
    """The stories with these ids, by id; those that are gone are left out."""
    found: dict[int, Story] = {}
    for batch in chunks(sorted(set(ids))):
        reports = _reports(conn, batch)
        for row in conn.execute(select(stories).where(stories.c.id.in_(batch))):
            found[row.id] = _story(row.id, row, reports.get(row.id, ()))
    return found


def began(conn: Connection, after: datetime, until: datetime) -> list[int]:
    """What may count for a digest over (after, until]: stories that began, first rang, or rang again within it. Whom it concerns, and who
    was told of it before, is not asked here.

    A story of a new source that rang nobody and was published earlier is the past, not news.
    """
    s, a = stories.c, alerts.c
    rose = exists().where(a.story_id == s.id, a.kind == "rise", a.at > after, a.at <= until)
    # no upper bound: a report that joins later moves the date on, and the story must not fall out between two digests
    fresh = or_(s.rung_at.is_not(None), s.published_at.is_(None), s.published_at > after)
    within = and_(s.created_at > after, s.created_at <= until, fresh)
    rang = and_(s.rung_at > after, s.rung_at <= until)
    return list(conn.scalars(select(s.id).where(s.updated_at > after, or_(within, rang, rose)).order_by(s.id)))


def touched(conn: Connection, ids: Sequence[int], after: datetime) -> list[int]:
    """Those of these stories that something came of since then."""
    s = stories.c
    return [i for batch in chunks(ids) for i in conn.scalars(select(s.id).where(s.id.in_(batch), s.updated_at > after))]


def outlines(conn: Connection, after: datetime, until: datetime) -> list[Story]:
    """Every story that began in (after, until] and rang somebody, without its reports."""
    s = stories.c
    rows = conn.execute(select(stories).where(s.created_at > after, s.created_at <= until, s.rung_at.is_not(None)))
    return [_story(row.id, row, ()) for row in rows]


def tenders(conn: Connection, after: datetime) -> list[int]:
    """The stories with a deadline for offers that something came of since then."""
    s = stories.c
    stated = cast(s.facts, Text).contains('"deadline"')
    return list(conn.scalars(select(s.id).where(s.updated_at > after, stated).order_by(s.id)))


def latest(conn: Connection, subscriber: Subscriber, limit: int, now: datetime) -> list[Story]:
    """The newest stories that concern a subscriber, newest first, quiet ones too."""
    s, wishes = stories.c, subscriber.wishes
    least = SEVERITIES[rank(wishes.min_severity) :]
    rows = conn.execute(select(s.id).where(s.severity.in_(least)).order_by(s.created_at.desc(), s.id.desc()).limit(limit * 20))
    ids = [r.id for r in rows]
    found = load(conn, ids)
    return [found[i] for i in ids if i in found and concerns(wishes, found[i], now).wanted][:limit]


def topics_seen(conn: Connection, limit: int = 1000) -> list[str]:
    """The topics that recent stories carry, most frequent first."""
    counts: dict[str, int] = defaultdict(int)
    for row in conn.execute(select(stories.c.topics).order_by(stories.c.id.desc()).limit(limit)):
        for topic in row.topics:
            counts[topic] += 1
    return sorted(counts, key=lambda t: (-counts[t], t))


def weight(story: Story) -> tuple[int, int, float, datetime]:
    """What comes first in a digest: the louder, then the more widely told, the surer, the newer."""
    return rank(story.severity), len(story.outlets), story.score, story.created_at


def _reports(conn: Connection, ids: Sequence[int]) -> dict[int, list[Report]]:
    found: dict[int, list[Report]] = defaultdict(list)
    i = items.c
    summary = func.substr(i.summary, 1, SUMMARY).label("summary")
    query = (
        select(story_items.c.story_id, i.id, i.outlet, i.title, i.url, i.lang, i.published_at, i.seen_at, i.kind, i.tags, summary)
        .join(items, i.id == story_items.c.item_id)
        .where(story_items.c.story_id.in_(ids))
        .order_by(i.id)
    )
    evidence = _evidence(conn, ids)
    for row in conn.execute(query):
        found[row.story_id].append(Report(
            row.outlet, row.title, row.url, row.lang, row.published_at or row.seen_at, row.summary,
            voice(row.url, row.kind, row.tags), _words(row.title, row.summary, evidence.get(row.id, ())),
        ))  # fmt: skip
    return found


def _evidence(conn: Connection, ids: Sequence[int]) -> dict[int, list[Sequence[Any]]]:
    """Where rules saw what they sought, by item."""
    found: dict[int, list[Sequence[Any]]] = defaultdict(list)
    query = (
        select(matches.c.item_id, matches.c.evidence)
        .join(story_items, story_items.c.item_id == matches.c.item_id)
        .where(story_items.c.story_id.in_(ids))
        .order_by(matches.c.item_id, matches.c.rule_id)
    )
    for row in conn.execute(query):
        found[row.item_id] += row.evidence
    return found


def _words(title: str, summary: str, evidence: Sequence[Sequence[Any]]) -> tuple[str, ...]:
    """The words that rules saw in title and summary, each once, those of the title first and in its order."""
    texts = {"title": title, "summary": summary}
    spans = sorted((where != "title", start, end) for where, start, end in evidence if where in texts)
    words = (texts["summary" if later else "title"][start:end].strip() for later, start, end in spans)
    return tuple(dict.fromkeys(w for w in words if w))[:WORDS]


def unwritten(draft: Draft, reports: Sequence[Report]) -> Story:
    """A story that is only thought of, as readers would be shown it; its number is 0."""
    return _story(0, draft, reports)


def _story(id_: int, row: Row[Any] | Draft, reports: Sequence[Report]) -> Story:
    return Story(
        id=id_, title=row.title, url=row.url, severity=row.severity, topics=tuple(row.topics), rules=tuple(row.rules),
        parties=tuple(Party(e["id"], e["name"], e["type"], e.get("country", "")) for e in row.entities), facts=row.facts or {},
        outlets=tuple(row.outlets), reports=tuple(reports), item_count=row.item_count, revision=row.revision, created_at=row.created_at,
        published_at=row.published_at, score=row.score,
    )  # fmt: skip
