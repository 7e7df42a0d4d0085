"""A rule set, compiled: everything the matcher needs, immutable, with a version that changes when the files do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.aside import Aside
from rules.automaton import Automaton, Phrase
from rules.conditions import AnyLeaf, EntityLeaf, Group, PhraseLeaf, anchors
from rules.entities import CompiledAlias
from rules.score import Scale
from rules.spec import Case, Entity, Trap
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
    """The way from what a document holds to the rules worth judging."""

    by_entity: Mapping[str, tuple[AnyLeaf, ...]]
    by_phrase: Mapping[int, tuple[AnyLeaf, ...]]
    rules_of: Mapping[int, tuple[int, ...]]
    unanchored: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Entities, phrases and rules, compiled. Two rule sets of one version decide alike."""

    version: str
    entities: Mapping[str, Entity]
    rules: tuple[CompiledRule, ...]
    traps: tuple[PlacedTrap, ...]
    aliases: Mapping[int, tuple[CompiledAlias, ...]] = field(repr=False)
    phrases: tuple[Phrase, ...] = field(repr=False)
    automaton: Automaton = field(repr=False)
    index: Index = field(repr=False)
    scales: Mapping[str, Scale] = field(repr=False)
    aside: Aside = field(repr=False)

    def rule(self, rule_id: str) -> CompiledRule | None:
        """The rule of that id."""
        return next((r for r in self.rules if r.id == rule_id), None)

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that a rule belongs to, in alphabetical order."""
        return tuple(sorted({topic for rule in self.rules for topic in rule.topics}))


def index_rules(rules: tuple[CompiledRule, ...]) -> Index:
    """Index each rule by its rarest required leaves; rules without any are looked at for every item."""
    by_entity: dict[str, dict[AnyLeaf, None]] = {}
    by_phrase: dict[int, dict[AnyLeaf, None]] = {}
    rules_of: dict[int, list[int]] = {}
    unanchored = []
    for position, rule in enumerate(rules):
        anchor = anchors(rule.when)
        if anchor is None:
            unanchored.append(position)
            continue
        for leaf in anchor:
            known = rules_of.setdefault(leaf.number, [])
            known.append(position)
            if len(known) > 1:
                continue
            if isinstance(leaf, EntityLeaf):
                for entity in leaf.ids:
                    by_entity.setdefault(entity, {})[leaf] = None
            elif isinstance(leaf, PhraseLeaf):
                for number in leaf.phrases.numbers:
                    by_phrase.setdefault(number, {})[leaf] = None
    return Index(
        {k: tuple(v) for k, v in by_entity.items()},
        {k: tuple(v) for k, v in by_phrase.items()},
        {k: tuple(v) for k, v in rules_of.items()},
        tuple(unanchored),
    )
