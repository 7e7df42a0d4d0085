"""Why a rule fired on an item, or how near it came: each clause met or missed, with the words. Pure, no I/O.

A rule that did not fire is shown at the place where most of it held, and a clause missed there says whether it held elsewhere:
that is the difference between a word that is not known and a sentence that ended too soon.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from rules.automaton import Span
from rules.conditions import Condition, Group, Reading, evidence, holds, leaves, windows
from rules.fold import PAD
from rules.matcher import judge
from rules.model import Contribution
from rules.ruleset import CompiledRule
from rules.score import weigh

MAX_WORDS = 8  # examples shown for one clause


class State(StrEnum):
    """What became of a clause."""

    MET = "met"
    ELSEWHERE = "found, but not in the same place"
    MISSED = "missed"
    BLOCKS = "blocks the rule"
    CLEAR = "not there, as asked"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: what it asks, what became of it, the words that decided, and the clauses it is made of."""

    label: str
    state: State
    words: tuple[str, ...] = ()
    parts: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule and an item: `where` names the part of `where:` that the item does not meet; `place` is the text judged."""

    rule: str
    fires: bool
    where: str | None
    place: str
    clauses: tuple[Clause, ...]
    contributions: tuple[Contribution, ...]
    score: float | None = None
    at_least: float = 0.0

    @property
    def missing(self) -> int:
        """How many clauses stand between the item and the rule, a score that is too low among them; 0 when it fires."""
        return sum(c.state not in (State.MET, State.CLEAR) for c in self.clauses) + (self.where is not None) + self.too_low

    @property
    def too_low(self) -> bool:
        """Whether the score is below what the rule asks for."""
        return self.score is not None and self.score < self.at_least

    def lines(self) -> Iterator[str]:
        """The explanation as text, a line for each clause."""
        yield f"{self.rule}: {'fires' if self.fires else f'does not fire, {self.missing} short'}"
        if self.where:
            yield f"  where: the item's {self.where} is not what the rule asks for"
        if self.place:
            yield f"  judged in: {self.place}"
        for clause in self.clauses:
            yield from _lines(clause, 1)
        if self.score is not None:
            yield f"  score {self.score:.2f}" + (f", below the {self.at_least:g} that the rule asks for" if self.too_low else "")
        for part in sorted(self.contributions, key=lambda p: -abs(p.value)):
            yield f"    {part.value:+.2f} {part.name}"


def explain(rule: CompiledRule, reading: Reading) -> Explanation:
    """What each clause of `rule` made of an item."""
    found = judge(rule, reading)
    weighed = weigh(rule.scale, reading) if rule.scale is not None else None
    parts = weighed.contributions if weighed else found.contributions if found else ()
    place = max(windows(rule.when, reading, reading.document.whole), key=lambda w: _met(rule.when, reading, w), default=(0, 0))
    return Explanation(
        rule.id,
        found is not None,
        rule.where.missed(reading.document),
        _text(reading, place) if rule.when.within not in (None, "item") else "",
        tuple(_parts(rule.when, reading, place)),
        parts,
        weighed.score if weighed else found.score if found else None,
        rule.at_least,
    )


def _met(group: Group, reading: Reading, window: Span) -> tuple[int, int]:
    """How much of a group holds in a window: clauses for it, less those against it, and places as a tie-break."""
    wanted = sum(holds(c, reading, window) for c in group.all)
    wanted += min(group.minimum, sum(holds(c, reading, window) for c in group.any))
    unwanted = sum(holds(c, reading, window) for c in group.none)
    return wanted - unwanted, sum(len(reading.inside(leaf, window)) for leaf in leaves(group))


def _parts(group: Group, reading: Reading, window: Span) -> Iterator[Clause]:
    for condition in group.all:
        yield _clause(condition, reading, window)
    if group.any:
        parts = tuple(_clause(c, reading, window) for c in group.any)
        enough = sum(p.state is State.MET for p in parts) >= group.minimum
        yield Clause(f"any, at least {group.minimum}" if group.minimum > 1 else "any", State.MET if enough else State.MISSED, (), parts)
    for condition in group.none:
        there = holds(condition, reading, window)
        words = _words(condition, reading, window) if there else ()
        yield Clause(f"none: {_label(condition)}", State.BLOCKS if there else State.CLEAR, words)


def _clause(condition: Condition, reading: Reading, window: Span) -> Clause:
    if holds(condition, reading, window):
        state, place = State.MET, window
    else:
        place = reading.document.whole
        elsewhere = not isinstance(condition, Group) and bool(reading.spans(condition))
        state = State.ELSEWHERE if elsewhere else State.MISSED
    parts = tuple(_parts(condition, reading, window)) if isinstance(condition, Group) else ()
    return Clause(_label(condition), state, _words(condition, reading, place), parts)


def _label(condition: Condition) -> str:
    if not isinstance(condition, Group):
        return condition.label
    inside = f" within {condition.within}" if condition.within is not None else ""
    names = [leaf.label for leaf in leaves(condition)]
    return f"group{inside} ({'; '.join(names)})"


def _words(condition: Condition, reading: Reading, window: Span) -> tuple[str, ...]:
    spans = sorted({span for _, found in evidence(condition, reading, window) for span in found})
    return tuple(dict.fromkeys(_text(reading, span) for span in spans))[:MAX_WORDS]


def _text(reading: Reading, span: Span) -> str:
    """The original text of a span, whole words of it, from every field that it touches; empty for an empty span."""
    document, at, texts = reading.document, span[0], []
    for piece in document.data[span[0] : span[1]].split(b"\0"):
        lo, hi = at + len(piece) - len(piece.lstrip(PAD)), at + len(piece.rstrip(PAD))
        if lo < hi:
            field, start, end = document.origins([(lo, hi)])[lo, hi]
            texts.append(str(getattr(document.item, field)[start:end]))
        at += len(piece) + 1
    return " ".join(texts)


def _lines(clause: Clause, depth: int) -> Iterator[str]:
    words = f" [{', '.join(clause.words)}]" if clause.words and not clause.parts else ""
    yield f"{'  ' * depth}{clause.label}: {clause.state}{words}"
    for part in clause.parts:
        yield from _lines(part, depth + 1)
