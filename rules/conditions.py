"""The conditions of a rule over one document: leaves that look for something, groups that join them in one place. Pure.

A condition is judged in a window, a stretch of the folded document. A group with a width of its own (`within`) is judged in every
window of that width that touches the one it was given; `item`, `lead` and `title` are the same stretch wherever they are asked for.
A new kind of leaf needs `number`, `label`, `spans` and, when it can start a search, `keys`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Protocol

from rules.automaton import Span
from rules.document import Document
from rules.phrases import PhraseSet
from rules.spans import any_inside, inside, overlapping

Within = str | int | None
MAX_WINDOWS = 200  # of N words in one document; more anchors than this say nothing new


class Reading:
    """A document with the entities it names, and what each leaf found in it."""

    __slots__ = (
        "_found", "_in_sentences", "_names", "_of_sets", "aside", "document", "entities", "grounds", "held", "leaves", "named", "weighed",
    )

    def __init__(
        self, document: Document, entities: Mapping[str, list[Span]], leaves: AbstractSet[int], aside: Sequence[Span] = ()
    ) -> None:
        self.document = document
        self.entities = entities
        self.leaves = leaves  # the numbers of those that may be found: no other is looked for
        self.named = frozenset(entities)
        self.aside = aside  # stretches that speak of something else: nothing that stands there counts
        self.weighed: dict[str, object] = {}  # what each scale made of the item
        self.grounds: dict[str, Sequence[tuple[AnyLeaf, list[Span]]]] = {}  # and the words that speak for it
        self.held: dict[tuple[Group, Span], bool] = {}  # whether groups hold in windows of their own width
        self._found: dict[int, list[Span]] = {}
        self._of_sets: dict[frozenset[AnyLeaf], list[Span]] = {}
        self._in_sentences: dict[frozenset[AnyLeaf], frozenset[int]] = {}
        self._names: list[Span] | None = None

    def spans(self, leaf: Leaf) -> list[Span]:
        """Where a leaf holds, in order; worked out once."""
        if leaf.number not in self.leaves:
            return []
        known = self._found.get(leaf.number)
        if known is None:
            known = leaf.spans(self)
            if known and self.aside:
                known = [s for s in known if not overlapping(self.aside, s)]
            self._found[leaf.number] = known
        return known

    def spans_of(self, leaves: frozenset[AnyLeaf]) -> list[Span]:
        """Where any of the leaves holds, in order; worked out once."""
        known = self._of_sets.get(leaves)
        if known is None:
            found = [spans for leaf in leaves if (spans := self.spans(leaf))]
            known = self._of_sets[leaves] = found[0] if len(found) == 1 else sorted({span for spans in found for span in spans})
        return known

    def sentences_of(self, leaves: frozenset[AnyLeaf]) -> frozenset[int]:
        """The sentences, by number, that any of the leaves begins in; worked out once."""
        known = self._in_sentences.get(leaves)
        if known is None:
            known = self._in_sentences[leaves] = self.document.sentence_numbers(self.spans_of(leaves))
        return known

    @property
    def names(self) -> list[Span]:
        """Every mention of any entity, in order."""
        if self._names is None:
            self._names = sorted({span for found in self.entities.values() for span in found})
        return self._names

    def inside(self, leaf: Leaf, window: Span) -> list[Span]:
        """Where a leaf holds in `window`."""
        spans, out = self.spans(leaf), []
        for index in range(bisect_left(spans, (window[0], 0)), len(spans)):
            span = spans[index]
            if span[0] >= window[1]:
                break
            if span[1] <= window[1]:
                out.append(span)
        return out


class Leaf(Protocol):
    """Something to look for; `number` is the same for equal leaves of a rule set."""

    @property
    def number(self) -> int:
        """Its number in the rule set."""

    @property
    def label(self) -> str:
        """How the operator wrote it."""

    def spans(self, reading: Reading) -> list[Span]:
        """Where it is, in order."""


@dataclass(frozen=True, slots=True)
class EntityLeaf:
    """Any of these entities is named."""

    number: int
    label: str
    ids: frozenset[str] = field(repr=False)

    def spans(self, reading: Reading) -> list[Span]:
        """Every mention of every one of them."""
        return sorted({span for i in reading.named & self.ids for span in reading.entities[i]})


@dataclass(frozen=True, slots=True)
class PhraseLeaf:
    """Any of these phrases stands there. Words of a lexicon do not count inside a longer name ("Contract Management Agency")."""

    number: int
    label: str
    phrases: PhraseSet = field(repr=False)
    outside_names: bool

    def spans(self, reading: Reading) -> list[Span]:
        """Every place where one stands."""
        spans = reading.document.spans(self.phrases)
        if not self.outside_names or not spans:
            return spans
        return [s for s in spans if not inside(reading.names, s)]


@dataclass(frozen=True, slots=True)
class RegexLeaf:
    """An RE2 expression matches the visible text."""

    number: int
    label: str
    expression: Any = field(repr=False)

    def spans(self, reading: Reading) -> list[Span]:
        """Every match, at the folded place of its text."""
        out, document = [], reading.document
        for begins, text in zip(document.starts, document.texts, strict=True):
            if not text:
                continue
            for match in self.expression.finditer(text):
                lo, hi = document.located(begins + match.start(), begins + match.end())
                if lo < hi:
                    out.append((lo, hi))
        return sorted(set(out))


AnyLeaf = EntityLeaf | PhraseLeaf | RegexLeaf


@dataclass(frozen=True, eq=False, slots=True)
class Group:
    """Every one of `all` (when `ordered`, one after the other), at least `minimum` of `any`, none of `none`, together in one window.

    Compared by identity, so that a reading can remember where it holds: conditions with a name are asked for by many rules and signals.
    """

    all: tuple[Condition, ...]
    any: tuple[Condition, ...]
    none: tuple[Condition, ...]
    minimum: int
    within: Within
    ordered: bool = False
    # Sets of leaves of which each must have one that is found, or the group cannot hold: anywhere, and in the group's own window.
    necessary: tuple[frozenset[AnyLeaf], ...] = field(init=False, repr=False, compare=False)
    local: tuple[frozenset[AnyLeaf], ...] = field(init=False, repr=False, compare=False)
    every: frozenset[int] = field(init=False, repr=False, compare=False)  # the numbers of those that stand alone in their set
    _one_of: tuple[frozenset[int], ...] = field(init=False, repr=False, compare=False)  # the other sets

    def __post_init__(self) -> None:
        sets = _needed(self, necessary)
        numbers = [frozenset(leaf.number for leaf in leaves) for leaves in sets]
        object.__setattr__(self, "necessary", sets)
        object.__setattr__(self, "local", _needed(self, _local))
        object.__setattr__(self, "every", frozenset().union(*(n for n in numbers if len(n) == 1)))
        object.__setattr__(self, "_one_of", tuple(n for n in numbers if len(n) != 1))

    def may_hold(self, leaves: AbstractSet[int]) -> bool:
        """Whether it can hold where only `leaves` may be found."""
        return self.every <= leaves and not (self._one_of and any(map(leaves.isdisjoint, self._one_of)))


Condition = AnyLeaf | Group


def holds(condition: Condition, reading: Reading, window: Span) -> bool:
    """Whether `condition` holds in `window`."""
    if not isinstance(condition, Group):
        return any_inside(reading.spans(condition), window)
    if not condition.may_hold(reading.leaves):
        return False
    if condition.within is None:
        return _holds_here(condition, reading, window)
    return any(_holds_here(condition, reading, w) for w in _hopeful(condition, reading, window))


def where(group: Group, reading: Reading) -> list[Span]:
    """The windows of its own width in which a group holds; the whole item where it names no width."""
    return [w for w in _hopeful(group, reading, reading.document.whole) if _holds_here(group, reading, w)]


def _hopeful(group: Group, reading: Reading, outer: Span) -> Iterable[Span]:
    """The windows of a group's width that touch `outer`, but for those where something is not found that it cannot do without."""
    if group.within == "sentence" and group.local:
        numbers = frozenset.intersection(*map(reading.sentences_of, group.local))
        sentences = reading.document.sentences if numbers else []
        return [s for n in sorted(numbers) if (s := sentences[n])[0] < outer[1] and outer[0] < s[1]]
    needed = list(map(reading.spans_of, group.local))
    found = windows(group, reading, outer) if all(needed) else ()
    return (w for w in found if all(any_inside(spans, w) for spans in needed))


