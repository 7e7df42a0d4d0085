"""All registers through the watcher: a real Redis, a real database, and every interface on loopback."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from tests.fakes.offices import Offices, offices
from watcher.bus import Bus
from watcher.decide import Outcome
from watcher.fetch import Client
from watcher.model import Source
from watcher.service import Watcher
from watcher.settings import Settings
from watcher.sources.kinds import KINDS
from watcher.store import Store
from watcher.store.tables import items, source_state

KEY = "k3y-that-nobody-may-see"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Home:
    """A watcher of all registers, whose clock a test sets."""

    def __init__(self, store: Store, bus: Bus, home: Path, at: Offices) -> None:
        self.store, self.bus, self.now = store, bus, NOON
        self.sources: list[Source] = [KINDS[row["kind"]].source.model_validate(row) for row in at.sources()]
        self.settings = Settings(home=home, sam_api_key=SecretStr(KEY))

    async def round(self) -> dict[str, Outcome]:
        """Every source once; what came of each."""
        outcomes: dict[str, Outcome] = {}

        def heard(source: Source, outcome: Outcome) -> None:
            outcomes[source.id] = outcome

        async with Client(user_agent="Concordat/test (+https://example.org)", allow_private=True) as client:
            await Watcher(self.settings, self.store, self.bus, client, self.sources, now=lambda: self.now).once(heard)
        return outcomes

    def rows(self, table: Any) -> list[dict[str, Any]]:
        """What is stored."""
        with self.store.reading() as conn:
            return [dict(row) for row in conn.execute(select(table)).mappings()]


async def test_every_register_is_read_and_then_only_what_is_new(store: Store, bus: Bus, tmp_path: Path) -> None:
    """Two rounds: the first is quiet, the second brings one item of each register, with its facts, and nothing again."""
    async with offices(KEY) as world:
        home = Home(store, bus, tmp_path, world)
        world.publish(1, NOON - timedelta(hours=4))
        first = await home.round()
        assert {name: (o.state.failures, len(o.items)) for name, o in first.items()} == {s.id: (0, 1) for s in home.sources}
        assert {i.quiet for o in first.values() for i in o.items} == {"first_poll"}
        home.now += timedelta(hours=4)
        world.publish(2, NOON + timedelta(hours=3))
        second = await home.round()
    assert {name: (o.state.failures, [i.quiet for i in o.items]) for name, o in second.items()} == {s.id: (0, [None]) for s in home.sources}
    rows = {row["source_id"]: row for row in home.rows(items)[6:]}
    assert {name: row["facts"] for name, row in rows.items()} == {
        "federal-register": None,
        "usaspending": {
            "amount": 24e6, "currency": "USD", "buyer": "Department of Defense (Department of the Army)",
            "supplier": "CARAHSOFT TECHNOLOGY CORP", "vendor": "OpenAI", "award_id": "W9124P2", "stage": "award",
        },
        "sam": {
            "amount": 2e6, "currency": "USD", "buyer": "DEPT OF DEFENSE, DEPT OF THE ARMY, AMC", "supplier": "Four Points Technology",
            "vendor": "Anthropic", "award_id": "S2", "stage": "award",
        },
        "contracts-finder": {
            "amount": 6e6, "currency": "GBP", "buyer": "Home Office", "supplier": "Softcat plc", "vendor": "Palantir",
            "award_id": "ocds-b5fd17-000003/1", "stage": "award",
        },
        "find-a-tender": {
            "amount": 6e6, "currency": "GBP", "buyer": "Home Office", "supplier": "Softcat plc", "vendor": "Anthropic",
            "award_id": "ocds-h6vhtk-000003/1", "stage": "award",
        },
        "ted": {
            "amount": 8e6, "currency": "EUR", "buyer": "Ministère des Armées", "supplier": "Mistral AI", "award_id": "700002-2026",
            "stage": "award",
        },
    }  # fmt: skip
    assert second["find-a-tender"].state.health_reason == "1 of 2 notices do not hold the words"


async def test_the_key_is_in_no_row(store: Store, bus: Bus, tmp_path: Path) -> None:
    """Neither in an item nor in what is remembered of a source, also where SAM.gov answers with an error."""
    async with offices(KEY) as world:
        home = Home(store, bus, tmp_path, world)
        world.publish(1, NOON)
        await home.round()
        world.sam.key = "another"
        outcomes = await home.round()
    assert "CONCORDAT_SAM_API_KEY" in outcomes["sam"].state.health_reason
    assert outcomes["sam"].notices
    stored = json.dumps([*home.rows(items), *home.rows(source_state)], default=repr)
    assert len(stored) > 1_000
    assert KEY not in stored


async def test_after_days_without_an_answer_all_is_read(store: Store, bus: Bus, tmp_path: Path) -> None:
    """What was published while nobody read is read afterwards, every notice once."""
    async with offices(KEY) as world:
        home = Home(store, bus, tmp_path, world)
        await home.round()
        for day in range(1, 6):
            world.publish(day, NOON + timedelta(days=day))
        home.now += timedelta(days=6)
        outcomes = await home.round()
        again = await home.round()
    assert {name: len(o.items) for name, o in outcomes.items()} == {s.id: 5 for s in home.sources}
    assert {name: len(o.items) for name, o in again.items()} == {s.id: 0 for s in home.sources}
