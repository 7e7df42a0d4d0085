"""Write the next numbered database step from what the tables say now: `python -m tests.make_migration "what it does"`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

import notifier.tables  # noqa: F401
from watcher.store import Store, metadata
from watcher.store.schema import MIGRATIONS, head, upgrade


def main(what: str) -> None:
    """Compare an upgraded empty database with the tables, and write the difference down."""
    versions = MIGRATIONS / "versions"
    versions.mkdir(exist_ok=True)
    first = not list(versions.glob("[0-9]*_*.py"))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'empty.db'}")
        if not first:
            upgrade(store)
        number = "0001" if first else f"{int(head()) + 1:04}"
        with store.begin() as conn:
            config = Config(attributes={"connection": conn, "metadata": metadata})
            config.set_main_option("script_location", str(MIGRATIONS))
            command.revision(config, what, autogenerate=True, rev_id=number)
        store.close()


if __name__ == "__main__":
    main(sys.argv[1])
