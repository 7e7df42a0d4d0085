"""Promises of notifier.search and notifier.vitals: what was said is found, and how things stand is counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, insert

from notifier import vitals
from notifier.model import Standing
from notifier.search import find
from notifier.subscribers import set_state
from rules.tables import item_entities
from tests.notifier.world import join, retell, tell
from watcher.store import Store
from watcher.store.items import add_dead_letter
from watcher.store.tables import source_state

NOW = datetime(2025, 1, 30, 14, 5, tzinfo=UTC)


@pytest.fixture
def conn(store: Store) -> Iterator[Connection]:
    """A transaction on a store with three stories; the second has two reports."""
    with store.begin() as conn:
        tell(conn, "OpenAI s'associe au laboratoire national de Los Alamos")
        tell(conn, "Mistral gewinnt Ausschreibung der Bundeswehr", outlet="faz.net")
        retell(conn, 2, "lemonde.fr", title="Mistral équipe l'armée allemande")
        tell(conn, "オープンAIが国立研究所と連携", outlet="nikkei.com")
        conn.execute(insert(item_entities).values(item_id=1, entity_id="lanl", name="LANL", type="national_lab", spans=[]))
        yield conn


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        (["los alamos"], [1]), (["ALAMOS", "openai"], [1]), (["alamos los"], []), (["armee"], [2]), (["Mistral", "Bundeswehr"], [2]),
        (["equipe", "gewinnt"], [2]), (["Ausschreib"], [2]), (["schreibung"], []), (["連携"], [3]), (["…"], []), (["i"], []),
    ],
)  # fmt: skip
def test_what_was_said_is_found(conn: Connection, terms: list[str], found: list[int]) -> None:
    """Words in any report of a story, case and accents aside, begun but not in the middle, all of them."""
    assert find(conn, [(t, ()) for t in terms]) == found


def test_what_was_named_is_found(conn: Connection) -> None:
    """A name finds the stories that name its entity in other words, the newest first."""
    assert find(conn, [("LANL", ["lanl"])]) == [1]
    assert find(conn, [("LANL", ["lanl"]), ("openai", ())]) == [1]
    assert find(conn, [("mistral", ()), ("LANL", ["lanl"])]) == []
    assert find(conn, [("al", ())]) == [2, 1]
    assert find(conn, [("al", ())], limit=1) == [2]


def test_how_things_stand(conn: Connection) -> None:
    """Sources by health with the worst first, what waits, what the day brought, and who is there."""
    for id_, health in (("a", "ok"), ("b", "broken"), ("c", "gone"), ("d", "ok")):
        conn.execute(insert(source_state).values(source_id=id_, url="https://x.example", health=health, health_reason=health))
    add_dead_letter(conn, "concordat:items", "1", "odd", 1, NOW)
    join(conn, 7)
    set_state(conn, join(conn, 8).id, Standing.STOPPED, "sent /stop")
    found = vitals.read(conn, datetime.now(UTC) + timedelta(seconds=1))
    assert found.sources == {"gone": 1, "broken": 1, "ok": 2}
    assert [s.id for s in vitals.sources(conn)] == ["c", "b", "a", "d"]
    assert (found.items, found.stories, found.unmatched, found.unrouted, found.dead) == (4, 3, 4, 4, 1)
    assert (found.active, found.stopped, found.gone, found.last_outlet) == (1, 1, 0, "nikkei.com")
