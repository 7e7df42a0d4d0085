"""A host of feeds on loopback: tests fill the feeds, read the log of requests, and make things go wrong.

    async with FeedHost() as host:
        press = host.feed("press")
        press.publish("1", "OpenAI signs with Los Alamos")
        ...                                  # whatever is tested reads press.url
        await host.until(lambda: len(press.requests) >= 2)

Conditional requests are answered as RFC 9110 says: `If-None-Match` (weak comparison, lists, `*`) wins over `If-
Modified-Since`.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

from aiohttp import web

from tests.fakes.feedforms import Entry, Form, render
from tests.fakes.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.fakes.feedfaults import Fault

FIRST_CHANGE = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Asked:
    """One request as it came: when (Unix seconds), where, its headers, and the status answered (0 until then)."""

    at: float
    path: str
    headers: Mapping[str, str]
    status: int = 0


@dataclass
class Feed:
    """A feed that a test fills; newest entries come first, as feeds have them.

    `etag` and `last_modified` say which validators it offers, `gzip` whether it packs its body for who accepts it,
    `headers` what it sends besides. `fault` answers in its place for as long as it is set; `faults` each answer one
    request, before it.
    """

    name: str
    host: FeedHost
    form: Form = Form.RSS
    title: str = "A feed"
    entries: list[Entry] = field(default_factory=list)
    etag: bool = True
    last_modified: bool = True
    gzip: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    faults: deque[Fault] = field(default_factory=deque)
    requests: list[Asked] = field(default_factory=list)
    most_at_once: int = 0
    _version: int = 0

    @property
    def url(self) -> str:
        """Where the feed is read."""
        return f"{self.host.base}/f/{self.name}"

    @property
    def statuses(self) -> list[int]:
        """What each request so far was answered, in order; 0 is one that has no answer yet."""
        return [r.status for r in self.requests]

    def publish(
        self,
        id: str,  # noqa: A002
        title: str,
        summary: str = "",
        *,
        content: str = "",
        url: str = "",
        author: str = "",
        published: datetime | None = None,
        dated: bool = True,
    ) -> Entry:
        """Put an entry on top of the feed; `published` is now unless given, and nothing at all where it is not
        `dated`.
        """
        moment = (published or datetime.now(UTC)) if dated else None
        entry = Entry(id, title, summary, content, url or f"{self.host.base}/a/{self.name}/{id}", author, moment)
        self.replace([entry, *self.entries])
        return entry

    def replace(self, entries: Iterable[Entry]) -> None:
        """Let the feed hold exactly these entries, as after an edit or a change of every id."""
        self.entries = list(entries)
        self._version += 1

    def body(self) -> bytes:
        """The document a healthy answer carries."""
        return render(self.form, self.title, f"{self.host.base}/", self.entries)

    def validators(self, body: bytes) -> dict[str, str]:
        """The headers by which a reader may ask again; each change of the feed is a second younger than the one
        before.
        """
        known = {}
        if self.etag:
            known["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.last_modified:
            known["Last-Modified"] = format_datetime(FIRST_CHANGE + timedelta(seconds=self._version), usegmt=True)
        return known


class FeedHost(Server):
    """The server; `base` is its address once entered. `most_at_once` is the largest number of requests it had open
    together.
    """

    def __init__(self) -> None:
        super().__init__()
        self.feeds: dict[str, Feed] = {}
        self.pages: dict[str, str] = {}
        self.requests: list[Asked] = []
        self.most_at_once = 0
        self._open: list[str] = []

    @property
    def open(self) -> int:
        """How many requests wait for their answer now."""
        return len(self._open)

    def feed(self, name: str, form: Form = Form.RSS, title: str = "") -> Feed:
        """The feed of that name, made at the first call."""
        if name not in self.feeds:
            self.feeds[name] = Feed(name, self, form, title or name)
        return self.feeds[name]

    def page(self, path: str, html: str) -> str:
        """Serve a web page at `path` (begins with a slash); returns its address."""
        self.pages[path] = html
        return self.base + path

    def application(self) -> web.Application:
        """Feeds and pages."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(time.time(), request.path, dict(request.headers))
        self.requests.append(asked)
        feed = self.feeds.get(request.path.removeprefix("/f/")) if request.path.startswith("/f/") else None
        with self._counted(feed, asked):
            response = await (self._page(request) if feed is None else self._answer(feed, request))
            asked.status = response.status
        return response

    @contextmanager
    def _counted(self, feed: Feed | None, asked: Asked) -> Iterator[None]:
        self._open.append(asked.path)
        self.most_at_once = max(self.most_at_once, len(self._open))
        if feed is not None:
            feed.requests.append(asked)
            feed.most_at_once = max(feed.most_at_once, self._open.count(asked.path))
        self.changed()
        try:
            yield
        finally:
            self._open.remove(asked.path)
            self.changed()

    async def _page(self, request: web.Request) -> web.StreamResponse:
        html = self.pages.get(request.path)
        return web.Response(text=html, content_type="text/html") if html is not None else web.Response(status=404)

    async def _answer(self, feed: Feed, request: web.Request) -> web.StreamResponse:
        body = feed.body()
        fault = feed.faults.popleft() if feed.faults else feed.fault
        if fault is not None:
            return await fault(request, body, feed.form.value)
        headers = {**feed.validators(body), **feed.headers}
        if _unchanged(request.headers, headers):
            return web.Response(status=304, headers=headers)
        response = web.Response(body=body, headers={"Content-Type": f"{feed.form.value}; charset=utf-8", **headers})
        if feed.gzip:
            response.enable_compression()
        return response


def _unchanged(asked: Mapping[str, str], now: Mapping[str, str]) -> bool:
    if (wanted := asked.get("If-None-Match")) is not None:
        tags = [t.strip().removeprefix("W/") for t in wanted.split(",")]
        return "ETag" in now and ("*" in tags or now["ETag"].removeprefix("W/") in tags)
    if (since := asked.get("If-Modified-Since")) is not None and "Last-Modified" in now:
        try:
            return parsedate_to_datetime(now["Last-Modified"]) <= parsedate_to_datetime(since)
        except ValueError:
            return False
    return False
