"""Names that no list holds: "Ministry of {name}", "{adjective} government", read where one of their words was found. Pure, no I/O.

A pattern is a row of phrases with one slot at most. `{name}` takes a run of capitalised words. `{country}`, `{adjective}` and `{capital}`
take words of the countries' table, and the pattern then speaks of the body that plays its role in that country; a role without a slot
("the defence ministry") belongs to the country that the text speaks of nearby, else to the home of its language. `{model}` takes a model
that is named, and the pattern speaks of its maker.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from rules.automaton import Span
from rules.document import Document
from rules.fold import PAD
from rules.lands import ADJECTIVE, SLOTS, Land, Lands, LandTable, touching
from rules.runs import after, before

if TYPE_CHECKING:
    from rules.entities import Context, Found

NAME, MODEL = "name", "model"
_MAX_JOINED = 6  # countries in one breath
_SHORTEST_STEM = 3  # letters before "…ministerium" that make it a name
_FIRST_UNSPACED = "\u2e80"  # from here on, scripts that do not set words apart, and Korean


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern of an entity; `anchor` is the part that must be found first, None for a slot that stands alone."""

    entity: str
    parts: tuple[int | str, ...]  # numbers of phrases, and a slot
    anchor: int | None
    languages: frozenset[str]
    needs: tuple[Context, ...]
    unless: tuple[Context, ...]
    several: bool  # takes further countries said in one breath
    lone: bool  # counts without a country too
    home: bool  # belongs to the home of the language, whatever countries the text speaks of
    capital: bool  # its words are a name's, and begin with a capital
    links: frozenset[str] = field(repr=False)  # small words that a name may hold

    @property
    def slot(self) -> str | None:
        """Its slot, if it has one."""
        return next((p for p in self.parts if isinstance(p, str)), None)

    def allowed(self, document: Document, span: Span, found: Found) -> bool:
        """Whether what it needs is there, and nothing that it refuses."""
        if self.needs and not any(c.holds(document, span, found) for c in self.needs):
            return False
        return not any(c.holds(document, span, found) for c in self.unless)


@dataclass(frozen=True, slots=True)
class Body:
    """A body of a country that a pattern read."""

    span: Span
    entity: str


@dataclass(frozen=True, slots=True)
class OpenName:
    """A name that a pattern read: it may be cut short where a known name begins, but not before `least`."""

    span: Span
    entity: str
    least: int
    links: frozenset[str]

    def beside(self, known: Sequence[Span], data: bytes) -> Span | None:
        """What is left of it beside known names, which come in order: None where one holds its beginning."""
        lo, hi = self.span
        at = bisect_left(known, (lo, 0))
        if at > 0 and known[at - 1][1] > lo:
            return None
        if at == len(known) or known[at][0] >= hi:
            return lo, hi
        if known[at][0] < self.least:
            return None
        words = data[lo : known[at][0]].split(PAD)
        while not words[-1] or words[-1].decode() in self.links:
            words.pop()
        return lo, lo + len(PAD.join(words))


@dataclass(frozen=True, slots=True)
class Patterns:
    """All patterns of a rule set by the phrase that anchors them, and what they look things up in."""

    by_phrase: Mapping[int, tuple[Pattern, ...]] = field(default_factory=dict)
    alone: tuple[Pattern, ...] = ()
    table: LandTable = field(default_factory=LandTable)
    holders: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (role, country) → entity
    makers: Mapping[str, str] = field(default_factory=dict)  # model → who makes it
    stops: frozenset[str] = frozenset()  # words that no name holds
    yielding: frozenset[str] = frozenset()  # entities that open names need not give way to

    def read(self, document: Document, found: Found) -> tuple[list[Body], list[OpenName]]:
        """The bodies of countries and the open names of a document; `found` are the names known so far."""
        reader = _Reader(self, document, found)
        for number in document.hits.keys() & self.by_phrase.keys():
            for pattern in self.by_phrase[number]:
                if document.speaks(pattern.languages):
                    for span in document.phrase(number):
                        reader.read(pattern, span)
        if document.hits.keys() & self.table.words.keys():
            for pattern in self.alone:
                if document.speaks(pattern.languages):
                    reader.read_alone(pattern)
        return reader.bodies, reader.names


NOTHING = Patterns()


