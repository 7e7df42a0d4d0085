"""The proofs that rules and packs carry with them: cases and traps, run. Pure, no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules.conditions import leaves
from rules.coverage import Coverage, Reach, Seen, clauses, reach
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
class Report:
    """All that `rules test` finds."""

    cases: tuple[CaseResult, ...]
    traps: tuple[TrapResult, ...]
    coverage: tuple[Coverage, ...]
    reach: tuple[Reach, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every case and trap passed; what none of them reaches is told, not failed."""
        return all(c.passed for c in self.cases) and all(t.passed for t in self.traps)


def run(matcher: Matcher, rules: Iterable[str] = ()) -> Report:
    """Run the cases of all rules and every trap; of the named rules only, and then no traps and no packs, when some are named."""
    wanted = frozenset(rules)
    ruleset, seen = matcher.ruleset, Seen()
    chosen = [r for r in ruleset.rules if not wanted or r.id in wanted]
    cases = tuple(result for rule in chosen for result in _run_cases(matcher, rule, seen))
    traps = () if wanted else tuple(_run_trap(matcher, trap, seen) for trap in ruleset.traps)
    return Report(cases, traps, tuple(_coverage(chosen, cases)), () if wanted else reach(seen, ruleset))


def _coverage(chosen: Sequence[CompiledRule], cases: Sequence[CaseResult]) -> Iterable[Coverage]:
    """The coverage of each rule; a clause that several rules have is reached by the cases of any of them."""
    rules_of = Counter(label for rule in chosen for label in {leaf.label for leaf in leaves(rule.when)})
    anywhere = {c for case in cases if case.wanted for c in case.clauses if rules_of[c] > 1}
    for rule in chosen:
        yield clauses(rule, anywhere.union(c for case in cases if case.rule == rule.id and case.wanted for c in case.clauses))


def _run_cases(matcher: Matcher, rule: CompiledRule, seen: Seen) -> Iterable[CaseResult]:
    """Judge each case of a rule by that rule alone."""
    for case, place in rule.cases:
        spec = case.fires or case.quiet
        if spec is not None:
            reading = matcher.read(case_item(spec))
            seen.add(reading, matcher.ruleset, rule)
            found = judge(rule, reading)
            said = spec.text or spec.title or spec.summary
            yield CaseResult(rule.id, place, said, case.fires is not None, found is not None, found.clauses if found else ())


def _run_trap(matcher: Matcher, placed: PlacedTrap, seen: Seen) -> TrapResult:
    """Read the sentence of a trap."""
    trap: Trap = placed.trap
    reading = matcher.read(Item(id="trap", title=trap.text, lang=trap.lang or ""))
    seen.add(reading, matcher.ruleset)
    found, enabled = reading.entities, matcher.ruleset.entities
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
