"""Promises of webhook mode: what Telegram posts is heard once, strangers are not, and going to and from polling loses nothing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from concordat.console.app import serve
from notifier import hook, inbox
from notifier.channels.telegram import Telegram as Client
from notifier.channels.telegramhook import Ear, Hook, hook_of
from tests.fakes.telegram import Telegram
from tests.notifier.world import running, settings_for
from watcher.bus import Bus
from watcher.errors import DeliveryError, SettingsError
from watcher.settings import Settings, load_settings
from watcher.store import Store

ADA = 7
SECRET, NOW = "s3cret", datetime.now(UTC)
UPDATE = {"update_id": 1, "message": {"message_id": 1, "date": 1, "text": "/help", "chat": {"id": ADA, "type": "private"}}}


@asynccontextmanager
async def console(store: Store) -> AsyncIterator[str]:
    """The webhook served as the console serves it; its address."""
    sock, stop = socket.socket(), asyncio.Event()
    sock.bind(("127.0.0.1", 0))
    serving = asyncio.create_task(serve(Starlette(routes=hook.routes(store)), sock, stop))
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        stop.set()
        await serving


def by_webhook(telegram: Telegram, home: Path, url: str) -> Settings:
    """Settings of a bot that is posted to."""
    return settings_for(telegram, home, telegram_mode="webhook", public_url=url)


async def test_a_conversation(store: Store, bus: Bus, tmp_path: Path) -> None:
    """What people write is posted, kept, answered once, and nobody asks for it; what they said is not kept."""
    async with Telegram() as telegram, console(store) as url:
        async with running(by_webhook(telegram, tmp_path, url), store, bus):
            telegram.says(ADA, "/start")
            await telegram.until(lambda: telegram.to(ADA))
            telegram.says(ADA, "/help")
            await telegram.until(lambda: len(telegram.to(ADA)) == 2)
        assert telegram.hook.url == url + "/telegram/webhook"
        assert set(telegram.hook.answers) == {200}
        assert "getUpdates" not in {c.method for c in telegram.calls}
    with store.reading() as conn:
        assert inbox.waiting(conn, "42") == []


async def test_from_polling_to_the_webhook_and_back(store: Store, bus: Bus, tmp_path: Path) -> None:
    """What Telegram held is posted once the webhook is set; what the inbox held is answered by a bot that asks again."""
    async with Telegram() as telegram, console(store) as url:
        async with running(settings_for(telegram, tmp_path), store, bus):
            telegram.says(ADA, "/start")
            await telegram.until(lambda: telegram.to(ADA))
        telegram.says(ADA, "/help")
        async with running(by_webhook(telegram, tmp_path, url), store, bus):
            await telegram.until(lambda: len(telegram.to(ADA)) == 2)
        telegram.says(ADA, "/topics")
        await telegram.until(lambda: not telegram.updates)
        assert len(telegram.to(ADA)) == 2
        async with running(settings_for(telegram, tmp_path), store, bus):
            await telegram.until(lambda: len(telegram.to(ADA)) == 3)
            telegram.says(ADA, "/settings")
            await telegram.until(lambda: len(telegram.to(ADA)) == 4)
        assert telegram.hook.url == ""


async def post(url: str, body: Any, secret: str | None = SECRET) -> int:
    """Post as Telegram does; the status."""
    headers = {hook.HEADER: secret} if secret is not None else {}
    async with httpx.AsyncClient() as client:
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        return (await client.post(url + hook.PATH, headers=headers, **content)).status_code


async def test_whoever_has_no_secret_is_not_heard(store: Store) -> None:
    """No secret, a wrong one and one before any bot was announced: all refused, and nothing is kept."""
    async with console(store) as url:
        assert await post(url, UPDATE) == 403
        with store.begin() as conn:
            inbox.announce(conn, "42", SECRET)
        assert [await post(url, UPDATE, s) for s in (None, "", "s3cre", "s3cret!", SECRET[::-1])] == [403] * 5
        with store.reading() as conn:
            assert inbox.waiting(conn, "42") == []
        assert await post(url, UPDATE) == 200
        with store.reading() as conn:
            assert inbox.waiting(conn, "42") == [UPDATE]


async def test_what_is_posted_again_is_heard_once(store: Store) -> None:
    """An update that comes twice is one, before it was dealt with and after; nonsense is taken and forgotten, a flood of bytes refused."""
    with store.begin() as conn:
        inbox.announce(conn, "42", SECRET)
    async with console(store) as url:
        assert [await post(url, UPDATE) for _ in range(2)] == [200, 200]
        odd: tuple[Any, ...] = (b"\xff{", b"[" * 100_000, [1], {"update_id": "1"}, {"update_id": True}, {"update_id": 2**70}, {})
        assert [await post(url, body) for body in odd] == [200] * len(odd)
        assert await post(url, b"x" * (hook.BODY_MOST + 1)) == 413
        with store.begin() as conn:
            assert inbox.waiting(conn, "42") == [UPDATE]
            inbox.done(conn, "42", 1)
        assert await post(url, UPDATE) == 200
        with store.begin() as conn:
            assert inbox.waiting(conn, "42") == []
            inbox.forget(conn, datetime.now(UTC) + inbox.KEPT + timedelta(minutes=1))
            inbox.put(conn, "42", 1, UPDATE, NOW)
            assert inbox.waiting(conn, "42") == [UPDATE]


async def test_a_webhook_that_was_taken_away(store: Store) -> None:
    """Whoever takes the webhook away finds it set again; while Telegram does not reach it the bot says so, with the setting to look at."""
    async with Telegram() as telegram:
        client = Client(telegram.token, telegram.url)
        await client.start()
        ear = Ear(client, store, Hook("http://127.0.0.1:9/telegram/webhook", SECRET), check=0.0)
        hearing = asyncio.create_task(ear.updates(None))
        await telegram.until(lambda: telegram.hook.url)
        await telegram.hook.set({})
        await telegram.until(lambda: telegram.hook.url)
        telegram.says(ADA, "/help")
        with pytest.raises(DeliveryError, match="cannot reach CONCORDAT_PUBLIC_URL/telegram/webhook: Connection refused"):
            await hearing
        await client.stop()


def test_the_secret_is_of_the_token(tmp_path: Path) -> None:
    """Every process of a bot has the same secret, another bot another, and Telegram takes its letters; a bot that asks has none."""

    def of(token: str) -> Hook | None:
        return hook_of(Settings(home=tmp_path, telegram_token=SecretStr(token), telegram_mode="webhook", public_url="https://example.org"))

    one, again, other = of("42:TEST"), of("42:TEST"), of("43:TEST")
    assert one == again != other
    assert one is not None
    assert one.secret.isalnum()
    assert "TEST" not in one.secret
    assert one.secret not in repr(one)
    assert hook_of(Settings(home=tmp_path, telegram_token=SecretStr("42:TEST"))) is None


@pytest.mark.parametrize("url", ["", "http://example.org"])
def test_a_webhook_needs_an_https_address(tmp_path: Path, url: str) -> None:
    """Webhook mode without an address that Telegram can call is a mistake that is told at the start, with what to set."""
    with pytest.raises(SettingsError, match="set CONCORDAT_PUBLIC_URL to the https:// address"):
        load_settings(tmp_path, {"CONCORDAT_TELEGRAM_MODE": "webhook", "CONCORDAT_PUBLIC_URL": url})