def _holds_here(group: Group, reading: Reading, window: Span) -> bool:
    """Whether a group holds in a window of its own width; worked out once."""
    known = reading.held.get((group, window))
    if known is None:
        known = reading.held[group, window] = _judged(group, reading, window)
    return known


def _judged(group: Group, reading: Reading, window: Span) -> bool:
    for condition in group.all:
        if not holds(condition, reading, window):
            return False
    if group.ordered and not _in_order(group, reading, window):
        return False
    if group.any:
        met = 0
        for condition in group.any:
            met += holds(condition, reading, window)
            if met >= group.minimum:
                break
        else:
            return False
    return not (group.none and any(holds(c, reading, window) for c in group.none))


def _in_order(group: Group, reading: Reading, window: Span) -> bool:
    """Whether words of each part of `all` stand one after the other, in the order in which the parts are written."""
    at = window[0]
    for condition in group.all:
        ends = (hi for leaf in leaves(condition) for lo, hi in reading.inside(leaf, window) if lo >= at)
        at = min(ends, default=-1)
        if at < 0:
            return False
    return True


def windows(group: Group, reading: Reading, outer: Span) -> Iterator[Span]:
    """The windows of a group's width that touch `outer`."""
    document, within = reading.document, group.within
    if within is None or within == "item":
        yield document.whole
    elif within == "title":
        yield document.title
    elif within == "lead":
        yield document.lead
    elif within == "sentence":
        yield from (s for s in document.sentences if s[0] < outer[1] and outer[0] < s[1])
    else:
        starts = sorted({span[0] for leaf in leaves(group) for span in reading.spans(leaf) if outer[0] <= span[0] < outer[1]})
        yield from ((start, document.after_words(start, int(within))) for start in starts[:MAX_WINDOWS])


