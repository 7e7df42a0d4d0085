"""Which items a rule looks at at all, by what their source says of them: language, tags, source, kind and facts. Pure."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from rules.document import Document
from rules.fold import fold
from rules.language import base
from rules.phrases import Languages

_AMOUNT = re.compile(r"(>=|<=|>|<|=)?\s*([0-9][0-9_,]*(?:\.[0-9]+)?)\s*(k|m|bn)?", re.IGNORECASE)
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq,
}
_SCALE = {"": 1.0, "k": 1e3, "m": 1e6, "bn": 1e9}


@dataclass(frozen=True, slots=True)
class Amount:
    """A bound on the amount of a contract, in units of its currency."""

    sign: str
    value: float

    def holds(self, amount: float | None) -> bool:
        """Whether a known amount is within the bound; an unknown one never is."""
        return amount is not None and _OPERATORS[self.sign](amount, self.value)


def parse_amount(text: str | float) -> Amount:
    """Read `>= 1000000`, `< 5m`, `250_000`; raise ValueError on anything else."""
    match = _AMOUNT.fullmatch(str(text).strip())
    if match is None:
        raise ValueError(f"amount is {text!r}, write a bound such as '>= 1000000' or '< 5m'")
    return Amount(match[1] or "=", float(re.sub("[_,]", "", match[2])) * _SCALE[(match[3] or "").lower()])


@dataclass(frozen=True, slots=True)
class Where:
    """What an item's source must say of it; an empty part asks for nothing."""

    lang: frozenset[str] = frozenset()
    speaks: tuple[Languages, ...] = ()  # for each lexicon asked for, the languages it has words in
    tags: frozenset[str] = frozenset()
    source: frozenset[str] = frozenset()
    kind: frozenset[str] = frozenset()
    amount: Amount | None = None
    exact: tuple[tuple[str, frozenset[str]], ...] = ()
    phrases: tuple[tuple[str, tuple[bytes, ...]], ...] = ()

    def missed(self, document: Document) -> str | None:
        """The first part that an item does not meet, by name; None when it meets all."""
        if self is ANYWHERE:
            return None
        item = document.item
        checks = (
            ("lang", not self.lang or bool(self.lang & ({base(item.lang)} if item.lang else document.languages))),
            ("speaks", all(map(document.may_be_in, self.speaks))),
            ("tags", not self.tags or not self.tags.isdisjoint(item.tags)),
            ("source", not self.source or item.source in self.source),
            ("kind", not self.kind or item.kind in self.kind),
            ("amount", self.amount is None or self.amount.holds(item.facts.amount)),
            *((name, str(getattr(item.facts, name)).casefold() in wanted) for name, wanted in self.exact),
            *((name, any(p in fold(getattr(item.facts, name) or "") for p in wanted)) for name, wanted in self.phrases),
        )
        return next((name for name, met in checks if not met), None)


ANYWHERE = Where()
