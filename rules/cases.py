"""The proofs that rules and packs carry with them: cases and traps run, and clauses that no case reaches named. Pure, no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rules.conditions import leaves
from rules.matcher import Matcher, judge
from rules.ruleset import CompiledRule, PlacedTrap
from rules.spec import CaseItem
from rules.spec_entities import Trap
from watcher.errors import Place
from watcher.model import Item


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of one case: `wanted` and `fired` differ where it failed; `clauses` are those it reached."""

    rule: str
    place: Place
    text: str
    wanted: bool
    fired: bool
    clauses: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the rule did what its author said."""
        return self.wanted == self.fired


@dataclass(frozen=True, slots=True)
class TrapResult:
    """What became of one trap: entities it names that were not found, and those found that it is not about."""

    place: Place
    text: str
    missing: tuple[str, ...]
    mistaken: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the sentence was read as its author said."""
        return not (self.missing or self.mistaken)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The clauses of one rule, and those that no firing case reaches."""

    rule: str
    place: Place
    clauses: int
    unreached: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that `rules test` finds."""

    cases: tuple[CaseResult, ...]
    traps: tuple[TrapResult, ...]
    coverage: tuple[Coverage, ...]

    @property
    def passed(self) -> bool:
        """Whether every case and trap passed; clauses that are not covered are told, not failed."""
        return all(c.passed for c in self.cases) and all(t.passed for t in self.traps)


def run(matcher: Matcher, rules: Iterable[str] = ()) -> Report:
    """Run the cases of all rules and every trap; of the named rules only, and then no traps, when some are named."""
    wanted = frozenset(rules)
    chosen = [r for r in matcher.ruleset.rules if not wanted or r.id in wanted]
    cases = tuple(result for rule in chosen for result in run_cases(matcher, rule))
    traps = () if wanted else tuple(run_trap(matcher, trap) for trap in matcher.ruleset.traps)
    return Report(cases, traps, tuple(_coverage(rule, cases) for rule in chosen))


def run_cases(matcher: Matcher, rule: CompiledRule) -> Iterable[CaseResult]:
    """Judge each case of a rule by that rule alone."""
    for case, place in rule.cases:
        spec = case.fires or case.quiet
        if spec is not None:
            found = judge(rule, matcher.read(case_item(spec)))
            clauses = tuple(c.clause for c in found.clauses) if found else ()
            yield CaseResult(rule.id, place, spec.text or spec.title or spec.summary, case.fires is not None, found is not None, clauses)


def run_trap(matcher: Matcher, placed: PlacedTrap) -> TrapResult:
    """Read the sentence of a trap."""
    trap: Trap = placed.trap
    found = matcher.read(Item(id="trap", title=trap.text, lang=trap.lang or "")).entities
    enabled = matcher.ruleset.entities
    return TrapResult(
        placed.place,
        trap.text,
        missing=tuple(i for i in trap.is_ if i in enabled and i not in found),
        mistaken=tuple(i for i in trap.not_ if i in found),
    )


def case_item(case: CaseItem) -> Item:
    """The item that a case describes; its text is the title, or the summary when it has a title of its own."""
    return Item(
        id="case",
        title=case.title or case.text,
        summary=case.summary or (case.text if case.title else ""),
        content=case.content,
        lang=case.lang,
        source=case.source,
        kind=case.kind,
        tags=case.tags,
        published=case.published,
        facts=case.facts(),
    )


def _coverage(rule: CompiledRule, cases: Iterable[CaseResult]) -> Coverage:
    reached = {clause for case in cases if case.rule == rule.id and case.wanted for clause in case.clauses}
    labels = list(dict.fromkeys(leaf.label for leaf in leaves(rule.when)))
    return Coverage(rule.id, rule.place, len(labels), tuple(label for label in labels if label not in reached))
