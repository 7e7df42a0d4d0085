"""Digests on their way through a real mail server on loopback, and what its answers mean."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from aiosmtplib import SMTPAuthenticationError, SMTPDataError, SMTPRecipientRefused, SMTPResponseException, SMTPSenderRefused
from pydantic import SecretStr
from sqlalchemy import select

from notifier import claims, digests, ledger, subscribers
from notifier.channels.email import Mailer, explain, read_server
from notifier.channels.mailbox import MailOutlet, mail_outlet
from notifier.letter import sender_address
from notifier.model import Channel, Standing, State, Subscriber
from notifier.sender import Sender
from notifier.subscribers import by_email
from notifier.tables import deliveries
from tests.fakes.smtp import Cut, MailServer, Tls
from tests.notifier.world import tell
from watcher.errors import DeliveryError, DeliveryReason, SettingsError
from watcher.settings import Settings
from watcher.store import Store

PUBLIC = "https://concordat.example.org"
FROM = sender_address("Concordat <alerts@example.org>")


@pytest_asyncio.fixture
async def mail() -> AsyncIterator[MailServer]:
    """A mail server without encryption or login."""
    async with MailServer() as server:
        yield server


def plan(store: Store, *addresses: str) -> list[int]:
    """Subscribers with a digest that is due; the ids of their deliveries."""
    now = datetime.now(UTC)
    with store.begin() as conn:
        for address in addresses:
            subscribers.add(conn, by_email(address), now - timedelta(days=2))
        tell(conn, at=now - timedelta(hours=1))
        return digests.plan_all_now(conn, now)


async def send_all(store: Store, outlet: MailOutlet) -> None:
    """Send everything that is due, as the stage does."""
    sender, stop = Sender(store, {Channel.EMAIL: outlet}), asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    sender.submit(await store.read(ledger.due, datetime.now(UTC), [Channel.EMAIL]))
    await asyncio.wait_for(sender.idle(), 10)
    stop.set()
    await running
    await outlet.close()


def outlet_for(mail: MailServer, store: Store) -> MailOutlet:
    """The mail outlet that leads to the server, trusting its certificate."""
    context = mail.certificate.client() if mail.certificate else None
    return MailOutlet(Mailer(read_server(mail.url), context), store, FROM, PUBLIC)


def states(store: Store) -> dict[str, str]:
    """The state of each subscriber's delivery, by address."""
    with store.reading() as conn:
        people = {p.id: p.address for p in subscribers.everyone(conn)}
        rows = conn.execute(select(deliveries.c.subscriber_id, deliveries.c.state)).all()
        return {people[r.subscriber_id]: r.state for r in rows}


def known(store: Store, address: str) -> Subscriber:
    """The subscriber with this address."""
    with store.reading() as conn:
        found = subscribers.find(conn, Channel.EMAIL, address)
        assert found
        return found


async def test_a_digest_arrives(mail: MailServer, store: Store) -> None:
    """Text and HTML, one click to end it, from and to the right addresses."""
    plan(store, "ada@example.org")
    await send_all(store, outlet_for(mail, store))
    (got,) = mail.received
    assert (got.sender, got.recipients) == ("alerts@example.org", ("ada@example.org",))
    token = known(store, "ada@example.org").token
    assert f"<{PUBLIC}/unsubscribe/{token}>" in got.message["List-Unsubscribe"]
    parts = {p.get_content_type(): p.get_content() for p in got.message.walk() if not p.is_multipart()}
    assert list(parts) == ["text/plain", "text/html", "image/png"]
    assert "OpenAI s'associe au laboratoire national de Los Alamos" in parts["text/plain"]
    assert states(store) == {"ada@example.org": State.SENT}