class _Reader:
    """Reads patterns over one document."""

    def __init__(self, patterns: Patterns, document: Document, found: Found) -> None:
        self._patterns = patterns
        self._document = document
        self._found = found
        self.bodies: list[Body] = []
        self.names: list[OpenName] = []

    @cached_property
    def _lands(self) -> Lands:
        return Lands(self._patterns.table, self._document)

    def read(self, pattern: Pattern, anchor: Span) -> None:
        """Read `pattern` around its anchor."""
        if pattern.capital and not self._is_capital(anchor[0]):
            return
        (lo, hi), slot = anchor, None
        at = pattern.anchor or 0
        for forward, parts in ((False, pattern.parts[at - 1 :: -1] if at else ()), (True, pattern.parts[at + 1 :])):
            for part in parts:
                step = self._step(part, hi if forward else lo, pattern, forward=forward)
                if step is None:
                    return
                span = step.span if isinstance(step, Land) else step
                lo, hi = min(lo, span[0]), max(hi, span[1])
                slot = step if isinstance(part, str) else slot
        if pattern.allowed(self._document, (lo, hi), self._found):
            self._keep(pattern, (lo, hi), slot)

    def read_alone(self, pattern: Pattern) -> None:
        """Read a pattern that is nothing but a word for a country."""
        for land in self._lands.all:
            if land.slot == pattern.slot and pattern.allowed(self._document, land.span, self._found):
                self._keep(pattern, land.span, land)

    def _keep(self, pattern: Pattern, span: Span, slot: Land | Span | None) -> None:
        if slot is None:
            country = self._lands.home() if pattern.home else self._lands.nearest(span)
            if not (country and self._body(pattern, span, country)) and pattern.lone:
                self.bodies.append(Body(span, pattern.entity))
        elif isinstance(slot, Land) and slot.slot == MODEL:  # the model stands for itself; its maker is the words beside it
            lo, hi = span
            words = (slot.span[1] + 1, hi) if slot.span[0] == lo else (lo, slot.span[0] - 1)
            self.bodies.append(Body(words, slot.country))
        elif isinstance(slot, Land):
            self._body(pattern, span, slot.country)
            if pattern.several or slot.slot == ADJECTIVE:
                forward = pattern.parts[-1] in SLOTS and len(pattern.parts) > 1
                for land in self._lands.joined(slot, forward=forward, most=_MAX_JOINED):
                    self._body(pattern, land.span, land.country)
        elif not self._lands.speaks_of((slot[0], slot[1] - self._document.data.endswith(PAD, *slot))):
            space = self._document.data.find(PAD, *slot)
            least = span[1] if slot[0] == span[0] else slot[1] if space < 0 else space
            self.names.append(OpenName(span, pattern.entity, least, pattern.links))

    def _body(self, pattern: Pattern, span: Span, country: str) -> bool:
        holder = self._patterns.holders.get((pattern.entity, country))
        if holder is not None:
            self.bodies.append(Body(span, holder))
        return holder is not None

    def _step(self, part: int | str, at: int, pattern: Pattern, *, forward: bool) -> Land | Span | None:
        """Where `part` stands right after `at`, or right before it."""
        if part == MODEL:
            return self._model(at, forward=forward)
        if part == NAME:
            return self._name_after(at, pattern) if forward else self._name_before(at, pattern)
        places = touching(self._document.data, at, forward=forward)
        if isinstance(part, int):
            side = 0 if forward else 1
            return next((s for s in self._document.phrase(part) if s[side] in places), None)
        lands = self._lands.after if forward else self._lands.before
        return next((land for p in places if (land := lands(part, p))), None)

    def _model(self, at: int, *, forward: bool) -> Land | None:
        """The model named right beside `at`, with its maker in the place of a country."""
        places = touching(self._document.data, at, forward=forward)
        for model in self._found.keys() & self._patterns.makers.keys():
            for span in self._found[model]:
                if span[0 if forward else 1] in places:
                    return Land(span, MODEL, self._patterns.makers[model])
        return None

    def _is_capital(self, at: int) -> bool:
        start, _ = self._document.character(at)
        return self._document.text[start].isupper()

    def _name_after(self, at: int, pattern: Pattern) -> Span | None:
        document = self._document
        _, start = document.character(at - 1)
        end = after(document.text, start, pattern.links, self._patterns.stops)
        if end is None:
            return None
        lo, hi = document.located(start, end)
        return (lo, hi) if lo < hi else None

    def _name_before(self, at: int, pattern: Pattern) -> Span | None:
        document, stops = self._document, self._patterns.stops
        previous = document.data[max(0, at - 4) : at].decode("utf-8", "ignore")[-1:]
        if previous not in ("", " ") and previous < _FIRST_UNSPACED:  # the beginning of a compound
            lo = document.data.rfind(PAD, 0, at) + 1
            stem = document.data[lo:at].decode()
            return (lo, at) if len(stem) >= _SHORTEST_STEM and stem not in stops else None
        end, _ = document.character(at)
        begin = before(document.text, end, pattern.links, stops)
        if begin is None:
            return None
        lo, _ = document.located(begin, end)
        stem = document.data[lo:at].decode()
        return (lo, at) if len(stem) > 1 and stem not in stops else None

