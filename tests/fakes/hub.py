"""A WebSub hub on loopback: tests give it topics, it verifies, grants leases, denies and delivers, as strictly as the specification.

    async with Hub() as hub:
        feed.headers = hub.links(feed.url)          # the feed offers it
        ...
        await hub.until(lambda: hub.active(feed.url))
        assert await hub.publish(feed.url, feed.body(), "application/rss+xml") == [202]

`status` answers in its place; `redirect` sends on; `verifies` and `asks_for` make it forgetful or a liar.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import io
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlencode, urlsplit

import aiohttp
from aiohttp import web

from tests.fakes.server import Server

FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class Granted:
    """One subscription that was verified."""

    callback: str
    topic: str
    secret: str
    lease: int


@dataclass
class Hub(Server):
    """The server; `base` is its address once entered. `asked` are the forms it was sent, `answers` what callbacks said to its questions."""

    lease: int | None = None  # seconds it grants, whatever was asked for
    deny: str = ""  # the reason with which it denies everything
    verifies: bool = True
    asks_for: str = ""  # the topic that it claims to verify
    status: int = 0
    retry_after: str = ""
    redirect: tuple[int, str] | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)
    granted: list[Granted] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"{self.base}/hub"

    def links(self, topic: str) -> dict[str, str]:
        """The header by which a feed offers this hub."""
        return {"Link": f'<{self.url}>; rel="hub", <{topic}>; rel="self"'}

    def active(self, topic: str) -> list[Granted]:
        """Who is subscribed to a topic."""
        return [g for g in self.granted if g.topic == topic]

    async def publish(
        self, topic: str, body: bytes, kind: str, *, method: str = "sha256", sign: bool = True, secret: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[int]:
        """Deliver to everyone who is subscribed; what each callback answered. A 410 ends the subscription."""
        statuses = []
        for to in self.active(topic):
            sent = {"Content-Type": kind, **self.links(topic), **(headers or {})}
            if sign:
                sent["X-Hub-Signature"] = f"{method}={hmac.new((secret or to.secret).encode(), body, getattr(hashlib, method)).hexdigest()}"
            async with self._session.post(to.callback, data=io.BytesIO(body), headers=sent, allow_redirects=False) as answer:
                statuses.append(answer.status)
            if answer.status == 410:
                self.granted.remove(to)
        return statuses

    async def ask(self, callback: str, mode: str, topic: str, challenge: str = "a-challenge", lease: int = 60) -> tuple[int, str]:
        """A question to a callback, whether anyone asked for it or not; the status and the body of its answer."""
        query = urlencode({"hub.mode": mode, "hub.topic": topic, "hub.challenge": challenge, "hub.lease_seconds": lease})
        async with self._session.get(f"{callback}{'&' if urlsplit(callback).query else '?'}{query}", allow_redirects=False) as answer:
            return answer.status, await answer.text()

    def application(self) -> web.Application:
        """Where it is asked."""
        app = web.Application()
        app.router.add_post("/hub", self._handle)
        return app

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()
        await super().__aexit__(kind, error, trace)

    async def _handle(self, request: web.Request) -> web.Response:
        if self.redirect is not None:
            return web.Response(status=self.redirect[0], headers={"Location": self.redirect[1]})
        if request.content_type != FORM:
            return web.Response(status=415, text=f"the body has to be {FORM}")
        form = {k: str(v) for k, v in (await request.post()).items()}
        self.asked.append(form)
        self.changed()
        if self.status:
            return web.Response(status=self.status, headers={"Retry-After": self.retry_after} if self.retry_after else {})
        wrong = _wrong(form)
        if wrong:
            return web.Response(status=400, text=wrong)
        task = asyncio.create_task(self._verify(form))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return web.Response(status=202)

    async def _verify(self, form: dict[str, str]) -> None:
        callback, mode, topic = form["hub.callback"], form["hub.mode"], form["hub.topic"]
        if self.deny:
            query = urlencode({"hub.mode": "denied", "hub.topic": topic, "hub.reason": self.deny})
            async with self._session.get(f"{callback}?{query}") as answer:
                self.answers.append((answer.status, await answer.text()))
        elif self.verifies:
            challenge, lease = secrets.token_urlsafe(16), self.lease or int(form.get("hub.lease_seconds", "864000"))
            status, text = (0, "")
            with contextlib.suppress(aiohttp.ClientError):
                status, text = await self.ask(callback, mode, self.asks_for or topic, challenge, lease)
            self.answers.append((status, text))
            if 200 <= status < 300 and text == challenge:
                self.granted = [g for g in self.granted if (g.callback, g.topic) != (callback, topic)]
                if mode == "subscribe":
                    self.granted.append(Granted(callback, topic, form.get("hub.secret", ""), lease))
        self.changed()


def _wrong(form: Mapping[str, str]) -> str:
    """What the specification does not allow of a question (5.1)."""
    if form.get("hub.mode") not in {"subscribe", "unsubscribe"}:
        return "hub.mode has to be subscribe or unsubscribe"
    if not form.get("hub.topic"):
        return "hub.topic is missing"
    callback = urlsplit(form.get("hub.callback", ""))
    if callback.scheme not in {"http", "https"} or callback.fragment:
        return "hub.callback has to be an address without a fragment"
    if len(form.get("hub.secret", "").encode()) >= 200:
        return "hub.secret has to be shorter than 200 bytes"
    return "" if form.get("hub.lease_seconds", "1").isdigit() else "hub.lease_seconds has to be a number"
