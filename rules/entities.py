"""Which entities a document names: aliases found, their conditions checked, the longest reading kept. Pure, no I/O.

An alias counts when its language, case and dates fit, when something it needs is there, and nothing it refuses is. Conditions on
other entities are judged after the aliases that have none, so that no two ambiguous names can vouch for each other. Where readings
overlap the longer wins; of equal ones both stay, unless only one of them had its context confirmed.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, date

from rules.automaton import Span
from rules.document import Document
from rules.fold import PAD
from rules.patterns import NOTHING, OpenName, Patterns
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
        return any(s != span for i, spans in found.items() if i in self.ids for s in spans)


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


@dataclass(frozen=True, slots=True)
class BesideContext:
    """One of these other entities stands beside the alias, with a joining word between: "Canada and OpenAI"."""

    ids: frozenset[str]
    joints: frozenset[bytes]
    after: bool

    def holds(self, document: Document, span: Span, found: Found) -> bool:
        """Whether one stands beside `span` on that side."""
        data = document.data
        for other in (other for i, spans in found.items() if i in self.ids for other in spans):
            first, second = (span, other) if self.after else (other, span)
            gap = data[first[1] : second[0]] if first[1] < second[0] else b""
            if gap in self.joints or (gap == PAD and first[0] <= len(PAD)):  # a headline begins with "Ghana, Google agree"
                return True
        return False


Context = PhraseContext | EntityContext | AllContext | TouchingContext | BesideContext


def looks_at_entities(context: Context) -> bool:
    """Whether a context can only be judged once other entities are known."""
    parts = context.parts if isinstance(context, AllContext) else (context,)
    return any(isinstance(part, EntityContext | BesideContext) or (part is not context and looks_at_entities(part)) for part in parts)


@dataclass(frozen=True, slots=True)
class CompiledAlias:
    """A name of an entity, ready to be judged where it is found."""

    entity: str
    languages: frozenset[str] = frozenset()
    since: date | None = None
    until: date | None = None
    needs: tuple[Context, ...] = ()
    unless: tuple[Context, ...] = ()
    late: bool = False
    stem: int = 0  # bytes of a name that takes endings; 0 for names as they are written
    endings: Mapping[str, AbstractSet[bytes]] = field(default_factory=dict, repr=False)  # by language
    plain: bool = field(init=False, repr=False, compare=False)  # it counts wherever it stands

    def __post_init__(self) -> None:
        asks = self.languages, self.since, self.until, self.needs, self.unless, self.stem
        object.__setattr__(self, "plain", not any(asks))

    def ends(self, document: Document, span: Span) -> bool:
        """Whether the name has an ending of the document's language there ("Palantirem", "Helsings")."""
        ending = document.data[span[0] + self.stem : span[1]]
        return any(ending in self.endings.get(language, ()) for language in document.languages)

    def fits(self, document: Document) -> bool:
        """Whether language and date allow it."""
        if self.languages and not document.speaks(self.languages):
            return False
        when = document.item.when if self.since or self.until else None
        if when is None:
            return True
        day = when.astimezone(UTC).date()
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)

    def holds(self, document: Document, span: Span, found: Found) -> bool:
        """Whether what it needs is there, and nothing that it refuses."""
        if self.needs and not any(c.holds(document, span, found) for c in self.needs):
            return False
        return not any(c.holds(document, span, found) for c in self.unless)


_Reading = tuple[Span, str, bool]  # where, whom, and whether a context confirms it


def resolve(
    document: Document, aliases: Mapping[int, tuple[CompiledAlias, ...]], patterns: Patterns = NOTHING
) -> dict[str, list[Span]]:
    """Entity id → where the document names it, in order of first mention. Open names give way to those that are known."""
    certain: list[_Reading] = []
    late: list[tuple[Span, CompiledAlias]] = []
    for number in document.hits.keys() & aliases.keys():
        for alias in aliases[number]:
            spans = document.hits[number]
            if alias.plain:
                certain += [(span, alias.entity, False) for span in spans]
                continue
            if not alias.fits(document):
                continue
            if alias.stem:
                spans = [span for span in spans if alias.ends(document, span)]
            if alias.late:
                late += [(span, alias) for span in spans]
            elif alias.needs or alias.unless:
                certain += [(span, alias.entity, bool(alias.needs)) for span in spans if alias.holds(document, span, {})]
            else:
                certain += [(span, alias.entity, False) for span in spans]
    known = _longest(certain + _holding(late, document, _longest(certain)) if late else certain)
    bodies, names = patterns.read(document, known)
    if bodies:
        aliased = {span for span, _, _ in certain}
        certain += [(body.span, body.entity, False) for body in bodies if body.span not in aliased]
        known = _longest(certain + _holding(late, document, _longest(certain)) if late else certain)
    known |= _makers(certain, known, patterns.makers)
    return known | _longest(_open(document, names, known, patterns)) if names else known


def _makers(readings: Iterable[_Reading], known: Found, makers: Mapping[str, str]) -> dict[str, list[Span]]:
    """Who makes a model that is called by the maker's name ("DeepSeek-R1"), and is not named otherwise."""
    found: dict[str, list[Span]] = {}
    wanted = {makers[model]: known[model] for model in known.keys() & makers.keys() if makers[model] not in known}
    for span, entity, _ in readings if wanted else ():
        if entity in wanted and inside(wanted[entity], span):
            found.setdefault(entity, []).append(span)
    return found


def _holding(late: Iterable[tuple[Span, CompiledAlias]], document: Document, known: Found) -> list[_Reading]:
    """The aliases that look at other entities, where they hold beside those that are known without them."""
    return [(span, alias.entity, bool(alias.needs)) for span, alias in late if alias.holds(document, span, known)]


def _open(document: Document, names: Iterable[OpenName], known: Found, patterns: Patterns) -> list[_Reading]:
    """The open names that known ones leave, as they are left."""
    taken = sorted(span for entity, spans in known.items() if entity not in patterns.yielding for span in spans)
    return [(span, name.entity, False) for name in names if (span := name.beside(taken, document.data))]


def _longest(readings: list[_Reading]) -> dict[str, list[Span]]:
    """The readings that stay where some overlap, by entity, all in order."""
    found: dict[str, list[Span]] = {}
    readings = sorted(readings)
    start, count = 0, len(readings)
    while start < count:
        reach = readings[start][0][1]
        end = start + 1
        while end < count and readings[end][0][0] < reach:  # readings that hang together; most stand alone
            reach = max(reach, readings[end][0][1])
            end += 1
        rivals = readings[start:end]
        for span, entity, _ in rivals if len(rivals) == 1 else _settled(rivals):
            if entity in found:
                found[entity].append(span)
            else:
                found[entity] = [span]
        start = end
    return found


def _settled(rivals: list[_Reading]) -> Iterable[_Reading]:
    """Longest first, each is kept unless it overlaps one already kept; of equal ones a confirmed one is judged first."""
    taken: list[Span] = []  # in order, and none overlaps another
    kept: dict[Span, list[_Reading]] = {}
    for reading in sorted(rivals, key=lambda r: (r[0][0] - r[0][1], r[0][0], not r[2], r[1])):
        span, _, confirmed = reading
        equals = kept.get(span)
        if equals is not None:
            if confirmed or not equals[0][2]:
                equals.append(reading)
        elif not overlapping(taken, span):
            insort(taken, span)
            kept[span] = [reading]
    return sorted({(span, entity, False) for equals in kept.values() for span, entity, _ in equals})
