"""The laws under trouble: nothing lost, nothing twice, and one reader's trouble is nobody else's."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update
from structlog.testing import capture_logs
from telegram import Bot

from notifier import claims, ledger, subscribers
from notifier.digests import plan_all_now
from notifier.model import Channel, Kind, Standing
from notifier.routing import route_alerts
from notifier.service import drain
from notifier.tables import deliveries
from tests.fakes.telegram import Standing as Stands
from tests.fakes.telegram import Telegram, Trouble
from tests.notifier.world import TITLE, join, ledger_rows, running, settings_for, tell
from watcher.bus import Bus
from watcher.store import Store
from watcher.store.tables import dead_letters

ADA, BOB, GROUP = 7, 8, -5


def ring(store: Store, *chats: int) -> int:
    """These chats subscribed, and a story rings; its alert."""
    with store.begin() as conn:
        for chat in chats:
            join(conn, chat)
        return tell(conn)


async def test_a_limited_chat_delays_nobody(store: Store, bus: Bus, tmp_path: Path) -> None:
    """One chat's 429 holds that chat for as long as Telegram asks, and no other; then it gets its alerts, once each."""
    async with Telegram() as telegram:
        telegram.flood.held[ADA] = time.monotonic() + 6
        async with running(settings_for(telegram, tmp_path), store, bus) as stage:
            first = ring(store, ADA, BOB)
            with store.begin() as conn:
                second = tell(conn, "Second")
            await stage.publish(first, second)
            await telegram.until(lambda: len(telegram.to(BOB)) == 2)
            assert not telegram.to(ADA)
            await telegram.until(lambda: len(telegram.to(ADA)) == 2)
        assert (len(telegram.sent), len(telegram.refused)) == (4, 1)


async def test_a_reader_who_left(store: Store, bus: Bus, tmp_path: Path) -> None:
    """Who blocked the bot is marked as gone, the others get theirs, and /start brings them back."""
    async with Telegram() as telegram, running(settings_for(telegram, tmp_path), store, bus) as stage:
        telegram.standing[ADA] = Stands.BLOCKED
        await stage.publish(ring(store, ADA, BOB))
        await telegram.until(lambda: telegram.to(BOB) and telegram.refused)
        del telegram.standing[ADA]
        telegram.says(ADA, "/start")
        await telegram.until(lambda: telegram.to(ADA))
        with store.begin() as conn:
            alert = tell(conn, "Second")
        await stage.publish(alert)
        await telegram.until(lambda: len(telegram.to(ADA)) == 2)
    assert [(r.key, r.state) for r in ledger_rows(store) if r.kind == Kind.ALERT][:2] == [("alert:1:1", "dropped"), ("alert:1:2", "sent")]
    assert "Second" in telegram.to(ADA)[1].text


async def test_a_group_that_grew(store: Store, bus: Bus, tmp_path: Path) -> None:
    """The message goes to the group's new id, which is kept."""
    async with Telegram() as telegram, running(settings_for(telegram, tmp_path), store, bus) as stage:
        telegram.migrated[GROUP] = -1005
        await stage.publish(ring(store, GROUP))
        await telegram.until(lambda: telegram.to(-1005))
    with store.reading() as conn:
        assert subscribers.find(conn, Channel.TELEGRAM, "-1005")
        assert subscribers.find(conn, Channel.TELEGRAM, str(GROUP)) is None


@pytest.mark.parametrize(
    ("trouble", "messages"),
    [(Trouble.SERVER_ERROR, 1), (Trouble.RESET_BEFORE, 1), (Trouble.RESET_AFTER, 2)],
    ids=["server error", "no answer, not taken", "no answer, but taken: the documented repeat"],
)
async def test_a_call_that_failed(store: Store, bus: Bus, tmp_path: Path, trouble: Trouble, messages: int) -> None:
    """A call that failed is made again; only one that was taken without an answer is seen twice."""
    async with Telegram() as telegram:
        telegram.troubles.append(trouble)
        async with running(settings_for(telegram, tmp_path), store, bus) as stage:
            await stage.publish(ring(store, ADA))
            await telegram.until(lambda: any(c.method == "sendMessage" and c.code == 200 for c in telegram.calls))
        assert len(telegram.to(ADA)) == messages
    assert [(r.state, r.attempts) for r in ledger_rows(store)] == [("sent", 0)]


