"""Which entities a document names: aliases found, their conditions checked, the longest reading kept. Pure, no I/O.

An alias counts when its language, case and dates fit, when something it needs is there, and nothing it refuses is. Conditions on
other entities are judged after the aliases that have none, so that no two ambiguous names can vouch for each other. Where readings
overlap the longer wins; of equal ones both stay, unless only one of them had its context confirmed.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date

from rules.automaton import Span
from rules.document import Document
from rules.fold import PAD
from rules.phrases import PhraseSet
from rules.spans import inside, overlapping

Found = Mapping[str, list[Span]]


@dataclass(frozen=True, slots=True)
class PhraseContext:
    """Any of these phrases stands in the item."""

    phrases: PhraseSet
    local: frozenset[int] = frozenset()  # phrases that hold the alias itself: they speak for their own place only

    def holds(self, document: Document, span: Span, _found: Found) -> bool:
        """Whether one is there; for a phrase that holds the alias, whether it is there around `span`."""
        return any(
            number not in self.local or inside(document.phrase(number), span)
            for number in document.present(self.phrases)
        )


@dataclass(frozen=True, slots=True)
class EntityContext:
    """Any of these other entities is named in the item."""

    ids: frozenset[str]

    def holds(self, _document: Document, span: Span, found: Found) -> bool:
        """Whether one is named elsewhere than at `span`."""
        return any(s != span for i in found.keys() & self.ids for s in found[i])


@dataclass(frozen=True, slots=True)
class AllContext:
    """Every part holds."""

    parts: tuple[Context, ...]

    def holds(self, document: Document, span: Span, found: Found) -> bool:
        """Whether every part holds for the alias at `span`."""
        return all(p.holds(document, span, found) for p in self.parts)


@dataclass(frozen=True, slots=True)
class TouchingContext:
    """One of these phrases touches the alias: begins at the next word, or ends at the one before."""

    phrases: PhraseSet
    after: bool

    def holds(self, document: Document, span: Span, _found: Found) -> bool:
        """Whether a phrase touches `span` on that side."""
        lo, hi = span
        starts, ends = document.edges(self.phrases)
        if self.after:
            return hi in starts or (hi + 1 in starts and document.data.startswith(PAD, hi))
        return lo in ends or (lo - 1 in ends and document.data.startswith(PAD, lo - 1))


Context = PhraseContext | EntityContext | AllContext | TouchingContext


def looks_at_entities(context: Context) -> bool:
    """Whether a context can only be judged once other entities are known."""
    return isinstance(context, EntityContext) or (isinstance(context, AllContext) and any(map(looks_at_entities, context.parts)))


@dataclass(frozen=True, slots=True)
class CompiledAlias:
    """A name of an entity, ready to be judged where it is found."""

    entity: str
    phrase: int
    languages: frozenset[str]
    since: date | None
    until: date | None
    needs: tuple[Context, ...]
    unless: tuple[Context, ...]
    late: bool

    def fits(self, document: Document) -> bool:
        """Whether language and date allow it."""
        if not document.speaks(self.languages):
            return False
        when = document.item.when
        if when is None:
            return True
        day = when.astimezone(UTC).date()
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)

    def holds(self, document: Document, span: Span, found: Found) -> bool:
        """Whether what it needs is there, and nothing that it refuses."""
        if self.needs and not any(c.holds(document, span, found) for c in self.needs):
            return False
        return not any(c.holds(document, span, found) for c in self.unless)


@dataclass(frozen=True, slots=True)
class _Reading:
    span: Span
    entity: str
    confirmed: bool


def resolve(document: Document, aliases: Mapping[int, tuple[CompiledAlias, ...]]) -> dict[str, list[Span]]:
    """Entity id → where the document names it, in order of first mention."""
    certain: list[_Reading] = []
    late: list[tuple[Span, CompiledAlias]] = []
    for number in document.hits.keys() & aliases.keys():
        spans = document.phrase(number)
        for alias in aliases[number] if spans else ():
            if not alias.fits(document):
                continue
            for span in spans:
                if alias.late:
                    late.append((span, alias))
                elif alias.holds(document, span, {}):
                    certain.append(_Reading(span, alias.entity, confirmed=bool(alias.needs)))
    if late:
        known = _grouped(_longest(certain))
        certain += [_Reading(span, a.entity, confirmed=bool(a.needs)) for span, a in late if a.holds(document, span, known)]
    return _grouped(_longest(certain))


def _longest(readings: list[_Reading]) -> list[_Reading]:
    """Longest first, each is kept unless it overlaps one already kept; of equal ones a confirmed one is judged first."""
    taken: list[Span] = []  # in order, and none overlaps another
    kept: dict[Span, list[_Reading]] = {}
    for reading in sorted(readings, key=lambda r: (r.span[0] - r.span[1], r.span[0], not r.confirmed, r.entity)):
        rivals = kept.get(reading.span)
        if rivals is not None:
            if reading.confirmed or not rivals[0].confirmed:
                rivals.append(reading)
        elif not overlapping(taken, reading.span):
            insort(taken, reading.span)
            kept[reading.span] = [reading]
    return [reading for readings in kept.values() for reading in readings]


def _grouped(readings: Iterable[_Reading]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for span, entity in sorted({(r.span, r.entity) for r in readings}):
        found.setdefault(entity, []).append(span)
    return found
