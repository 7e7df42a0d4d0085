"""Jetstream on loopback: replays what was posted from a cursor, follows live, drops connections and lies when it is told to.

    async with Jetstream() as stream:
        stream.post("did:plc:nasa", "Words")         # kept, and sent to whoever listens
        ...                                          # whatever is tested listens at stream.url
        await stream.until(lambda: stream.listeners)

Parameters are held to what the real one takes (wantedCollections, wantedDids, cursor in microseconds, maxMessageSizeBytes); anything else
gets 400. The same host answers `com.atproto.identity.resolveHandle`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.fakes.server import Server

POSTS = "app.bsky.feed.post"
KEEPS = 36 * 3600 * 1_000_000  # microseconds
PARAMETERS = {"wantedCollections", "wantedDids", "cursor", "maxMessageSizeBytes", "compress", "requireHello"}


@dataclass
class Jetstream(Server):
    """The server; `opened` are the parameters of each connection so far. `drops_after` ends a connection after so many messages."""

    handles: dict[str, str] = field(default_factory=dict)
    status: int = 0  # of a refusal, in place of a stream
    resolver_status: int = 0
    drops_after: int = 0
    mute: bool = False  # accepts, and says nothing
    obeys_size: bool = True
    events: list[tuple[int, str]] = field(default_factory=list)
    opened: list[dict[str, list[str]]] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)
    sent: int = 0

    def __post_init__(self) -> None:
        super().__init__()
        self._open: dict[web.WebSocketResponse, asyncio.Event] = {}
        self._last = 0

    @property
    def url(self) -> str:
        """Where it is listened to."""
        return self.base

    @property
    def listeners(self) -> int:
        """How many connections are open."""
        return len(self._open)

    def now_us(self) -> int:
        """The time of the next event: later than that of every one before."""
        self._last = max(self._last + 1, int(time.time() * 1_000_000))
        return self._last

    def post(self, did: str, text: str, rkey: str = "", *, at: int | None = None, operation: str = "create", **record: Any) -> str:
        """Somebody writes; the at:// address of the post."""
        at = self.now_us() if at is None else at
        rkey = rkey or f"3k{at}"
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at // 1_000_000))
        written = {"$type": POSTS, "text": text, "createdAt": stamp, "langs": ["en"], **record}
        commit: dict[str, Any] = {"rev": rkey, "operation": operation, "collection": POSTS, "rkey": rkey}
        if operation != "delete":
            commit |= {"record": written, "cid": "bafyreib"}
        self.event({"did": did, "time_us": at, "kind": "commit", "commit": commit})
        return f"at://{did}/{POSTS}/{rkey}"

    def event(self, event: dict[str, Any]) -> None:
        """Any event."""
        self.raw(json.dumps(event, ensure_ascii=False), int(event.get("time_us", 0)))

    def raw(self, message: str, at: int | None = None) -> None:
        """Any message, as if it stood at that time."""
        self.events.append((self.now_us() if at is None else at, message))
        for woken in self._open.values():
            woken.set()

    async def drop(self) -> None:
        """End every connection, without a goodbye."""
        for connection in list(self._open):
            if connection._req is not None and connection._req.transport is not None:
                connection._req.transport.abort()
        await self.until(lambda: not self._open)

    def application(self) -> web.Application:
        """The stream, and where handles are looked up."""
        app = web.Application()
        app.router.add_get("/subscribe", self._subscribe)
        app.router.add_get("/xrpc/com.atproto.identity.resolveHandle", self._resolve)
        return app

    async def _resolve(self, request: web.Request) -> web.Response:
        handle = request.query.get("handle", "")
        self.resolved.append(handle)
        self.changed()
        if self.resolver_status:
            return web.json_response({"error": "UpstreamFailure", "message": "later"}, status=self.resolver_status)
        if handle not in self.handles:
            return web.json_response({"error": "InvalidRequest", "message": "Unable to resolve handle"}, status=400)
        return web.json_response({"did": self.handles[handle]})

    async def _subscribe(self, request: web.Request) -> web.StreamResponse:
        query = {k: request.query.getall(k) for k in request.query}
        wrong = _wrong(query)
        if self.status or wrong:
            return web.Response(status=self.status or 400, text=wrong, headers={"Retry-After": "1"} if self.status == 429 else {})
        self.opened.append(query)
        connection = web.WebSocketResponse(heartbeat=None)
        await connection.prepare(request)
        self._open[connection] = woken = asyncio.Event()
        self.changed()
        reading = asyncio.create_task(_until_closed(connection))
        sending = asyncio.create_task(self._send(connection, query, woken))
        try:
            await asyncio.wait({reading, sending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reading, sending):
                task.cancel()
            await asyncio.gather(reading, sending, return_exceptions=True)
            self._open.pop(connection, None)
            self.changed()
        return connection

    async def _send(self, connection: web.WebSocketResponse, query: dict[str, list[str]], woken: asyncio.Event) -> None:
        start = int(query["cursor"][0]) if "cursor" in query else None
        live = start is None or start > int(time.time() * 1_000_000)
        after = len(self.events) if live else 0
        oldest = max(start or 0, int(time.time() * 1_000_000) - KEEPS)
        limit = int(query.get("maxMessageSizeBytes", ["0"])[0]) if self.obeys_size else 0
        count = 0
        while True:
            for at, message in self.events[after:]:
                after += 1
                wanted = (live or at >= oldest) and _wanted(message, query) and not (limit and len(message.encode()) > limit)
                if not wanted or self.mute:
                    continue
                await connection.send_str(message)
                self.sent += 1
                count += 1
                self.changed()
                if self.drops_after and count >= self.drops_after:
                    await asyncio.sleep(0.02)  # lets what was sent arrive before the end
                    return
            if after == len(self.events):
                await woken.wait()
                woken.clear()


async def _until_closed(connection: web.WebSocketResponse) -> None:
    with contextlib.suppress(ConnectionError):
        while (await connection.receive()).type not in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}:
            pass


def _wrong(query: dict[str, list[str]]) -> str:
    """What the real one answers 400 to."""
    if unknown := set(query) - PARAMETERS:
        return f"unknown parameter {min(unknown)}"
    if len(query.get("wantedCollections", [])) > 100 or len(query.get("wantedDids", [])) > 10_000:
        return "too many of them"
    if any(not did.startswith("did:") for did in query.get("wantedDids", [])):
        return "invalid DID"
    cursor = query.get("cursor", ["1000000000000000"])[0]
    if not cursor.isdigit():
        return "invalid cursor"
    return "" if int(cursor) >= 10**15 else "sequence of another instance"


def _wanted(message: str, query: dict[str, list[str]]) -> bool:
    """Accounts bound everything; collections bound commits alone. What is no event goes to everyone."""
    try:
        event = json.loads(message)
        did, kind, collection = event["did"], event["kind"], event.get("commit", {}).get("collection")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return True
    if "wantedDids" in query and did not in query["wantedDids"]:
        return False
    return kind != "commit" or "wantedCollections" not in query or collection in query["wantedCollections"]
