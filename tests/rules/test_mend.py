"""Promises of rules.mend: people put stories right, the log remembers, and every index follows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from rules.mend import CannotMendError, Word, bury, merge, split
from rules.records import catch_up
from rules.stories import StoryIndex
from rules.tables import alerts, stories, story_items, story_log
from tests.rules.test_records import KNOWN, LOS_ALAMOS, NATO, NOW, arrive, decide, kinds, rows, write
from watcher.store import Store

ANN = Word("ann", "two events")
LATER = NOW + timedelta(minutes=5)


def tell(store: Store, index: StoryIndex, *titles: str, severity: str = "normal", outlet: str = "example.org") -> list[int]:
    """Items that arrived and were decided on; their ids."""
    ids = arrive(store, *titles, outlet=outlet)
    write(store, decide(store, ids, severity), index)
    return ids


def story_of(store: Store) -> dict[int, int]:
    """Item → the story that it is in."""
    return {r["item_id"]: r["story_id"] for r in rows(store, story_items)}


def story(store: Store, number: int) -> dict[str, Any]:
    """A story's row."""
    with store.reading() as conn:
        return dict(conn.execute(select(stories).where(stories.c.id == number)).mappings().one())


def test_a_split_makes_two_whole_stories_and_rings_nobody(store: Store) -> None:
    """Titles, counts, severities and outlets are those of the items that each has; no alert is written, the step is."""
    index = StoryIndex(kin=KNOWN)
    (first,) = tell(store, index, LOS_ALAMOS)
    (second,) = tell(store, index, LOS_ALAMOS, severity="high", outlet="other.org")
    assert story(store, 1)["severity"] == "high"
    before = kinds(store)
    with store.begin() as conn:
        new = split(conn, 1, [second], ANN, LATER)
    old, taken = story(store, 1), story(store, new)
    assert (old["item_count"], old["severity"], old["outlets"], old["revision"]) == (1, "normal", ["example.org"], 3)
    assert (taken["item_count"], taken["severity"], taken["outlets"], taken["rung_at"]) == (1, "high", ["other.org"], old["rung_at"])
    assert (old["created_at"], taken["created_at"]) == (NOW, LATER)
    assert story_of(store) == {first: 1, second: new}
    assert kinds(store) == before
    [step] = rows(store, story_log)
    assert (step["kind"], step["story_id"], step["other_id"], step["items"]) == ("split", 1, new, [second])
    assert (step["by"], step["why"], step["at"]) == ("ann", "two events", LATER)


def test_a_split_rings_when_asked(store: Store) -> None:
    """An event that was hidden in another's story may have its alert after all."""
    index = StoryIndex(kin=KNOWN)
    _, second = tell(store, index, LOS_ALAMOS, LOS_ALAMOS)
    with store.begin() as conn:
        new = split(conn, 1, [second], ANN, LATER, ring=True)
    last = rows(store, alerts)[-1]
    assert (last["story_id"], last["kind"], last["routed_at"]) == (new, "new", None)


def test_a_merge_keeps_the_first_and_moves_all(store: Store) -> None:
    """Items and alerts are of the story that stays; the other is gone, and its number is never given again."""
    index = StoryIndex(kin=KNOWN)
    tell(store, index, LOS_ALAMOS)
    tell(store, index, NATO, severity="high")
    with store.begin() as conn:
        merge(conn, 1, [2], ANN, LATER)
        bury(conn, [2])
    [left] = rows(store, stories)
    assert (left["id"], left["item_count"], left["severity"], left["created_at"], left["revision"]) == (1, 2, "high", NOW, 2)
    assert {a["story_id"] for a in rows(store, alerts)} == {1}
    with store.begin() as conn, pytest.raises(CannotMendError, match="no story 2; it was merged into story 1"):
        merge(conn, 2, [1], ANN, LATER)
    tell(store, index, "Palantir and Argonne sign another thing")
    assert {s["id"] for s in rows(store, stories)} == {1, 3}


def test_what_was_mended_is_respected_by_every_index(store: Store) -> None:
    """One that wrote the stories and one that never saw them put the next copy where people put its like."""
    ours, other = StoryIndex(kin=KNOWN), StoryIndex(kin=KNOWN)
    tell(store, ours, LOS_ALAMOS, NATO)
    with store.begin() as conn:
        catch_up(conn, other, NOW)
        merge(conn, 1, [2], ANN, LATER)
        bury(conn, [2])
    (third,) = tell(store, ours, NATO, outlet="third.org")
    assert story_of(store)[third] == 1
    with store.begin() as conn:
        new = split(conn, 1, [2, third], ANN, LATER)
    (fourth,) = tell(store, other, NATO, outlet="fourth.org")
    (fifth,) = tell(store, ours, LOS_ALAMOS, outlet="fifth.org")
    assert (story_of(store)[fourth], story_of(store)[fifth]) == (new, 1)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (lambda c: split(c, 9, [1], ANN, LATER), "there is no story 9"),
        (lambda c: split(c, 1, [7], ANN, LATER), "story 1 has no item 7"),
        (lambda c: split(c, 1, [1, 2], ANN, LATER), "not all of them"),
        (lambda c: split(c, 1, [], ANN, LATER), "name some of the items"),
        (lambda c: merge(c, 1, [1], ANN, LATER), "at least one other"),
        (lambda c: merge(c, 1, [], ANN, LATER), "at least one other"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(store: Store, step: Any, says: str) -> None:
    """Nothing is changed by a step that cannot be taken."""
    tell(store, StoryIndex(kin=KNOWN), LOS_ALAMOS, LOS_ALAMOS)
    with store.begin() as conn, pytest.raises(CannotMendError, match=says):
        step(conn)
    assert set(story_of(store).values()) == {1}
    assert rows(store, story_log) == []


@given(st.sets(st.integers(0, 3), min_size=1, max_size=3))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_split_and_a_merge_give_back_what_was(store: Store, chosen: set[int]) -> None:
    """Whatever is taken out, put back it is the story that it was, but for its revision."""
    offset = len(story_of(store))
    index = StoryIndex(kin=KNOWN)
    ids = tell(store, index, *[f"{LOS_ALAMOS} {'again ' * offset}"] * 4, severity="high")
    [number] = {story_of(store)[i] for i in ids}
    before = story(store, number)
    with store.begin() as conn:
        new = split(conn, number, [ids[n] for n in chosen], ANN, LATER)
        merge(conn, number, [new], ANN, LATER)
        bury(conn, [new])
    after = story(store, number)
    assert set(story_of(store).values()) <= {number, *range(number)}
    moved = {"revision", "updated_at"}
    assert {k: v for k, v in after.items() if k not in moved} == {k: v for k, v in before.items() if k not in moved}
    assert after["revision"] > before["revision"]
