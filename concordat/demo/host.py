"""A feed host on loopback that publishes the tellings, each at its moment, in one RSS feed an outlet.

Entries carry the day they are really from: two years shrink to a minute, and only that day tells one event from the next of the
same parties.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time
from email.utils import format_datetime
from types import TracebackType
from typing import Self
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from concordat.console.app import serve
from concordat.demo.plan import Release, Telling

KEEP = 30  # entries in a feed, as outlets have it
NOON = time(12, tzinfo=UTC)


class DemoHost:
    """Serves `feeds` (outlet → address); `release` publishes what the plan says, and returns when all is out."""

    def __init__(self, outlets: Sequence[str]) -> None:
        self._entries: dict[str, list[Telling]] = {o: [] for o in outlets}
        self._stop = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._base = ""

    @property
    def feeds(self) -> dict[str, str]:
        """Where each outlet's feed is read."""
        return {outlet: f"{self._base}/{outlet}/feed.xml" for outlet in self._entries}

    async def __aenter__(self) -> Self:
        listening = socket.create_server(("127.0.0.1", 0))
        self._base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = Starlette(routes=[Route("/{outlet}/feed.xml", self._feed)])
        self._serving = asyncio.create_task(serve(app, listening, self._stop))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        if self._serving is not None:
            await self._serving

    async def release(self, plan: Sequence[Release], told: Callable[[Telling], None]) -> None:
        """Publish each telling at its moment; `told` hears of each."""
        start = asyncio.get_running_loop().time()
        for step in plan:
            await asyncio.sleep(max(0.0, start + step.at - asyncio.get_running_loop().time()))
            self._entries[step.telling.outlet].insert(0, step.telling)
            told(step.telling)

    async def _feed(self, request: Request) -> Response:
        outlet = request.path_params["outlet"]
        if outlet not in self._entries:
            return Response(status_code=404)
        body = render(outlet, self._entries[outlet][:KEEP])
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == etag:
            return Response(status_code=304, headers={"ETag": etag})
        return Response(body, media_type="application/rss+xml; charset=utf-8", headers={"ETag": etag})


def render(outlet: str, entries: Sequence[Telling]) -> bytes:
    """An RSS 2.0 document. The links are of the reserved domain `example`: they lead nowhere, on purpose."""
    items = "".join(
        f"<item><guid isPermaLink='false'>{escape(t.id)}</guid><title>{escape(t.title)}</title>"
        f"<link>https://{outlet}.example/{escape(t.id)}</link><pubDate>{format_datetime(datetime.combine(t.on, NOON))}</pubDate>"
        f"<description>{escape(t.summary)}</description></item>"
        for t in entries
    )
    lang = entries[0].lang if entries else "en"
    head = f"<title>{escape(outlet)}</title><link>https://{outlet}.example/</link><description>demo</description><language>{lang}</language>"
    return f"<?xml version='1.0' encoding='UTF-8'?><rss version='2.0'><channel>{head}{items}</channel></rss>".encode()
