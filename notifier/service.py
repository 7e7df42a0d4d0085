"""The notifier stage: alert ids in; deliveries written, sent and recorded. A thin loop around routing, the sender and the bot.

Streams wake it at once; a sweep each second finds in SQL whatever no stream brought: alerts nobody routed, retries whose time has
come, and deliveries of a sender that died.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import Connection, update

from notifier import alarms, digests, ledger, mailboxes, notices
from notifier.bot.loop import Bot
from notifier.bot.turn import House
from notifier.bot.vocabulary import Vocabulary
from notifier.channels import maildir, open_outlets
from notifier.channels.chat import ChatOutlet
from notifier.channels.outlet import Outlet
from notifier.jobs import Due
from notifier.model import Channel
from notifier.routing import route_alerts
from notifier.sender import Sender
from rules.records import unrouted
from rules.tables import alerts
from watcher.bus import ALERTS, DELIVERIES, Bus, consume
from watcher.errors import DeliveryError, RedisError, StoreError
from watcher.settings import Settings
from watcher.store import Store
from watcher.store.items import add_dead_letter

GROUP = "notifier"
SWEEP = 1.0  # seconds between two looks for what no stream brought
DIGEST_TICK = 15.0  # seconds between two looks for digests that are due
SETTLE = timedelta(seconds=2)  # younger alerts are on their way from transaction to stream
PAGE = 2000
PATIENCE = timedelta(seconds=30)  # for how long `drain` waits for retries that come due

log = structlog.get_logger("notifier")

Health = Callable[[str, str | None], None]


def _utc() -> datetime:
    return datetime.now(UTC)


class Notifier:
    """Routes and sends for one process."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        outlets: dict[Channel, Outlet],
        *,
        now: Callable[[], datetime] = _utc,
        health: Health,
        admins: Collection[int] = (),
        refused: Callable[[], str] | None = None,
    ) -> None:
        """`health` hears, part by part, what is wrong in words, and None once it is well again; `admins` are told of what goes wrong,
        also that edited rule files are `refused`.
        """
        self._store, self._bus, self._now, self._health = store, bus, now, health
        self._channels = frozenset(outlets)
        self._chats = Channel.TELEGRAM in outlets
        self._admins = frozenset(admins) if self._chats else frozenset()
        self._refused = refused
        self._after = 0
        self._wrong: dict[Channel, str] = {}
        self.sender = Sender(store, outlets, now=now, on_error=self._heard)

    async def run(self, stop: asyncio.Event) -> None:
        """Route and send until `stop`; what is in flight is finished and recorded."""
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1})
        scheduler.add_job(self.sweep, "interval", seconds=SWEEP, next_run_time=self._now())
        scheduler.add_job(self.plan, "interval", seconds=DIGEST_TICK, next_run_time=self._now())
        scheduler.add_job(self.tell, "interval", seconds=notices.EVERY, next_run_time=self._now())
        scheduler.start()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(consume(self._bus, ALERTS, GROUP, self.route, stop, on_dead=self._on_dead))
                group.create_task(consume(self._bus, DELIVERIES, GROUP, self.take, stop, on_dead=self._on_dead))
                group.create_task(self.sender.run(stop))
        finally:
            scheduler.shutdown(wait=False)

    async def route(self, ids: list[int]) -> None:
        """Decide whom these alerts reach, write it, publish the deliveries; alerts routed before are passed over."""
        written = await self._store.write(route_alerts, ids, self._now())
        await self._bus.publish(DELIVERIES, written)
        if written:
            log.info("routed", alerts=len(ids), deliveries=len(written))

    async def take(self, ids: Sequence[int]) -> None:
        """Put deliveries into their lanes; those that are not due are passed over."""
        self.sender.submit(await self._store.read(ledger.lanes, ids, self._now()))

    async def sweep(self) -> None:
        """Look for what no stream brought; an outage is no error here, because the next sweep comes soon."""
        try:
            late = await self._store.read(unrouted, PAGE, self._now() - SETTLE)
            if late:
                self.sender.submit(await self._lanes(await self._store.write(route_alerts, late, self._now())))
                log.info("routed late", alerts=len(late))
            page = await self._store.read(ledger.due, self._now(), self._channels, self._after, PAGE)
            self._after = page[-1].id if len(page) == PAGE else 0
            self.sender.submit(page)
        except StoreError as e:
            log.warning("the sweep waits", why=str(e))

    async def plan(self) -> None:
        """Write the digests that are due and put them on their way."""
        try:
            await self._bus.publish(DELIVERIES, await self._store.write(digests.plan_due, self._now()))
        except (StoreError, RedisError) as e:
            log.warning("digests wait", why=str(e))

    async def tell(self) -> None:
        """Put what the admins should hear of on its way to them."""
        try:
            await self._store.write(mailboxes.forget_unconfirmed, self._now())
            await self._store.write(alarms.look, self._refused() if self._refused else None, self._now())
            await self._bus.publish(DELIVERIES, await self._store.write(self._notices))
        except (StoreError, RedisError) as e:
            log.warning("notices wait", why=str(e))

    def _notices(self, conn: Connection) -> list[int]:
        return notices.plan(conn, self._admins, self._now(), reachable=self._chats)

    async def drain(self) -> None:
        """Route and send what is due, retries of the next moments among it, and return."""
        stop, deadline = asyncio.Event(), self._now() + PATIENCE
        await self._store.write(digests.plan_due, self._now())
        await self._store.write(self._notices)
        sending = asyncio.create_task(self.sender.run(stop))
        try:
            while True:
                await self._route_everything()
                await self.sweep()
                await self.sender.idle()
                soonest = await self._store.read(ledger.next_due, self._channels)
                if soonest is None or soonest > deadline or self._now() > deadline:
                    return
                await asyncio.sleep(max(0.05, (soonest - self._now()).total_seconds()))
        finally:
            stop.set()
            await sending

    async def _route_everything(self) -> None:
        while late := await self._store.read(unrouted, PAGE, self._now() + SETTLE):
            await self._store.write(route_alerts, late, self._now())

    async def _lanes(self, ids: Sequence[int]) -> list[Due]:
        return await self._store.read(ledger.lanes, ids, self._now())

    async def _on_dead(self, stream: str, row: int, error: str, attempts: int) -> None:
        await self._store.write(_set_aside, stream, row, error, attempts, self._now())

    def _heard(self, channel: Channel, error: DeliveryError | None) -> None:
        """Tell of a channel as a whole: one recipient who is gone says nothing about it."""
        wrong = str(error) if error and not error.permanent and error.retry_after is None and not error.moved_to else ""
        if wrong != self._wrong.get(channel, "") and (wrong or error is None):
            self._wrong[channel] = wrong
            self._health(str(channel), wrong or None)


