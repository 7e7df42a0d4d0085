"""SMTP through aiosmtplib: a few connections that are used again, and what each answer of a mail server means for a delivery.

Credentials appear in no error. What a server says is passed on without the recipient's address.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from notifier.channels.turns import Turns
from notifier.letter import WIRE
from notifier.richtext import one_line
from watcher.errors import DeliveryError, DeliveryReason, SettingsError

CONNECTIONS = 4  # to the server at a time
IDLE_SECONDS = 20.0  # after which a connection is not used again
MOST_MESSAGES = 100  # through one connection
TIMEOUT = 30.0  # seconds for each answer of the server
STARTTLS = ("required", "auto", "never")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# a reason to think that nobody is there; other refusals are about us, or about this one message
_NOBODY = re.compile(r"^5\.(1\.[1-36]|1\.10|2\.1)\b")
_ENHANCED = re.compile(r"^[245]\.\d{1,3}\.\d{1,3}\b")
_BARE_NOBODY = (550, 551, 553)


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server and how to speak to it."""

    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    tls: bool = False
    starttls: str = "auto"
    per_minute: int = 0  # messages; 0 for as many as it takes

    @property
    def may_be_plain(self) -> bool:
        """Whether mail may go unencrypted; a password goes in the clear only within this machine, or when that was asked for."""
        return self.starttls == "never" or (self.starttls == "auto" and (not self.user or self.host in _LOOPBACK))


def read_server(url: str) -> Server:
    """`smtp://user:password@host:587?starttls=required` or `smtps://…`; raises SettingsError without repeating it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingsError("CONCORDAT_SMTP_URL: write smtp://user:password@host:port or smtps://…") from None
    asked = parse_qs(parts.query)
    starttls, pace = asked.get("starttls", ["auto"])[-1], asked.get("per_minute", ["0"])[-1]
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise SettingsError("CONCORDAT_SMTP_URL: write smtp://user:password@host:port or smtps://…")
    if starttls not in STARTTLS:
        raise SettingsError(f"CONCORDAT_SMTP_URL: starttls is one of {', '.join(STARTTLS)}")
    if not (pace.isascii() and pace.isdecimal() and len(pace) < 7):
        raise SettingsError("CONCORDAT_SMTP_URL: per_minute is a whole number of messages")
    tls = parts.scheme == "smtps"
    usual = 465 if tls else 587 if parts.username or starttls == "required" else 25
    return Server(parts.hostname, port or usual, unquote(parts.username or ""), unquote(parts.password or ""), tls, starttls, int(pace))


@dataclass
class _Line:
    """An open connection."""

    client: SMTP
    used: int = 0
    free_since: float = 0.0

    @property
    def fresh(self) -> bool:
        """Whether it may be used once more."""
        return self.client.is_connected and self.used < MOST_MESSAGES and time.monotonic() - self.free_since < IDLE_SECONDS


class Mailer:
    """Sends messages through one server, over a few connections. Every method raises DeliveryError."""

    def __init__(
        self, server: Server, tls_context: ssl.SSLContext | None = None, sign: Callable[[bytes], bytes] | None = None
    ) -> None:
        """Nothing is opened yet; `tls_context` says which certificates are trusted, else those that the system trusts.

        `sign` adds a signature to whole messages.
        """
        self._server = server
        self._sign = sign
        self.turns = Turns(CONNECTIONS, server.per_minute)
        self._context = tls_context or _context(server)
        self._free: list[_Line] = []
        self._room = asyncio.Semaphore(CONNECTIONS)

    async def send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        """Give one message for one recipient to the server."""
        utf8 = not (sender + recipient).isascii()
        content = message.as_bytes(policy=WIRE.clone(utf8=utf8))
        if self._sign:
            content = await asyncio.to_thread(self._sign, content)
        async with self._room:
            await self._give(content, sender, recipient, utf8=utf8)

    async def _give(self, content: bytes, sender: str, recipient: str, *, utf8: bool) -> None:
        line = await self._begin(sender, utf8)
        reusable = handed_over = False
        try:
            await line.client.rcpt(recipient, encoding="utf-8")
            handed_over = True
            await line.client.data(content)
            reusable = True
        except (SMTPException, OSError) as e:
            reusable = await _reset(line)
            raise explain(e, recipient, handed_over=handed_over) from None
        finally:
            self._give_back(line, reusable)

    async def check(self) -> None:
        """Connect and log in, as the operator's check does."""
        self._give_back(await self._open(), reusable=True)
        await self.close()

    async def close(self) -> None:
        """Close the connections that are not in use."""
        while self._free:
            await _hang_up(self._free.pop())

    async def _begin(self, sender: str, utf8: bool) -> _Line:
        """A connection on which the sender was accepted. One that the server closed meanwhile is replaced: nothing was sent on it."""
        while self._free:
            line = self._free.pop()
            if line.fresh:
                with suppress(SMTPException, OSError):
                    await _mail(line, sender, utf8)
                    return line
            await _hang_up(line)
        line = await self._open()
        try:
            await _mail(line, sender, utf8)
        except (SMTPException, OSError) as e:
            await _hang_up(line)
            raise explain(e) from None
        return line

    async def _open(self) -> _Line:
        server = self._server
        client = SMTP(
            hostname=server.host, port=server.port, use_tls=server.tls, start_tls=False, timeout=TIMEOUT, tls_context=self._context,
            local_hostname=socket.gethostname() or "localhost",
        )  # fmt: skip
        try:
            await client.connect()
            await client.ehlo()
            if not server.tls and server.starttls != "never":
                await self._encrypt(client)
            if server.user:
                await client.login(server.user, server.password)
        except (SMTPException, OSError) as e:
            client.close()
            raise explain(e) from None
        except BaseException:
            client.close()
            raise
        return _Line(client)

    async def _encrypt(self, client: SMTP) -> None:
        if client.supports_extension("starttls"):
            await client.starttls(tls_context=self._context)
            await client.ehlo()
        elif not self._server.may_be_plain:
            what = "the mail server offers no STARTTLS"
            raise DeliveryError(
                DeliveryReason.AUTH, f"{what}; use smtps:// in CONCORDAT_SMTP_URL, or ?starttls=never on a network you trust"
            )

    def _give_back(self, line: _Line, reusable: bool) -> None:
        if reusable:
            line.used += 1
            line.free_since = time.monotonic()
            self._free.append(line)
        else:
            line.client.close()


