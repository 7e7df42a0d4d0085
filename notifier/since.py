"""What changed in a story since a reader was last told of it, in their words. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from notifier import wording
from notifier.labels import DEFAULT, label
from notifier.model import Change, Story, rank
from notifier.richtext import one_line

MORE = 3  # further outlets that are worth a word


@dataclass(frozen=True, slots=True)
class Telling:
    """In what state a story was when a digest told it."""

    severity: str
    outlets: int
    changes: frozenset[Change]


@dataclass(frozen=True, slots=True)
class Changed:
    """A story that was told before, and how it was then."""

    story: Story
    before: Telling


def what_changed(found: Changed, lang: str = DEFAULT) -> tuple[str, ...]:
    """`now high, was normal`, `confirmed by energy.gov`, `+4 sources`: what is worth telling, weightiest first; empty when nothing is."""
    story, before = found.story, found.before
    fresh, said = story.changes - before.changes, []
    if Change.ENDED in fresh:
        said.append(label("off", lang))
    if Change.OFFICIAL in fresh and story.official:
        said.append(label("confirmed", lang, one_line(story.official.outlet)))
    if rank(story.severity) > rank(before.severity):
        said.append(label("rise", lang, wording.severity(story.severity, lang), wording.severity(before.severity, lang)))
    if len(story.outlets) - before.outlets >= MORE:
        said.append(wording.sources(len(story.outlets) - before.outlets, lang))
    return tuple(said)