async def test_one_bad_address_hurts_nobody_else(mail: MailServer, store: Store) -> None:
    """5xx: that subscriber is gone, with the server's reason and without the address in it; 4xx: later; the rest get theirs."""
    mail.recipients["gone@example.org"] = "550 5.1.1 <gone@example.org> no such user"
    mail.recipients["busy@example.org"] = "450 4.2.1 try later"
    plan(store, "gone@example.org", "busy@example.org", "ada@example.org", "bea@example.org")
    await send_all(store, outlet_for(mail, store))
    assert states(store) == {
        "gone@example.org": State.DROPPED, "busy@example.org": State.PENDING, "ada@example.org": State.SENT, "bea@example.org": State.SENT,
    }  # fmt: skip
    gone = known(store, "gone@example.org")
    assert gone.state is Standing.GONE
    assert "5.1.1" in gone.state_reason
    assert "gone@example.org" not in gone.state_reason
    assert known(store, "busy@example.org").active


async def test_connections_are_used_again(mail: MailServer, store: Store) -> None:
    """Thirty mails travel over a handful of connections, refused ones among them."""
    mail.recipients["p3@example.org"] = "550 5.1.1 no such user"
    plan(store, *(f"p{n}@example.org" for n in range(30)))
    await send_all(store, outlet_for(mail, store))
    assert len(mail.received) == 29
    assert mail.connections <= 4


async def test_a_connection_that_was_closed_meanwhile_is_replaced(mail: MailServer, store: Store) -> None:
    """What the server hung up between two mails is no failure of the second."""
    outlet = outlet_for(mail, store)
    for address in ("ada@example.org", "bea@example.org"):
        plan(store, address)
        sender = await store.read(ledger.due, datetime.now(UTC), [Channel.EMAIL])
        for due in sender:
            job = await store.write(claims.claim, due.id, datetime.now(UTC))
            assert job
            await outlet.send(job)
        for conversation in tuple(mail._open):
            conversation.cut()
    await outlet.close()
    assert [r.recipients for r in mail.received if "bea@example.org" in r.recipients]


@pytest.mark.parametrize("cut", [Cut.IN_DATA, Cut.AFTER_DATA])
async def test_a_connection_that_breaks_leaves_the_outcome_open(mail: MailServer, store: Store, cut: Cut) -> None:
    """Once the message was under way, silence means that it may have been taken: it is retried, with the same Message-ID."""
    mail.cuts.append(cut)
    (delivery,) = plan(store, "ada@example.org")
    outlet = outlet_for(mail, store)
    job = await store.write(claims.claim, delivery, datetime.now(UTC))
    assert job
    with pytest.raises(DeliveryError) as e:
        await outlet.send(job)
    assert (e.value.reason, e.value.permanent) == (DeliveryReason.UNKNOWN_OUTCOME, False)
    await outlet.send(job)
    await outlet.close()
    assert len({r.message["Message-ID"] for r in mail.received}) == 1


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.REQUIRED, Tls.SMTPS])
async def test_login_over_an_encrypted_connection(tls: Tls, store: Store) -> None:
    """STARTTLS where offered or required, TLS from the first byte, and the login after it; odd characters in a password too."""
    async with MailServer(user="ada", password="p@ss/w:rd", tls=tls) as mail:
        plan(store, "ada@example.org")
        await send_all(store, outlet_for(mail, store))
        assert [(r.user, r.encrypted) for r in mail.received] == [("ada", True)]


async def test_a_certificate_that_nobody_knows_is_refused() -> None:
    """Where encryption was asked for, an unknown certificate ends the matter, and the error says so without secrets."""
    async with MailServer(user="ada", password="lovelace", tls=Tls.REQUIRED) as mail:
        with pytest.raises(DeliveryError, match="certificate") as e:
            await Mailer(read_server(mail.url)).check()
        assert e.value.reason is DeliveryReason.AUTH
        assert "lovelace" not in str(e.value)


async def test_required_means_required(mail: MailServer) -> None:
    """`starttls=required` never falls back to plain text."""
    with pytest.raises(DeliveryError, match="offers no STARTTLS"):
        await Mailer(read_server(mail.url + "?starttls=required")).check()


async def test_a_wrong_password_is_told_with_the_next_step() -> None:
    """The operator is pointed at the setting; neither name nor password is repeated."""
    async with MailServer(user="ada", password="right") as mail:
        with pytest.raises(DeliveryError, match="CONCORDAT_SMTP_URL") as e:
            await Mailer(read_server(mail.url.replace(":right@", ":wr0ng@"))).check()
        assert e.value.reason is DeliveryReason.AUTH
        assert "wr0ng" not in repr(e.value)


