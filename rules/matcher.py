"""One item in, its entities and matches out: one scan, then only the rules whose rarest part was found. Pure, no I/O."""

from __future__ import annotations

from rules.conditions import Reading, evidence_here, where
from rules.document import Document
from rules.entities import resolve
from rules.model import ClauseHit, EntityHit, FieldSpan, MatchResult, RuleMatch
from rules.ruleset import CompiledRule, RuleSet
from rules.score import plain_score, weigh
from watcher.model import Item

MAX_EVIDENCE = 24  # spans shown for one match
MAX_PLACES = 50  # sentences or windows of one item that are looked at for evidence and score


class Matcher:
    """Judges items by one rule set. Holds no state between items."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset

    def read(self, item: Item) -> Reading:
        """The item with its hits and entities, not yet judged."""
        document = Document(item, self.ruleset.automaton, self.ruleset.phrases)
        return Reading(document, resolve(document, self.ruleset.aliases), self.ruleset.aside.of(document))

    def match(self, item: Item) -> MatchResult:
        """The entities that an item names and the rules it satisfies, in the order of the rule set."""
        reading = self.read(item)
        matches = (judge(self.ruleset.rules[number], reading) for number in self._candidates(reading))
        return MatchResult(self.entities(reading), tuple(m for m in matches if m is not None))

    def entities(self, reading: Reading) -> tuple[EntityHit, ...]:
        """The entities of a reading with their places in the original text."""
        known, original = self.ruleset.entities, reading.document.original
        return tuple(
            EntityHit(i, entity.name, entity.type, tuple(map(original, spans)), entity.country or "")
            for i, spans in reading.entities.items()
            for entity in (known[i],)
        )

    def _candidates(self, reading: Reading) -> list[int]:
        return self.ruleset.index.candidates(reading.entities.keys(), reading.document.hits.keys())


def judge(rule: CompiledRule, reading: Reading) -> RuleMatch | None:
    """What `rule` makes of an item; None when it does not hold."""
    if rule.where.missed(reading.document) is not None:
        return None
    places = where(rule.when, reading)
    if not places:
        return None
    found = [list(evidence_here(rule.when, reading, place)) for place in places[:MAX_PLACES]]
    if rule.scale is not None:
        weighed = weigh(rule.scale, reading)
        if weighed.score < rule.at_least:
            return None
        contributions = weighed.contributions
        found.append(list(weighed.evidence))
    else:
        contributions = max((plain_score(f, reading) for f in found), key=lambda parts: sum(p.value for p in parts))
    clauses: dict[str, dict[FieldSpan, None]] = {}
    for leaf, spans in (pair for pairs in found for pair in pairs):
        clauses.setdefault(leaf.label, {}).update(dict.fromkeys(map(reading.document.original, spans)))
    shown = sorted({span for clause in clauses.values() for span in clause}, key=_reading_order)
    return RuleMatch(
        rule=rule.id,
        severity=rule.severity,
        topics=rule.topics,
        score=round(min(1.0, max(0.0, sum(p.value for p in contributions))), 3),
        evidence=tuple(shown[:MAX_EVIDENCE]),
        contributions=contributions,
        clauses=tuple(ClauseHit(label, tuple(clause)) for label, clause in clauses.items()),
    )


def _reading_order(span: FieldSpan) -> tuple[int, int, int]:
    return ("title", "summary", "content").index(span[0]), span[1], span[2]
