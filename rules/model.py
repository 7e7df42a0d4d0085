"""What the rest of the product hears from the rules: entities found, rules that matched, and why. Frozen, without I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

FieldSpan = tuple[str, int, int]  # field of the item, first character, character after the last


class EntityHit(NamedTuple):
    """An entity that an item names, and where. A tuple, for dozens are made for every item."""

    id: str
    name: str
    type: str
    spans: tuple[FieldSpan, ...]
    country: str = ""  # its code, where the pack says it and the hit is fresh


class Contribution(NamedTuple):
    """A part of a score and its name; the parts of a match sum to its score."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A rule that an item satisfies; `score` is between 0 and 1, `severity` one of low, normal, high, critical."""

    rule: str
    severity: str
    topics: tuple[str, ...]
    score: float
    evidence: tuple[FieldSpan, ...]
    contributions: tuple[Contribution, ...]
    clauses: tuple[str, ...]  # those that held, in the operator's words


@dataclass(frozen=True, slots=True)
class MatchResult:
    """All that the rules have to say about one item."""

    entities: tuple[EntityHit, ...]
    matches: tuple[RuleMatch, ...]
