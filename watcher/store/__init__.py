"""The store: SQL through SQLAlchemy Core, the record of everything that must not be lost. No business words here.

One `Store` a process. Functions that speak SQL are plain `def f(conn, …)`; a loop runs them with `await store.write(f, …)`: one
transaction, committed when `f` returns, rolled back when it raises. SQLite has one writer, so writes share one thread; reads have a
few threads of their own.

Each storey declares its tables on `metadata` in a `tables` module of its own; the migrations beside this file make them.
"""

from watcher.store.database import Store, insert_ignore, metadata, on_conflict_update
from watcher.store.types import Json, Key, Moment, RowId

__all__ = ["Json", "Key", "Moment", "RowId", "Store", "insert_ignore", "metadata", "on_conflict_update"]