async def _mail(line: _Line, sender: str, utf8: bool) -> None:
    if utf8 and not line.client.supports_extension("smtputf8"):
        raise SMTPNotSupported("SMTPUTF8")
    await line.client.mail(sender, options=["SMTPUTF8"] if utf8 else [], encoding="utf-8")


async def _reset(line: _Line) -> bool:
    """Forget what was refused; whether the connection can be used again."""
    if not line.client.is_connected:
        return False
    try:
        await line.client.rset()
    except (SMTPException, OSError):
        return False
    return True


async def _hang_up(line: _Line) -> None:
    with suppress(SMTPException, OSError):
        await line.client.quit(timeout=2)
    line.client.close()


def explain(error: Exception, recipient: str = "", *, handed_over: bool = False) -> DeliveryError:
    """What a failure means. `handed_over` when the message itself was under way, so that a silent server may have taken it."""
    if isinstance(error, SMTPNotSupported):
        if "SMTPUTF8" in str(error):
            return DeliveryError(DeliveryReason.REFUSED, "the mail server takes ASCII addresses only", permanent=True)
        return DeliveryError(DeliveryReason.AUTH, "the mail server offers no login that we know; check CONCORDAT_SMTP_URL")
    if isinstance(error, SMTPResponseException) and error.code > 0:
        return _answered(error, recipient)
    if handed_over and isinstance(error, SMTPServerDisconnected | SMTPTimeoutError):
        return DeliveryError(DeliveryReason.UNKNOWN_OUTCOME, "the mail server did not answer; it may have taken the message")
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return DeliveryError(
            DeliveryReason.AUTH,
            "no encrypted connection to the mail server: its certificate is not trusted, or it speaks another kind of TLS",
        )
    return DeliveryError(DeliveryReason.NETWORK, f"the mail server cannot be reached ({type(error.__cause__ or error).__name__})")


def _answered(error: SMTPResponseException, recipient: str) -> DeliveryError:
    said = one_line(error.message)
    enhanced = _ENHANCED.match(said)
    told = f"the mail server says: {error.code} {said.replace(recipient, 'the address') if recipient else said}"[:300]
    if error.code < 500 or error.code == 552 or (enhanced and enhanced.group() == "5.2.2"):
        return DeliveryError(DeliveryReason.SERVER, told)  # later; a mailbox that is full too
    if isinstance(error, SMTPAuthenticationError) or error.code in {530, 534, 535, 538}:
        return DeliveryError(DeliveryReason.AUTH, f"the mail server refuses the login ({error.code}); check CONCORDAT_SMTP_URL")
    if isinstance(error, SMTPSenderRefused):
        return DeliveryError(DeliveryReason.AUTH, f"the mail server refuses the sender; check CONCORDAT_MAIL_FROM ({error.code})")
    nobody = _NOBODY.match(said) if enhanced else isinstance(error, SMTPRecipientRefused) and error.code in _BARE_NOBODY
    if nobody:
        return DeliveryError(DeliveryReason.GONE, told, permanent=True)
    return DeliveryError(DeliveryReason.REFUSED, told, permanent=True)


def _context(server: Server) -> ssl.SSLContext:
    """Certificates are checked wherever encryption is what was asked for; where mail may be plain, any encryption is better."""
    context = ssl.create_default_context()
    if not server.tls and server.may_be_plain:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
