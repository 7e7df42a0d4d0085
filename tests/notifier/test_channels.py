"""The contract of channels: what each of them promises to the sender, by one suite that all of them pass."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from notifier import digests, ledger, subscribers
from notifier.channels import CHANNELS
from notifier.channels.chat import ChatOutlet
from notifier.channels.email import Mailer, read_server
from notifier.channels.mailbox import MailOutlet
from notifier.channels.other import AppriseOutlet
from notifier.channels.outlet import Outlet
from notifier.channels.telegram import Telegram as Client
from notifier.channels.webhook import WebhookOutlet, signature
from notifier.letter import sender_address
from notifier.limiter import Limiter
from notifier.model import Channel, Standing, State
from notifier.routing import route_alerts
from notifier.sender import Sender
from notifier.subscribers import by_apprise, by_email, by_telegram, by_webhook
from notifier.tables import deliveries
from tests.fakes.feedfaults import status
from tests.fakes.receiver import Receiver
from tests.fakes.smtp import MailServer
from tests.fakes.telegram import Telegram, Trouble
from tests.notifier.world import TITLE, ledger_rows, retell, tell
from watcher.bus import Bus
from watcher.store import Store

NOW = datetime.now(UTC)
SECRET = "s3cret-part"


@dataclass
class Rig:
    """A channel with its far end: what arrived there as text, and how to make it fail once, or for good."""

    channel: Channel
    outlet: Outlet
    wish: subscribers.Wish
    arrived: Callable[[], list[str]]
    stumble: Callable[[], None]
    alerts: bool = True


@asynccontextmanager
async def telegram_rig(store: Store, bus: Bus) -> AsyncIterator[Rig]:
    """Telegram's fake."""
    async with Telegram() as far:
        outlet = ChatOutlet(Client(far.token, far.url), Limiter(bus), store)
        yield Rig(
            Channel.TELEGRAM, outlet, by_telegram("7", at="08:00"), lambda: [m.text for m in far.to(7)],
            lambda: far.troubles.append(Trouble.SERVER_ERROR),
        )  # fmt: skip


@asynccontextmanager
async def email_rig(store: Store, bus: Bus) -> AsyncIterator[Rig]:
    """A mail server."""
    async with MailServer() as far:
        outlet = MailOutlet(Mailer(read_server(far.url)), store, sender_address("Concordat <alerts@example.org>"))

        def texts() -> list[str]:
            bodies = [m.message.get_body(("plain",)) for m in far.received]
            return [" ".join(b.get_content().split()) for b in bodies if b]

        stumble = "451 4.3.0 try later"
        yield Rig(Channel.EMAIL, outlet, by_email("ada@example.org"), texts, lambda: far.answers.append(stumble), alerts=False)


@asynccontextmanager
async def webhook_rig(store: Store, bus: Bus) -> AsyncIterator[Rig]:
    """A receiver of posts."""
    async with Receiver() as far:
        texts = lambda: [q.body.decode() for q in far.asked if q.status == 204]  # noqa: E731
        wish = by_webhook(f"{far.base}/hooks/{SECRET}", at="08:00")
        yield Rig(Channel.WEBHOOK, WebhookOutlet(store), wish, texts, lambda: far.faults.append(status(503)))


@asynccontextmanager
async def apprise_rig(store: Store, bus: Bus) -> AsyncIterator[Rig]:
    """The same receiver, reached through Apprise."""
    async with Receiver() as far:
        texts = lambda: [json.loads(q.body)["message"] for q in far.asked if q.status == 204]  # noqa: E731
        wish = by_apprise(far.base.replace("http://", "json://") + f"/{SECRET}", at="08:00")
        yield Rig(Channel.APPRISE, AppriseOutlet(store), wish, texts, lambda: far.faults.append(status(503)))


RIGS = {Channel.TELEGRAM: telegram_rig, Channel.EMAIL: email_rig, Channel.WEBHOOK: webhook_rig, Channel.APPRISE: apprise_rig}
every_channel = pytest.mark.parametrize("channel", list(CHANNELS))


async def send_due(store: Store, rig: Rig, at: datetime) -> None:
    """Send what is due at that moment, as the stage does."""
    sender, stop = Sender(store, {rig.channel: rig.outlet}, now=lambda: at), asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    sender.submit(await store.read(ledger.due, at, [rig.channel]))
    await asyncio.wait_for(sender.idle(), 20)
    stop.set()
    await running


def a_delivery(store: Store, rig: Rig, title: str = TITLE) -> None:
    """A reader of this channel, and an alert or a digest for them."""
    with store.begin() as conn:
        subscribers.add(conn, rig.wish, NOW - timedelta(days=2))
        alert = tell(conn, title, at=NOW - timedelta(minutes=1))
        if rig.alerts:
            route_alerts(conn, [alert], NOW)
        else:
            digests.plan_all_now(conn, NOW)


