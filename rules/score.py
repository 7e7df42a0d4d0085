"""How sure a match is, as a sum of named parts between 0 and 1. Pure.

Every match starts at the base. A headline says what an article is about; words close together belong together; more distinct
parties and more distinct words of the deal make an accident less likely.
"""

from __future__ import annotations

from collections.abc import Sequence

from rules.automaton import Span
from rules.conditions import AnyLeaf, EntityLeaf, PhraseLeaf, Reading
from rules.model import Contribution

BASE = 0.4
TITLE = 0.2
CLOSE = 0.2
PARTIES = 0.1
WORDS = 0.1
FAR = 40  # words; evidence spread over more than this adds nothing for closeness


def score(found: Sequence[tuple[AnyLeaf, list[Span]]], reading: Reading) -> tuple[Contribution, ...]:
    """The parts of the score of one place where a rule held, from what held there."""
    document = reading.document
    spans = [span for _, leaf_spans in found for span in leaf_spans]
    parts = [Contribution("the rule holds", BASE)]
    if spans:
        title_end = document.title[1]
        if all(any(s[1] <= title_end for s in leaf_spans) for _, leaf_spans in found):
            parts.append(Contribution("all of it in the title", TITLE))
        apart = _spread(found, reading)
        if apart < FAR:
            parts.append(Contribution(f"within {apart} words", round(CLOSE * (1 - apart / FAR), 3)))
        named = {
            entity
            for leaf, at in found if isinstance(leaf, EntityLeaf)
            for entity in reading.named & leaf.ids if not set(at).isdisjoint(reading.entities[entity])
        }
        if len(named) > 1:
            parts.append(Contribution(f"{len(named)} parties named", min(PARTIES, PARTIES * (len(named) - 1) / 2)))
        words = {document.data[lo:hi] for leaf, leaf_spans in found if isinstance(leaf, PhraseLeaf) for lo, hi in leaf_spans}
        if words:
            parts.append(Contribution(f"{len(words)} words of the deal", min(WORDS, WORDS * len(words) / 2)))
    return tuple(parts)


def _spread(found: Sequence[tuple[AnyLeaf, list[Span]]], reading: Reading) -> int:
    """Words between the first mention of each part and the mention of the others nearest to it."""
    first = found[0][1][0]
    nearest = [min(spans, key=lambda s: abs(s[0] - first[0])) for _, spans in found]
    return reading.document.words_between(min(s[0] for s in nearest), max(s[1] for s in nearest))
