"""One round of everything: read every source, decide on every item, route and send what is due. The same stages as `up`, without loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from concordat import __version__
from concordat.runtime import Runtime
from notifier.service import drain
from notifier.tables import deliveries
from rules.live import Folders, LiveRules
from rules.records import unmatched
from rules.service import RulesStage
from watcher.decide import Outcome
from watcher.fetch import Client
from watcher.model import Source
from watcher.service import Watcher, user_agent
from watcher.sources.load import roster_of

BATCH = 200


@dataclass(frozen=True, slots=True)
class Summary:
    """What one round did."""

    sources: int
    failing: int
    new_items: int
    sent: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def line(self) -> str:
        """For people."""
        return f"{self.sources} sources read, {self.failing} of them failing; {self.new_items} new items; {self.sent} messages sent"


async def once(runtime: Runtime, progress: Callable[[Source, Outcome, int], None]) -> Summary:
    """Poll every source, drain the pipeline, send; `progress` hears of each source and of how many there are."""
    settings, store, bus = runtime.settings, runtime.store, runtime.bus
    sources = roster_of(settings).active
    stage = RulesStage(store, bus, LiveRules(Folders.of(settings)))
    outcomes: list[Outcome] = []
    begun = datetime.now(UTC)

    def heard(source: Source, outcome: Outcome) -> None:
        outcomes.append(outcome)
        progress(source, outcome, len(sources))

    agent = user_agent(__version__, settings.public_url)
    async with Client(user_agent=agent, allow_private=settings.allow_private_addresses) as client:
        await Watcher(settings, store, bus, client, sources).once(heard)
    before = datetime.now(UTC) + timedelta(seconds=1)
    while ids := await store.read(unmatched, BATCH, before):
        await stage.handle(ids)
    await drain(settings, store, bus)
    sent = await store.read(_sent_since, begun)
    failing = sum(o.state.failures > 0 for o in outcomes)
    return Summary(len(sources), failing, sum(len(o.items) for o in outcomes), sent)


def _sent_since(conn: Connection, moment: datetime) -> int:
    return conn.execute(select(func.count()).where(deliveries.c.sent_at >= moment)).scalar() or 0
