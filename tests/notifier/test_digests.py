"""Planning digests, and what goes into one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select, update

from notifier import digests, ledger, subscribers
from notifier.digest import Coverage
from notifier.model import Standing, State
from notifier.since import what_changed
from notifier.subscribers import by_email, by_telegram
from notifier.tables import deliveries
from notifier.tables import digests as table
from rules.tables import stories
from tests.notifier.world import ring, tell
from watcher.store import Store
from watcher.store.tables import source_state

START = datetime(2025, 3, 28, 12, 0, tzinfo=UTC)  # two days before Europe's clocks change
DAY = timedelta(days=1)


def morning(day: int, minutes: int = 0) -> datetime:
    """08:00 UTC and some minutes, so many days after the start's day."""
    return datetime(2025, 3, 28, 8, 0, tzinfo=UTC) + timedelta(days=day, minutes=minutes)


def planned(store: Store, now: datetime) -> list[int]:
    """Plan what is due; the ids of the digests."""
    with store.begin() as conn:
        ids = digests.plan_due(conn, now)
        return list(conn.scalars(select(deliveries.c.digest_id).where(deliveries.c.id.in_(ids)).order_by(deliveries.c.id)))


def titles(store: Store, digest_id: int) -> set[str]:
    """What a digest tells."""
    with store.reading() as conn:
        found = digests.compose_for(conn, digest_id)
        assert found
        return {s.title for s in found.stories}


def test_each_hour_is_planned_once(store: Store) -> None:
    """Nothing before the hour, one digest at it, nothing more until the next day's."""
    with store.begin() as conn:
        subscribers.add(conn, by_email("ada@example.org"), START)
    assert planned(store, morning(1, -1)) == []
    assert len(planned(store, morning(1))) == 1
    assert planned(store, morning(1, 5)) == []
    assert len(planned(store, morning(2))) == 1


def test_missed_hours_are_made_up_by_one_digest(store: Store) -> None:
    """After three days away one digest tells all of them, and the next is due the next morning."""
    with store.begin() as conn:
        subscribers.add(conn, by_email("ada@example.org"), START)
        for n in range(3):
            tell(conn, f"Story of day {n}", at=START + n * DAY)
    (made_up,) = planned(store, START + 3 * DAY)
    assert titles(store, made_up) == {"Story of day 0", "Story of day 1", "Story of day 2"}
    assert planned(store, morning(3, 300)) == []
    assert len(planned(store, morning(4))) == 1


def test_every_story_is_in_one_digest(store: Store) -> None:
    """Windows touch: stories written just before, at and after a planned hour are told once each."""
    hours = [morning(1, m) for m in (-60, -1, 0, 1, 60)]
    with store.begin() as conn:
        subscribers.add(conn, by_email("ada@example.org"), START)
        for at in hours:
            tell(conn, f"At {at}", at=at)
    told = [t for n in (1, 2) for d in planned(store, morning(n)) for t in titles(store, d)]
    assert sorted(told) == sorted(f"At {at}" for at in hours)


def test_the_hour_follows_the_clock(store: Store) -> None:
    """Eight in Paris is seven UTC in winter and six in summer."""
    with store.begin() as conn:
        subscribers.add(conn, by_email("ada@example.org", tz="Europe/Paris"), START)
    assert len(planned(store, morning(1, -60))) == 1
    assert planned(store, morning(2, -121)) == []
    assert len(planned(store, morning(2, -120))) == 1


def test_what_a_new_source_held_is_told_if_it_is_news(store: Store) -> None:
    """A story that rang nobody is told where it was published within the window, and else it is the past."""
    with store.begin() as conn:
        subscribers.add(conn, by_email("ada@example.org"), START)
        tell(conn, "Quiet but fresh", at=START, rung_at=None)
        tell(conn, "Quiet and old", at=START, rung_at=None, published_at=START - 30 * DAY)
        tell(conn, "Rang, dated long ago", at=START, published_at=START - 30 * DAY)
    (made,) = planned(store, morning(1))
    assert titles(store, made) == {"Quiet but fresh", "Rang, dated long ago"}


