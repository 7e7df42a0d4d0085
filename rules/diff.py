"""What another rule set would change: two replays of one archive held against each other. Pure.

Stories of the two are one when they share an item, for an edit may let an event ring by another of its reports: that is no alert lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rules.replay import Imagined, Replayed
from rules.spec import SEVERITIES


@dataclass(frozen=True, slots=True)
class Changed:
    """A story that rings with both rule sets, and not alike: in severity, or in the topics that decide whom it reaches."""

    old: Imagined
    new: Imagined


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs: stories that ring only with the new rules, only with the old ones, or otherwise than before; items by rule."""

    gained: tuple[Imagined, ...]
    lost: tuple[Imagined, ...]
    changed: tuple[Changed, ...]
    matches: Mapping[str, tuple[int, int]]  # rule → items that only the new rules match, and only the old ones

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.gained or self.lost or self.changed or self.matches)


def difference(old: Replayed, new: Replayed) -> Difference:
    """From `old` to `new`."""
    before, after = _by_item(old.rung), _by_item(new.rung)
    return Difference(
        gained=tuple(s for s in new.rung if not _others(s, before)),
        lost=tuple(s for s in old.rung if not _others(s, after)),
        changed=tuple(Changed(s, louder) for s in old.rung if (louder := _loudest(_others(s, after))) is not None and _unlike(s, louder)),
        matches=_matches(old, new),
    )


def _by_item(stories: Iterable[Imagined]) -> dict[int, Imagined]:
    return {seen.item: story for story in stories for seen in story.items}


def _others(story: Imagined, stories: Mapping[int, Imagined]) -> list[Imagined]:
    """The stories of the other side that hold an item of this one, in order."""
    return [stories[seen.item] for seen in story.items if seen.item in stories]


def _loudest(stories: Iterable[Imagined]) -> Imagined | None:
    return max(stories, key=lambda s: SEVERITIES.index(s.draft.severity), default=None)


def _unlike(old: Imagined, new: Imagined) -> bool:
    return (old.draft.severity, old.draft.topics) != (new.draft.severity, new.draft.topics)


def _matches(old: Replayed, new: Replayed) -> dict[str, tuple[int, int]]:
    before, after = set(_pairs(old)), set(_pairs(new))
    rules = sorted({rule for rule, _ in before ^ after})
    more, less = after - before, before - after
    return {rule: (sum(r == rule for r, _ in more), sum(r == rule for r, _ in less)) for rule in rules}


def _pairs(replayed: Replayed) -> Iterator[tuple[str, int]]:
    return ((rule, seen.item) for seen in replayed.seen for rule in seen.rules)
