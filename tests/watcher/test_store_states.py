"""What is remembered of sources, and the keys of their items, come back from the store as they went in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from watcher.decide import NewItem
from watcher.model import Facts
from watcher.sources.entry import Entry
from watcher.state import Health, SourceState
from watcher.store import Store
from watcher.store.items import add_keys, as_item, insert_items, known_keys, load_items
from watcher.store.schema import upgrade
from watcher.store.sources import load_states, save_states

NOW = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
FULL = SourceState(
    "full", "https://h.example/f", etag='"a"', last_modified="x", body_hash=b"\0" * 16, first_ok_at=NOW, last_polled_at=NOW, last_ok_at=NOW,
    last_new_at=NOW, next_at=NOW, interval=timedelta(minutes=7.5), failures=3, health=Health.SLOW, health_reason="é", health_since=NOW,
    items_read=9, memo={"cursor": ["ü", 1]}, seen=bytes(range(256)), hints={"ttl": 5.0}, failing_since=NOW, told="slow",
    usual_gap=timedelta(hours=1), moved_to="https://m.example/", moved_times=1, moved_since=NOW,
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    store = Store(f"sqlite:///{tmp_path}/test.db")
    upgrade(store)
    yield store
    store.close()


def test_states_come_back_as_they_were(store: Store) -> None:
    """Every field, whether it holds something or not; and a second writing wins."""
    bare = SourceState("bare", "https://h.example/b")
    with store.begin() as conn:
        save_states(conn, [FULL, bare])
        assert load_states(conn) == {"full": FULL, "bare": bare}
        changed = replace(FULL, etag=None, failures=0, memo=None, seen=b"", health=Health.OK)
        save_states(conn, [changed])
        assert load_states(conn, ["full", "none"]) == {"full": changed}


def test_only_what_changed_is_written(store: Store) -> None:
    """A poll that found nothing new does not write the memory of its feed again."""
    with store.begin() as conn:
        save_states(conn, [FULL])
    written: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *args: written.append(args[2]))
    later = replace(FULL, next_at=NOW + timedelta(minutes=5), failures=0)
    with store.begin() as conn:
        save_states(conn, [later], {"full": FULL})
        assert load_states(conn) == {"full": later}
    assert "UPDATE source_state SET next_at = ?, failures = ? WHERE source_id = ?" in written
    assert not any("seen = " in sql for sql in written)


def test_thousands_of_states_are_read_together(store: Store) -> None:
    """More than one statement takes."""
    states = {f"s{i}": SourceState(f"s{i}", "u") for i in range(1_200)}
    with store.begin() as conn:
        save_states(conn, states.values())
        assert load_states(conn, states) == states


def test_items_come_back_by_id_and_are_known_by_their_keys(store: Store) -> None:
    """In the order in which they were given, with ids that go on from the last; a key belongs to whom it was given first."""
    facts = Facts(amount=1.5)
    entries = [Entry(f"{i}", f"https://h.example/{i}", "Tïtle", "sum", "con", NOW, "fr", ("a", "b"), "Ann", facts) for i in range(3)]
    keys = [bytes([i]) * 16 for i in range(4)]
    new = [("s", "feed", NewItem(entry, (key,), None)) for entry, key in zip(entries, keys, strict=False)]
    with store.begin() as conn:
        first = insert_items(conn, new[:2], NOW)
        last = insert_items(conn, new[2:], NOW)
        assert insert_items(conn, [], NOW) == []
        add_keys(conn, "s", [(keys[3], last[0]), (keys[0], last[0])])
        known = known_keys(conn, "s", keys)
        rows = load_items(conn, [*first, *last])
    assert first[1] == first[0] + 1 < last[0]
    assert known == {keys[0]: first[0], keys[1]: first[1], keys[2]: last[0], keys[3]: last[0]}
    item = as_item(rows[first[1]])
    assert (item.title, item.tags, item.published, item.seen, item.facts) == ("Tïtle", ("a", "b"), NOW, NOW, Facts(amount=1.5))
    assert known_keys_elsewhere(store, keys) == {}


def known_keys_elsewhere(store: Store, keys: list[bytes]) -> dict[bytes, int]:
    """What another source knows of them."""
    with store.reading() as conn:
        return known_keys(conn, "other", keys)