async def test_a_server_that_is_not_there() -> None:
    """No connection is a failure that passes."""
    async with MailServer() as mail:
        url = mail.url
    with pytest.raises(DeliveryError) as e:
        await Mailer(read_server(url)).check()
    assert (e.value.reason, e.value.permanent) == (DeliveryReason.NETWORK, False)


@pytest.mark.parametrize(
    ("error", "reason", "permanent"),
    [
        (SMTPRecipientRefused(550, "5.1.1 no such user", "a@b.c"), DeliveryReason.GONE, True),
        (SMTPRecipientRefused(550, "no such user", "a@b.c"), DeliveryReason.GONE, True),
        (SMTPRecipientRefused(550, "5.2.1 mailbox disabled", "a@b.c"), DeliveryReason.GONE, True),
        (SMTPRecipientRefused(550, "5.7.1 we do not relay", "a@b.c"), DeliveryReason.REFUSED, True),
        (SMTPRecipientRefused(554, "no", "a@b.c"), DeliveryReason.REFUSED, True),
        (SMTPRecipientRefused(552, "5.2.2 mailbox full", "a@b.c"), DeliveryReason.SERVER, False),
        (SMTPRecipientRefused(451, "4.7.1 greylisted", "a@b.c"), DeliveryReason.SERVER, False),
        (SMTPDataError(550, "5.7.515 not authenticated"), DeliveryReason.REFUSED, True),
        (SMTPDataError(550, "spam"), DeliveryReason.REFUSED, True),
        (SMTPSenderRefused(553, "5.7.1 not yours", "x@y.z"), DeliveryReason.AUTH, False),
        (SMTPAuthenticationError(535, "5.7.8 bad"), DeliveryReason.AUTH, False),
        (SMTPAuthenticationError(454, "4.7.0 later"), DeliveryReason.SERVER, False),
        (SMTPResponseException(421, "4.3.2 closing"), DeliveryReason.SERVER, False),
        (ConnectionResetError(), DeliveryReason.NETWORK, False),
    ],
)
def test_what_answers_mean(error: Exception, reason: DeliveryReason, permanent: bool) -> None:
    """Only a refusal that says that nobody is there ends a subscription; a refusal of us is the operator's matter."""
    meant = explain(error, "a@b.c")
    assert (meant.reason, meant.permanent) == (reason, permanent)


async def test_an_address_in_another_script_needs_a_server_that_takes_it(mail: MailServer, store: Store) -> None:
    """A domain travels as IDNA, a local part as UTF-8 where the server can."""
    plan(store, "jürgen@bücher.example")
    await send_all(store, outlet_for(mail, store))
    assert [r.recipients for r in mail.received] == [("jürgen@xn--bcher-kva.example",)]


def test_servers_are_read() -> None:
    """Ports by custom, credentials decoded, and never shown."""
    server = read_server("smtp://ada%40x:p%2Fw@mail.example.org?starttls=required")
    assert (server.host, server.port, server.user, server.password, server.may_be_plain) == ("mail.example.org", 587, "ada@x", "p/w", False)
    assert "p/w" not in repr(server)
    assert read_server("smtps://mail.example.org").port == 465
    assert read_server("smtp://localhost").port == 25
    assert not read_server("smtp://u:p@mail.example.org").may_be_plain


@pytest.mark.parametrize("wrong", ["smtp://", "http://secret@x", "smtp://x:y", "smtp://h?starttls=perhaps", "smtp://[secret"])
def test_servers_that_cannot_be(wrong: str) -> None:
    """A mistake names the setting and does not repeat what stands in it."""
    with pytest.raises(SettingsError, match="CONCORDAT_SMTP_URL") as e:
        read_server(wrong)
    assert "secret" not in str(e.value)


def test_no_server_no_outlet(store: Store) -> None:
    """Without a mail server the channel is not set up; what is due waits."""
    assert mail_outlet(Settings(), store, None) is None  # type: ignore[arg-type]  # no bus is needed
    assert mail_outlet(Settings(smtp_url=SecretStr("smtp://localhost")), store, None) is not None  # type: ignore[arg-type]
