"""The numbered database steps against the tables of the code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

import notifier.tables  # noqa: F401  every storey's tables stand on the one metadata
from notifier import subscribers
from notifier.model import Joined
from notifier.wishes import Follow, Mute, Of, Wishes
from watcher.errors import StoreError
from watcher.store import Store, metadata
from watcher.store.schema import MIGRATIONS, head, upgrade, version


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    """A SQLite store without a single table."""
    store = Store(f"sqlite:///{tmp_path / 'concordat.db'}")
    yield store
    store.close()


def test_the_steps_make_the_tables_of_the_code(empty: Store) -> None:
    """After all steps there is nothing that Alembic would add, drop or change."""
    assert upgrade(empty) is True
    with empty.reading() as conn:
        assert compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), metadata) == []
        assert set(inspect(conn).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_columns_are_the_same_down_to_nullability(empty: Store) -> None:
    """Each column that the steps make has the type, the default and the nullability that the code says, as the database words it."""
    upgrade(empty)
    fresh = Store("sqlite://")
    try:
        with empty.reading() as conn, fresh.begin() as other:
            metadata.create_all(other)
            for table in metadata.tables:
                columns = [
                    {c["name"]: (str(c["type"]), c["nullable"], c["default"]) for c in inspect(x).get_columns(table)}
                    for x in (conn, other)
                ]
                assert columns[0] == columns[1], table
    finally:
        fresh.close()


def test_a_second_upgrade_does_nothing(empty: Store) -> None:
    """A database at the newest step is left alone."""
    upgrade(empty)
    with empty.reading() as conn:
        before = version(conn)
    assert upgrade(empty) is False
    with empty.reading() as conn:
        assert version(conn) == before == head()


def test_rows_outlive_an_upgrade(empty: Store) -> None:
    """What stands in the database stands there after the next start."""
    upgrade(empty)
    with empty.begin() as conn:
        conn.execute(text("INSERT INTO meta (name, value) VALUES ('kept', '1')"))
    upgrade(empty)
    with empty.reading() as conn:
        assert conn.execute(text("SELECT value FROM meta WHERE name = 'kept'")).scalar() == "1"


def test_a_database_of_a_newer_program_is_refused(empty: Store) -> None:
    """An older Concordat says so and touches nothing."""
    upgrade(empty)
    with empty.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"step 9999.*install the newer Concordat again"):
        upgrade(empty)
    with empty.reading() as conn:
        assert version(conn) == "9999"


def _to_step(store: Store, step: str) -> None:
    with store.begin() as conn:
        config = Config(attributes={"connection": conn, "metadata": metadata})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.upgrade(config, step)


def test_what_people_chose_is_carried_over(empty: Store) -> None:
    """Topics, hours and levels of before the sixth step are the wishes after it."""
    _to_step(empty, "0005")
    columns = (
        "channel, address, name, lang, state, state_reason, topics, muted, min_severity, alerts, digest_at, tz, digest_from, token, "
        "created_at"
    )
    with empty.begin() as conn:
        for row in (
            "'telegram', '7', 'Ada', 'fr', 'active', '', '[\"labs\"]', '[\"policy\"]', 'high', 1, '08:00', 'Europe/Paris', 0, 'a', 0",
            "'telegram', '8', '', '', 'stopped', 'never sent /start', NULL, '[]', 'normal', 1, NULL, 'UTC', 0, 'b', 0",
        ):
            conn.execute(text(f"INSERT INTO subscribers ({columns}) VALUES ({row})"))
    upgrade(empty)
    with empty.reading() as conn:
        ada, stranger = subscribers.everyone(conn)
    follows, mutes = (Follow(Of.TOPIC, "labs"),), (Mute(Of.TOPIC, "policy"),)
    assert ada.wishes == Wishes(follows, mutes, min_severity="high", digest_at="08:00", tz="Europe/Paris")
    assert (ada.joined, stranger.joined, stranger.wishes) == (Joined.OPERATOR, Joined.NO, Wishes())
