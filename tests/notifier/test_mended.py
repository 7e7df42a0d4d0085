"""Promises of notifier.mended: a story mended by hand changes messages in place and rings nobody again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from notifier import digests, mended, subscribers
from notifier.claims import claim
from notifier.ledger import due, sent
from notifier.model import Channel, State
from notifier.routing import route_alerts
from notifier.tables import deliveries
from notifier.told import among
from rules import mend
from rules.mend import Word
from rules.tables import alerts, story_items
from tests.notifier.world import join, ledger_rows, retell, tell
from watcher.store import Store

NOW = datetime.now(UTC).replace(microsecond=0)
ANN = Word("ann")


def send_all(conn: Connection) -> int:
    """Every delivery and edit that is due, as the sender takes them; how many."""
    ids = [d.id for d in due(conn, NOW, [Channel.TELEGRAM])]
    for id_ in ids:
        job = claim(conn, id_, NOW)
        assert job is not None
        sent(conn, job, job.remote_ref or f"message-{id_}", NOW)
    return len(ids)


def split(conn: Connection, story: int, *, ring: bool = False) -> int:
    """Take the newest item out of a story, as the command does."""
    item = conn.scalars(select(story_items.c.item_id).where(story_items.c.story_id == story).order_by(story_items.c.seq.desc())).first()
    assert item is not None
    new = mend.split(conn, story, [item], ANN, NOW, ring=ring)
    mended.split(conn, story, new, NOW, ring=ring)
    return new


def merge(conn: Connection, into: int, *others: int) -> None:
    """Make them one, as the command does."""
    mend.merge(conn, into, others, ANN, NOW)
    mended.merge(conn, into, others)
    mend.bury(conn, others)


def states(store: Store) -> list[tuple[int | None, str]]:
    """Story and state of each delivery."""
    return [(r.story_id, r.state) for r in ledger_rows(store)]


@pytest.fixture
def told(store: Store) -> Store:
    """One subscriber who was sent a story of two items."""
    with store.begin() as conn:
        join(conn, 7)
        route_alerts(conn, [tell(conn), retell(conn, 1, "other.org")], NOW)
        assert send_all(conn) == 1
    return store


def test_a_split_edits_what_was_told_and_rings_nobody(told: Store) -> None:
    """The old story's message is due for an edit; of the new one the reader counts as told, also when more of it comes."""
    with told.begin() as conn:
        new = split(conn, 1)
        assert send_all(conn) == 1
        assert route_alerts(conn, [retell(conn, new, "third.org")], NOW) == []
        assert send_all(conn) == 0
    assert states(told) == [(1, State.SENT), (new, State.TOLD)]
    assert ledger_rows(told)[1].reason == "told as part of story 1"


def test_what_was_split_off_rings_when_it_grows_louder(told: Store) -> None:
    """Told means told at that severity."""
    with told.begin() as conn:
        new = split(conn, 1)
        assert len(route_alerts(conn, [retell(conn, new, "third.org", severity="critical")], NOW)) == 1


def test_a_split_that_is_to_ring_rings_once(told: Store) -> None:
    """The operator's word: the hidden event has its alert."""
    with told.begin() as conn:
        split(conn, 1, ring=True)
        [alert] = conn.scalars(select(alerts.c.id).where(alerts.c.routed_at.is_(None)))
        assert len(route_alerts(conn, [alert], NOW)) == 1
        assert route_alerts(conn, [alert], NOW) == []


def test_a_message_that_still_waits_is_joined_by_the_new_one(store: Store) -> None:
    """Who was told nothing yet hears of both, at the same hour."""
    later = NOW + timedelta(hours=5)
    with store.begin() as conn:
        join(conn, 7)
        route_alerts(conn, [tell(conn), retell(conn, 1, "other.org")], NOW)
        conn.execute(update(deliveries).values(not_before=later))
        new = split(conn, 1)
    assert states(store) == [(1, State.PENDING), (new, State.PENDING)]
    assert {r.not_before for r in ledger_rows(store)} == {later}


def test_after_a_merge_every_message_shows_the_one_story(store: Store) -> None:
    """Both messages are edited, and what joins later edits one and rings nobody."""
    with store.begin() as conn:
        join(conn, 7)
        route_alerts(conn, [tell(conn), tell(conn, "A second title", outlet="other.org")], NOW)
        assert send_all(conn) == 2
        merge(conn, 1, 2)
        assert send_all(conn) == 2
        route_alerts(conn, [retell(conn, 1, "third.org")], NOW)
        assert send_all(conn) == 1
    assert states(store) == [(1, State.SENT), (1, State.SENT)]


def test_a_reader_of_the_lesser_story_is_not_rung_for_the_other(store: Store) -> None:
    """Who was told only of the story that is gone counts as told of the one that stays."""
    with store.begin() as conn:
        join(conn, 7, topics=("labs",))
        route_alerts(conn, [tell(conn, topics=["policy"]), tell(conn, "A second title", topics=["labs"], severity="critical")], NOW)
        send_all(conn)
        merge(conn, 1, 2)
        edits = route_alerts(conn, [retell(conn, 1, "third.org")], NOW)
    assert states(store) == [(1, State.SENT)]
    assert edits == [ledger_rows(store)[0].id]


@pytest.mark.parametrize(("waiting", "state"), [("high", State.TOLD), ("critical", State.PENDING)])
def test_what_waits_beside_a_message_goes_out_only_when_it_is_louder(store: Store, waiting: str, state: State) -> None:
    """A merge never sends two messages where one tells all; a rise is still told."""
    with store.begin() as conn:
        join(conn, 7)
        route_alerts(conn, [tell(conn)], NOW)
        send_all(conn)
        route_alerts(conn, [tell(conn, "A second title", severity=waiting)], NOW)
        merge(conn, 1, 2)
    assert states(store) == [(1, State.SENT), (1, state)]


def test_a_split_and_a_merge_leave_one_message(told: Store) -> None:
    """Taken back, nothing is left of the split but its log."""
    with told.begin() as conn:
        merge(conn, 1, split(conn, 1))
        assert send_all(conn) == 1
        route_alerts(conn, [retell(conn, 1, "third.org")], NOW)
        assert send_all(conn) == 1
    live: list[Any] = [s for s in states(told) if s[1] != State.TOLD]
    assert live == [(1, State.SENT)]


def test_what_digests_told_goes_with_the_stories(store: Store) -> None:
    """A part that is split off was told by the digest that told the whole; of stories that become one, none is told again."""
    with store.begin() as conn:
        subscribers.add(conn, subscribers.by_email("ada@example.org"), NOW - timedelta(days=2))
        for title in ("One", "Two"):
            tell(conn, title, at=NOW - timedelta(hours=1))
        retell(conn, 1, "other.org")
        digests.plan_all_now(conn, NOW)
        new = split(conn, 1)
        merge(conn, 1, 2)
        assert among(conn, 1, [1, 2, new]) == {1, new}
