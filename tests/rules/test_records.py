"""Promises of rules.records: what was decided is written once, and each story rings once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from rules.drafts import Decided, joined, opened
from rules.model import MatchResult, RuleMatch
from rules.records import catch_up, pending, record, unmatched, unrouted
from rules.stories import StoryIndex
from rules.tables import alerts, item_entities, matches, stories, story_items
from tests.rules.stories_world import START, known_entities, read
from watcher.model import Facts
from watcher.store import Store, metadata
from watcher.store.tables import items

KNOWN = known_entities()
NOW = START + timedelta(hours=1)
LOS_ALAMOS = "OpenAI and Los Alamos sign partnership on the Venado machine"
NATO = "Palantir sells its Maven battlefield system to NATO"


def arrive(store: Store, *titles: str, quiet: str | None = None, outlet: str = "example.org") -> list[int]:
    """Items as the watcher stores them; their ids."""
    with store.begin() as conn:
        first = (conn.execute(select(func.max(items.c.id))).scalar() or 0) + 1
        rows = [_row(first + n, title, quiet, outlet) for n, title in enumerate(titles)]
        conn.execute(insert(items), rows)
        return [row["id"] for row in rows]


def _row(n: int, title: str, quiet: str | None, outlet: str) -> dict[str, Any]:
    url = f"https://{outlet}/{n}"
    return {
        "id": n, "source_id": outlet, "kind": "feed", "entry_id": str(n), "url": url, "canonical_url": url[8:], "outlet": outlet,
        "title": title, "summary": "", "content": "", "lang": "en", "tags": [], "author": "", "published_at": START,
        "seen_at": START, "facts": None, "quiet": quiet,
    }


def decide(store: Store, ids: Sequence[int], severity: str = "normal") -> list[Decided]:
    """What the rules say of pending items: every one that names an entity matches one rule."""
    with store.reading() as conn:
        waiting = pending(conn, ids)
    found = []
    for p in waiting:
        entities = read(p.item, KNOWN).entities
        match = RuleMatch("deal", severity, ("partnerships",), 0.9, (("title", 0, 6),), (), ())
        found.append(Decided(p, MatchResult(entities, (match,) if entities else ())))
    return found


def write(store: Store, decided: Sequence[Decided], index: StoryIndex, now: datetime = NOW) -> list[int]:
    """One transaction of the stage."""
    with store.begin() as conn:
        return record(conn, decided, index, now, "v1")


def rows(store: Store, table: Any) -> list[dict[str, Any]]:
    """All rows of a table."""
    with store.reading() as conn:
        return [dict(r._mapping) for r in conn.execute(select(table))]


def kinds(store: Store) -> list[str]:
    """The alerts so far, in order."""
    return [a["kind"] for a in sorted(rows(store, alerts), key=lambda a: a["id"])]


def test_what_was_decided_is_written_with_its_reasons(store: Store) -> None:
    """A match leaves its evidence, entities, story and alert; an item without one only the mark that it was looked at."""
    hit, miss = arrive(store, LOS_ALAMOS, "Physicists weigh a neutron star")
    published = write(store, decide(store, [hit, miss]), StoryIndex(kin=KNOWN))
    assert [m["item_id"] for m in rows(store, matches)] == [hit]
    assert {e["entity_id"] for e in rows(store, item_entities)} == {"openai", "lanl", "venado"}
    [story] = rows(store, stories)
    assert (story["title"], story["item_count"], story["revision"], story["rung_at"]) == (LOS_ALAMOS, 1, 1, NOW)
    assert story["entities"][0]["id"] == "venado"
    assert [(a["id"], a["kind"], a["item_id"]) for a in rows(store, alerts)] == [(published[0], "new", hit)]
    assert all(i["matched_at"] == NOW and i["ruleset"] == "v1" for i in rows(store, items))


def test_a_batch_that_comes_twice_changes_nothing(store: Store) -> None:
    """Redelivery writes nothing and publishes nothing."""
    decided = decide(store, arrive(store, LOS_ALAMOS, NATO, LOS_ALAMOS))
    index = StoryIndex(kin=KNOWN)
    assert len(write(store, decided, index)) == 2
    before = [rows(store, t) for t in (matches, stories, story_items, alerts)]
    assert write(store, decided, index) == []
    assert [rows(store, t) for t in (matches, stories, story_items, alerts)] == before


def test_later_items_update_and_only_a_rise_rings_again(store: Store) -> None:
    """One new, then updates; a higher severity is a rise, once."""
    index = StoryIndex(kin=KNOWN)
    for severity, outlet in (("normal", "a.org"), ("normal", "b.org"), ("high", "c.org"), ("high", "d.org"), ("low", "a.org")):
        write(store, decide(store, arrive(store, LOS_ALAMOS, outlet=outlet), severity), index)
    assert kinds(store) == ["new", "update", "rise", "update", "update"]
    [story] = rows(store, stories)
    assert (story["severity"], story["item_count"], story["revision"]) == ("high", 5, 5)
    assert story["outlets"] == ["a.org", "b.org", "c.org", "d.org"]


def test_items_of_one_batch_ring_their_story_once(store: Store) -> None:
    """Ten outlets in one batch: one alert, and the story says ten."""
    write(store, decide(store, arrive(store, *[LOS_ALAMOS] * 10)), StoryIndex(kin=KNOWN))
    assert kinds(store) == ["new"]
    assert rows(store, stories)[0]["item_count"] == 10


def test_quiet_items_ring_nobody(store: Store) -> None:
    """What a source held before its first poll forms stories without an alert; the first item that may ring makes it new."""
    index = StoryIndex(kin=KNOWN)
    write(store, decide(store, arrive(store, LOS_ALAMOS, quiet="first-poll"), "high"), index)
    assert kinds(store) == []
    assert rows(store, stories)[0]["rung_at"] is None
    write(store, decide(store, arrive(store, LOS_ALAMOS)), index)
    write(store, decide(store, arrive(store, LOS_ALAMOS, quiet="old"), "critical"), index)
    assert kinds(store) == ["new"]
    assert rows(store, stories)[0]["severity"] == "high"


def test_two_processes_never_split_an_event(store: Store) -> None:
    """Each process reads what the other wrote before it decides."""
    one, other = StoryIndex(kin=KNOWN), StoryIndex(kin=KNOWN)
    write(store, decide(store, arrive(store, LOS_ALAMOS)), one)
    write(store, decide(store, arrive(store, LOS_ALAMOS, NATO)), other)
    write(store, decide(store, arrive(store, NATO)), one)
    assert kinds(store) == ["new", "update", "new", "update"]
    assert len(rows(store, stories)) == 2


def test_a_new_process_remembers_the_window(store: Store) -> None:
    """After a restart an event goes on where it was, with the same reasons; what is older than the window is left."""
    write(store, decide(store, arrive(store, LOS_ALAMOS)), StoryIndex(kin=KNOWN))
    again = StoryIndex(kin=KNOWN)
    write(store, decide(store, arrive(store, LOS_ALAMOS)), again, NOW + timedelta(hours=20))
    assert [j["how"] for j in rows(store, story_items)] == ["first of the story", "same title in another feed"]
    late = StoryIndex(kin=KNOWN)
    with store.begin() as conn:
        catch_up(conn, late, NOW + timedelta(days=30))
    assert len(late) == 0


def test_the_index_is_read_once_and_then_only_what_is_new(store: Store) -> None:
    """What a process wrote itself is not read again at its next batch, however finely its clock ticks."""
    index = StoryIndex(kin=KNOWN)
    write(store, decide(store, arrive(store, LOS_ALAMOS)), index, NOW + timedelta(microseconds=1234))
    index.add("ours", decide(store, arrive(store, NATO))[0].pending.item, (), NOW)
    with store.begin() as conn:
        catch_up(conn, index, NOW)
    assert len(index) == 2


def test_a_rolled_back_transaction_leaves_no_ghost(store: Store) -> None:
    """When the commit fails, the index forgets the stories that were never written."""
    index = StoryIndex(kin=KNOWN)
    decided = decide(store, arrive(store, LOS_ALAMOS, NATO))
    with store.engine.connect() as conn:
        record(conn, decided, index, NOW, "v1")
        conn.rollback()  # the machine stops before the commit
    assert rows(store, stories) == []
    assert len(write(store, decided[1:], index)) == 1
    assert len(write(store, decided[:1], index)) == 1
    assert kinds(store) == ["new", "new"]


def test_the_sweeper_finds_what_was_not_seen_through(store: Store) -> None:
    """Items without a decision and alerts without a route, oldest first, but not those of this very moment."""
    ids = arrive(store, LOS_ALAMOS, NATO, "Tea prices")
    write(store, decide(store, ids[:1]), StoryIndex(kin=KNOWN))
    with store.reading() as conn:
        assert unmatched(conn, 10, NOW) == ids[1:]
        assert unmatched(conn, 1, NOW) == ids[1:2]
        assert unmatched(conn, 10, START) == []
        assert len(unrouted(conn, 10, NOW + timedelta(seconds=1))) == 1
        assert unrouted(conn, 10, NOW) == []


@given(st.lists(st.lists(st.tuples(st.sampled_from([LOS_ALAMOS, NATO, "Tea"]), st.booleans()), max_size=4), max_size=6))
@settings(max_examples=25, deadline=None)
def test_every_story_that_rings_is_new_exactly_once(batches: list[list[tuple[str, bool]]]) -> None:
    """Whatever the batches, redelivered or not: one `new` for each story with an item that may ring, none for the others."""
    with TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'c.db'}")
        with store.begin() as conn:
            metadata.create_all(conn)
        index = StoryIndex(kin=KNOWN)
        for batch in batches:
            ids = [i for title, quiet in batch for i in arrive(store, title, quiet="old" if quiet else None)]
            decided = decide(store, ids)
            write(store, decided, index)
            write(store, decided, index)
        loud = {title for batch in batches for title, quiet in batch if not quiet and title != "Tea"}
        told = {title for batch in batches for title, _ in batch if title != "Tea"}
        assert Counter(kinds(store))["new"] == len(loud)
        assert len(rows(store, stories)) == len(told)
        store.close()


def test_a_later_notice_of_the_same_award_says_how_it_stands_now(store: Store) -> None:
    """The sum of an award that rose is the new one; a report from elsewhere only adds what was not known."""
    (first,) = decide(store, arrive(store, LOS_ALAMOS))

    def stating(facts: Facts) -> Decided:
        return replace(first, pending=replace(first.pending, item=replace(first.pending.item, facts=facts)))

    story = opened(stating(Facts(amount=1e6, buyer="Department of Energy", award_id="W1", stage="award")), NOW, lambda *_: 1.0)
    risen = joined(story, stating(Facts(amount=5e6, award_id="W1", stage="amended")), NOW, lambda *_: 1.0)
    assert risen.facts == {"amount": 5e6, "buyer": "Department of Energy", "award_id": "W1", "stage": "amended"}
    told = joined(risen, stating(Facts(amount=9e6, currency="USD")), NOW, lambda *_: 1.0)
    assert told.facts == {**risen.facts, "currency": "USD"}
