"""Which items tell of one event: the index of the stories in the window. Pure, no I/O; the clock and the ids come from
outside.

An item joins a story when it is the same page, wears the same title, or shares enough that is rare: parties of both
sides, sums, names, wording (rules.similarity). What contradicts keeps them apart. Only items found through rare
things are compared, and of each only so many, so that the cost of an item does not grow with the window.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from rules.hints import MOST_SHARED, SELDOM, Hints
from rules.profile import PUBLIC, VENDORS, Kin, Profile, profile
from rules.similarity import JOIN, SPECIFIC, Comparison, compare, contradiction

if TYPE_CHECKING:
    from collections.abc import Sequence, Sized

    from rules.amounts import Quantity
    from rules.model import EntityHit, MatchResult
    from rules.ruleset import RuleSet
    from watcher.model import Item

WINDOW = timedelta(hours=96)
LONGEST = 4  # windows that a story stays open while items keep coming
MEMBERS = 8  # items of a story that others are compared with; the rest only lengthen its life
RAREST = 7  # keys of an item, of each kind, through which others are looked for
MOST_MAKERS, MOST_BODIES = 5, 8  # parties of an item whose pairs others are looked for by
WITNESSES = 2  # items of one story that an item is compared with
CERTAIN = 3 * JOIN  # points from which no better story is looked for
POSTINGS = 10  # newest items looked at behind one key
CANDIDATES = 3  # stories compared in full
COMMON = 400  # keys behind which more items stand find nothing
PRIOR = {  # the share of stories that name one such entity, before the window has shown it
    "ai_org": 0.08, "ai_model": 0.08, "chip_vendor": 0.05,
    "gov_body": 0.03, "national_lab": 0.01, "supercomputer": 0.004, "program": 0.004,
}
USUAL_PRIOR = 0.05
PRIOR_STORIES = 40  # how many stories the prior counts as
UNSEEN_ITEMS = 60  # items that the window is taken to hold at least, when a word is weighed
SHORT_WORD = 0.3  # what a Latin word of up to three letters counts beside a longer one
REWEIGHED = 16  # words are weighed anew when one item in so many has come since


@dataclass(frozen=True, slots=True)
class Join:
    """An item belongs to `story`; `how` says why in words.

    `similarity` is 1 for the same page, 0.5 where joining begins.
    """

    story: str
    how: str
    similarity: float


@dataclass(slots=True)
class _Story:
    first: float | None
    last: float | None
    touched: float | None = None  # when an item was last added, by our own clock
    members: list[str] = field(default_factory=list)
    sums: dict[Quantity, None] = field(default_factory=dict)
    entities: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)

    def near(self, when: float | None, window: float) -> bool:
        """Whether an item of that moment can belong: within the window of one that does, not too far from the first."""
        if when is None or self.first is None or self.last is None:
            return True
        return self.first - window <= when <= min(self.last + window, self.first + LONGEST * window)


class _Weights(dict[str, float]):
    """How rare words are, from 0 to 1, worked out when asked for; good for as long as few items come or go."""

    def __init__(self, postings: Mapping[str, Sized], items: int) -> None:
        super().__init__()
        self._postings = postings
        self._total = max(items, UNSEEN_ITEMS) + 2
        self._together: dict[frozenset[str], float] = {}

    def __missing__(self, word: str) -> float:
        common = math.log(len(self._postings.get(word, ())) + 1) / math.log(self._total)
        weight = self[word] = max(0.0, 1 - common) * (SHORT_WORD if len(word) <= 3 and word.isascii() else 1)
        return weight

    def together(self, words: frozenset[str]) -> float:
        """The weights of some words, added up."""
        total = self._together.get(words)
        if total is None:
            total = self._together[words] = sum(map(self.__getitem__, words))
        return total


class StoryIndex:
    """The stories of the last days, kept so that the next item finds its own.

    `kin` says what an entity belongs to, so that a ministry and its office, or a model and its maker, count as one
    party. `mark` and `mended` belong to whoever fills the index from a record: how far it was read, and how often people had mended it.
    Not for several threads at once.
    """

    def __init__(self, window: timedelta = WINDOW, kin: Mapping[str, Kin] | None = None, hints: Hints | None = None) -> None:
        self.window = window
        self._hints = hints or Hints()
        self.kin: Mapping[str, Kin] = kin or {}
        self.clear()

    @classmethod
    def of(cls, ruleset: RuleSet) -> StoryIndex:
        """An empty index that knows the entities and the countries of a rule set."""
        return cls(kin=ruleset.entities, hints=Hints.of(ruleset))

    def clear(self) -> None:
        """Forget everything."""
        self._stories: dict[str, _Story] = {}
        self._story_of: dict[str, str] = {}
        self._profiles: dict[str, Profile] = {}
        self._postings: dict[str, list[str]] = {}
        self._pages: dict[str, str] = {}  # link or title → the story that has it
        self._named: Counter[str] = Counter()  # entity → stories that name it
        self._weights = _Weights(self._postings, 0)
        self._changes = 0
        self._read: tuple[Item, Profile] | None = None
        self._sought: tuple[Profile, list[tuple[float, list[str]]]] | None = None
        self._made = 0
        self.mark: tuple[int, int, datetime] | None = None
        self.mended = 0

    def __len__(self) -> int:
        """How many stories are remembered."""
        return len(self._stories)

    # --- asking ----------------------------------------------------------------------------------

    def find(self, item: Item, entities: Sequence[EntityHit], now: datetime | None = None) -> Join | None:
        """The story that `item` belongs to, if there is one; `now` dates an item that has no moment of its own."""
        this = self._profile(item, entities, now)
        return self._same_page(this) or self._same_event(this)

    def _same_page(self, this: Profile) -> Join | None:
        for key, how in _pages(this):
            story = self._pages.get(key)
            if story is not None and self._open(story, this) and not self._refuses(story, this):
                return Join(story, how, 1.0)
        return None

    def _same_event(self, this: Profile) -> Join | None:
        best: tuple[float, str, Comparison] | None = None
        for story in self._candidates(this):
            found, like = max(((compare(this, m, self), m) for m in self._witnesses(story, this)), key=lambda pair: pair[0].points)
            if found.joins and (best is None or found.points > best[0]) and not self._refuses(story, this, like):
                best = found.points, story, found
                if found.points >= CERTAIN:
                    break
        if best is None:
            return None
        points, story, found = best
        return Join(story, found.how, round(min(1.0, points / (2 * JOIN)), 3))

    def _witnesses(self, story: str, this: Profile) -> list[Profile]:
        """The items of a story to compare with: some in the language of `this`, because wording tells most; else any."""
        members = [self._profiles[m] for m in self._stories[story].members]
        near = [m for m in members if m.lang == this.lang]
        far = [m for m in members if m.lang != this.lang]
        return [*near[:1], *near[1:][1 - WITNESSES :], *far[:1], *(far[1:][1 - WITNESSES :] if not near else ())]

    def _open(self, story: str, this: Profile) -> bool:
        return self._stories[story].near(this.when, self.window.total_seconds() / 3600)

    def _refuses(self, story: str, this: Profile, like: Profile | None = None) -> bool:
        """Whether the item contradicts half of what the story's items say; `like` is the one that it resembles.

        Of a story that people merged from two, the half that `like` itself contradicts has no say.
        """
        known = self._stories[story]
        members = [self._profiles[m] for m in known.members]
        if like is not None and contradiction(this, like, known.sums):
            return True
        if not _opposed(this, members, known.sums):
            return False
        if like is None:
            like = next((m for m in members if (this.link and m.link == this.link) or (this.title and m.title == this.title)), None)
        return like is None or _opposed(this, [m for m in members if not contradiction(like, m, known.sums)], known.sums)

    def _candidates(self, this: Profile) -> list[str]:
        """Open stories of items that share rare things with `this`, the most telling first."""
        postings = self._postings
        score: dict[str, float] = {}
        for weight, keys in self._keys(this):
            found = [(len(postings[key]), key) for key in keys if key in postings]
            found.sort()
            for size, key in found[:RAREST]:
                if size > COMMON:
                    continue
                worth = weight / (1 + math.log(size))
                for story in {self._story_of[item] for item in islice(reversed(postings[key]), POSTINGS)}:
                    score[story] = score.get(story, 0.0) + worth
        best = sorted(score, key=lambda story: (-score[story], story))
        return list(islice((story for story in best if self._open(story, this)), CANDIDATES))

    def party(self, entity: str, kind: str) -> float:
        """Points of an entity that two items name: minus the logarithm of the share of stories that name it."""
        share = PRIOR.get(kind, USUAL_PRIOR)
        return -math.log((self._named[entity] + PRIOR_STORIES * share) / (len(self._stories) + PRIOR_STORIES))

    def country(self, country: str) -> float:
        """Points of a country that two items speak of."""
        share = MOST_SHARED.get(country, SELDOM)
        return -math.log((self._named["@" + country] + PRIOR_STORIES * share) / (len(self._stories) + PRIOR_STORIES))

    def weight(self, words: frozenset[str]) -> float:
        """Weight of some words together, each from 0 to 1: how rare they are among the items remembered."""
        return self._weights.together(words)

    # --- remembering -----------------------------------------------------------------------------

    def add(self, story_id: str, item: Item, entities: Sequence[EntityHit], now: datetime | None = None) -> None:
        """Remember that `item` belongs to the story; an item known already moves there."""
        this = self._profile(item, entities, now)
        if item.id in self._story_of:
            self._drop(item.id)
        story = self._stories.setdefault(story_id, _Story(this.when, this.when))
        if this.when is not None:
            story.first = min(story.first, this.when) if story.first is not None else this.when
            story.last = max(story.last, this.when) if story.last is not None else this.when
        for key, _ in _pages(this):
            self._pages[key] = story_id
            story.keys.add(key)
        touched = now.timestamp() / 3600 if now else this.when
        if touched is not None:
            story.touched = max(story.touched, touched) if story.touched is not None else touched
        story.sums.update(dict.fromkeys(q for q in this.quantities if q.money))
        for entity in {*this.entities, *("@" + c for c in this.countries)} - story.entities:
            story.entities.add(entity)
            self._named[entity] += 1
        if len(story.members) < MEMBERS:
            story.members.append(item.id)
            self._story_of[item.id] = story_id
            self._profiles[item.id] = this
            self._changes += 1
            if self._changes * REWEIGHED > max(len(self._profiles), UNSEEN_ITEMS):
                self._weights = _Weights(self._postings, len(self._profiles))
                self._changes = 0
            for _, keys in self._keys(this):
                for key in keys:
                    self._postings.setdefault(key, []).append(item.id)

    def forget(self, before: datetime) -> None:
        """Let go of the stories that no item joined since that moment."""
        limit = before.timestamp() / 3600
        for story_id in [s for s, story in self._stories.items() if story.touched is not None and story.touched < limit]:
            for member in list(self._stories[story_id].members):
                self._drop(member)

    def _drop(self, item: str) -> None:
        story_id = self._story_of.pop(item)
        story = self._stories[story_id]
        story.members.remove(item)
        for _, keys in self._keys(self._profiles.pop(item)):
            for key in keys:
                self._postings[key].remove(item)
                if not self._postings[key]:
                    del self._postings[key]
        if not story.members:
            del self._stories[story_id]
            self._named.subtract(story.entities)
            for key in story.keys:
                if self._pages.get(key) == story_id:
                    del self._pages[key]

    # --- for `concordat match` -------------------------------------------------------------------

    def assign(self, item: Item, result: MatchResult) -> str:
        """The story of `item`, a new one ("s1", "s2", …) when it belongs to none; it is remembered there."""
        join = self.find(item, result.entities)
        if join is None:
            self._made += 1
        story = join.story if join else f"s{self._made}"
        self.add(story, item, result.entities)
        return story

    def _keys(self, this: Profile) -> Sequence[tuple[float, list[str]]]:
        """All that an item can be found by, by kind, and what a key of that kind is worth."""
        if self._sought is None or self._sought[0] is not this:
            self._sought = this, [(worth, list(keys(this, self.kin))) for worth, keys in _KEY_KINDS]
        return self._sought[1]

    def _profile(self, item: Item, entities: Sequence[EntityHit], now: datetime | None) -> Profile:
        if self._read is None or self._read[0] is not item:
            self._read = item, profile(item, entities, self.kin, self._hints, now)
        return self._read[1]


def _opposed(this: Profile, members: Sequence[Profile], sums: Iterable[Quantity]) -> bool:
    """Whether the item contradicts at least half of these."""
    return 2 * sum(1 for m in members if contradiction(this, m, sums)) >= len(members)


def prior(_entity: str, kind: str) -> float:
    """Points of an entity of this type before anything is known of the window."""
    return -math.log(PRIOR.get(kind, USUAL_PRIOR))


def _pages(this: Profile) -> list[tuple[str, str]]:
    found = [("@" + this.link, "same link")] if this.link else []
    return [*found, ("=" + this.title, "same title in another feed")] if this.title else found


def _words(this: Profile, _kin: Mapping[str, Kin]) -> Iterable[str]:
    return this.words | this.names


def _facts(this: Profile, _kin: Mapping[str, Kin]) -> Iterable[str]:
    """Its figures, award, and the laboratories, machines and programmes that it names."""
    places = ["$" + e for e, kind in this.entities.items() if kind in SPECIFIC]
    return [*this.figures, *places, "!" + this.award] if this.award else [*this.figures, *places]


def _pairs(this: Profile, kin: Mapping[str, Kin]) -> Iterable[str]:
    """Each company with each public party or country."""
    makers = sorted({_top(e, kin) for e, kind in this.entities.items() if kind in VENDORS})[:MOST_MAKERS]
    if not makers:
        return ()
    public = sorted(frozenset().union(*(this.family[e] for e, kind in this.entities.items() if kind in PUBLIC)))[:MOST_BODIES]
    return [f"&{v}+{p}" for v in makers for p in (*public, *this.countries)]


_KEY_KINDS: tuple[tuple[float, Callable[[Profile, Mapping[str, Kin]], Iterable[str]]], ...] = ((4.0, _pairs), (2.0, _facts), (1.0, _words))


def _top(entity: str, kin: Mapping[str, Kin]) -> str:
    """Of a model its maker; a firm that belongs to another stands for itself."""
    known = kin.get(entity)
    return known.parent if known and known.parent and known.type == "ai_model" else entity
