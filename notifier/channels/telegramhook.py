"""How the bot hears of what people write: it asks Telegram (long polling), or Telegram posts it to our webhook and it waits in the inbox.

Going from one to the other loses nothing: Telegram keeps what it could not give, and what the inbox still holds is read first either way.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from notifier import inbox
from notifier.hook import PATH
from watcher.errors import DeliveryError, DeliveryReason
from watcher.settings import Settings
from watcher.store import Store

if TYPE_CHECKING:
    from telegram import Update

    from notifier.channels.telegram import Telegram

LOOK = 0.25  # seconds between two looks into the inbox
PATIENCE = 20.0  # seconds after which an empty inbox is told
LATELY = timedelta(minutes=2)  # a post that failed longer ago was made again since
CHECK = 60.0  # seconds between two questions to Telegram how its posts fare

log = structlog.get_logger("bot")


@dataclass(frozen=True, slots=True)
class Hook:
    """Where Telegram posts to, and the secret that it sends along; made from the token, so that every process of a bot has the same."""

    url: str
    secret: str = field(repr=False)


def hook_of(settings: Settings) -> Hook | None:
    """The webhook of these settings; None where the bot asks."""
    if settings.telegram_mode != "webhook" or settings.telegram_token is None:
        return None
    token = settings.telegram_token.get_secret_value()
    secret = hmac.digest(token.encode(), b"the secret of the webhook", hashlib.sha256).hex()
    return Hook(settings.public_url + PATH, secret)


class Ear:
    """Gives what people wrote, however it comes."""

    def __init__(
        self,
        client: Telegram,
        store: Store,
        hook: Hook | None,
        *,
        check: float = CHECK,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`check` is the seconds between two questions to Telegram how its posts fare."""
        self._client, self._store, self._hook, self._every, self._now = client, store, hook, check, now
        self._open = False
        self._checked = 0.0

    async def updates(self, offset: int | None) -> Sequence[Update]:
        """What was not dealt with yet, waited for a while. Raises DeliveryError and StoreError."""
        if not self._open:
            await self._begin()
        kept = await self._kept()
        if kept or self._hook is None:
            return kept or await self._client.poll(offset)
        until = time.monotonic() + PATIENCE
        while not kept and time.monotonic() < until:
            await self._check(self._hook)
            await asyncio.sleep(LOOK)
            kept = await self._kept()
        return kept

    async def _begin(self) -> None:
        """Tell Telegram which way it is; what it holds for us stays."""
        if self._hook is not None:
            await self._store.write(inbox.announce, self._client.id, self._hook.secret)
        await self._client.set_hook(self._hook)
        await self._store.write(inbox.forget, self._now())
        self._open, self._checked = True, time.monotonic()
        log.info("Telegram posts to our webhook" if self._hook else "the bot asks Telegram")

    async def _kept(self) -> Sequence[Update]:
        return [self._client.read(body) for body in await self._store.read(inbox.waiting, self._client.id)]

    async def _check(self, hook: Hook) -> None:
        """Once in a while: is the webhook still ours, and is it reached?"""
        if time.monotonic() < self._checked + self._every:
            return
        self._checked = time.monotonic()
        url, failed_at, why = await self._client.hook_state()
        if url != hook.url:
            log.warning("the webhook was taken away, it is set again")
            await self._client.set_hook(hook)
        elif failed_at and self._now() - failed_at < LATELY:
            raise DeliveryError(DeliveryReason.REFUSED, f"Telegram cannot reach CONCORDAT_PUBLIC_URL{PATH}: {why}")

