"""The labelled items are well-formed, and what is kept aside is kept aside."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime

import pytest

from bench.quality.labels import KEPT, KNOWN, PRACTICE, Labelled, read

BOTH = {"known": read(KNOWN), "kept": read(KEPT)}
TUNED_ON = [*BOTH["known"], *read(PRACTICE)]
ALL = [*TUNED_ON, *BOTH["kept"]]


def test_ids_are_unique() -> None:
    """No item is counted twice, in one file or in both."""
    assert [name for name, count in Counter(item.id for item in ALL).items() if count > 1] == []


def test_texts_are_unique() -> None:
    """No text was pasted into a second item."""
    texts = Counter(text for item in ALL for text in (item.title, item.summary) if text)
    assert [text for text, count in texts.items() if count > 1] == []


def test_no_story_is_in_both() -> None:
    """Whoever tunes on what is known has not seen an event of what is kept."""
    assert {item.story for item in TUNED_ON} & {item.story for item in BOTH["kept"]} == set()


@pytest.mark.parametrize("item", ALL, ids=lambda item: str(item.id))
def test_an_item_is_well_formed(item: Labelled) -> None:
    """A language code, a moment, a text, a reason; each entity once; a story of its own wears the item's id."""
    assert re.fullmatch(r"q-\d{4}", item.id)
    assert re.fullmatch(r"[a-z]{2}", item.lang)
    assert item.published
    assert datetime.fromisoformat(item.published).tzinfo
    assert item.summary
    assert item.why
    assert bool(item.title) == (item.kind != "social")
    assert len(set(item.entities)) == len(item.entities)
    assert all(name == name.strip() and name for name in item.entities)
    assert not item.story.startswith("u-") or item.story == f"u-{item.id}"


@pytest.mark.parametrize("half", BOTH)
def test_a_story_is_told_within_days(half: str) -> None:
    """Items of one event are of one label and so near in time that the window of stories can hold them."""
    stories: dict[str, list[Labelled]] = {}
    for item in BOTH[half]:
        stories.setdefault(item.story, []).append(item)
    for story, items in stories.items():
        assert len({item.label for item in items}) == 1, story
        moments = [datetime.fromisoformat(item.published or "") for item in items]
        assert (max(moments) - min(moments)).days < 4, story


def test_the_halves_are_alike() -> None:
    """As many items, positives and English ones in one as in the other, give or take a few; every kind in both."""
    wholes = {half: [(True, item.label, item.lang == "en", item.difficulty == "hard") for item in items] for half, items in BOTH.items()}
    known, kept = ([sum(column) for column in zip(*rows, strict=True)] for rows in wholes.values())
    assert all(abs(one - other) <= 0.08 * (one + other) for one, other in zip(known, kept, strict=True))
    assert {item.kind for item in BOTH["known"]} == {item.kind for item in BOTH["kept"]} == {"news", "press", "blog", "social", "notice"}


def test_there_is_enough_of_it() -> None:
    """Items, languages besides English, and both labels in shares that make a rate mean something."""
    languages = Counter(item.lang for item in ALL)
    assert len(ALL) >= 390
    assert sum(count >= 4 for count in languages.values()) >= 18
    assert 0.33 <= languages["en"] / len(ALL) <= 0.5
    assert 0.4 <= sum(item.label for item in ALL) / len(ALL) <= 0.5