def _set_aside(conn: Connection, stream: str, row: int, error: str, attempts: int, now: datetime) -> None:
    """Keep the dead letter; an alert that cannot be routed counts as routed, so that no sweep brings it back."""
    add_dead_letter(conn, stream, str(row), error, attempts, now)
    if stream == ALERTS:
        conn.execute(update(alerts).where(alerts.c.id == row, alerts.c.routed_at.is_(None)).values(routed_at=now))


async def run_notifier(
    settings: Settings, store: Store, bus: Bus, stop: asyncio.Event, *, health: Health, words: Callable[[], Vocabulary] = Vocabulary,
    refused: Callable[[], str] | None = None, version: str = "",
) -> None:
    """The whole stage until `stop`: routing, sending, sweeping, digests, and the bot where a token is set.

    `health(part, problem)` hears of each channel and of the bot: what is wrong and what to do, None once it is well. `words` is what people
    can name, `refused` why edited rule files are not in force, `version` the program's.
    """
    outlets = open_outlets(settings, store, bus)
    notifier = Notifier(store, bus, outlets, health=health, admins=settings.telegram_admins, refused=refused)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(notifier.run(stop))
            if settings.bounce_maildir:
                group.create_task(maildir.watch(settings.bounce_maildir, store, stop, _utc))
            chats = outlets.get(Channel.TELEGRAM)
            if isinstance(chats, ChatOutlet):

                def house() -> House:
                    mail = settings.smtp_url is not None
                    access, admins = settings.telegram_access == "open", frozenset(settings.telegram_admins)
                    return House(access, admins, words(), mail, bot.name, version, refused() if refused else "")

                bot = Bot(chats.client, store, notifier.sender, house, now=_utc, health=health)
                group.create_task(bot.run(stop))
    finally:
        await _close(outlets)


async def drain(settings: Settings, store: Store, bus: Bus, *, health: Health = lambda _part, _problem: None) -> None:
    """Route and send everything that is due, once, and return; what must wait longer stays in the outbox."""
    if settings.bounce_maildir:
        with suppress(OSError):  # a folder that cannot be read is told of by who watches it
            await maildir.look(settings.bounce_maildir, store, _utc())
    outlets = open_outlets(settings, store, bus)
    try:
        await Notifier(store, bus, outlets, health=health, admins=settings.telegram_admins).drain()
    finally:
        await _close(outlets)


async def _close(outlets: dict[Channel, Outlet]) -> None:
    for outlet in outlets.values():
        await outlet.close()
