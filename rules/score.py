"""How sure a match is, as a sum of named parts between 0 and 1. Pure.

A rule on a scale is weighed: each signal of the scale that holds moves the odds by its weight (in log-odds), and the score is the
probability that they come to. The parts shown are those weights brought to the same measure, so that they sum to the score.

Any other rule starts at the base. A headline says what an article is about; words close together belong together; more distinct
parties and more distinct words make an accident less likely.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from rules.automaton import Span
from rules.conditions import AnyLeaf, Condition, EntityLeaf, PhraseLeaf, Reading, evidence, holds, indispensable
from rules.model import Contribution
from rules.spans import any_inside, nearest_to
from rules.where import ANYWHERE, Where

EVEN = 0.5  # the score of a scale none of whose signals holds
BASE = 0.4
TITLE = 0.2
CLOSE = 0.2
PARTIES = 0.1
WORDS = 0.1
FAR = 40  # words; evidence spread over more than this adds nothing for closeness

Found = Sequence[tuple[AnyLeaf, list[Span]]]


@dataclass(frozen=True, slots=True)
class Signal:
    """One reason to believe or doubt; `when` is None for the one that always counts, `prior` what its weight is learnt from."""

    id: str
    title: str
    weight: float
    prior: float
    when: Condition | None = field(repr=False)
    where: Where = field(repr=False)
    every: frozenset[int] = field(init=False, repr=False)  # the leaves it cannot do without

    def __post_init__(self) -> None:
        object.__setattr__(self, "every", indispensable(self.when))

    def holds(self, reading: Reading) -> bool:
        """Whether it holds for an item."""
        if self.where is not ANYWHERE and self.where.missed(reading.document) is not None:
            return False
        return self.when is None or holds(self.when, reading, reading.document.whole)


@dataclass(frozen=True, slots=True)
class Scale:
    """The signals that rules of one kind are weighed by."""

    id: str
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a scale made of one item: the signals that hold, the score, and the words for it."""

    signals: tuple[Signal, ...]
    score: float
    contributions: tuple[Contribution, ...]


def weigh(scale: Scale, reading: Reading) -> Weighed:
    """Weigh an item; once for all the rules of a scale."""
    known = reading.weighed.get(scale.id)
    if isinstance(known, Weighed):
        return known
    signals = tuple(s for s in scale.signals if s.every <= reading.leaves and s.holds(reading))
    odds = sum(s.weight for s in signals)
    score = probability(odds)
    share = (score - EVEN) / odds if odds else 0.25
    parts = (Contribution("even odds", EVEN), *(Contribution(s.title, s.weight * share) for s in signals if s.weight))
    weighed = reading.weighed[scale.id] = Weighed(signals, score, parts)
    return weighed


def grounds(scale: Scale, reading: Reading) -> Found:
    """The words that speak for an item on a scale; once for all its rules."""
    known = reading.grounds.get(scale.id)
    if known is None:
        conditions = (s.when for s in weigh(scale, reading).signals if s.when is not None and s.weight > 0)
        known = reading.grounds[scale.id] = [pair for c in conditions for pair in evidence(c, reading, reading.document.whole)]
    return known


def probability(odds: float) -> float:
    """The probability that log-odds stand for."""
    return 1 / (1 + math.exp(-odds)) if odds >= 0 else 1 - 1 / (1 + math.exp(odds))


def plain_score(found: Found, reading: Reading) -> tuple[Contribution, ...]:
    """The parts of the score of one place where a rule without a scale held, from what held there."""
    document = reading.document
    parts = [Contribution("the rule holds", BASE)]
    if found:
        title = 0, document.title[1]
        if all(any_inside(spans, title) for _, spans in found):
            parts.append(Contribution("all of it in the title", TITLE))
        apart = _spread(found, reading)
        if apart < FAR:
            parts.append(Contribution(f"within {apart} words", round(CLOSE * (1 - apart / FAR), 3)))
        named: set[str] = set()
        for leaf, spans in found:
            if isinstance(leaf, EntityLeaf):
                elsewhere = set(spans).isdisjoint
                named.update([entity for entity in reading.named & leaf.ids if not elsewhere(reading.entities[entity])])
        if len(named) > 1:
            parts.append(Contribution(f"{len(named)} parties named", min(PARTIES, PARTIES * (len(named) - 1) / 2)))
        words = {document.data[lo:hi] for leaf, spans in found if isinstance(leaf, PhraseLeaf) for lo, hi in spans}
        if words:
            parts.append(Contribution(f"{len(words)} words of the rule", min(WORDS, WORDS * len(words) / 2)))
    return tuple(parts)


def _spread(found: Found, reading: Reading) -> int:
    """Words between the first mention of each part and the mention of the others nearest to it."""
    first = found[0][1][0][0]
    nearest = [nearest_to(spans, first) for _, spans in found]
    return reading.document.words_between(min(s[0] for s in nearest), max(s[1] for s in nearest))
