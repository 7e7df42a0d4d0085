"""What happens between two steps: a story that moves on before its message leaves, a pause that outlasts a run, a mail composed late."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update

from notifier.model import State
from notifier.routing import route_alerts
from notifier.service import drain
from notifier.stories import began
from rules.tables import alerts, stories
from tests.fakes.telegram import Telegram
from tests.notifier.world import NOW, join, ledger_rows, retell, settings_for, tell
from watcher.bus import Bus
from watcher.store import Store


async def test_a_rise_that_the_first_message_showed(store: Store, bus: Bus, tmp_path: Path) -> None:
    """A story that rises between routing and sending rings once: the one message shows the severity that it rose to."""
    async with Telegram() as telegram:
        with store.begin() as conn:
            join(conn, 7)
            alert = tell(conn, severity="normal")
            route_alerts(conn, [alert], datetime.now(UTC))
        settings = settings_for(telegram, tmp_path)
        with store.begin() as conn:
            rise = retell(conn, 1, "reuters.com", severity="critical")
            conn.execute(update(alerts).where(alerts.c.id == rise).values(routed_at=datetime.now(UTC)))  # not seen by this run
        await drain(settings, store, bus)
        assert [m.text[0] for m in telegram.to(7)] == ["‼"]
        with store.begin() as conn:
            conn.execute(update(alerts).where(alerts.c.id == rise).values(routed_at=None))
        await drain(settings, store, bus)
        assert len(telegram.to(7)) == 1
    assert [(r.severity, r.state) for r in ledger_rows(store)] == [("critical", "sent")]


async def test_a_rise_after_the_first_message(store: Store, bus: Bus, tmp_path: Path) -> None:
    """A story that rises after it was sent rings again, as an answer to its first message."""
    async with Telegram() as telegram:
        settings = settings_for(telegram, tmp_path)
        with store.begin() as conn:
            join(conn, 7)
            tell(conn, severity="normal")
        await drain(settings, store, bus)
        with store.begin() as conn:
            retell(conn, 1, "reuters.com", severity="critical")
        await drain(settings, store, bus)
        assert [m.text[0] for m in telegram.to(7)] == ["•", "‼"]


async def test_a_long_pause_outlasts_no_run(store: Store, bus: Bus, tmp_path: Path) -> None:
    """A chat that must wait an hour, with two messages before it, keeps no run from ending; both stay in the outbox until then."""
    async with Telegram() as telegram:
        telegram.flood.held[7] = time.monotonic() + 3600
        with store.begin() as conn:
            join(conn, 7)
            tell(conn)
            tell(conn, "Second")
        await asyncio.wait_for(drain(settings_for(telegram, tmp_path), store, bus), 10)
        assert not telegram.to(7)
    rows = ledger_rows(store)
    assert [r.state for r in rows] == [State.PENDING, State.PENDING]
    assert all(r.not_before > datetime.now(UTC) + timedelta(minutes=59) for r in rows)


def test_a_digest_composed_late(store: Store) -> None:
    """A quiet story of the window stays in its digest though a later report moved its date on before the digest was composed."""
    with store.begin() as conn:
        tell(conn, at=NOW - timedelta(hours=2), rung_at=None)
        conn.execute(update(stories).values(published_at=NOW + timedelta(minutes=5)))
        assert len(began(conn, NOW - timedelta(hours=24), NOW)) == 1
        assert not began(conn, NOW, NOW + timedelta(hours=24))