@every_channel
async def test_an_alert_or_a_digest_arrives_once(channel: Channel, store: Store, bus: Bus) -> None:
    """What is due arrives with its title; nothing of it is due afterwards, and the ledger has the channel's own id of it."""
    async with RIGS[channel](store, bus) as rig:
        a_delivery(store, rig)
        for minutes in (0, 5):
            await send_due(store, rig, NOW + timedelta(minutes=minutes))
        await rig.outlet.close()
        (text,) = rig.arrived()
        assert TITLE in text
        (row,) = ledger_rows(store)
        assert (row.state, bool(row.remote_ref)) == (State.SENT, True)


@every_channel
async def test_a_digest_arrives(channel: Channel, store: Store, bus: Bus) -> None:
    """Every channel carries digests, with their stories and what was watched."""
    async with RIGS[channel](store, bus) as rig:
        with store.begin() as conn:
            subscribers.add(conn, rig.wish, NOW - timedelta(days=2))
            tell(conn, at=NOW - timedelta(minutes=1))
            digests.plan_all_now(conn, NOW)
        await send_due(store, rig, NOW)
        await rig.outlet.close()
        (text,) = rig.arrived()
        assert TITLE in text
        assert "coverage" in text or "1 item read" in text


@every_channel
async def test_what_passes_is_tried_again(channel: Channel, store: Store, bus: Bus) -> None:
    """A far end that stumbles is asked again later, its reader stays, and the message comes once."""
    async with RIGS[channel](store, bus) as rig:
        a_delivery(store, rig)
        rig.stumble()
        with capture_logs() as logs:
            await send_due(store, rig, NOW)
        assert rig.arrived() == []
        (row,) = ledger_rows(store)
        assert (row.state, row.attempts) == (State.PENDING, 1)
        assert SECRET not in repr(logs) + row.reason
        await send_due(store, rig, NOW + timedelta(minutes=10))
        await rig.outlet.close()
        assert len(rig.arrived()) == 1
        with store.reading() as conn:
            assert [s.state for s in subscribers.everyone(conn)] == [Standing.ACTIVE]


@every_channel
async def test_a_far_end_that_is_not_there(channel: Channel, store: Store, bus: Bus) -> None:
    """No connection: the delivery waits, nobody is blamed, and no secret stands in the reason."""
    async with RIGS[channel](store, bus) as rig:
        a_delivery(store, rig)
    await send_due(store, rig, NOW)
    await rig.outlet.close()
    (row,) = ledger_rows(store)
    assert row.state == State.PENDING
    assert SECRET not in row.reason


@every_channel
async def test_foreign_text_stays_text(channel: Channel, store: Store, bus: Bus) -> None:
    """Markup in a title arrives as the characters that it is."""
    title = "<b>Bold</b> & *stars* _and_ [links](https://evil.example)"
    async with RIGS[channel](store, bus) as rig:
        a_delivery(store, rig, title)
        await send_due(store, rig, NOW)
        await rig.outlet.close()
        (text,) = rig.arrived()
        assert title in text


async def test_a_post_is_signed_and_can_be_told_apart(store: Store, bus: Bus) -> None:
    """The signature is of the time and the body under the subscriber's key; a second try has the same id; an update another one."""
    async with webhook_rig(store, bus) as rig, Receiver() as far:
        rig.wish = by_webhook(f"{far.base}/x")
        a_delivery(store, rig)
        far.faults.append(status(503))
        for minutes in (0, 10):
            await send_due(store, rig, NOW + timedelta(minutes=minutes))
        with store.begin() as conn:
            route_alerts(conn, [retell(conn, 1, "reuters.com")], NOW)
            key = subscribers.everyone(conn)[0].token
        await send_due(store, rig, NOW + timedelta(minutes=20))
        await rig.outlet.close()
        for post in far.asked:
            stamp, _, given = post.headers["Concordat-Signature"].removeprefix("t=").partition(",v1=")
            assert given == signature(key, int(stamp), post.body)
        first, again, changed = (post.headers["Concordat-Delivery"] for post in far.asked)
        assert first == again != changed
        told = json.loads(far.asked[-1].body)
        assert (told["update"], told["stories"][0]["revision"], len(told["stories"][0]["reports"])) == (True, 2, 2)


async def test_gone_ends_it_and_a_refusal_is_given_up(store: Store, bus: Bus) -> None:
    """410 says that nobody is there; another 4xx is about this one post."""
    async with webhook_rig(store, bus) as rig, Receiver() as far:
        for number, code in enumerate((400, 410)):
            rig.wish = by_webhook(f"{far.base}/{number}")
            a_delivery(store, rig, f"Story {number}")
            far.fault = status(code)
            await send_due(store, rig, NOW)
        await rig.outlet.close()
    with store.reading() as conn:
        assert {s.address[-1]: s.state for s in subscribers.everyone(conn)}["1"] is Standing.GONE
        assert State.DEAD in set(conn.scalars(select(deliveries.c.state)))


def test_addresses_are_shown_without_their_secrets(store: Store) -> None:
    """Of a webhook the host, of an Apprise URL its kind."""
    wishes = by_webhook(f"https://a:{SECRET}@h.example/{SECRET}"), by_apprise(f"slack://{SECRET}/x")
    with store.begin() as conn:
        shown = [subscribers.add(conn, wish, NOW).shown for wish in wishes]
    assert shown == ["https://h.example/…", "slack://…"]
