"""The hub of the tests: as strict as WebSub, so that what passes against it passes elsewhere."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from tests.fakes.hub import Hub

TOPIC = "https://press.example/feed"


class Subscriber:
    """A callback that agrees to what it is told to agree to, and keeps what it is sent."""

    def __init__(self) -> None:
        self.agrees = True
        self.status = 202
        self.base = ""
        self.questions: list[dict[str, str]] = []
        self.deliveries: list[tuple[bytes, dict[str, str]]] = []

    async def question(self, request: web.Request) -> web.Response:
        self.questions.append(dict(request.query))
        return web.Response(text=request.query.get("hub.challenge", "")) if self.agrees else web.Response(status=404)

    async def delivery(self, request: web.Request) -> web.Response:
        self.deliveries.append((await request.read(), dict(request.headers)))
        return web.Response(status=self.status)


@pytest_asyncio.fixture
async def subscriber() -> AsyncIterator[Subscriber]:
    """It runs."""
    found = Subscriber()
    app = web.Application()
    app.router.add_get("/cb", found.question)
    app.router.add_post("/cb", found.delivery)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.base = f"http://127.0.0.1:{runner.addresses[0][1]}/cb"
    yield found
    await runner.cleanup()


async def ask(hub: Hub, **form: str) -> int:
    """Send the hub a form; its status."""
    data = {k.replace("_", ".", 1): v for k, v in form.items()}
    async with aiohttp.ClientSession() as session, session.post(hub.url, data=data) as answer:
        return answer.status


@pytest.mark.parametrize(
    "wrong",
    [
        {"hub_mode": "publish"}, {"hub_topic": ""}, {"hub_callback": "ftp://x/"}, {"hub_secret": "x" * 200}, {"hub_lease_seconds": "soon"},
    ],
)  # fmt: skip
async def test_what_the_specification_does_not_allow_is_refused(wrong: dict[str, str]) -> None:
    """400, and nobody is asked anything."""
    form = {"hub_mode": "subscribe", "hub_topic": TOPIC, "hub_callback": "http://127.0.0.1:1/cb", **wrong}
    async with Hub() as hub:
        assert await ask(hub, **form) == 400
        async with aiohttp.ClientSession() as session, session.post(hub.url, json={"hub.mode": "subscribe"}) as answer:
            assert answer.status == 415
        assert hub.answers == []


async def test_it_delivers_signed_to_those_who_agreed_until_they_are_gone(subscriber: Subscriber) -> None:
    """Verified with the challenge, signed with the secret, ended by 410; who does not agree gets nothing."""
    form = {"hub_mode": "subscribe", "hub_topic": TOPIC, "hub_callback": subscriber.base, "hub_secret": "s", "hub_lease_seconds": "77"}
    async with Hub() as hub:
        subscriber.agrees = False
        assert await ask(hub, **form) == 202
        await hub.until(lambda: len(hub.answers) == 1)
        assert await hub.publish(TOPIC, b"x", "text/plain") == []
        subscriber.agrees = True
        await ask(hub, **form)
        await hub.until(lambda: bool(hub.granted))
        assert subscriber.questions[-1]["hub.lease_seconds"] == "77"
        assert await hub.publish(TOPIC, b"x", "text/plain") == [202]
        body, headers = subscriber.deliveries[0]
        assert headers["X-Hub-Signature"] == "sha256=" + hmac.new(b"s", body, hashlib.sha256).hexdigest()
        subscriber.status = 410
        assert await hub.publish(TOPIC, b"y", "text/plain") == [410]
        assert hub.granted == []


async def test_it_denies_with_a_reason(subscriber: Subscriber) -> None:
    """A denial is a question without a challenge."""
    async with Hub(deny="no") as hub:
        await ask(hub, hub_mode="subscribe", hub_topic=TOPIC, hub_callback=subscriber.base)
        await hub.until(lambda: bool(hub.answers))
        assert subscriber.questions == [{"hub.mode": "denied", "hub.topic": TOPIC, "hub.reason": "no"}]
        assert hub.granted == []
