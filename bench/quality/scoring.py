"""Compares answers with labels: what was found, which items were told as one event, which names were read. Pure, no I/O.

Names are compared forgivingly, since "Oak Ridge" and "Oak Ridge National Laboratory", or "France Travail" and "france travail",
are one answer to a reader. Rates without a denominator are 0.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.quality.labels import Labelled

TOPIC = "partnerships"  # an item is found when a rule of this topic matches
ALIKE = 0.6  # share of words in common from which two names are one
# words that do not tell one body from another
EMPTY_WORDS = frozenset({"the", "of", "for", "and", "us", "usa", "united", "states", "government", "national"})
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the matcher said about an item."""

    found: bool = False
    story: str = ""
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> Answer:
        """The answer in a line of `concordat match`."""
        found = any(TOPIC in match["topics"] for match in line["matches"])
        return cls(found, line["story"], tuple(dict.fromkeys(e["name"] for e in line["entities"])))


@dataclass(slots=True)
class Tally:
    """Right, wrongly given and missed answers."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def wanted(self) -> int:
        """How many answers there were to give."""
        return self.right + self.missed

    @property
    def precision(self) -> float:
        """The share of given answers that is right."""
        return _share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """The share of wanted answers that was given."""
        return _share(self.right, self.wanted)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return harmonic(self.precision, self.recall)


@dataclass(frozen=True, slots=True)
class BCubed:
    """For the average item: which share of its found story belongs there, and which share of its true story was found."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return harmonic(self.precision, self.recall)


@dataclass(slots=True)
class Score:
    """Everything that is reported. `by` holds a tally for each value of lang, difficulty and kind; `names_by` one for each language."""

    items: int = 0
    match: Tally = field(default_factory=Tally)
    by: dict[str, dict[str, Tally]] = field(default_factory=dict)
    stories: BCubed = field(default_factory=lambda: BCubed(0, 0))
    names: Tally = field(default_factory=Tally)
    names_by: dict[str, Tally] = field(default_factory=dict)
    wrong: list[Labelled] = field(default_factory=list)  # items answered wrongly, in their order
    joined: list[tuple[str, ...]] = field(default_factory=list)  # labels of events that were told as one
    parted: dict[str, int] = field(default_factory=dict)  # event → into how many stories it fell
    missed: Counter[str] = field(default_factory=Counter)
    spurious: Counter[str] = field(default_factory=Counter)


def score(items: Sequence[Labelled], answers: Mapping[str, Answer]) -> Score:
    """Compare; an item without an answer counts as one with an empty answer."""
    result = Score(items=len(items))
    by: dict[str, dict[str, Tally]] = {part: defaultdict(Tally) for part in ("lang", "difficulty", "kind")}
    for item in items:
        answer = answers.get(item.id, Answer())
        for tally in (result.match, *(values[getattr(item, part)] for part, values in by.items())):
            _count(tally, wanted=item.label, given=answer.found)
        if item.label != answer.found:
            result.wrong.append(item)
        missed, spurious = unmatched(item.entities, answer.names)
        result.missed.update(missed)
        result.spurious.update(spurious)
        for tally in (result.names, result.names_by.setdefault(item.lang, Tally())):
            tally.right += len(item.entities) - len(missed)
            tally.missed += len(missed)
            tally.wrong += len(spurious)
    result.by = {part: dict(sorted(values.items())) for part, values in by.items()}
    # only what is a true event has a story; an item that got none stands alone
    events = {item.id: item.story for item in items if item.label}
    told = {i: answers.get(i, Answer()).story or f"(none) {i}" for i in events}
    result.stories = b_cubed(events, told)
    result.joined = [tuple(sorted(labels)) for labels in _met(told, events).values() if len(labels) > 1]
    result.parted = {label: len(stories) for label, stories in _met(events, told).items() if len(stories) > 1}
    return result


def b_cubed(events: Mapping[str, str], told: Mapping[str, str]) -> BCubed:
    """How well the stories `told` of the items agree with their `events`."""
    together = Counter((events[i], told[i]) for i in events)
    event_size, story_size = Counter(events.values()), Counter(told[i] for i in events)
    # each of the n items of a cell sees the same n: n² in the sum
    precision = sum(n * n / story_size[story] for (_, story), n in together.items())
    recall = sum(n * n / event_size[event] for (event, _), n in together.items())
    return BCubed(_share(precision, len(events)), _share(recall, len(events)))


def unmatched(wanted: Iterable[str], given: Iterable[str]) -> tuple[list[str], list[str]]:
    """The names that were not given, and those given that nobody wanted. A name answers for one other only."""
    left = {name: words(name) for name in given}
    missed = []
    for name in wanted:
        mine = words(name)
        found = next((other for other, theirs in left.items() if alike(mine, theirs)), None)
        if found is None:
            missed.append(name)
        else:
            del left[found]
    return missed, list(left)


def words(name: str) -> frozenset[str]:
    """The words of a name that tell it from others, without case, accents and points; all of them if none does."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in decomposed if c != "." and not unicodedata.combining(c))
    everything = frozenset(_WORD.findall(plain))
    return everything - EMPTY_WORDS or everything


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether the words of two names mean one thing: one has all of the other's, or most are shared."""
    return one <= other or other <= one or len(one & other) >= ALIKE * len(one | other)


def harmonic(precision: float, recall: float) -> float:
    """F1."""
    return _share(2 * precision * recall, precision + recall)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _count(tally: Tally, *, wanted: bool, given: bool) -> None:
    tally.right += wanted and given
    tally.wrong += given and not wanted
    tally.missed += wanted and not given


def _met(groups: Mapping[str, str], others: Mapping[str, str]) -> dict[str, set[str]]:
    """For each group the other groups that its items are in."""
    met: dict[str, set[str]] = defaultdict(set)
    for item, group in groups.items():
        met[group].add(others[item])
    return met
