"""The stage whole: people, alerts and faults, over a real Redis, a real database and a Bot API on loopback."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.telegram import Telegram
from tests.notifier.world import TITLE, ledger_rows, retell, running, settings_for, tell
from watcher.bus import Bus
from watcher.store import Store

ADA, BOB = 7, 8


async def test_start_then_alerts(store: Store, bus: Bus, tmp_path: Path) -> None:
    """Whoever sends /start is answered at once, and gets the next alert with title, parties, machine and buttons."""
    async with Telegram() as telegram, running(settings_for(telegram, tmp_path), store, bus) as stage:
        telegram.says(ADA, "/start")
        await telegram.until(lambda: telegram.to(ADA))
        assert "/follow" in telegram.to(ADA)[0].text
        with store.begin() as conn:
            alert = tell(conn)
        await stage.publish(alert)
        await telegram.until(lambda: len(telegram.to(ADA)) == 2)
        text = telegram.to(ADA)[1].text
        assert TITLE in text.splitlines()[0]
        assert "OpenAI × Los Alamos National Laboratory" in text
        assert "Venado" in text
        assert "rule ai-company-national-lab" in text
        assert [b["text"] for b in telegram.to(ADA)[1].buttons] == ["👍", "👎", "Mute labs", "Sources (1)"]
        with store.begin() as conn:
            update = retell(conn, 1, "spiegel.de")
        await stage.publish(update)
        await telegram.until(lambda: telegram.edits)
        assert "+1 source: spiegel.de" in telegram.edits[0].text
        assert len(telegram.to(ADA)) == 2
    assert [r.state for r in ledger_rows(store)] == ["sent", "sent"]
    assert not telegram.refused
