"""The page on which readers of mail change their digest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from notifier import preferences, subscribers
from notifier.model import Subscriber
from notifier.subscribers import by_email
from notifier.wishes import Follow, Of
from tests.notifier.world import tell
from watcher.store import Store

NOW = datetime.now(UTC)
FORM = {"at": "07:30", "tz": "Europe/Paris", "severity": "high", "day": ["0", "4"], "topic": ["labs"]}


@pytest_asyncio.fixture
async def client(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the page."""
    app = Starlette(routes=preferences.routes(store))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        yield client


@pytest.fixture
def ada(store: Store) -> Subscriber:
    """A mail subscriber, and a story of the topics labs and partnerships."""
    with store.begin() as conn:
        tell(conn)
        return subscribers.add(conn, by_email("ada@example.org"), NOW - timedelta(days=1))


def now_is(store: Store) -> Subscriber:
    """The subscriber as stored."""
    with store.reading() as conn:
        found = subscribers.get(conn, 1)
        assert found
        return found


async def test_looking_changes_nothing(client: httpx.AsyncClient, store: Store, ada: Subscriber) -> None:
    """The page shows what is wished now, without the address, and is kept nowhere."""
    shown = await client.get(f"/preferences/{ada.token}")
    assert shown.status_code == 200
    assert 'value="08:00"' in shown.text
    assert "ada@" not in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert now_is(store) == ada


async def test_a_form_is_kept(client: httpx.AsyncClient, store: Store, ada: Subscriber) -> None:
    """Hour, zone, days, loudness and topics are as the form says; what it does not offer stays."""
    answer = await client.post(f"/preferences/{ada.token}", data=FORM)
    assert (answer.status_code, "Saved." in answer.text) == (200, True)
    wishes = now_is(store).wishes
    assert (wishes.digest_at, wishes.tz, wishes.min_severity, wishes.digest_days) == ("07:30", "Europe/Paris", "high", (0, 4))
    assert wishes.follows == (Follow(Of.TOPIC, "labs"),)
    assert wishes.alerts is False


async def test_every_topic_and_every_day_mean_everything(client: httpx.AsyncClient, store: Store, ada: Subscriber) -> None:
    """All boxes ticked is what it was before anything was narrowed: topics that come later are followed too."""
    await client.post(f"/preferences/{ada.token}", data={**FORM, "day": [str(d) for d in range(7)], "topic": ["labs", "partnerships"]})
    assert (now_is(store).wishes.follows, now_is(store).wishes.digest_days) == (None, ())


@pytest.mark.parametrize("wrong", [{"at": "25:00"}, {"tz": "Mars/Olympus"}, {"at": ""}])
async def test_a_mistake_is_said_and_nothing_kept(
    client: httpx.AsyncClient, store: Store, ada: Subscriber, wrong: dict[str, str]
) -> None:
    """The page says what is wrong."""
    answer = await client.post(f"/preferences/{ada.token}", data={**FORM, **wrong})
    assert (answer.status_code, "Not saved" in answer.text) == (400, True)
    assert now_is(store).wishes == ada.wishes


async def test_nobody_else_gets_in(client: httpx.AsyncClient, store: Store, ada: Subscriber) -> None:
    """A token that nobody holds, and a form without end."""
    assert (await client.post("/preferences/not-the-token", data=FORM)).status_code == 404
    assert (await client.post(f"/preferences/{ada.token}", content=b"at=" + b"9" * 30_000)).status_code == 413
    assert now_is(store).wishes == ada.wishes
