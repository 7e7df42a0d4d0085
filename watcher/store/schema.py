"""Bringing a database up to date: numbered Alembic steps, run at start by whoever comes first.

Alembic is loaded only when there is a step to run: it costs more memory and time than all the rest of the store.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from watcher.errors import StoreError
from watcher.store.database import Store

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x636F6E63  # the advisory lock of PostgreSQL under which steps are run


def head() -> str:
    """The newest step, from the names of the files: NNNN_what.py."""
    return max(p.name.split("_")[0] for p in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def version(conn: Connection) -> str | None:
    """The step that the database is at, or None when it is empty."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def upgrade(store: Store) -> bool:
    """Run the steps that are missing; True when there were any. Raises StoreError for a database of a newer Concordat."""
    newest = head()
    with store.reading() as conn:
        at = version(conn)
    if at == newest:
        return False
    if at is not None and at > newest:
        raise StoreError(f"the database is at step {at}, this Concordat knows {newest}: install the newer Concordat again")
    with store.begin() as conn:
        if not store.is_sqlite:
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if version(conn) != newest:
            _run(conn)
    return True


def _run(conn: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": conn})
    config.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(config, "head")