def leaves(condition: Condition) -> Iterator[AnyLeaf]:
    """The leaves that speak for a condition (those under `none` speak against it)."""
    if isinstance(condition, Group):
        for child in (*condition.all, *condition.any):
            yield from leaves(child)
    else:
        yield condition


def evidence(condition: Condition, reading: Reading, window: Span) -> Iterator[tuple[AnyLeaf, list[Span]]]:
    """What makes a condition hold in `window`: its leaves there, with their places."""
    if not isinstance(condition, Group):
        found = reading.inside(condition, window)
        if found:
            yield condition, found
        return
    for place in [window] if condition.within is None else _hopeful(condition, reading, window):
        if _holds_here(condition, reading, place):
            yield from evidence_here(condition, reading, place)


def evidence_here(group: Group, reading: Reading, place: Span) -> Iterator[tuple[AnyLeaf, list[Span]]]:
    """What makes a group hold in a window of its own width, where it is known to hold."""
    for child in (*group.all, *group.any):
        yield from evidence(child, reading, place)


def necessary(condition: Condition) -> Sequence[frozenset[AnyLeaf]]:
    """Sets of leaves of which each must have one that is found, or the condition cannot hold; none where nothing is so certain."""
    if isinstance(condition, Group):
        return condition.necessary
    return [] if isinstance(condition, RegexLeaf) else [frozenset({condition})]


def indispensable(condition: Condition | None) -> frozenset[int]:
    """The numbers of leaves that must all be found somewhere, or the condition cannot hold."""
    if condition is None:
        return frozenset()
    return condition.every if isinstance(condition, Group) else frozenset({condition.number})


def _local(condition: Condition) -> Sequence[frozenset[AnyLeaf]]:
    """As `necessary`, of what must be found in the very window that the condition is judged in."""
    if isinstance(condition, Group):
        return condition.local if condition.within is None else []
    return necessary(condition)


def _needed(group: Group, needs: Callable[[Condition], Sequence[frozenset[AnyLeaf]]]) -> tuple[frozenset[AnyLeaf], ...]:
    sets = [leaves for child in group.all for leaves in needs(child)]
    if group.any:
        parts = sorted((rarest(found) for child in group.any if (found := needs(child))), key=_commonness)
        enough = len(group.any) - group.minimum + 1  # of so many parts one holds whenever the group does
        if len(parts) >= enough:
            sets.append(frozenset().union(*parts[:enough]))
    return tuple(dict.fromkeys(sets))


def rarest(sets: Sequence[frozenset[AnyLeaf]]) -> frozenset[AnyLeaf]:
    """The set that is likely to be found least often."""
    return min(sets, key=_commonness)


def _commonness(group: frozenset[AnyLeaf]) -> int:
    """A guess at how often one of the leaves is found: word families are met far more often than names."""
    total = 0
    for leaf in group:
        if isinstance(leaf, EntityLeaf):
            total += len(leaf.ids)
        elif isinstance(leaf, PhraseLeaf):
            total += len(leaf.phrases.numbers) * (20 if leaf.outside_names else 5)
    return total
