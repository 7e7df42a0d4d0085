"""A story as a row while items join it: what they change in it, and when it rings. Pure, no I/O."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from rules.spec import SEVERITIES
from watcher.text import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from rules.model import EntityHit, MatchResult
    from watcher.model import Item

TITLE_LENGTH = 160  # characters of a summary that stand in for a title
MOST_ENTITIES = 24

AlertKind = Literal["new", "update", "rise"]


@dataclass(frozen=True, slots=True)
class Pending:
    """An item that awaits a decision: `item.url` is its canonical address, `link` the one that people are shown.

    `quiet` says why it may ring nobody, and is None for an item that may.
    """

    item: Item
    link: str
    outlet: str
    quiet: str | None


@dataclass(frozen=True, slots=True)
class Decided:
    """A pending item and what the rules say of it."""

    pending: Pending
    result: MatchResult

    @property
    def severity(self) -> str:
        """The highest severity among its rules."""
        return highest(m.severity for m in self.result.matches)


@dataclass(frozen=True, slots=True)
class Draft:
    """The columns of a story, but for its id."""

    title: str
    url: str
    lang: str
    severity: str
    score: float
    topics: list[str]
    rules: list[str]
    entities: list[dict[str, str]]
    facts: dict[str, Any] | None
    item_count: int
    outlets: list[str]
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    rung_at: datetime | None
    revision: int

    def row(self) -> dict[str, Any]:
        """Its columns by name."""
        return asdict(self)


def highest(severities: Iterable[str]) -> str:
    """The highest of these severities; raises ValueError when there is none."""
    return max(severities, key=SEVERITIES.index)


def opened(decided: Decided, now: datetime, telling: Callable[[str, str], float]) -> Draft:
    """The story that begins with this item; `telling` gives an entity's weight by its id and type."""
    pending, result = decided.pending, decided.result
    item = pending.item
    return Draft(
        title=item.title or cut(item.summary or item.content, TITLE_LENGTH),
        url=pending.link or item.url,
        lang=item.lang,
        severity=decided.severity,
        score=max(m.score for m in result.matches),
        topics=sorted({topic for m in result.matches for topic in m.topics}),
        rules=sorted({m.rule for m in result.matches}),
        entities=_union([], result.entities, telling),
        facts=item.facts.as_dict() or None,
        item_count=1,
        outlets=[pending.outlet],
        created_at=now,
        updated_at=now,
        published_at=item.published,
        rung_at=None if pending.quiet else now,
        revision=1,
    )


def joined(story: Draft, decided: Decided, now: datetime, telling: Callable[[str, str], float]) -> Draft:
    """`story` with this item in it. A quiet item never raises the severity that people were told."""
    pending, result = decided.pending, decided.result
    item = pending.item
    raises = not (pending.quiet and story.rung_at)
    moments = [m for m in (story.published_at, item.published) if m]
    return replace(
        story,
        severity=highest((story.severity, decided.severity)) if raises else story.severity,
        score=max(story.score, *(m.score for m in result.matches)),
        topics=sorted({*story.topics, *(topic for m in result.matches for topic in m.topics)}),
        rules=sorted({*story.rules, *(m.rule for m in result.matches)}),
        entities=_union(story.entities, result.entities, telling),
        facts=_facts(story, item) or None,
        item_count=story.item_count + 1,
        outlets=sorted({*story.outlets, pending.outlet}),
        updated_at=now,
        published_at=max(moments) if moments else None,
        rung_at=story.rung_at or (None if pending.quiet else now),
        revision=story.revision + 1,
    )


def _facts(story: Draft, item: Item) -> dict[str, Any]:
    """What the first notice states stays, and others add to it; a later notice of the same award says how it stands now."""
    known, new = story.facts or {}, item.facts.as_dict()
    same = known.get("award_id") is not None and known["award_id"] == new.get("award_id")
    return {**known, **new} if same else {**new, **known}


def ring(story: Draft | None, decided: Decided) -> AlertKind | None:
    """What an item sets off as it enters `story` (None: as it begins one). A quiet item rings nobody."""
    if decided.pending.quiet:
        return None
    if story is None or story.rung_at is None:
        return "new"
    return "rise" if SEVERITIES.index(decided.severity) > SEVERITIES.index(story.severity) else "update"


def entered(
    story: Draft | None, decided: Decided, now: datetime, telling: Callable[[str, str], float]
) -> tuple[Draft, AlertKind | None]:
    """The story with this item in it, or the one that it begins (None), and what the item sets off."""
    return joined(story, decided, now, telling) if story else opened(decided, now, telling), ring(story, decided)


def _union(
    known: list[dict[str, str]], hits: Iterable[EntityHit], telling: Callable[[str, str], float]
) -> list[dict[str, str]]:
    """The entities of a story, most telling first."""
    every = {e["id"]: e for e in known} | {h.id: _named(h) for h in hits}
    return sorted(every.values(), key=lambda e: (-telling(e["id"], e["type"]), e["id"]))[:MOST_ENTITIES]


def _named(hit: EntityHit) -> dict[str, str]:
    named = {"id": hit.id, "name": hit.name, "type": hit.type}
    return {**named, "country": hit.country} if hit.country else named
