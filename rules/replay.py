"""What a rule set would have made of past items: which stories they form, and when those ring. Pure, no I/O; nothing is written.

The decisions are the production ones: the story index says what joins, `rules.drafts` what changes and what rings. What differs from
the record is only where stories are kept, and that splits and merges made by people are not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rules.drafts import AlertKind, Decided, Draft, entered
from rules.stories import StoryIndex

RINGING: frozenset[AlertKind] = frozenset({"new", "rise"})  # what makes a phone ring; an update edits in place


@dataclass(frozen=True, slots=True)
class Seen:
    """An item that rules matched: when it was read, which rules, how loud each, and why it may ring nobody (None where it may)."""

    item: int
    title: str
    url: str
    outlet: str
    lang: str
    summary: str
    kind: str
    tags: tuple[str, ...]
    at: datetime
    quiet: str | None
    severities: dict[str, str]  # by rule

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that matched it."""
        return tuple(self.severities)


@dataclass(frozen=True, slots=True)
class Ring:
    """A moment at which a story would ring, and the item that set it off."""

    kind: AlertKind
    severity: str
    seen: Seen


@dataclass(slots=True)
class Imagined:
    """A story as it would stand, with its items in order of arrival and its rings."""

    draft: Draft
    items: list[Seen] = field(default_factory=list)
    rings: list[Ring] = field(default_factory=list)


@dataclass(slots=True)
class Replayed:
    """All that came of a stretch of the archive."""

    stories: list[Imagined] = field(default_factory=list)
    items: int = 0  # that were looked at

    @property
    def rung(self) -> list[Imagined]:
        """The stories that would ring somebody."""
        return [s for s in self.stories if s.rings]

    @property
    def rings(self) -> list[Ring]:
        """Every moment at which a story would ring."""
        return [r for s in self.stories for r in s.rings]

    @property
    def seen(self) -> list[Seen]:
        """Every item that a rule matched, in order of arrival."""
        return sorted((i for s in self.stories for i in s.items), key=lambda i: i.item)


class Replay:
    """Forms stories of decided items, given in order of arrival. `index` must be empty."""

    def __init__(self, index: StoryIndex) -> None:
        self.result = Replayed()
        self._index = index

    def add(self, decided: Sequence[Decided], looked_at: int) -> None:
        """Take in the items with a match among `looked_at` ones."""
        self.result.items += looked_at
        for each in decided:
            self._enter(each)
        last = decided[-1].pending.item.seen if decided else None
        if last is not None:
            self._index.forget(last - self._index.window)

    def _enter(self, decided: Decided) -> None:
        item, entities = decided.pending.item, decided.result.entities
        now = item.seen
        assert now is not None, "a stored item was seen at some moment"
        join = self._index.find(item, entities, now)
        known = self.result.stories[int(join.story)] if join else None
        draft, kind = entered(known.draft if known else None, decided, now, self._index.party)
        if known is None:
            known = Imagined(draft)
            self.result.stories.append(known)
        number = int(join.story) if join else len(self.result.stories) - 1
        known.draft = draft
        seen = _seen(decided, now)
        known.items.append(seen)
        if kind in RINGING:
            known.rings.append(Ring(kind, draft.severity, seen))
        self._index.add(str(number), item, entities, now)


def _seen(decided: Decided, at: datetime) -> Seen:
    pending, item = decided.pending, decided.pending.item
    return Seen(
        int(item.id), item.title, pending.link or item.url, pending.outlet, item.lang, item.summary, item.kind, item.tags, at,
        pending.quiet, {m.rule: m.severity for m in decided.result.matches},
    )  # fmt: skip