def test_all_now_sends_at_once_and_keeps_the_hour(store: Store) -> None:
    """The operator's word reaches everyone with an hour; what was told is not told again in the morning."""
    now = morning(1, -30)
    with store.begin() as conn:
        subscribers.add(conn, by_email("ada@example.org"), START)
        subscribers.add(conn, by_telegram("7", at="09:00"), START)
        subscribers.add(conn, by_telegram("8"), START)
        tell(conn, "Told at once", at=now - timedelta(seconds=1))
        tell(conn, "Told in the morning", at=now + timedelta(minutes=5))
        assert len(digests.plan_all_now(conn, now)) == 2
        assert digests.plan_all_now(conn, now) == []
        first = conn.scalar(select(table.c.id).order_by(table.c.id))
    assert first
    assert titles(store, first) == {"Told at once"}
    (regular,) = planned(store, morning(1))
    assert titles(store, regular) == {"Told in the morning"}


def test_now_for_one_address(store: Store) -> None:
    """`--to` reaches that subscriber alone, with or without an hour, but nobody who has stopped."""
    with store.begin() as conn:
        subscribers.add(conn, by_email("ada@example.org"), START)
        subscribers.add(conn, by_telegram("8"), START)
        gone = subscribers.add(conn, by_email("bea@example.org"), START)
        subscribers.set_state(conn, gone.id, Standing.STOPPED, "unsubscribed by link")
        assert len(digests.plan_all_now(conn, START, ["8", "bea@example.org"])) == 1
    assert len(planned(store, morning(1))) == 1


def test_preview_changes_nothing(store: Store) -> None:
    """Looking at a digest plans none, for one reader or for nobody in particular."""
    with store.begin() as conn:
        ada = subscribers.add(conn, by_email("ada@example.org", topics=["contracts"]), START)
        tell(conn, "About laboratories", at=START)
        assert digests.preview(conn, ada, START + DAY).stories == ()
        assert [s.title for s in digests.preview(conn, None, START + DAY / 2).stories] == ["About laboratories"]
        assert conn.execute(select(table)).all() == []
    assert len(planned(store, morning(1))) == 1


def test_coverage_counts_what_was_watched(store: Store) -> None:
    """Read, failing and silent sources of the window; those that nobody asks any more are not counted."""
    now, before = START + DAY, START
    rows = [
        ("fine", now, now, now, "ok"), ("slow", now, now, now, "slow"), ("down", now, before, before + DAY / 2, "broken"),
        ("mute", now, None, None, "broken"), ("removed", before - 9 * DAY, before - 9 * DAY, before - 9 * DAY, "ok"),
    ]  # fmt: skip
    with store.begin() as conn:
        for source, polled, first, last, health in rows:
            values = {
                "source_id": source,
                "url": "https://example.org/",
                "first_ok_at": first,
                "last_ok_at": last,
                "last_polled_at": polled,
            }
            conn.execute(insert(source_state).values(**values, health=health))
        tell(conn, at=before + DAY / 2)
        tell(conn, at=before - DAY)
        assert digests.coverage(conn, before, now) == Coverage(read=3, failing=("down",), silent=("mute",), items=1)


def test_a_digest_that_was_given_up_is_told_by_the_next(store: Store) -> None:
    """What a dead digest would have told comes with the next, from where its window began; trying it again sends nothing twice."""
    with store.begin() as conn:
        subscribers.add(conn, by_email("ada@example.org"), START)
        tell(conn, "Of the first day", at=morning(1, -60))
    (first,) = planned(store, morning(1))
    with store.begin() as conn:
        conn.execute(update(deliveries).values(state=State.DEAD))
        tell(conn, "Of the second day", at=morning(2, -60))
    (second,) = planned(store, morning(2))
    assert titles(store, second) == {"Of the first day", "Of the second day"}
    with store.begin() as conn:
        found = digests.compose_for(conn, second)
        assert found
        assert found.from_at == START - DAY
        assert conn.scalar(select(table.c.told_by).where(table.c.id == first)) == second
        assert ledger.revive(conn, list(conn.scalars(select(deliveries.c.id))), morning(2)) == 0


