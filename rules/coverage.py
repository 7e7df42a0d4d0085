"""How much of the rules and packs the cases and traps reach: clauses, signals, names and words that none proves are named. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rules.conditions import Reading, leaves
from rules.phrases import Languages
from rules.ruleset import CompiledRule, RuleSet
from rules.score import weigh
from watcher.errors import Place


@dataclass(frozen=True, slots=True)
class Coverage:
    """The clauses of one rule, and those that no firing case reaches."""

    rule: str
    place: Place
    clauses: int
    unreached: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """What one file holds of a kind (names, words or signals), and what of it no case or trap reaches."""

    kind: str
    file: str
    total: int
    unreached: tuple[str, ...]

    @property
    def reached(self) -> int:
        """How many are."""
        return self.total - len(self.unreached)


@dataclass(slots=True)
class Seen:
    """What the sentences read so far have reached."""

    names: set[tuple[str, int]] = field(default_factory=set)  # entity and phrase
    words: set[tuple[str, int]] = field(default_factory=set)  # lexicon and phrase
    signals: set[tuple[str, str]] = field(default_factory=set)  # scale and signal

    def add(self, reading: Reading, ruleset: RuleSet, rule: CompiledRule | None = None) -> None:
        """Take in the sentence of a trap, or of a case of `rule`."""
        document = reading.document
        for number in document.hits.keys() & ruleset.aliases.keys():
            spans = set(document.phrase(number))
            for alias in ruleset.aliases[number]:
                if not spans.isdisjoint(reading.entities.get(alias.entity, ())):
                    self.names.add((alias.entity, number))
        for lexicon, words in ruleset.written.lexicons.items():
            self.words.update((lexicon, n) for n in document.hits.keys() & words.keys() if document.speaks(words[n]) and document.phrase(n))
        if rule is not None and rule.scale is not None:
            self.signals.update((rule.scale.id, s.id) for s in weigh(rule.scale, reading).signals)


def clauses(rule: CompiledRule, reached: Iterable[str]) -> Coverage:
    """The clauses of a rule beside those that its firing cases reach."""
    labels, known = list(dict.fromkeys(leaf.label for leaf in leaves(rule.when))), frozenset(reached)
    return Coverage(rule.id, rule.place, len(labels), tuple(label for label in labels if label not in known))


def reach(seen: Seen, ruleset: RuleSet) -> tuple[Reach, ...]:
    """What each file holds, and what of it was not seen."""
    every: dict[tuple[str, str], dict[str, bool]] = {}  # kind and file → what is there → whether it was seen
    text = ruleset.phrases
    for number, aliases in ruleset.aliases.items():
        for alias in aliases:
            file = ruleset.written.entities.get(alias.entity, "")
            every.setdefault(("names", file), {})[f"{alias.entity}: {text[number].text}"] = (alias.entity, number) in seen.names
    for lexicon, words in ruleset.written.lexicons.items():
        file = ruleset.written.files[lexicon]
        for number, languages in words.items():
            said = f"{lexicon}: {text[number].text}{_in(languages)}"
            every.setdefault(("words", file), {})[said] = (lexicon, number) in seen.words
    for scale in {r.scale.id: r.scale for r in ruleset.rules if r.scale is not None}.values():
        for signal in scale.signals:
            every.setdefault(("signals", scale.id), {})[signal.id] = (scale.id, signal.id) in seen.signals
    return tuple(
        Reach(kind, file, len(found), tuple(what for what, there in found.items() if not there))
        for (kind, file), found in sorted(every.items())
    )


def _in(languages: Languages) -> str:
    return f" ({', '.join(sorted(languages))})" if languages else ""
