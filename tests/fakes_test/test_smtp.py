"""The mail server: what it records, whom it refuses, where it breaks."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

import aiosmtplib
import pytest

from tests.fakes.certificate import make_certificate
from tests.fakes.smtp import Cut, MailServer, Tls

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def letter(*to: str) -> EmailMessage:
    """A message in two parts."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "concordat@example.org", ", ".join(to), "Été à Los Alamos"
    message["Date"], message["Message-ID"] = format_datetime(datetime(2025, 1, 30, tzinfo=UTC)), "<1@example.org>"
    message.set_content("Texte")
    message.add_alternative("<p>Texte</p>", subtype="html")
    return message


def scenario(play: Callable[[MailServer], Awaitable[None]], server: MailServer | None = None) -> None:
    """Run a play against a mail server."""

    async def run() -> None:
        async with server or MailServer() as mail:
            await play(mail)

    asyncio.run(run())


async def send(mail: MailServer, *to: str, **options: object) -> dict[str, tuple[int, str]]:
    """Send a letter; the answers of refused recipients."""
    refused, _ = await aiosmtplib.send(letter(*to), hostname="127.0.0.1", port=mail.port, **options)  # type: ignore[arg-type]
    return {who: (answer.code, answer.message) for who, answer in refused.items()}


def test_records_envelope_and_message() -> None:
    """A message taken is kept with its envelope and parsed, headers decoded, parts in order."""

    async def play(mail: MailServer) -> None:
        await send(mail, "ada@example.org", start_tls=False)
        (got,) = mail.to("ada@example.org")
        assert (got.sender, got.message["Subject"]) == ("concordat@example.org", "Été à Los Alamos")
        assert [p.get_content_type() for p in got.message.iter_parts()] == ["text/plain", "text/html"]
        assert not got.encrypted

    scenario(play)


def test_refuses_one_recipient() -> None:
    """A recipient may be refused while the others get the message."""

    async def play(mail: MailServer) -> None:
        mail.recipients["gone@example.org"] = "550 5.1.1 No such user"
        refused = await send(mail, "ada@example.org", "gone@example.org", start_tls=False)
        assert refused == {"gone@example.org": (550, "5.1.1 No such user")}
        assert mail.received[0].recipients == ("ada@example.org",)
        assert mail.refused == ["550 5.1.1 No such user"]

    scenario(play)


def test_refuses_messages() -> None:
    """A queued answer refuses one message, a standing one all."""

    async def play(mail: MailServer) -> None:
        mail.answers.append("451 4.3.0 Try later")
        with pytest.raises(aiosmtplib.SMTPDataError, match="Try later"):
            await send(mail, "ada@example.org", start_tls=False)
        await send(mail, "ada@example.org", start_tls=False)
        mail.answer = "554 5.7.1 Spam"
        with pytest.raises(aiosmtplib.SMTPDataError, match="Spam"):
            await send(mail, "ada@example.org", start_tls=False)
        assert len(mail.received) == 1

    scenario(play)


@pytest.mark.parametrize(("cut", "taken"), [(Cut.IN_DATA, 0), (Cut.AFTER_DATA, 1)])
def test_breaks_where_told(cut: Cut, taken: int) -> None:
    """A connection breaks in the message, which is lost, or after it was taken, which the sender cannot know; once."""

    async def play(mail: MailServer) -> None:
        mail.cuts.append(cut)
        with pytest.raises(aiosmtplib.SMTPServerDisconnected):
            await send(mail, "ada@example.org", start_tls=False)
        assert len(mail.received) == taken
        await send(mail, "ada@example.org", start_tls=False)
        assert len(mail.received) == taken + 1

    scenario(play)


def test_asks_for_a_login() -> None:
    """With a user set, mail needs the right password."""

    async def play(mail: MailServer) -> None:
        with pytest.raises(aiosmtplib.SMTPException, match="Authentication required"):
            await send(mail, "ada@example.org", start_tls=False)
        with pytest.raises(aiosmtplib.SMTPAuthenticationError):
            await send(mail, "ada@example.org", start_tls=False, username="ada", password="wrong")
        await send(mail, "ada@example.org", start_tls=False, username="ada", password="s3/cret")
        assert mail.received[0].user == "ada"
        assert mail.url == f"smtp://ada:s3%2Fcret@127.0.0.1:{mail.port}"

    scenario(play, MailServer(user="ada", password="s3/cret"))


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.REQUIRED, Tls.SMTPS])
def test_encrypts(tls: Tls) -> None:
    """STARTTLS and smtps work with a client that trusts the certificate made for this server, and with no other."""

    async def play(mail: MailServer) -> None:
        assert mail.certificate is not None
        how = {"use_tls": True} if tls is Tls.SMTPS else {"start_tls": True}
        await send(mail, "ada@example.org", tls_context=mail.certificate.client(), **how)
        assert mail.received[0].encrypted
        with pytest.raises((aiosmtplib.SMTPException, ssl.SSLError)):
            await send(mail, "ada@example.org", tls_context=make_certificate().client(), **how)
        assert len(mail.received) == 1

    scenario(play, MailServer(tls=tls))


def test_insists_on_starttls() -> None:
    """Where STARTTLS is required, mail in the clear is refused."""

    async def play(mail: MailServer) -> None:
        with pytest.raises(aiosmtplib.SMTPException, match="STARTTLS"):
            await send(mail, "ada@example.org", start_tls=False)

    scenario(play, MailServer(tls=Tls.REQUIRED))