def test_a_digest_says_the_same_however_late_it_leaves(store: Store) -> None:
    """What was planned is what is told, though more came before it could be sent."""
    with store.begin() as conn:
        subscribers.add(conn, by_email("ada@example.org"), START)
        tell(conn, "Planned", at=morning(1, -60))
    (late,) = planned(store, morning(1))
    with store.begin() as conn:
        tell(conn, "Written late, begun before", at=morning(1, -1))
    assert titles(store, late) == {"Planned"}
    (following,) = planned(store, morning(2))
    assert titles(store, following) == {"Written late, begun before"}


def test_what_becomes_loud_later_is_told_then(store: Store) -> None:
    """A story that was too quiet for its reader is told once it rises, and only then."""
    with store.begin() as conn:
        subscribers.add(conn, by_email("ada@example.org"), START)
        tell(conn, "Rising", at=morning(1, -60), severity="low")
    (quiet,) = planned(store, morning(1))
    with store.begin() as conn:
        conn.execute(update(stories).values(severity="high", updated_at=morning(1, 60)))
        ring(conn, 1, 1, "rise", "high", morning(1, 60))
    told = [titles(store, d) for n in (2, 3) for d in planned(store, morning(n))]
    assert (titles(store, quiet), told) == (set(), [{"Rising"}, set()])


def test_nobody_is_told_of_years(store: Store) -> None:
    """Whoever was away for a year is told of the last month."""
    with store.begin() as conn:
        subscribers.add(conn, by_email("ada@example.org"), START)
        tell(conn, "Long ago", at=START + DAY)
        tell(conn, "Lately", at=START + 360 * DAY)
    (back,) = planned(store, START + 365 * DAY)
    assert titles(store, back) == {"Lately"}


def test_what_came_of_older_stories_is_told_once(store: Store) -> None:
    """A story that was told and then rose is told again for that, in one digest; of one that nobody was told of nothing is said."""
    with store.begin() as conn:
        subscribers.add(conn, by_email("ada@example.org"), START)
        tell(conn, "Told, then risen", at=morning(1, -60), severity="normal")
    planned(store, morning(1))
    with store.begin() as conn:
        conn.execute(update(stories).values(severity="high", updated_at=morning(1, 60)))
    found = []
    for n in (2, 3):
        (made,) = planned(store, morning(n))
        with store.reading() as conn:
            digest = digests.compose_for(conn, made)
            assert digest
            found.append([(c.story.title, what_changed(c)) for c in digest.changes])
    assert found == [[("Told, then risen", ("now high, was normal",))], []]


def test_tenders_that_close_soon_are_named(store: Store) -> None:
    """Those that concern the reader and still take offers, the next to close first; what a register wrote wrongly is passed over."""
    with store.begin() as conn:
        ada = subscribers.add(conn, by_email("ada@example.org", topics=["labs"]), START)
        for title, deadline in (("Late", START + 9 * DAY), ("Soon", START + 2 * DAY), ("Over", START - DAY), ("Far", START + 90 * DAY)):
            tell(conn, title, at=START - DAY, facts={"stage": "tender", "deadline": deadline.isoformat()})
        tell(conn, "Odd", at=START - DAY, facts={"stage": "tender", "deadline": "next week"})
        tell(conn, "Not mine", at=START - DAY, topics=["policy"], facts={"stage": "tender", "deadline": (START + DAY).isoformat()})
        found = digests.preview(conn, ada, START)
    assert [c.story.title for c in found.closing] == ["Soon", "Late"]
    assert sum(found.days) == 5
