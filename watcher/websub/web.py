"""The callback that hubs speak to: `/websub/{token}`. Routes for whoever serves HTTP; reading what was delivered is the watcher's.

A delivery is answered as soon as it is written down. One whose signature is missing or wrong gets the same answer, and is only counted:
whoever guesses learns nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watcher.bus import PUSHES, Bus
from watcher.errors import RedisError, StoreError
from watcher.store import Store
from watcher.websub import record
from watcher.websub.signature import signed
from watcher.websub.subscription import Subscription, denied, verified

BODY_MOST = 5_000_000  # bytes of one delivery; what is larger is read by polling
READ_SECONDS = 30.0  # for a whole body
AT_ONCE = 8  # bodies that are read at the same time
CHALLENGE_MOST = 4_096  # characters
KEPT = ("content-type", "content-encoding", "link")  # headers that say how to read a body
_TOKEN = re.compile(r"[\w-]{20,64}", re.ASCII)
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}

log = structlog.get_logger("websub")


def routes(store: Store, bus: Bus, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> list[Route]:
    """`/websub/{token}`: GET answers a hub's questions, POST takes what it delivers."""
    callback = _Callback(store, bus, now)
    return [
        Route("/websub/{token}", callback.question, methods=["GET"]),
        Route("/websub/{token}", callback.delivery, methods=["POST"]),
    ]


class _Callback:
    def __init__(self, store: Store, bus: Bus, now: Callable[[], datetime]) -> None:
        self._store, self._bus, self._now = store, bus, now
        self._room = asyncio.Semaphore(AT_ONCE)

    async def question(self, request: Request) -> Response:
        """Verification of intent, and denial (WebSub 5.2, 5.3)."""
        try:
            return await self._question(request)
        except StoreError:
            return _answer(503)

    async def delivery(self, request: Request) -> Response:
        """Content distribution (WebSub 7)."""
        try:
            found = await self._find(request)
            if found is None or found.state in record.OVER:
                return _answer(410)  # the hub may forget it
            if self._room.locked():
                return _answer(503)
            async with self._room:
                return await self._take(found, request)
        except StoreError:
            return _answer(503)

    async def _question(self, request: Request) -> Response:
        found = await self._find(request)
        asked = request.query_params
        mode, topic, challenge = asked.get("hub.mode", ""), asked.get("hub.topic", ""), asked.get("hub.challenge", "")
        if found is None:
            return _answer(404)
        if mode == "denied":
            after = await self._store.write(
                record.change, found.token, lambda s: denied(s, topic, asked.get("hub.reason", ""), self._now())
            )
            if after is not None:
                log.warning("a hub denies a subscription", source=after.source_id, why=after.error)
            return _answer(200 if after is not None else 404)
        if not challenge or len(challenge) > CHALLENGE_MOST:
            return _answer(404)
        lease, chance = _seconds(asked.get("hub.lease_seconds")), random.random()  # noqa: S311  spreads renewals, guards nothing
        after = await self._store.write(record.change, found.token, lambda s: verified(s, mode, topic, lease, self._now(), chance))
        if after is None:
            return _answer(404)
        log.info("a hub verified", source=after.source_id, mode=mode, until=after.lease_end)
        return _answer(200, challenge)

    async def _take(self, found: Subscription, request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return _answer(413)
        if not signed(found.secret, request.headers.get("x-hub-signature"), body):
            await self._store.write(record.ignored, found.id)
            log.warning("a delivery without the right signature is ignored", source=found.source_id)
            return _answer(202)
        headers = {name: value for name in KEPT if (value := request.headers.get(name))}
        row = await self._store.write(record.receive, found.id, headers, body, self._now())
        if row is None:
            return _answer(503)
        with contextlib.suppress(RedisError):  # the watcher's sweep finds it
            await self._bus.publish(PUSHES, [row])
        return _answer(202)

    async def _find(self, request: Request) -> Subscription | None:
        token = request.path_params["token"]
        return await self._store.read(record.by_token, token) if _TOKEN.fullmatch(token) else None


async def _body(request: Request) -> bytes | None:
    """The whole body, or None when it is too large, too slow, or cut off."""
    size, parts = 0, []
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > BODY_MOST:
                    return None
                parts.append(part)
    except (TimeoutError, ClientDisconnect):
        return None
    return b"".join(parts)


def _seconds(text: str | None) -> float | None:
    return float(text[:12]) if text and text.isascii() and text.isdigit() else None


def _answer(status: int, text: str = "") -> Response:
    return PlainTextResponse(text, status, _HEADERS | ({"Retry-After": "60"} if status == 503 else {}))
