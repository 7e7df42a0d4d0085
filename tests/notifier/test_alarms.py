"""Promises of notifier.alarms: what goes wrong with the machine is told once, and that it is well again, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from notifier import notices
from notifier.alarms import CAUGHT_UP, LATE, Facts, Told, judge, look
from notifier.model import Role
from notifier.notice import read_notice
from notifier.subscribers import change
from notifier.tables import deliveries
from tests.notifier.world import join, tell
from watcher.store import Store
from watcher.store.items import add_dead_letter
from watcher.store.tables import items
from watcher.store.tables import notices as table

NOW = datetime(2025, 1, 30, 14, 5, tzinfo=UTC)
WAITS = st.integers(0, 40).map(lambda m: timedelta(minutes=m))


def test_refused_rules_and_their_repair() -> None:
    """A refusal is told with its place, another one again, and its end once."""
    first, told = judge(Told(), Facts(refused="rules/a.yaml:3:5: unknown key"))
    assert first == [("rules", "rule files", "not in force: rules/a.yaml:3:5: unknown key")]
    assert judge(told, Facts(refused="rules/a.yaml:3:5: unknown key"))[0] == []
    assert judge(told, Facts())[0] == [("rules", "rule files", "in force again")]


def test_dead_letters_are_told_by_their_number() -> None:
    """New ones are counted and the last is named; those that were told are not told again."""
    found, told = judge(Told(dead=4), Facts(dead=((5, "concordat:items", "odd"), (6, "concordat:alerts", "odder\nstill"))))
    assert found == [("dead", "dead letters", "2 more, the last of concordat:alerts: odder still; concordat dead list")]
    assert told.dead == 6


@given(st.lists(WAITS, max_size=30))
def test_a_backlog_begins_and_ends_once(waits: list[timedelta]) -> None:
    """However a wait goes up and down, beginnings and ends are told in turn, and only where the limits are crossed."""
    told, said = Told(), []
    for wait in waits:
        found, told = judge(told, Facts(waits=(("items to match", wait),)))
        said += [(text == "caught up", wait) for _, _, text in found]
    assert [over for over, _ in said] == [n % 2 == 1 for n in range(len(said))]
    assert all(wait <= CAUGHT_UP if over else wait > LATE for over, wait in said)


def test_what_is_written_down(store: Store) -> None:
    """What was there before the first look is history; what comes after is told to admins, also those by invitation, in their language."""
    with store.begin() as conn:
        add_dead_letter(conn, "concordat:items", "1", "old", 1, NOW)
        assert look(conn, "", NOW) == 0
        add_dead_letter(conn, "concordat:items", "2", "new", 1, NOW)
        assert look(conn, None, NOW) == 1
        assert look(conn, None, NOW) == 0
        admin = join(conn, 7, lang="fr")
        change(conn, admin.id, role=Role.ADMIN)
        (id_,) = notices.plan(conn, [], NOW)
        payload = conn.scalars(select(deliveries.c.payload).where(deliveries.c.id == id_)).one()
    assert read_notice(payload)[0].body.text.splitlines()[0] == "Envois abandonnés"


def test_items_that_nobody_matches(store: Store) -> None:
    """A rules stage that stands still is noticed by the items that wait."""
    with store.begin() as conn:
        look(conn, "", NOW)
        tell(conn, at=NOW - timedelta(minutes=30))
        conn.execute(items.update().values(matched_at=None, seen_at=NOW - timedelta(minutes=30)))
        look(conn, "", NOW)
        said = conn.execute(select(table.c.kind, table.c.subject, table.c.text)).all()
    assert ("backlog", "items to match", "the oldest waits for 30 minutes") in [tuple(r) for r in said]
