"""A feed, its hub, a callback over real HTTP, and the two halves of WebSub on one store, with a clock that a test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from starlette.applications import Starlette

from concordat.console.app import listen, serve
from tests.e2e.program import free_port
from tests.fakes.feedhost import Feed, FeedHost
from tests.fakes.hub import Granted, Hub
from watcher.ask import Reach, ask
from watcher.bus import Bus
from watcher.bus.due import DueSet
from watcher.decide import Outcome, Policy
from watcher.errors import FetchError
from watcher.fetch import Client, HostGate
from watcher.manners import asks_for_pause, pause_for
from watcher.model import Source
from watcher.poll import Committer, current_state
from watcher.settings import Settings
from watcher.sources.feed import FeedSource
from watcher.store import Store
from watcher.store.sources import load_states
from watcher.store.tables import items, websub_inbox, websub_subscriptions
from watcher.websub import record
from watcher.websub.service import Hubs
from watcher.websub.subscription import Subscription
from watcher.websub.web import routes


class Clock:
    """The time, as a test says."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC).replace(microsecond=0)  # as the store keeps it

    def __call__(self) -> datetime:
        """Now."""
        return self.moment

    def forward(self, **span: float) -> None:
        """Later."""
        self.moment += timedelta(**span)


@dataclass
class World:
    """Everything of it; `callback` serves deliveries, `hubs` asks and reads."""

    host: FeedHost
    feed: Feed
    hub: Hub
    store: Store
    bus: Bus
    clock: Clock
    client: Client
    committer: Committer
    hubs: Hubs
    sources: dict[str, Source]

    async def poll(self) -> Outcome:
        """Read the feed as the schedule would."""
        source = self.sources["press"]
        with self.store.reading() as conn:
            state = current_state(source, load_states(conn, [source.id]).get(source.id))
        reach = Reach(self.client, HostGate(), now=self.clock)
        return await self.committer.commit(await ask(source, state, reach))

    async def subscribed(self) -> Granted:
        """Poll, ask, be verified."""
        await self.poll()
        await self.hubs.ask()
        await self.hub.until(lambda: bool(self.hub.granted))
        await self.hub.until(lambda: len(self.hub.answers) == len(self.hub.asked))
        return self.hub.granted[-1]

    async def push(self, body: bytes | None = None, **how: Any) -> list[int]:
        """Deliver the feed, or this."""
        return await self.hub.publish(self.feed.url, self.feed.body() if body is None else body, "application/rss+xml", **how)

    async def read(self) -> list[str]:
        """Take what waits; the titles of all items, in order."""
        await self.hubs.drain()
        with self.store.reading() as conn:
            return list(conn.execute(select(items.c.title).order_by(items.c.id)).scalars())

    def waiting(self) -> int:
        """Deliveries that were acknowledged and not read."""
        with self.store.reading() as conn:
            return len(conn.execute(select(websub_inbox.c.id)).all())

    def rows(self) -> list[Subscription]:
        """All subscriptions as stored."""
        with self.store.reading() as conn:
            tokens = conn.execute(select(websub_subscriptions.c.token).order_by(websub_subscriptions.c.id)).scalars().all()
            return [found for t in tokens if (found := record.by_token(conn, t))]


@asynccontextmanager
async def world(store: Store, bus: Bus, **source: Any) -> AsyncIterator[World]:
    """The feed `press`, offering its hub, not read yet."""
    clock = Clock()
    settings = Settings(
        home=Path("nowhere"), console_port=free_port(), allow_private_addresses=True, public_url="http://127.0.0.1", builtin_sources=False
    )
    sock = listen(settings)
    settings = settings.model_copy(update={"public_url": f"http://127.0.0.1:{settings.console_port}"})
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(Starlette(routes=routes(store, bus, now=clock)), sock, stop))
    try:
        async with FeedHost() as host, Hub() as hub, Client(user_agent="t", allow_private=True) as client:
            feed = host.feed("press")
            feed.headers = hub.links(feed.url)
            sources: dict[str, Source] = {"press": FeedSource(id="press", url=feed.url, **source)}
            committer = Committer(store, bus, DueSet(bus), lambda s: Policy(timedelta(hours=48), s.every), clock)
            gate = HostGate()

            async def heed(_source: str, site: str, error: FetchError) -> None:
                if asks_for_pause(error, 0):
                    gate.pause(site, pause_for(error, 0))

            hubs = Hubs(settings, store, bus, Reach(client, gate, now=clock, heed=heed), committer, lambda: sources)
            yield World(host, feed, hub, store, bus, clock, client, committer, hubs, sources)
    finally:
        stop.set()
        await serving
