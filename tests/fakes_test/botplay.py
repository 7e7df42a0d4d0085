"""A stage for plays between a bot and the fake Bot API."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from telegram import Bot

from tests.fakes.telegram import Telegram

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ADA, GROUP = 7, -1001


def scenario(play: Callable[[Telegram, Bot], Awaitable[None]], telegram: Telegram | None = None) -> None:
    """Run a play with a bot that talks to the fake."""

    async def run() -> None:
        async with telegram or Telegram() as fake, Bot(fake.token, base_url=fake.url) as bot:
            await play(fake, bot)

    asyncio.run(run())
