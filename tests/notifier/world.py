"""What stands below the notifier in its tests: stories and alerts as the rules stage writes them, and the running stage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Connection, Row, insert, select, update

from notifier import subscribers
from notifier.model import Channel, Party, Report, Story, Subscriber
from notifier.service import run_notifier
from notifier.tables import deliveries
from notifier.wishes import Follow, Mute, Of, Wishes
from rules.tables import alerts, matches, stories, story_items
from tests.fakes.telegram import Telegram
from tests.fakes.watched import Watched
from watcher.bus import ALERTS, Bus
from watcher.settings import Settings
from watcher.store import Store
from watcher.store.tables import items

NOW = datetime(2025, 1, 30, 14, 5, tzinfo=UTC)
TITLE = "OpenAI s'associe au laboratoire national de Los Alamos"
ENTITIES = [
    {"id": "openai", "name": "OpenAI", "type": "ai_org"},
    {"id": "lanl", "name": "Los Alamos National Laboratory", "type": "national_lab"},
    {"id": "venado", "name": "Venado", "type": "supercomputer"},
]


def a_story(**changes: Any) -> Story:
    """A story as the model has it."""
    url = "https://lemonde.fr/venado"
    given: dict[str, Any] = {
        "id": 1, "title": TITLE, "url": url, "severity": "high", "topics": ("labs", "partnerships"), "rules": ("ai-company-national-lab",),
        "parties": tuple(Party(**e) for e in ENTITIES), "facts": {}, "outlets": ("lemonde.fr",),
        "reports": (Report("lemonde.fr", TITLE, url, "fr", NOW),), "item_count": 1, "revision": 1, "created_at": NOW,
    }  # fmt: skip
    return Story(**{**given, **changes})


def a_person(**changes: Any) -> Subscriber:
    """A subscriber as the model has it."""
    return Subscriber(**{"id": 1, "channel": Channel.TELEGRAM, "address": "7", **_with_wishes(changes)})


def some_wishes(*, topics: Sequence[str] | None = None, muted: Sequence[str] = (), **more: Any) -> Wishes:
    """Wishes in short: topics that are followed, and those that are muted for ever."""
    follows = tuple(Follow(Of.TOPIC, t) for t in topics) if topics is not None else None
    return Wishes(follows=follows, mutes=tuple(Mute(Of.TOPIC, t) for t in muted), **more)


def _with_wishes(changes: dict[str, Any]) -> dict[str, Any]:
    """What belongs to the wishes, put there."""
    named = {f.name for f in fields(Wishes)} - {"lang"} | {"topics", "muted"}
    wishes = {k: v for k, v in changes.items() if k in named}
    return {"wishes": some_wishes(**wishes), **{k: v for k, v in changes.items() if k not in named}}


def add_item(conn: Connection, story: int, title: str, outlet: str, at: datetime) -> int:
    """An item of a story, with its match."""
    url = f"https://{outlet}/{abs(hash(title)) % 10**6}"
    row = {
        "source_id": outlet, "kind": "feed", "entry_id": url, "url": url, "canonical_url": url, "outlet": outlet, "title": title,
        "summary": "", "content": "", "lang": "fr", "tags": [], "author": "", "published_at": at, "seen_at": at, "facts": None,
        "quiet": None,
    }  # fmt: skip
    key = conn.execute(insert(items).values(**row)).inserted_primary_key
    assert key
    item = int(key[0])
    conn.execute(insert(story_items).values(item_id=item, story_id=story, how="first of the story", similarity=1.0, joined_at=at))
    conn.execute(insert(matches).values(
        item_id=item, rule_id="ai-company-national-lab", severity="high", topics=["labs"], score=0.9, evidence=[["title", 0, 6]],
        ruleset="1", at=at,
    ))  # fmt: skip
    return item


def tell(conn: Connection, title: str = TITLE, *, outlet: str = "lemonde.fr", at: datetime | None = None, **changes: Any) -> int:
    """A new story of one item, and its alert; the alert's id."""
    at = at or datetime.now(UTC)
    row = {
        "title": title, "url": f"https://{outlet}/x", "lang": "fr", "severity": "high", "score": 0.9, "topics": ["labs", "partnerships"],
        "rules": ["ai-company-national-lab"], "entities": ENTITIES, "facts": None, "item_count": 1, "outlets": [outlet], "created_at": at,
        "updated_at": at, "published_at": at, "rung_at": at, "revision": 1, **changes,
    }  # fmt: skip
    key = conn.execute(insert(stories).values(**row)).inserted_primary_key
    assert key
    return ring(conn, int(key[0]), add_item(conn, int(key[0]), title, outlet, at), "new", row["severity"], at)


def retell(conn: Connection, story: int, outlet: str, *, severity: str | None = None, title: str = "Again") -> int:
    """Another outlet's item joins a story; the id of the update, or of the rise where `severity` is given."""
    at = datetime.now(UTC)
    row = conn.execute(select(stories).where(stories.c.id == story)).one()
    item = add_item(conn, story, title, outlet, at)
    values = {"revision": row.revision + 1, "item_count": row.item_count + 1, "outlets": sorted({*row.outlets, outlet})}
    conn.execute(update(stories).where(stories.c.id == story).values(**values, severity=severity or row.severity))
    return ring(conn, story, item, "rise" if severity else "update", severity or row.severity, at)


def ring(conn: Connection, story: int, item: int, kind: str, severity: str, at: datetime) -> int:
    """An alert's row; its id."""
    values = {"story_id": story, "item_id": item, "kind": kind, "severity": severity, "at": at}
    key = conn.execute(insert(alerts).values(**values)).inserted_primary_key
    assert key
    return int(key[0])


def join(conn: Connection, chat: int, **changes: Any) -> Subscriber:
    """A chat that subscribed long ago."""
    wish = subscribers.Wish(Channel.TELEGRAM, str(chat), **_with_wishes(changes))
    return subscribers.add(conn, wish, datetime.now(UTC) - timedelta(days=2))


def ledger_rows(store: Store) -> Sequence[Row[Any]]:
    """Every delivery, in order."""
    with store.reading() as conn:
        return conn.execute(select(deliveries).order_by(deliveries.c.id)).all()


def settings_for(telegram: Telegram, home: Path, **more: Any) -> Settings:
    """Settings that lead to the fake."""
    return Settings(home=home, telegram_token=SecretStr(telegram.token), telegram_api_url=telegram.url, **more)


class Stage(Watched):
    """A running notifier: its health as it told it, and a way to publish."""

    def __init__(self, store: Store, bus: Bus) -> None:
        super().__init__()
        self.store, self.bus = store, bus
        self.health: dict[str, str | None] = {}

    async def publish(self, *alert_ids: int) -> None:
        """What the rules stage does after it wrote alerts."""
        await self.bus.publish(ALERTS, alert_ids)

    def heard(self, part: str, problem: str | None) -> None:
        """The stage's word on its health."""
        self.health[part] = problem
        self.changed()


@asynccontextmanager
async def running(settings: Settings, store: Store, bus: Bus, **more: Any) -> AsyncIterator[Stage]:
    """The whole stage for the length of a block; whatever it raises is raised at the end."""
    stage, stop = Stage(store, bus), asyncio.Event()
    task = asyncio.create_task(run_notifier(settings, store, bus, stop, health=stage.heard, **more))
    try:
        yield stage
    finally:
        stop.set()
        await asyncio.wait_for(task, 15)
