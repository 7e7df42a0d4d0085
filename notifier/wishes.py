"""What one person wants, as one frozen value: what they follow, what they silence and until when, how soon each severity may reach them.

Pure. What follows from it for a story is `notifier.wanting`; how it is kept is one JSON column.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from rules.spec import SEVERITIES


class Of(StrEnum):
    """What a follow or a mute speaks of; ALL and STORY are for mutes alone, COUNTRY and WORDS for follows alone."""

    ALL = "all"
    TOPIC = "topic"
    ENTITY = "entity"
    COUNTRY = "country"
    RULE = "rule"
    WORDS = "words"
    STORY = "story"


class Tier(StrEnum):
    """How soon alerts of a severity may come: at once, the first at once and those close behind it together, or in the digest only."""

    NOW = "now"
    BUNDLE = "bundle"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Follow:
    """One thing that is followed: a topic, the id of an entity or a rule, a country's code, or words that reports must hold."""

    of: Of
    what: str


@dataclass(frozen=True, slots=True)
class Mute:
    """One thing that is silenced, until a moment or (None) for ever; `what` is empty for ALL, a story's number for STORY."""

    of: Of
    what: str = ""
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is in force."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nothing rings, on the wall clock of an IANA zone, such as 22:00 to 07:00; they may cross midnight."""

    start: str
    end: str
    tz: str = "UTC"


@dataclass(frozen=True, slots=True)
class Wishes:
    """Everything a person chose; `follows` None means that they follow everything, and an empty one nothing.

    `tiers` are those of low, normal, high and critical; `budget` is alerts a day on the clock of `tz`, None without limit; `loud_quiet`
    lets critical alerts through quiet hours. `digest_days` are weekdays with Monday as 0, none meaning all. `lang` overrides Telegram's.
    """

    follows: tuple[Follow, ...] | None = None
    mutes: tuple[Mute, ...] = ()
    min_severity: str = "normal"
    tiers: tuple[Tier, Tier, Tier, Tier] = (Tier.NOW, Tier.NOW, Tier.NOW, Tier.NOW)
    quiet: Quiet | None = None
    loud_quiet: bool = False
    budget: int | None = None
    alerts: bool = True
    digest_at: str | None = None
    digest_days: tuple[int, ...] = ()
    tz: str = "UTC"
    lang: str = ""

    def tier(self, severity: str) -> Tier:
        """How soon alerts of this severity may come."""
        return self.tiers[rank(severity)]

    def followed(self, of: Of) -> tuple[str, ...]:
        """What is followed of one sort."""
        return tuple(f.what for f in self.follows or () if f.of is of)

    def muted(self, of: Of, now: datetime) -> frozenset[str]:
        """What is silenced of one sort at this moment."""
        return frozenset(m.what for m in self.mutes if m.of is of and m.holds(now))

    def following(self, *follows: Follow) -> Wishes:
        """The same with these follows added; mutes of the same things end."""
        mine = tuple(dict.fromkeys((*(self.follows or ()), *follows)))
        given = {(f.of, f.what) for f in follows}
        return replace(self, follows=mine, mutes=tuple(m for m in self.mutes if (m.of, m.what) not in given))

    def leaving(self, *follows: Follow) -> Wishes:
        """The same without these follows; whoever follows everything goes on doing so."""
        return self if self.follows is None else replace(self, follows=tuple(f for f in self.follows if f not in follows))

    def muting(self, mute: Mute, now: datetime) -> Wishes:
        """The same with one more mute, which takes the place of an earlier one of the same thing; those that ended are forgotten."""
        kept = (m for m in self.mutes if m.holds(now) and (m.of, m.what) != (mute.of, mute.what))
        return replace(self, mutes=(*kept, mute))

    def unmuting(self, of: Of, what: str = "") -> Wishes:
        """The same without a mute."""
        return replace(self, mutes=tuple(m for m in self.mutes if (m.of, m.what) != (of, what)))


def rank(severity: str) -> int:
    """How loud a severity is, counted from 0; one that nobody knows counts as normal."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else 1


EVERYTHING = Wishes()  # what whoever chose nothing gets
_WISHES = TypeAdapter(Wishes)


def as_json(wishes: Wishes) -> dict[str, Any]:
    """What is kept: plain data, without what is as by default."""
    kept: dict[str, Any] = _WISHES.dump_python(wishes, mode="json", exclude_defaults=True)
    return kept


def from_json(data: dict[str, Any]) -> Wishes:
    """The wishes that were kept; raises pydantic's ValidationError for what never was one."""
    return _WISHES.validate_python(data)
