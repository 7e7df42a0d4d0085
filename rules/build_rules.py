"""Rules as written, made ready to be judged: names followed, expressions compiled, equal leaves made one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import re2

from rules.build_entities import Registry
from rules.conditions import AnyLeaf, Condition, EntityLeaf, Group, PhraseLeaf, RegexLeaf, leaves
from rules.files import Spot
from rules.fold import fold
from rules.language import base
from rules.phrases import PhraseSet, union
from rules.ruleset import CompiledRule
from rules.score import Scale, Signal
from rules.spec import EntityCondition, LexiconCondition, NamedCondition, RegexCondition, Rule, Shared, WordsCondition
from rules.spec import Group as GroupSpec
from rules.spec import Signal as SignalSpec
from rules.spec import Where as WhereSpec
from rules.spec_entities import Word
from rules.vocabulary import Vocabulary
from rules.where import ANYWHERE, Amount, Where, parse_amount
from watcher.yamlfile import suggest

_REGEX_MEMORY = 8 << 20  # bytes a compiled expression may take; RE2 refuses larger ones
_SHOWN_WORDS = 4


class RuleCompiler:
    """Compiles the rules of one rule set; mistakes go to the vocabulary's problems."""

    def __init__(
        self, registry: Registry, vocabulary: Vocabulary, shared: Mapping[str, tuple[Spot, Shared]], known: AbstractSet[str]
    ) -> None:
        self._registry = registry
        self._vocabulary = vocabulary
        self._problems = vocabulary.problems
        self._shared = shared
        self._known = known  # ids of conditions ever written, switched off or not
        self._leaves: dict[Hashable, AnyLeaf] = {}
        self._named: dict[str, Condition] = {}
        self._open: list[str] = []  # named conditions being compiled, outermost first
        self._scales: dict[str, Scale] = {}

    @property
    def leaves(self) -> Iterable[AnyLeaf]:
        """Every leaf of what was compiled."""
        return self._leaves.values()

    def compile(self, spot: Spot, rule: Rule) -> CompiledRule:
        """One rule; on mistakes, which are noted, something that is never judged."""
        when = self._condition(rule.when, spot.at("when"))
        group = when if isinstance(when, Group) else Group((when,), (), (), 1, None)
        scale = self._scales.get(rule.scale) if rule.scale is not None else None
        if rule.scale is not None and scale is None:
            fix = suggest(rule.scale, self._scales) or "write signals with that scale"
            self._problems.append(spot.at("scale").problem(f"no signal is on a scale {rule.scale!r}", fix))
        if next(leaves(group), None) is None:
            self._problems.append(spot.at("when").problem("the rule looks for nothing", "add a condition under all or any"))
        return CompiledRule(
            rule.id, rule.title or rule.id, rule.topics, rule.severity, group, scale, rule.at_least or 0.0,
            self._where(rule.where, spot.at("where")),
            tuple((case, spot.at("cases", i).place) for i, case in enumerate(rule.cases)), spot.place, spot.builtin,
        )

    def scales(self, signals: Iterable[tuple[Spot, SignalSpec]]) -> Mapping[str, Scale]:
        """The signals by scale, for the rules that are compiled after them."""
        by_scale: dict[str, list[Signal]] = {}
        for spot, signal in signals:
            when = None if signal.when is None else self._condition(signal.when, spot.at("when"))
            where = self._where(signal.where, spot.at("where"))
            prior = signal.weight if signal.prior is None else signal.prior
            by_scale.setdefault(signal.scale, []).append(Signal(signal.id, signal.title or signal.id, signal.weight, prior, when, where))
        self._scales = {name: Scale(name, tuple(found)) for name, found in by_scale.items()}
        return self._scales

    def _condition(self, spec: Any, spot: Spot) -> Condition:
        if isinstance(spec, GroupSpec):
            return self._group(spec, spot)
        if isinstance(spec, NamedCondition):
            return self._by_name(spec.condition, spot.at("condition"))
        if isinstance(spec, EntityCondition):
            return self._entity(spec, spot)
        if isinstance(spec, LexiconCondition):
            return self._lexicon(spec.lexicon, spot.at("lexicon"))
        if isinstance(spec, WordsCondition):
            phrases = self._vocabulary.words(spec.words, spot.at("words"))
            label = f"words: {_shown(spec.words)}"
            return self._leaf(label, frozenset(phrases), lambda n, text: PhraseLeaf(n, text, PhraseSet(phrases), outside_names=False))
        assert isinstance(spec, RegexCondition)
        return self._regex(spec.regex, spot.at("regex"))

    def _by_name(self, name: str, spot: Spot) -> Condition:
        known = self._named.get(name)
        if known is not None:
            return known
        if name not in self._shared or name in self._open:
            if name in self._open:
                self._problems.append(spot.problem(f"the condition {name!r} leads back to itself", "write it out in one of the two"))
            elif name not in self._known:
                fix = suggest(name, self._shared) or "write it under conditions"
                self._problems.append(spot.problem(f"there is no condition {name!r}", fix))
            return self._leaf("", ("", name), lambda n, text: EntityLeaf(n, text, frozenset()))
        at, shared = self._shared[name]
        self._open.append(name)
        compiled = self._named[name] = self._condition(shared.when, at.at("when"))
        self._open.pop()
        return compiled

    def _group(self, spec: GroupSpec, spot: Spot) -> Group:
        def children(specs: Sequence[Any], key: str) -> tuple[Condition, ...]:
            compiled = [self._condition(s, spot.at(key, i)) for i, s in enumerate(specs)]
            return tuple(compiled if spec.order else sorted(compiled, key=lambda c: isinstance(c, RegexLeaf)))  # expressions come last

        return Group(
            children(spec.all, "all"), children(spec.any, "any"), children(spec.none, "none"), spec.min or 1, spec.within, spec.order
        )

    def _entity(self, spec: EntityCondition, spot: Spot) -> AnyLeaf:
        for index, ref in enumerate(spec.entity):
            if ref.id:
                self._registry.check(ref.id, spot.at("entity", index, "id"), self._problems)
            if ref.role and ref.role not in self._registry.roles and self._registry.complete:
                fix = suggest(ref.role, self._registry.roles) or "write a role that an entity has"
                self._problems.append(spot.at("entity", index, "role").problem(f"no entity has the role {ref.role!r}", fix))
        for index, entity_id in enumerate(spec.except_):
            self._registry.check(entity_id, spot.at("except", index), self._problems)
        ids = self._registry.matching(spec.entity)
        label = "entity: " + ", ".join(" ".join(filter(None, (r.id, r.type, r.role, r.country))) for r in spec.entity)
        if spec.except_:
            ids -= frozenset(spec.except_)
            label += f" except {', '.join(spec.except_)}"
        return self._leaf(label, ids, lambda n, text: EntityLeaf(n, text, ids))

    def _lexicon(self, names: Sequence[str], spot: Spot) -> AnyLeaf:
        found = [self._vocabulary.lexicon(name, spot.at(i)) for i, name in enumerate(names)]
        sets = [f for f in found if f is not None]
        phrases = sets[0] if len(sets) == 1 else PhraseSet(union(s.languages for s in sets))
        label = "lexicon: " + ", ".join(names)
        return self._leaf(label, frozenset(names), lambda n, text: PhraseLeaf(n, text, phrases, outside_names=True))

    def _regex(self, expressions: Sequence[str], spot: Spot) -> AnyLeaf:
        options = re2.Options()
        options.case_sensitive = False
        options.log_errors = False
        options.max_mem = _REGEX_MEMORY
        for index, expression in enumerate(expressions):
            try:
                re2.compile(expression, options)
            except re2.error as e:
                said = e.args[0].decode() if isinstance(e.args[0], bytes) else str(e.args[0])
                part = said.rpartition(": ")[2]
                at = f" (at character {expression.find(part) + 1})" if part and part in expression else ""
                self._problems.append(spot.at(index).problem(f"regex is not RE2: {said}{at}", "see the RE2 syntax; there is no lookaround"))
                return self._leaf(f"regex: {expression}", (), lambda n, label: RegexLeaf(n, label, None))
        joined = expressions[0] if len(expressions) == 1 else "|".join(f"(?:{e})" for e in expressions)
        compiled = re2.compile(joined, options)
        return self._leaf("regex: " + ", ".join(expressions), tuple(expressions), lambda n, label: RegexLeaf(n, label, compiled))

    def _leaf(self, label: str, key: Hashable, make: Callable[[int, str], AnyLeaf]) -> AnyLeaf:
        """The leaf already made for the same label and meaning, or a new one."""
        known = self._leaves.get((label, key))
        if known is None:
            known = self._leaves[(label, key)] = make(len(self._leaves), label)
        return known

    def _where(self, spec: WhereSpec, spot: Spot) -> Where:
        amount: Amount | None = None
        if spec.amount is not None:
            try:
                amount = parse_amount(spec.amount)
            except ValueError as e:
                self._problems.append(spot.at("amount").problem(str(e)))
        where = Where(
            lang=frozenset(map(base, spec.lang)),
            speaks=tuple(self._vocabulary.spoken(name, spot.at("speaks", index)) for index, name in enumerate(spec.speaks)),
            tags=frozenset(spec.tags),
            source=frozenset(spec.source),
            kind=frozenset(spec.kind),
            amount=amount,
            exact=tuple((n, frozenset(map(str.casefold, v))) for n in ("currency", "stage", "award_id") if (v := getattr(spec, n))),
            phrases=tuple((n, tuple(map(fold, v))) for n in ("buyer", "supplier", "vendor") if (v := getattr(spec, n))),
        )
        return ANYWHERE if where == ANYWHERE else where


def _shown(words: Iterable[Word]) -> str:
    texts = [w.text or f"list {w.list_name}" for w in words]
    return ", ".join(texts[:_SHOWN_WORDS]) + (", …" if len(texts) > _SHOWN_WORDS else "")