async def test_poison_is_set_aside(store: Store, bus: Bus, tmp_path: Path) -> None:
    """A delivery that cannot be composed becomes a dead letter; what stands behind it flows."""
    with store.begin() as conn:
        ada = join(conn, ADA)
        ledger.write(conn, [ledger.new("notice:odd", ada.id, Kind.NOTICE, "test", datetime.now(UTC), payload={"odd": 1})])
        tell(conn)
    async with Telegram() as telegram:
        with capture_logs():
            await drain(settings_for(telegram, tmp_path), store, bus)
        assert [TITLE in m.text for m in telegram.to(ADA)] == [True]
    assert [r.state for r in ledger_rows(store)] == ["dead", "sent"]
    with store.reading() as conn:
        assert conn.execute(select(dead_letters.c.error)).scalar_one() == "cannot be composed: KeyError"


async def test_entities_that_telegram_refuses(store: Store, bus: Bus, tmp_path: Path) -> None:
    """A message whose entities are not taken goes out once more as plain text."""
    spans = [[0, 4, "bold", ""]] * 101
    payload = {"text": "plain words", "spans": spans, "keyboard": [], "reply_to": None}
    with store.begin() as conn:
        ada = join(conn, ADA)
        ledger.write(conn, [ledger.new("notice:odd", ada.id, Kind.NOTICE, "test", datetime.now(UTC), payload=payload)])
    async with Telegram() as telegram:
        await drain(settings_for(telegram, tmp_path), store, bus)
        assert [(m.text, m.entities) for m in telegram.to(ADA)] == [("plain words", [])]
        assert len(telegram.refused) == 1


async def test_what_a_dead_process_left(store: Store, bus: Bus, tmp_path: Path) -> None:
    """An alert that nobody published, a delivery that nobody sent and one whose sender died are found in SQL and told, once each."""
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    with store.begin() as conn:
        join(conn, ADA)
        written, claimed = (route_alerts(conn, [tell(conn, t)], long_ago)[0] for t in ("Written", "Claimed"))
        assert claims.claim(conn, claimed, long_ago)
        tell(conn, "Rung", at=long_ago)
    async with Telegram() as telegram, running(settings_for(telegram, tmp_path), store, bus):
        await telegram.until(lambda: sum(m.text.count("▲") for m in telegram.to(ADA)) == 3)
        await bus.publish("concordat:deliveries", [written, claimed] * 3)
        with store.begin() as conn:
            tell(conn, "Last", at=long_ago)
        await telegram.until(lambda: any("Last" in m.text for m in telegram.to(ADA)))
    titles = [line for m in telegram.to(ADA) for line in m.text.splitlines() if line.startswith("▲")]
    assert sorted(titles) == ["▲ Claimed", "▲ Last", "▲ Rung", "▲ Written"]


async def test_redis_is_emptied(store: Store, bus: Bus, tmp_path: Path) -> None:
    """FLUSHALL between alerts loses none and repeats none."""
    async with Telegram() as telegram, running(settings_for(telegram, tmp_path), store, bus) as stage:
        first = ring(store, ADA)
        await stage.publish(first)
        await bus.redis.flushall()
        await telegram.until(lambda: telegram.to(ADA))
        with store.begin() as conn:
            second = tell(conn, "Second")
        await stage.publish(second, first)
        await telegram.until(lambda: len(telegram.to(ADA)) == 2)
    assert [m.text.splitlines()[0] for m in telegram.to(ADA)] == [f"▲ {TITLE}", "▲ Second"]


async def test_a_wrong_token(store: Store, bus: Bus, tmp_path: Path) -> None:
    """A refused token is said with what to do, never shown, and stops nothing else."""
    async with Telegram() as telegram:
        settings = settings_for(telegram, tmp_path).model_copy(update={"telegram_token": SecretStr("43:WRONG")})
        with capture_logs() as logs:
            async with running(settings, store, bus) as stage:
                await stage.publish(ring(store, ADA))
                await telegram.until(lambda: any(c.method == "sendMessage" for c in telegram.refused))
        for part in ("telegram", "bot"):
            assert "CONCORDAT_TELEGRAM_TOKEN" in (stage.health[part] or "")
        assert "WRONG" not in repr(logs)
    assert [r.state for r in ledger_rows(store)] == ["pending"]


