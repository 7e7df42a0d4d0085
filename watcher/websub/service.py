"""Asking hubs for what the sources offer, and taking what they delivered. A thin loop around `subscription` and the store.

Hubs are asked through the same client, turns and limits as sources. A delivery is parsed as its topic's feed, and goes through the
Committer like a poll's answer; its row goes away in the transaction that writes its items. Polling goes on whatever a hub does.
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import Connection, update

from watcher.ask import Answer, Reach
from watcher.bus import PUSHES, Bus, consume
from watcher.bus.sweep import sweep
from watcher.errors import FetchError, StoreError
from watcher.fetch import Request, SitePausedError, is_public
from watcher.fetch.unpack import Unpacker
from watcher.model import Source
from watcher.poll import Committer
from watcher.settings import Settings
from watcher.sources.entry import Parsed
from watcher.sources.kinds import KINDS
from watcher.sources.steps import Reading
from watcher.store import Store
from watcher.store.items import add_dead_letter
from watcher.store.tables import websub_inbox
from watcher.websub import record
from watcher.websub.subscription import LEASE, Mode, Subscription, postponed, refused

GROUP = "watcher"
TICK = 1.0  # seconds between two looks for hubs to ask
SWEEP = 2.0  # seconds between two looks for deliveries that Redis lost
ASK_AT_ONCE = 20  # hubs asked in one tick; the rest waits for the next
TAKE_AT_ONCE = 8  # deliveries held in memory
UNPACKED_MOST = 10_000_000  # bytes

log = structlog.get_logger("websub")


def callbacks(settings: Settings) -> str | None:
    """Where hubs can reach us, or None: over https only, except that tests may use this machine."""
    base = settings.public_url
    usable = base.startswith("https://") or (bool(base) and settings.allow_private_addresses and _near(base))
    return f"{base}/websub/" if usable else None


def hub_address(hub: str, allow_private: bool) -> str:
    """Where a hub is asked: what would carry a secret in the clear is asked over https, and not at all where it does not speak it."""
    return f"https://{hub.removeprefix('http://')}" if hub.startswith("http://") and not (allow_private and _near(hub)) else hub


def question(sub: Subscription, mode: Mode, callback: str) -> bytes:
    """The form that a hub is sent."""
    form = {"hub.callback": callback + sub.token, "hub.mode": mode.value, "hub.topic": sub.topic}
    if mode is Mode.SUBSCRIBE:
        form |= {"hub.lease_seconds": str(int(LEASE.total_seconds())), "hub.secret": sub.secret}
    return urlencode(form).encode()


class Hubs:
    """Subscribes for one process, and takes its share of what was delivered to any."""

    def __init__(
        self, settings: Settings, store: Store, bus: Bus, reach: Reach, committer: Committer, sources: Callable[[], Mapping[str, Source]]
    ) -> None:
        self._store, self._bus, self._reach, self._committer, self._sources = store, bus, reach, committer, sources
        self._allow_private = settings.allow_private_addresses
        self._callback = callbacks(settings)

    async def run(self, stop: asyncio.Event) -> None:
        """Ask hubs and take deliveries until `stop`."""
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1})
        scheduler.add_job(self.sweep, "interval", seconds=SWEEP)
        if self._callback is not None:
            scheduler.add_job(self.ask, "interval", seconds=TICK)
        scheduler.start()
        try:
            await consume(self._bus, PUSHES, GROUP, self.take, stop, on_dead=self._on_dead, batch=TAKE_AT_ONCE)
        finally:
            scheduler.shutdown(wait=False)

    async def ask(self) -> None:
        """Ask the hubs whose time has come; an outage is no error here, because the next look comes soon."""
        if self._callback is None:
            return
        try:
            claimed = await self._store.write(record.claim, self._reach.now(), ASK_AT_ONCE)
            await asyncio.gather(*(self._ask(sub, mode, self._callback) for sub, mode in claimed))
        except StoreError as e:
            log.warning("hubs wait", why=str(e))

    async def settle(self) -> None:
        """Leave the hubs of sources that are gone, read elsewhere, or decline."""
        wanting = {s.id: s.address for s in self._sources().values() if _wants(s)}
        try:
            left = await self._store.write(record.settle, wanting, self._reach.now())
        except StoreError as e:
            log.warning("hubs wait", why=str(e))
            return
        if left:
            log.info("leaving hubs", sources=left)

    async def take(self, ids: list[int]) -> None:
        """Read these deliveries and write what is new; those that were read before are passed over."""
        pushes = await self._store.read(record.load, ids)
        await asyncio.gather(*(self._take(push) for push in pushes))
        if orphans := set(ids) - {p.id for p in pushes}:
            await self._store.write(record.drop, sorted(orphans))  # most were read already; the others belong to nobody any more

    async def drain(self) -> None:
        """Take everything that waits, and return."""
        before = self._reach.now() + timedelta(seconds=1)
        while ids := await self._store.read(record.waiting, TAKE_AT_ONCE, before):
            await self.take(ids)

    async def sweep(self) -> int:
        """Publish again the deliveries that were written and not read; how many."""
        return await sweep(self._store, self._bus, PUSHES, GROUP, record.waiting, self._reach.now())

    async def _ask(self, sub: Subscription, mode: Mode, callback: str) -> None:
        hub = hub_address(sub.hub, self._allow_private)
        headers = {"content-type": "application/x-www-form-urlencoded"}
        try:
            await self._reach.fetch(sub.source_id, Request(hub, headers=headers, body=question(sub, mode, callback)))
        except SitePausedError as e:
            wait = e.retry_after or 0.0
            await self._store.write(record.change, sub.token, lambda s: postponed(s, wait, self._reach.now()))
        except FetchError as e:
            await self._refused(sub, mode, e)

    async def _refused(self, sub: Subscription, mode: Mode, error: FetchError) -> None:
        now, chance = self._reach.now(), random.random()  # noqa: S311  spreads the tries, guards nothing
        await self._store.write(record.change, sub.token, lambda s: refused(s, str(error), error.retry_after, now, chance))
        log.warning("a hub does not take a question; polling goes on", source=sub.source_id, mode=mode.value, why=str(error))

    async def _take(self, push: record.Push) -> None:
        source = self._sources().get(push.source_id)
        if source is None or source.address != push.address or not _wants(source):
            await self._store.write(record.drop, [push.id])
            return
        try:
            parsed = await asyncio.to_thread(_parse, source, push)
        except Exception as e:  # noqa: BLE001  hostile bytes provoke anything in a parser, and none of it may stop the others
            why = str(e) if isinstance(e, FetchError) else f"it cannot be read ({type(e).__name__})"
            await self._store.write(record.drop, [push.id], f"a delivery was of no use: {why}")
            log.warning("a delivery was of no use", source=source.id, why=why)
            return
        await self._committer.commit(Answer(source, Reading(parsed), push=push.id))

    async def _on_dead(self, stream: str, row: int, error: str, attempts: int) -> None:
        await self._store.write(_set_aside, stream, row, error, attempts, self._reach.now())


def _set_aside(conn: Connection, stream: str, row: int, error: str, attempts: int, now: datetime) -> None:
    """Keep the dead letter, and mark the delivery, so that no sweep brings it back; a replay takes the mark off."""
    add_dead_letter(conn, stream, str(row), error, attempts, now)
    conn.execute(update(websub_inbox).where(websub_inbox.c.id == row).values(dead_at=now))


def _wants(source: Source) -> bool:
    return KINDS[source.kind].push is not None and getattr(source, "websub", True)


def _parse(source: Source, push: record.Push) -> Parsed:
    read = KINDS[source.kind].push
    assert read is not None, "asked for by somebody whose kind has hubs"
    unpacker = Unpacker(push.headers.get("content-encoding", ""), UNPACKED_MOST)
    unpacker.feed(push.body)
    return read(unpacker.finish(), push.headers, push.topic)


def _near(url: str) -> bool:
    """Whether an address names this machine or a private network by number."""
    host = urlsplit(url).hostname or ""
    try:
        return not is_public(str(ipaddress.ip_address(host)))
    except ValueError:
        return host == "localhost"
