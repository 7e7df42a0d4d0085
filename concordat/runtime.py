"""What a command works with: settings, logging, a Redis (a private one unless set), the store, brought up to date, and the bus."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

import notifier.tables
import rules.tables  # noqa: F401  every storey's tables stand on the one metadata
from watcher.bus import Bus
from watcher.bus.embedded import EmbeddedRedis
from watcher.errors import RedisError, StoreError
from watcher.log import configure_logging
from watcher.settings import Settings, load_settings
from watcher.store import Store
from watcher.store.schema import upgrade

assert notifier.tables.deliveries is not None

LOOK = 1.0  # seconds between two looks at the private Redis
# What is held by thousands (sources, their states, rules) lies in no cycles; to look through it as often as Python does by itself would be
# a twentieth of all work. Objects made between two looks, and looks at the young for one at the older and at the oldest
COLLECT = (20_000, 20, 20)

log = structlog.get_logger("runtime")


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything that stages and commands stand on."""

    settings: Settings
    store: Store
    bus: Bus


def settings_for(home: Path | None, *, quiet: bool = False) -> Settings:
    """The settings of a home, with logging set up for them."""
    settings = load_settings(home)
    configure_logging(settings, quiet=quiet)
    return settings


def open_store(settings: Settings) -> Store:
    """The store, brought up to date. Raises StoreError."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise StoreError(f"{settings.data} cannot be made ({e.strerror}); choose another home with --home or CONCORDAT_HOME") from None
    store = Store(settings.database())
    try:
        upgrade(store)
    except StoreError:
        store.close()
        raise
    return store


async def _keep(private: EmbeddedRedis) -> None:
    """Look after the private Redis: when it dies it is started again, and the sweepers publish what it had not written down."""
    while True:
        await asyncio.sleep(LOOK)
        try:
            if await asyncio.to_thread(private.ensure):
                log.warning("the private Redis had died and was started again")
        except (RedisError, OSError) as e:
            log.warning("the private Redis is gone and cannot be started", why=str(e))


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Runtime]:
    """Open everything; close it at the end, the private Redis last. Raises RedisError and StoreError."""
    gc.set_threshold(*COLLECT)
    private = None if settings.redis_url is not None else EmbeddedRedis(settings.data)
    store = await asyncio.to_thread(open_store, settings)
    try:
        if private is not None:
            await asyncio.to_thread(private.start)
        bus = Bus(private.url if private is not None else settings.redis_url.get_secret_value() if settings.redis_url else "")
        try:
            await bus.ping()
            keeping = asyncio.create_task(_keep(private)) if private is not None else None
            try:
                yield Runtime(settings, store, bus)
            finally:
                if keeping is not None:
                    keeping.cancel()
                    await asyncio.gather(keeping, return_exceptions=True)
        finally:
            await bus.close()
    finally:
        await asyncio.to_thread(store.close)
        if private is not None:
            await asyncio.to_thread(private.stop)