async def test_a_second_reader(store: Store, bus: Bus, tmp_path: Path) -> None:
    """Another program with our token is named as the trouble; alerts go on meanwhile."""
    async with Telegram() as telegram, running(settings_for(telegram, tmp_path), store, bus) as stage:
        await telegram.until(lambda: telegram.polls)
        async with Bot(telegram.token, base_url=telegram.url) as other:
            await other.get_updates(timeout=0)
            await stage.until(lambda: "another program" in (stage.health.get("bot") or ""))
        await stage.publish(ring(store, ADA))
        await telegram.until(lambda: telegram.to(ADA))


async def test_a_crowd_is_reached_without_haste(store: Store, bus: Bus, tmp_path: Path) -> None:
    """Forty readers get a story at thirty a second, and Telegram never has to slow us down."""
    chats = range(1, 41)
    async with Telegram() as telegram, running(settings_for(telegram, tmp_path), store, bus) as stage:
        await stage.publish(ring(store, *chats))
        await telegram.until(lambda: len(telegram.sent) == 40)
        assert not telegram.refused
    assert sorted(m.chat_id for m in telegram.sent) == list(chats)


async def test_buttons_are_answered(store: Store, bus: Bus, tmp_path: Path) -> None:
    """A pressed button stops its clock with a word, and sources come as an answer to the alert."""
    async with Telegram() as telegram, running(settings_for(telegram, tmp_path), store, bus) as stage:
        await stage.publish(ring(store, ADA))
        await telegram.until(lambda: telegram.to(ADA))
        (alert,) = telegram.to(ADA)
        up, _, mute, sources = [b["callback_data"] for b in alert.buttons]
        for data in (up, mute, sources):
            telegram.presses(alert, data)
        await telegram.until(lambda: len(telegram.answers) == 3 and len(telegram.to(ADA)) == 2)
        words = sorted(str(a.get("text", "")) for a in telegram.answers)
        assert words == ["", "Thank you, noted 👍", "labs is off; /topics brings it back"]
        assert telegram.to(ADA)[1].text.splitlines() == [TITLE, f"1. lemonde.fr: {TITLE}"]


async def test_drain_sends_what_is_due_and_returns(store: Store, bus: Bus, tmp_path: Path) -> None:
    """One call routes and sends alerts and digests, a retry among them, and ends; without a token they wait."""
    ring(store, ADA)
    async with Telegram() as telegram:
        await drain(settings_for(telegram, tmp_path).model_copy(update={"telegram_token": None}), store, bus)
        with store.begin() as conn:
            known = subscribers.find(conn, Channel.TELEGRAM, str(ADA))
            assert known
            subscribers.set_wishes(conn, known, replace(known.wishes, digest_at="08:00"), datetime.now(UTC))
            plan_all_now(conn, datetime.now(UTC) + timedelta(seconds=1))
        telegram.troubles.append(Trouble.SERVER_ERROR)
        await drain(settings_for(telegram, tmp_path), store, bus)
        texts = [m.text for m in telegram.to(ADA)]
        assert len(texts) == 2
        assert any("1 story" in t and TITLE in t for t in texts)
    assert {r.state for r in ledger_rows(store)} == {"sent"}


async def test_who_stopped_meanwhile_gets_nothing(store: Store, bus: Bus, tmp_path: Path) -> None:
    """An alert that waits for somebody who stops is dropped, with its reason."""
    with store.begin() as conn:
        ada = join(conn, ADA)
        route_alerts(conn, [tell(conn)], datetime.now(UTC))
        subscribers.set_state(conn, ada.id, Standing.STOPPED, "sent /stop")
    async with Telegram() as telegram:
        await drain(settings_for(telegram, tmp_path), store, bus)
        assert not telegram.sent
    assert [(r.state, r.reason) for r in ledger_rows(store)] == [("dropped", "subscriber is stopped")]


async def test_an_edit_that_cannot_be_made(store: Store, bus: Bus, tmp_path: Path) -> None:
    """A message that the reader deleted stays deleted: the edit is given up without a dead letter, and asked for once."""
    async with Telegram() as telegram:
        ring(store, ADA)
        await drain(settings_for(telegram, tmp_path), store, bus)
        telegram.messages.clear()
        with store.begin() as conn:
            conn.execute(update(deliveries).values(revision=2))
        await drain(settings_for(telegram, tmp_path), store, bus)
        assert [c.method for c in telegram.refused] == ["editMessageText"]
    with store.reading() as conn:
        assert conn.execute(select(dead_letters)).all() == []
