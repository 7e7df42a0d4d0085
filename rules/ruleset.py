"""A rule set, compiled: everything the matcher needs, immutable, with a version that changes when the files do. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TypeVar

from rules.aside import Aside
from rules.automaton import Automaton, Phrase
from rules.conditions import AnyLeaf, EntityLeaf, Group, PhraseLeaf, rarest
from rules.entities import CompiledAlias
from rules.patterns import Patterns
from rules.phrases import Languages
from rules.score import Scale
from rules.spec import Case
from rules.spec_entities import Entity, Trap
from rules.where import Where
from watcher.errors import Place


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule ready to be judged, with the place it was written at."""

    id: str
    title: str
    topics: tuple[str, ...]
    severity: str
    when: Group
    scale: Scale | None
    at_least: float
    where: Where
    cases: tuple[tuple[Case, Place], ...]
    place: Place
    builtin: bool


@dataclass(frozen=True, slots=True)
class PlacedTrap:
    """A pack's test sentence and where it is written."""

    trap: Trap
    place: Place
    builtin: bool


@dataclass(frozen=True, slots=True)
class Index:
    """The way from what a document holds to the rules worth judging. Leaves and rules are meant by their numbers."""

    by_entity: Mapping[str, frozenset[int]]
    by_phrase: Mapping[int, frozenset[int]]
    blind: frozenset[int]  # leaves that nothing leads to: expressions
    rules_of: Mapping[int, tuple[int, ...]]  # the rules that start from a leaf, their rarest
    groups: tuple[Group, ...]  # what each rule asks for
    every: tuple[frozenset[int], ...]  # and the leaves that it cannot do without
    unanchored: tuple[int, ...]

    def leaves(self, entities: AbstractSet[str], phrases: AbstractSet[int]) -> set[int]:
        """The leaves that may be found where these are."""
        return set(self.blind).union(
            *map(self.by_entity.__getitem__, entities & self.by_entity.keys()),
            *map(self.by_phrase.__getitem__, phrases & self.by_phrase.keys()),
        )

    def candidates(self, leaves: AbstractSet[int]) -> list[int]:
        """The rules that may hold where these leaves may be found, in order."""
        rules_of, every, groups = self.rules_of, self.every, self.groups
        started = {rule for leaf in leaves & rules_of.keys() for rule in rules_of[leaf]}
        return sorted([*self.unanchored, *(r for r in [r for r in started if every[r] <= leaves] if groups[r].may_hold(leaves))])


@dataclass(frozen=True, slots=True)
class Written:
    """Which file each entity and lexicon is written in, and the words of each lexicon's own."""

    entities: Mapping[str, str]
    files: Mapping[str, str]
    lexicons: Mapping[str, Mapping[int, Languages]]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Entities, phrases and rules, compiled. Two rule sets of one version decide alike."""

    version: str
    entities: Mapping[str, Entity]
    rules: tuple[CompiledRule, ...]
    traps: tuple[PlacedTrap, ...]
    aliases: Mapping[int, tuple[CompiledAlias, ...]] = field(repr=False)
    patterns: Patterns = field(repr=False)
    phrases: tuple[Phrase, ...] = field(repr=False)
    automaton: Automaton = field(repr=False)
    index: Index = field(repr=False)
    scales: Mapping[str, Scale] = field(repr=False)
    aside: Aside = field(repr=False)
    written: Written = field(repr=False)

    def rule(self, rule_id: str) -> CompiledRule | None:
        """The rule of that id."""
        return next((r for r in self.rules if r.id == rule_id), None)

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that a rule belongs to, in alphabetical order."""
        return tuple(sorted({topic for rule in self.rules for topic in rule.topics}))


def index_rules(rules: Sequence[CompiledRule], leaves: Iterable[AnyLeaf]) -> Index:
    """Index each rule by its rarest necessary leaves; rules without any are looked at for every item. `leaves` are those of all rules."""
    rules_of: dict[int, list[int]] = defaultdict(list)
    unanchored = []
    for position, rule in enumerate(rules):
        if not rule.when.necessary:
            unanchored.append(position)
            continue
        for leaf in rarest(rule.when.necessary):
            rules_of[leaf.number].append(position)
    entities: dict[int, frozenset[str]] = {}
    phrases: dict[int, frozenset[int]] = {}
    blind = set()
    for leaf in leaves:
        if isinstance(leaf, EntityLeaf):
            entities[leaf.number] = leaf.ids
        elif isinstance(leaf, PhraseLeaf):
            phrases[leaf.number] = leaf.phrases.numbers
        else:
            blind.add(leaf.number)
    starts = {leaf: tuple(positions) for leaf, positions in rules_of.items()}
    groups = tuple(r.when for r in rules)
    every = tuple(group.every for group in groups)
    return Index(_turned(entities), _turned(phrases), frozenset(blind), starts, groups, every, tuple(unanchored))


K = TypeVar("K")


def _turned(members: Mapping[int, AbstractSet[K]]) -> dict[K, frozenset[int]]:
    """For each member of these sets the numbers of those that hold it; members of the same sets share one answer."""
    kinds: list[frozenset[int]] = [frozenset()]
    kind_of: dict[K, int] = {}
    for number, held in members.items():
        joined: dict[int, int] = {}  # a kind of members not in this set → the kind of those that are in it too
        for member in held:
            before = kind_of.get(member, 0)
            kind = joined.get(before)
            if kind is None:
                kind = joined[before] = len(kinds)
                kinds.append(kinds[before] | {number})
            kind_of[member] = kind
    return {member: kinds[kind] for member, kind in kind_of.items()}
