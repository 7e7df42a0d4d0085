"""Whether a person wants a story, and when: pure decisions on wishes, always with their reason.

Pure. `wants` is what routing asks for each story and person; `concerns` is its first half, which digests, /latest and /search ask too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from notifier.model import Story
from notifier.schedule import quiet_until
from notifier.wishes import Follow, Of, Tier, Wishes, rank
from rules.fold import PAD, fold

_NO_SPACES = "\u0e00"  # from here on scripts set no spaces between words, or few
BUNDLE = timedelta(minutes=15)  # how close alerts of the tier BUNDLE must follow one another to come together


class Course(StrEnum):
    """What becomes of an alert: it rings at once, rings at a later moment with whatever else waits, is told in the digest, or never."""

    NOW = "now"
    LATER = "later"
    DIGEST = "digest"
    NEVER = "never"


class Reason(StrEnum):
    """Why, as a template in English; the bot has it in every language under `reason.<name>`."""

    FOLLOWS_ALL = "follows everything; {0} is at least {1}"
    FOLLOWS = "follows {0}; {1} is at least {2}"
    ALERTS_OFF = "wants digests only"
    TOO_LOW = "{0} is below {1}"
    NOT_FOLLOWED = "follows none of {0}"
    MUTED_ALL = "muted everything"
    MUTED = "muted {0}"
    SILENCED = "the operator silenced {0}"
    TIER = "wants {0} in the digest"
    BUDGET = "the budget of {0} a day is spent"
    QUIET = "quiet hours"
    BUNDLED = "comes together with what is close behind the last alert"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an alert and why; `at` is set for LATER. As text it is the reason in English."""

    course: Course
    reason: Reason
    words: tuple[str, ...] = ()
    at: datetime | None = None

    @property
    def wanted(self) -> bool:
        """Whether the person is told at all, be it in the digest."""
        return self.course is not Course.NEVER

    @property
    def rings(self) -> bool:
        """Whether an alert is written, for now or for later."""
        return self.course in {Course.NOW, Course.LATER}

    def __str__(self) -> str:
        return self.reason.format(*self.words)


@dataclass(frozen=True, slots=True)
class Lately:
    """What a person is sent lately: alerts since their midnight, and when the last one may or might be sent (it can be ahead)."""

    today: int = 0
    last: datetime | None = None


NOTHING_LATELY = Lately()


def wants(
    wishes: Wishes, story: Story, now: datetime, lately: Lately = NOTHING_LATELY, silenced: Collection[str] = frozenset()
) -> Decision:
    """Whether and when an alert of the story may ring; `silenced` are the rules that the operator holds still."""
    first = concerns(wishes, story, now)
    if not first.wanted:
        return first
    if story.rules and silenced and set(story.rules) <= set(silenced):
        return Decision(Course.NEVER, Reason.SILENCED, (", ".join(story.rules),))
    if not wishes.alerts:
        return Decision(Course.DIGEST, Reason.ALERTS_OFF)
    if wishes.muted(Of.ALL, now):
        return Decision(Course.DIGEST, Reason.MUTED_ALL)
    tier, critical = wishes.tier(story.severity), story.severity == "critical"
    if tier is Tier.DIGEST:
        return Decision(Course.DIGEST, Reason.TIER, (story.severity,))
    if wishes.budget is not None and lately.today >= wishes.budget and not critical:
        return Decision(Course.DIGEST, Reason.BUDGET, (str(wishes.budget),))
    ends = quiet_until(wishes.quiet, now) if wishes.quiet and not (critical and wishes.loud_quiet) else None
    if ends:
        return Decision(Course.LATER, Reason.QUIET, at=ends)
    if tier is Tier.BUNDLE and lately.last and now < lately.last + BUNDLE:
        return Decision(Course.LATER, Reason.BUNDLED, at=lately.last if lately.last > now else lately.last + BUNDLE)
    return first


def concerns(wishes: Wishes, story: Story, now: datetime) -> Decision:
    """Whether a story is for this person at all, by what they follow, silence and hold to be loud enough.

    Mutes win over follows; one of everything silences alerts only, and the digest goes on.
    """
    if rank(story.severity) < rank(wishes.min_severity):
        return Decision(Course.NEVER, Reason.TOO_LOW, (story.severity, wishes.min_severity))
    mute = _mute(wishes, story, now)
    if mute:
        return mute
    if wishes.follows is None:
        return Decision(Course.NOW, Reason.FOLLOWS_ALL, (story.severity, wishes.min_severity))
    muted = wishes.muted(Of.TOPIC, now)
    found = [f for f in wishes.follows if follows(f, story) and not (f.of is Of.TOPIC and f.what in muted)]
    if not found:
        return Decision(Course.NEVER, Reason.NOT_FOLLOWED, (", ".join(story.topics) or "no topic",))
    named = ", ".join(f.what for f in found)
    return Decision(Course.NOW, Reason.FOLLOWS, (named, story.severity, wishes.min_severity))


def follows(follow: Follow, story: Story) -> bool:
    """Whether one thing that is followed is in the story."""
    if follow.of is Of.TOPIC:
        return follow.what in story.topics
    if follow.of is Of.ENTITY:
        return any(p.id == follow.what for p in story.parties)
    if follow.of is Of.COUNTRY:
        return any(p.country == follow.what for p in story.parties)
    if follow.of is Of.RULE:
        return follow.what in story.rules
    return follow.of is Of.WORDS and says(story, follow.what)


def says(story: Story, words: str) -> bool:
    """Whether a report's title or summary, or a party's name, holds these words next to one another, case and accents aside."""
    sought = needle(words)
    if not sought.strip(PAD):
        return False
    texts: Iterable[str] = (story.title, *(p.name for p in story.parties), *(t for r in story.reports for t in (r.title, r.summary)))
    return any(sought in _folded(text) for text in texts)


@lru_cache(maxsize=1024)
def _folded(text: str) -> bytes:
    """One story is held against the words of many people."""
    return fold(text)


def needle(words: str) -> bytes:
    """What stands in a folded text that holds these words; with no borders around scripts that know no spaces."""
    folded = fold(words)
    return folded.strip(PAD) if any(c >= _NO_SPACES for c in words) else folded


def _mute(wishes: Wishes, story: Story, now: datetime) -> Decision | None:
    """The mute that keeps the story away. A topic or a rule keeps it away where nothing else speaks for it, an entity always."""
    if str(story.id) in wishes.muted(Of.STORY, now):
        return Decision(Course.NEVER, Reason.MUTED, ("this story",))
    whole = {Of.TOPIC: story.topics, Of.RULE: story.rules}
    for of, held in whole.items():
        if held and set(held) <= wishes.muted(of, now):
            return Decision(Course.NEVER, Reason.MUTED, (", ".join(held),))
    named = [p.name for p in story.parties if p.id in wishes.muted(Of.ENTITY, now)]
    return Decision(Course.NEVER, Reason.MUTED, (", ".join(named),)) if named else None
