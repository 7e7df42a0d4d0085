"""What readers say of alerts, and what that says of the rules: how many of a rule's alerts were worth it. On a connection.

A 👎 for a duplicate or for old news is no fault of the rule: such votes count for stories and sources, and not against precision.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import sqrt

from sqlalchemy import Connection, select

from notifier.tables import feedback as table
from watcher.store import on_conflict_update

LEAST = 8  # votes below which nothing is said of a rule: of seven, one person's mood is a seventh
_Z = 1.96  # standard deviations that hold 95 %


class Why(StrEnum):
    """What was wrong with an alert."""

    NOISE = "noise"
    DUPLICATE = "duplicate"
    ENTITY = "entity"
    OLD = "old"


_OF_RULE = frozenset({Why.NOISE, Why.ENTITY, ""})  # whys that count against the rule; who gave none counts too


@dataclass(frozen=True, slots=True)
class Precision:
    """The votes on a rule's alerts; `down` are those that count against it, `whys` what was given as wrong."""

    rule: str
    up: int = 0
    down: int = 0
    whys: dict[str, int] = field(default_factory=dict)

    @property
    def votes(self) -> int:
        """How many votes count."""
        return self.up + self.down

    @property
    def enough(self) -> bool:
        """Whether so many voted that a share means something."""
        return self.votes >= LEAST

    @property
    def share(self) -> float | None:
        """The share that was worth it, 0 to 1; None below the least sample."""
        return self.up / self.votes if self.enough else None

    @property
    def interval(self) -> tuple[float, float]:
        """Between which shares the true one lies, at 95 %."""
        return wilson(self.up, self.votes)

    def __str__(self) -> str:
        if not self.votes:
            return "no votes"
        low, high = self.interval
        return f"{self.up} of {self.votes} worth it" + (f" ({low:.0%}–{high:.0%})" if self.enough else f", fewer than {LEAST} say nothing")


def wilson(good: int, of: int) -> tuple[float, float]:
    """Wilson's score interval at 95 % for `good` out of `of`; everything is possible where nobody voted."""
    if of <= 0:
        return 0.0, 1.0
    share, square = good / of, _Z * _Z
    centre = share + square / (2 * of)
    spread = _Z * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, (centre - spread) / (1 + square / of)), min(1.0, (centre + spread) / (1 + square / of))


def vote(conn: Connection, delivery: int, subscriber: int, value: int, why: str, rules: Sequence[str], now: datetime) -> None:
    """Keep a vote (1 or -1) of one chat on one alert; the last one counts."""
    row = {"delivery_id": delivery, "subscriber_id": subscriber, "vote": value, "why": why, "rules": list(rules), "at": now}
    on_conflict_update(conn, table, ["delivery_id", "subscriber_id"], row)


def precision(conn: Connection, since: datetime | None = None) -> dict[str, Precision]:
    """By rule, for every rule that was voted on since that moment. A vote on a story of several rules counts for each of them."""
    query = select(table.c.vote, table.c.why, table.c.rules)
    up: Counter[str] = Counter()
    down: Counter[str] = Counter()
    whys: dict[str, Counter[str]] = defaultdict(Counter)
    for row in conn.execute(query.where(table.c.at >= since) if since else query):
        for rule in row.rules:
            if row.vote > 0:
                up[rule] += 1
            elif row.why in _OF_RULE:
                down[rule] += 1
            if row.vote < 0 and row.why:
                whys[rule][row.why] += 1
    return {rule: Precision(rule, up[rule], down[rule], dict(whys[rule])) for rule in sorted({*up, *down, *whys})}
