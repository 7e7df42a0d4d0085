"""The weights of a scale's signals, learnt from labelled items. Pure.

Logistic regression with a pull towards the priors: a signal that few items show keeps what its author gave it, one that many show
moves to where it tells true from false best. Each label counts once; nothing is drawn at random, so the same items give the
same weights.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rules.cases import case_item
from rules.conditions import Reading, where
from rules.matcher import Matcher
from rules.ruleset import CompiledRule, RuleSet
from rules.score import Scale

STEPS = 30  # of Newton's method; a handful are needed
STILL = 1e-6  # a step that moves no weight further than this is the last
FURTHEST = 20.0  # weights may go no further from 0, as in the files
FOLDS = 10
_ENTRY = re.compile(r"\s*- \{?id: ([a-z0-9._-]+)")
_WEIGHT = re.compile(r"(\bweight:\s*)[-+0-9.]+")


@dataclass(frozen=True, slots=True)
class Lesson:
    """One labelled item: the signals that hold, and whether a rule of the scale asks for them at all."""

    signals: frozenset[str]
    candidate: bool
    label: bool


@dataclass(frozen=True, slots=True)
class Marks:
    """How the weights do on labelled items."""

    precision: float
    recall: float
    f1: float


def rules_on(ruleset: RuleSet, scale: str) -> list[CompiledRule]:
    """The rules that are weighed on a scale."""
    return [r for r in ruleset.rules if r.scale is not None and r.scale.id == scale]


def lesson(reading: Reading, label: bool, rules: Sequence[CompiledRule], scale: Scale) -> Lesson:
    """What one item teaches."""
    candidate = any(r.where.missed(reading.document) is None and bool(where(r.when, reading)) for r in rules)
    return Lesson(frozenset(s.id for s in scale.signals if s.holds(reading)), candidate, label)


def lessons_of_cases(matcher: Matcher, scale: str) -> list[Lesson]:
    """What the cases of the rules on a scale teach: an item on which one fires is true, one on which all are quiet is not."""
    rules = rules_on(matcher.ruleset, scale)
    labels: dict[str, bool] = {}
    items = {}
    for case in (case for rule in rules for case, _ in rule.cases):
        spec = case.fires or case.quiet
        assert spec is not None
        key = repr(spec)
        labels[key] = labels.get(key, False) or case.fires is not None
        items[key] = case_item(spec)
    found = matcher.ruleset.scales[scale]
    return [lesson(matcher.read(items[key]), label, rules, found) for key, label in labels.items()]


def learn(lessons: Sequence[Lesson], priors: Mapping[str, float], pull: float) -> dict[str, float]:
    """Weights for the same signals. `pull` above 0: the higher, the nearer they stay to the priors."""
    names = list(priors)
    place = {name: i for i, name in enumerate(names)}
    rows = [(sorted(place[s] for s in x.signals if s in place), x.label) for x in lessons if x.candidate]
    now = start = list(priors.values())
    for _ in range(STEPS):
        slope = [pull * (a - b) for a, b in zip(now, start, strict=True)]
        bend = [[pull if i == j else 0.0 for j in range(len(now))] for i in range(len(now))]
        for held, label in rows:
            chance = _chance(sum(now[i] for i in held))
            for i in held:
                slope[i] += chance - label
                row = bend[i]
                for j in held:
                    row[j] += chance * (1 - chance)
        step = _solved(bend, slope)
        now = [max(-FURTHEST, min(FURTHEST, a - b)) for a, b in zip(now, step, strict=True)]
        if max(map(abs, step), default=0.0) < STILL:
            break
    return dict(zip(names, now, strict=True))


def marks(lessons: Iterable[Lesson], weights: Mapping[str, float], at_least: float = 0.5) -> Marks:
    """Precision, recall and F1 of `weights` where a match is a candidate that scores `at_least`."""
    return _marks((x, _says(x, weights, at_least)) for x in lessons)


def marks_apart(lessons: Sequence[Lesson], priors: Mapping[str, float], pull: float, at_least: float = 0.5) -> Marks:
    """The same for weights learnt without the items they are judged on: each tenth is judged by what the other nine teach."""
    said = []
    for fold in range(FOLDS):
        learnt = learn([x for i, x in enumerate(lessons) if i % FOLDS != fold], priors, pull)
        said += [(x, _says(x, learnt, at_least)) for x in lessons[fold::FOLDS]]
    return _marks(said)


def reweighed(text: str, weights: Mapping[str, float]) -> str:
    """A file of signals with other weights and nothing else changed; signals that it does not hold are left out."""
    out, signal = [], ""
    for line in text.splitlines(keepends=True):
        begun = _ENTRY.match(line)
        signal = begun[1] if begun else signal
        out.append(_WEIGHT.sub(rf"\g<1>{weights[signal]:.2f}", line, count=1) if signal in weights else line)
    return "".join(out)


def _says(given: Lesson, weights: Mapping[str, float], at_least: float) -> bool:
    return given.candidate and _chance(sum(weights.get(s, 0.0) for s in given.signals)) >= at_least


def _marks(said: Iterable[tuple[Lesson, bool]]) -> Marks:
    both = [(x.label, yes) for x, yes in said]
    right, called, there = both.count((True, True)), sum(yes for _, yes in both), sum(label for label, _ in both)
    return Marks(right / called if called else 0.0, right / there if there else 0.0, 2 * right / (called + there) if right else 0.0)


def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """x of matrix · x = right, by elimination; the matrix is symmetric and positive definite, so no pivot is 0."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i, pivot in enumerate(rows):
        for row in rows[i + 1 :]:
            share = row[i] / pivot[i]
            if share:
                row[i:] = [a - share * b for a, b in zip(row[i:], pivot[i:], strict=True)]
    out = [0.0] * size
    for i in reversed(range(size)):
        known = sum(rows[i][j] * out[j] for j in range(i + 1, size))
        out[i] = (rows[i][size] - known) / rows[i][i]
    return out
