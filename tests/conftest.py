"""What every test may ask for: a real Redis, a real database, a bus. Nothing here reaches beyond this machine."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import structlog
from hypothesis import settings

import notifier.tables  # noqa: F401
import rules.tables  # noqa: F401
import watcher.store.tables  # noqa: F401  every storey's tables stand on the one metadata
from watcher.bus import Bus
from watcher.bus.embedded import EmbeddedRedis
from watcher.store import Store, metadata

settings.register_profile("house", deadline=None)  # a busy machine is no failure; what must end in time says so itself
settings.load_profile("house")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A whole run shares its tests among three processes, even on two cores, because most of their time they wait; a few run in one."""
    return 0 if config.args_source is pytest.Config.ArgsSource.ARGS else 3


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command that a test runs in this process sets logging up for a stream that ends with it: the next test gets logging back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """One real Redis for the whole run; `bus` empties it for each test."""
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest_asyncio.fixture
async def bus(redis_server: EmbeddedRedis) -> AsyncIterator[Bus]:
    """A bus on an empty Redis."""
    bus = Bus(redis_server.url)
    await bus.redis.flushall()
    yield bus
    await bus.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty SQLite store with every storey's tables."""
    store = Store(f"sqlite:///{tmp_path / 'concordat.db'}")
    with store.begin() as conn:
        metadata.create_all(conn)
    yield store
    store.close()
