"""All social networks together, through the watcher itself: a real Redis, a real store, loopback networks."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from sqlalchemy import select

from tests.fakes.social import Social
from watcher.bus import Bus
from watcher.decide import Outcome
from watcher.fetch import Client
from watcher.model import Source
from watcher.service import Watcher
from watcher.settings import Settings
from watcher.sources.files import Text
from watcher.sources.load import read_roster
from watcher.state import Health
from watcher.store import Store
from watcher.store.tables import items

FIRST, SECOND = "OpenAI signs with Los Alamos", "OpenAI brings its models to Venado"


@pytest_asyncio.fixture
async def social() -> AsyncIterator[Social]:
    """Every network."""
    async with Social() as social:
        yield social


def sources_of(social: Social) -> list[Source]:
    """The sources as their file gives them."""
    return [each.source for each in read_roster([Text("sources/social.yaml", social.sources_yaml())]).listed]


def files_of(home: Path) -> list[Path]:
    """The database with what is not yet in its main file."""
    return sorted(home.glob("concordat.db*"))


async def test_a_round_stores_each_post_once(social: Social, store: Store, bus: Bus, tmp_path: Path) -> None:
    """The first round brings what stands there, quietly; the second only what is new; a third nothing, and all are well."""
    found = social.credentials()
    settings = Settings(
        home=tmp_path, allow_private_addresses=True, x_bearer_token=found.x_bearer_token, bluesky_handle=found.bluesky_handle,
        bluesky_password=found.bluesky_password, mastodon_token=found.mastodon_token,
    )  # fmt: skip
    sources = sources_of(social)
    ids = {s.id for s in sources}
    rounds: list[dict[str, Outcome]] = []
    async with Client(user_agent="Concordat/test (+https://example.org)", allow_private=True) as client:
        watcher = Watcher(settings, store, bus, client, sources)
        for text in (FIRST, SECOND, ""):
            if text:
                social.speak(text)
            outcomes: dict[str, Outcome] = {}
            rounds.append(outcomes)
            await watcher.once(lambda source, outcome: outcomes.update({source.id: outcome}))  # noqa: B023  awaited in the same turn
    assert {i: o.state.health_reason for turn in rounds for i, o in turn.items() if o.state.health is not Health.OK} == {}
    for outcomes, text in zip(rounds[:2], (FIRST, SECOND), strict=True):
        assert {i: [item.entry.title or item.entry.summary for item in o.items] for i, o in outcomes.items()} == {i: [text] for i in ids}
    assert all(item.quiet is not None for o in rounds[0].values() for item in o.items)
    assert [item for o in rounds[2].values() for item in o.items] == []
    with store.reading() as conn:
        rows = conn.execute(select(items.c.source_id, items.c.kind)).all()
    assert Counter(r.source_id for r in rows) == dict.fromkeys(ids, 2)
    assert {r.kind for r in rows} == {"bluesky", "mastodon", "x", "reddit", "hackernews", "youtube"}
    assert social.bluesky.sign_ins == 1


async def test_nothing_secret_is_kept(social: Social, store: Store, bus: Bus, tmp_path: Path) -> None:
    """No password, token or session stands in the database after a round, not in an error either."""
    found = social.credentials()
    settings = Settings(
        home=tmp_path, allow_private_addresses=True, x_bearer_token=found.x_bearer_token, bluesky_handle=found.bluesky_handle,
        bluesky_password=found.bluesky_password,
    )  # fmt: skip
    social.speak(FIRST)
    social.x.token = "revoked"
    async with Client(user_agent="Concordat/test (+https://example.org)", allow_private=True) as client:
        await Watcher(settings, store, bus, client, sources_of(social)).once(lambda *_: None)
    store.close()
    kept = b"".join(path.read_bytes() for path in files_of(tmp_path))
    assert b"social.example" in kept
    assert found.x_bearer_token is not None
    for secret in (social.bluesky.password, found.x_bearer_token.get_secret_value(), "access.1", "refresh.1"):
        assert secret.encode() not in kept
