"""Delivery whole: what waited comes in one message that stays true, answers are silent, floods and kills cost nobody anything."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update

from bench.fanout import house
from notifier.model import State
from notifier.routing import route_alerts
from notifier.tables import deliveries
from tests.fakes.telegram import Telegram
from tests.notifier.world import TITLE, join, ledger_rows, retell, running, settings_for, tell
from watcher.bus import Bus
from watcher.store import Store

ADA, FORUM = 7, -1001


async def test_what_waited_comes_in_one_message_that_stays_true(store: Store, bus: Bus, tmp_path: Path) -> None:
    """Three alerts of the night are one message; when one of its stories goes on, that message is edited, and nothing rings again."""
    long_ago = datetime.now(UTC) - timedelta(hours=6)
    with store.begin() as conn:
        join(conn, ADA, lang="fr")
        for title in ("First", "Second", "Third"):
            route_alerts(conn, [tell(conn, title)], long_ago)
    async with Telegram() as telegram, running(settings_for(telegram, tmp_path), store, bus) as stage:
        await telegram.until(lambda: telegram.to(ADA))
        (sent,) = telegram.to(ADA)
        assert sent.text.startswith("3 alertes\n\n▲ First\n")
        assert [title in sent.text for title in ("Second", "Third")] == [True, True]
        with store.begin() as conn:
            more = retell(conn, 2, "spiegel.de")
        await stage.publish(more)
        await telegram.until(lambda: telegram.edits)
        assert telegram.edits[0].message_id == sent.message_id
        assert "+1 source" in telegram.edits[0].text
        assert telegram.edits[0].text.startswith("3 alertes")
        assert len(telegram.to(ADA)) == 1
    rows = ledger_rows(store)
    assert [(r.state, r.remote_ref, r.carrier_id) for r in rows] == [
        ("sent", str(sent.message_id), None if r.id == rows[0].id else rows[0].id) for r in rows
    ]


async def test_an_official_word_comes_without_a_sound(store: Store, bus: Bus, tmp_path: Path) -> None:
    """The alert is edited, and answered where it stands, in its topic, without a sound; a critical rise makes one."""
    async with Telegram() as telegram, running(settings_for(telegram, tmp_path), store, bus) as stage:
        telegram.topics[FORUM] = {3: True}
        with store.begin() as conn:
            forum = join(conn, FORUM)
            conn.execute(update(deliveries.metadata.tables["subscribers"]).values(thread=3))
            alert = tell(conn)
        await stage.publish(alert)
        await telegram.until(lambda: telegram.to(FORUM))
        with store.begin() as conn:
            official = retell(conn, 1, "lanl.gov")
        await stage.publish(official)
        await telegram.until(lambda: len(telegram.to(FORUM)) == 2 and telegram.edits)
        with store.begin() as conn:
            rise = retell(conn, 1, "reuters.com", severity="critical")
        await stage.publish(rise)
        await telegram.until(lambda: len(telegram.to(FORUM)) == 3)
        first, confirmed, louder = telegram.to(FORUM)
        assert "🏛 official source: lanl.gov" in telegram.edits[0].text
        assert (confirmed.text.splitlines()[0], confirmed.reply_to, confirmed.silent) == ("🏛 confirmed by lanl.gov", first.message_id, True)
        assert (louder.text.splitlines()[:2], louder.reply_to, louder.silent) == (
            ["‼ now critical, was high", TITLE], first.message_id, False,
        )  # fmt: skip
        assert [m.thread for m in telegram.to(FORUM)] == [3, 3, 3]
    assert forum.id == 1


async def test_a_closed_topic(store: Store, bus: Bus, tmp_path: Path) -> None:
    """Where the topic was closed the group gets nothing until it sends /start again; what it chose is kept, and others are not held."""
    async with Telegram() as telegram, running(settings_for(telegram, tmp_path), store, bus) as stage:
        telegram.topics[FORUM] = {3: False}
        with store.begin() as conn:
            join(conn, FORUM, topics=("labs",))
            conn.execute(update(deliveries.metadata.tables["subscribers"]).values(thread=3))
            join(conn, ADA)
            alert = tell(conn)
        await stage.publish(alert)
        await telegram.until(lambda: telegram.to(ADA) and telegram.refused)
    with store.reading() as conn:
        (group, _) = conn.execute(deliveries.metadata.tables["subscribers"].select()).all()
    assert (group.state, group.thread, group.wishes["follows"]) == ("gone", 3, [{"of": "topic", "what": "labs"}])
    assert [r.state for r in ledger_rows(store)] == [State.DROPPED, State.SENT]


async def test_a_flood_of_the_whole_bot(store: Store, bus: Bus, tmp_path: Path) -> None:
    """While Telegram takes nothing from the bot a few chats find out, the others wait, and then everybody hears it, once."""
    async with Telegram() as telegram, running(settings_for(telegram, tmp_path), store, bus) as stage:
        await telegram.until(lambda: telegram.polls)
        telegram.flood.held_all = telegram.clock() + 2
        with store.begin() as conn:
            for chat in range(1, 31):
                join(conn, chat)
            alert = tell(conn)
        await stage.publish(alert)
        await telegram.until(lambda: len(telegram.sent) == 30, 20)
        assert len({m.chat_id for m in telegram.sent}) == 30
        assert 3 <= len(telegram.refused) < 15


async def test_a_notifier_that_is_killed_loses_nobody() -> None:
    """Killed on the way and started again, everybody hears the story, and at most one hears it twice."""
    async with house(20, 0.0) as here:
        await here.start()
        await here.ring()
        await here.telegram.until(lambda: len(here.heard()) >= 7, 30)
        here.running[0].kill()
        await asyncio.to_thread(here.running.pop(0).wait)
        with here.store.begin() as conn:  # as if the leases of the dead had run out meanwhile
            conn.execute(update(deliveries).values(lease_until=datetime.now(UTC) - timedelta(seconds=1)))
        await here.start()
        await here.reached(20, 30, 0.5)
        figures = here.figures()
    assert figures["missed"] == 0
    assert figures["twice"] <= 1
