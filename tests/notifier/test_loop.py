"""Promises of notifier.bot.loop: what people write is answered once, also across restarts, and one odd update stops nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from notifier import subscribers
from notifier.bot.intents import Intent, Verb
from notifier.bot.loop import read_offset, set_aside, take
from notifier.bot.turn import House
from notifier.bot.vocabulary import Vocabulary
from notifier.model import Channel
from tests.fakes.telegram import Telegram
from tests.notifier.world import running, settings_for
from watcher.bus import Bus
from watcher.store import Store
from watcher.store.tables import dead_letters

NOW = datetime.now(UTC)
ADA = 7


async def test_a_restart_answers_what_came_meanwhile(store: Store, bus: Bus, tmp_path: Path) -> None:
    """What was answered is not answered again, and what was written while we were away is."""
    async with Telegram() as telegram:
        settings = settings_for(telegram, tmp_path)
        async with running(settings, store, bus):
            telegram.says(ADA, "/start")
            await telegram.until(lambda: telegram.to(ADA))
        telegram.says(ADA, "/topics")
        async with running(settings, store, bus, words=lambda: Vocabulary(("labs", "policy"))):
            await telegram.until(lambda: len(telegram.to(ADA)) == 2)
            telegram.presses(telegram.to(ADA)[1], "✅ labs")
            await telegram.until(lambda: telegram.edits and telegram.answers)
            assert [b["text"] for b in telegram.shown(ADA)[-1].buttons] == ["▫️ labs", "✅ policy", "‹ Settings"]
        assert len(telegram.to(ADA)) == 2
        assert len(telegram.commands["default", ""]) >= 10


def test_effects_and_place_are_one(store: Store) -> None:
    """A crash before the end of the transaction leaves neither the effect nor the confirmation."""
    intent = Intent(10, str(ADA), Verb.START)

    def half_way() -> None:
        with store.begin() as conn:
            take(conn, "42", 10, intent, House(), NOW)
            raise KeyError("crash")

    with pytest.raises(KeyError):
        half_way()
    with store.begin() as conn:
        assert read_offset(conn, "42") is None
        assert subscribers.find(conn, Channel.TELEGRAM, str(ADA)) is None
        take(conn, "42", 10, intent, House(), NOW)
        assert read_offset(conn, "42") == 11
        assert read_offset(conn, "43") is None


def test_an_update_that_is_set_aside(store: Store) -> None:
    """An update that cannot be handled does not come back, and leaves a dead letter."""
    with store.begin() as conn:
        set_aside(conn, "42", 10, "ValueError", NOW)
        assert read_offset(conn, "42") == 11
        assert conn.execute(select(dead_letters.c.stream, dead_letters.c.ref)).one() == ("telegram", "10")


async def test_an_admin_sees_the_operators_commands(store: Store, bus: Bus, tmp_path: Path) -> None:
    """In the chats of admins the menu holds the operator's commands too, in each language; in others it does not."""
    async with Telegram() as telegram:
        async with running(settings_for(telegram, tmp_path, telegram_admins=(ADA,)), store, bus):
            await telegram.until(lambda: (f"{ADA}:chat", "es") in telegram.commands)
        menus = {audience: {c["command"] for c in menu} for audience, menu in telegram.commands.items()}
    assert all(({"status", "silence", "broadcast"} <= menu) == scope.endswith(":chat") for (scope, _), menu in menus.items())
    assert {lang for scope, lang in menus if scope == f"{ADA}:chat"} == {"", "en", "fr", "de", "es"}
