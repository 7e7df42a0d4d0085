"""`/telegram/webhook`, to which Telegram posts what people write. Routes for whoever serves HTTP; the bot reads it from the inbox.

An update is acknowledged once it is written down. What does not carry the secret is refused and not looked at.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from notifier import inbox
from watcher.errors import StoreError
from watcher.store import Store

PATH = "/telegram/webhook"
HEADER = "x-telegram-bot-api-secret-token"
BODY_MOST = 1_000_000  # bytes; Telegram's own are a hundredth of this
READ_SECONDS = 10.0
AT_ONCE = 16  # bodies that are read at the same time
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}


def routes(store: Store, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> list[Route]:
    """The one path."""
    room = asyncio.Semaphore(AT_ONCE)

    async def take(request: Request) -> Response:
        try:
            bot = await store.read(inbox.bot_of, request.headers.get(HEADER, ""))
            if bot is None:
                return _answer(403)
            if room.locked():
                return _answer(503)  # Telegram posts it again
            async with room:
                status, update = await _read(request)
            if update is not None:
                await store.write(inbox.put, bot, update["update_id"], update, now())
            return _answer(status)
        except StoreError:
            return _answer(503)

    return [Route(PATH, take, methods=["POST"])]


async def _read(request: Request) -> tuple[int, dict[str, Any] | None]:
    """The update, or why there is none: too large, too slow or cut off, no JSON. The last is taken, for it would only come again."""
    size, parts = 0, []
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > BODY_MOST:
                    return 413, None
                parts.append(part)
    except (TimeoutError, ClientDisconnect):
        return 408, None
    try:
        update = json.loads(b"".join(parts))
    except (ValueError, RecursionError):
        return 200, None
    number = update.get("update_id") if isinstance(update, dict) else None
    return 200, update if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**63 else None


def _answer(status: int) -> Response:
    return Response(status_code=status, headers=_HEADERS)
