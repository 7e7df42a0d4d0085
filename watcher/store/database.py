"""Opening the database, and running functions in transactions on it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, Insert, MetaData, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from watcher.errors import StoreError

P = ParamSpec("P")
T = TypeVar("T")

BUSY_SECONDS = 20  # how long a write waits for another process's transaction before it fails
READERS = 4

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Store:
    """A database and the threads that speak to it.

    Every method that reaches the database raises StoreError when it cannot; constraint violations stay SQLAlchemy's IntegrityError,
    because callers decide on them.
    """

    def __init__(self, url: str) -> None:
        """Prepare the engine; nothing is opened yet. Raises StoreError for an address that cannot be used."""
        try:
            self.url = make_url(url)
            self.engine = _engine(url)
        except (ArgumentError, ImportError) as e:
            what = f"CONCORDAT_DATABASE_URL cannot be used ({type(e).__name__})"
            raise StoreError(f"{what}; write sqlite:///path or postgresql://…") from None
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writer = ThreadPoolExecutor(1 if self.is_sqlite else READERS, thread_name_prefix="store-write")
        self._reader = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction: committed at the end of the block, rolled back when it raises."""
        with _said_plainly(self), self.engine.begin() as conn:
            yield conn

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for reading one consistent state; nothing it does is kept."""
        with _said_plainly(self), self.engine.connect().execution_options(reading=True) as conn:
            yield conn

    async def write(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(conn, …)` in a transaction of its own, off the event loop."""
        return await self._run(self._writer, self.begin, fn, args, kwargs)

    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(conn, …)` for reading, off the event loop."""
        return await self._run(self._reader, self.reading, fn, args, kwargs)

    async def _run(self, pool: ThreadPoolExecutor, opened: Callable[[], Any], fn: Callable[..., T], args: Any, kwargs: Any) -> T:
        def call() -> T:
            with opened() as conn:
                return fn(conn, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(pool, call)

    def close(self) -> None:
        """Finish what is running and let go of the database."""
        self._writer.shutdown()
        self._reader.shutdown()
        self.engine.dispose()


@contextmanager
def _said_plainly(store: Store) -> Iterator[None]:
    try:
        yield
    except DBAPIError as e:
        if isinstance(e.orig, sqlite3.IntegrityError) or type(e).__name__ == "IntegrityError":
            raise
        raise StoreError(_explain(store, e)) from e
    except SQLAlchemyError as e:
        raise StoreError(f"the database failed: {type(e).__name__}") from e


def _explain(store: Store, e: DBAPIError) -> str:
    text = str(e.orig).splitlines()[0] if e.orig else type(e).__name__
    where = store.url.database if store.is_sqlite else store.url.render_as_string(hide_password=True)
    hints = {
        "unable to open": "check that the folder exists and can be written",
        "readonly": "check the permissions of the file and its folder",
        "disk is full": "make room on the disk; nothing is lost, work goes on as soon as there is some",
        "locked": "another process holds the database; it is tried again",
        "malformed": "the file is damaged: restore it from a backup",
        "no such table": "run `concordat doctor`, which brings the database up to date",
    }
    hint = next((h for k, h in hints.items() if k in text), "run `concordat doctor`")
    return f"database {where}: {text}; {hint}"


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_size=READERS * 2, pool_pre_ping=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver's guess
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-8000"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # a write takes its lock at once, so that reading first and writing later can never fail half-way
        connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reading") else "BEGIN IMMEDIATE")

    return engine


def insert_ignore(conn: Connection, table: Table) -> Insert:
    """An INSERT that passes over rows whose unique key is there already."""
    if conn.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


def on_conflict_update(conn: Connection, table: Table, key: Sequence[str], row: dict[str, Any]) -> None:
    """Insert `row`, or update its other columns where the columns of `key` are there already."""
    insert = sqlite.insert(table) if conn.dialect.name == "sqlite" else postgresql.insert(table)
    rest = {k: v for k, v in row.items() if k not in key}
    conn.execute(insert.values(**row).on_conflict_do_update(index_elements=list(key), set_=rest))
