"""Playing the demo: a feed host, the real stages on a home of their own, and an ear on the alerts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select

from concordat import __version__
from concordat.demo.host import DemoHost
from concordat.demo.plan import Telling, plan
from concordat.runtime import Runtime, running
from notifier import digests, stories, subscribers
from notifier.model import Story
from notifier.paper import Mail, Sender, as_mail
from rules.live import Folders, LiveRules
from rules.records import unmatched
from rules.service import RulesStage
from rules.tables import alerts
from watcher.bus import ALERTS, consume
from watcher.fetch import Client
from watcher.model import Source
from watcher.service import Watcher, user_agent
from watcher.settings import Settings
from watcher.sources.feed import FeedSource
from watcher.store.tables import items

GROUP = "demo"
AGES = timedelta(days=36_500)  # the past may ring here, whenever it was
SETTLE = 20.0  # seconds at the most to wait, at the end, for what was published last


@dataclass(slots=True)
class Heard:
    """What came out: alerts and updates, as counted, and the digest."""

    items: int = 0
    rung: int = 0
    updates: int = 0
    mail: Mail | None = field(default=None, repr=False)


async def play(
    home: Path, tellings: Sequence[Telling], seconds: float,
    *, told: Callable[[Telling], None], rang: Callable[[Story, str], None],
) -> Heard:  # fmt: skip
    """Replay `tellings` over `seconds`; `told` hears what is published, `rang` each alert with its kind (new, update, rise)."""
    settings = Settings(home=home, builtin_sources=False, allow_private_addresses=True, max_age=AGES)
    heard = Heard()
    outlets = sorted({t.outlet for t in tellings})
    async with DemoHost(outlets) as host, running(settings) as runtime:
        sources = [FeedSource(id=o, url=url, every=timedelta(seconds=1)) for o, url in host.feeds.items()]
        client = Client(user_agent=user_agent(__version__, ""), allow_private=True)
        async with client, _stages(runtime, client, sources, heard, rang):
            await _until(lambda: runtime.store.read(_polled_once, len(sources)), SETTLE)
            await host.release(plan(tellings, seconds), told)
            await _until(lambda: runtime.store.read(_settled, len(tellings)), SETTLE)
        heard.items = await runtime.store.read(_count)
        heard.mail = await runtime.store.write(_digest, datetime.now(UTC))
    return heard


@contextlib.asynccontextmanager
async def _stages(
    runtime: Runtime, client: Client, sources: Sequence[Source], heard: Heard, rang: Callable[[Story, str], None]
) -> AsyncIterator[None]:
    store, bus, stop = runtime.store, runtime.bus, asyncio.Event()

    async def hear(ids: list[int]) -> None:
        for story, kind in await store.read(_rung, ids):
            heard.rung += kind == "new"
            heard.updates += kind != "new"
            rang(story, kind)

    async def dead(_stream: str, _row: int, _error: str, _attempts: int) -> None:
        return

    async with asyncio.TaskGroup() as group:
        group.create_task(Watcher(runtime.settings, store, bus, client, sources).run(stop))
        group.create_task(RulesStage(store, bus, LiveRules(Folders.of(runtime.settings))).run(stop))
        group.create_task(consume(bus, ALERTS, GROUP, hear, stop, on_dead=dead))
        try:
            yield
        finally:
            await asyncio.sleep(0)
            stop.set()


async def _until(holds: Callable[[], Awaitable[bool]], seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not await holds():  # noqa: ASYNC110  a database has no event to wait for
                await asyncio.sleep(0.1)


def _polled_once(conn: Connection, sources: int) -> bool:
    from watcher.store.tables import source_state

    return conn.execute(select(func.count()).where(source_state.c.first_ok_at.is_not(None))).scalar() == sources


def _settled(conn: Connection, wanted: int) -> bool:
    return _count(conn) >= wanted and not unmatched(conn, 1, datetime.now(UTC) + timedelta(minutes=1))


def _count(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(items)).scalar() or 0


def _rung(conn: Connection, ids: Sequence[int]) -> list[tuple[Story, str]]:
    rows = conn.execute(select(alerts.c.story_id, alerts.c.kind).where(alerts.c.id.in_(ids)).order_by(alerts.c.id)).all()
    told = stories.load(conn, [r.story_id for r in rows])
    return [(told[r.story_id], r.kind) for r in rows if r.story_id in told]


def _digest(conn: Connection, now: datetime) -> Mail:
    reader = subscribers.add(conn, subscribers.by_email("reader@demo.example"), now)
    return as_mail(digests.preview(conn, reader, now), Sender("Concordat demo"))
