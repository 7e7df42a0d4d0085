"""A mail server on loopback that records what it takes, takes nothing that a strict one would not, and fails on demand.

    async with MailServer(user="ada", password="lovelace", tls=Tls.STARTTLS) as mail:
        mail.recipients["gone@example.org"] = "550 5.1.1 No such user"
        ...                                  # whatever is tested sends to mail.url
        await mail.until(lambda: mail.received)

It speaks through aiosmtpd, in the loop of the test.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import time
import warnings
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, AnyStr, Self
from urllib.parse import quote

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.fakes.certificate import Certificate, make_certificate
from tests.fakes.strictmail import faults
from tests.fakes.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage
    from types import TracebackType


class Tls(StrEnum):
    """How connections are secured."""

    NONE = "never"
    STARTTLS = "offered"
    REQUIRED = "mail only after STARTTLS"
    SMTPS = "from the first byte"


class Cut(StrEnum):
    """Where a connection breaks."""

    IN_DATA = "in the middle of the message: nothing taken"
    AFTER_DATA = "after the message was taken, before the answer"


@dataclass(frozen=True, slots=True)
class Received:
    """One message taken: when (Unix seconds), its envelope, the message as parsed, and how it came."""

    at: float
    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    content: bytes
    user: str = ""
    encrypted: bool = False


class MailServer(Watched):
    """The server; `url` is its address once entered, with the credentials it asks for.

    `recipients` answers RCPT per address, `answer` every message and `answers` one message each (`"451 4.3.0 Try
    later"`); `cuts` break one connection each; `on_recipient` is called before a RCPT is answered. `refused` lists
    every answer of those kinds that was given.
    """

    def __init__(self, *, user: str = "", password: str = "", tls: Tls = Tls.NONE) -> None:
        super().__init__()
        self.user = user
        self.password = password
        self.tls = tls
        self.certificate: Certificate | None = None if tls is Tls.NONE else make_certificate()
        self.port = 0
        self.received: list[Received] = []
        self.refused: list[str] = []
        self.recipients: dict[str, str] = {}
        self.answer: str | None = None
        self.answers: deque[str] = deque()
        self.cuts: deque[Cut] = deque()
        self.on_recipient: Callable[[], None] | None = None
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._open: set[Conversation] = set()

    @property
    def url(self) -> str:
        """The address as the settings write it."""
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        scheme = "smtps" if self.tls is Tls.SMTPS else "smtp"
        return f"{scheme}://{who}127.0.0.1:{self.port}" + ("?starttls=required" if self.tls is Tls.REQUIRED else "")

    def to(self, address: str) -> list[Received]:
        """The messages taken for an address."""
        return [r for r in self.received if address in r.recipients]

    async def __aenter__(self) -> Self:
        context = self.certificate.server() if self.certificate and self.tls is Tls.SMTPS else None
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._converse, "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is None:
            return
        self._server.close()
        for conversation in tuple(self._open):
            conversation.cut()
        await self._server.wait_closed()

    def _converse(self) -> Conversation:
        with warnings.catch_warnings():
            # On loopback, a password without TLS is what some tests are about.
            warnings.simplefilter("ignore", UserWarning)
            return Conversation(self)

    # ------------------------------------------------------------ what aiosmtpd asks its handler

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or answer as told."""
        if self.on_recipient:
            self.on_recipient()
        if no := self.recipients.get(address):
            return self._refuse(no)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a message, or answer as told."""
        if no := self.answers.popleft() if self.answers else self.answer:
            return self._refuse(no)
        content = envelope.original_content or b""
        if wrong := faults(content, eight_bit=envelope.smtp_utf8):
            return self._refuse("554 5.6.0 " + ", ".join(wrong))
        message = email.message_from_bytes(content, policy=email.policy.default)
        encrypted = server.transport is not None and server.transport.get_extra_info("ssl_object") is not None
        user = session.auth_data.login.decode() if isinstance(session.auth_data, LoginPassword) else ""
        self.received.append(
            Received(
                time.time(),
                envelope.mail_from or "",
                tuple(envelope.rcpt_tos),
                message,
                content,
                user,
                encrypted,
            )
        )
        self.changed()
        return "250 2.0.0 OK"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        """Whether a login is the right one."""
        right = LoginPassword(self.user.encode(), self.password.encode())
        return AuthResult(success=data == right, handled=False, auth_data=data)

    def _refuse(self, answer: str) -> str:
        self.refused.append(answer)
        self.changed()
        return answer


class Conversation(SMTP):
    """One connection, which may break where the server's `cuts` say."""

    def __init__(self, mail: MailServer) -> None:
        self.mail = mail
        starttls = mail.certificate.server() if mail.certificate and mail.tls is not Tls.SMTPS else None
        super().__init__(
            mail,
            hostname="localhost",
            ident="a mail server",
            enable_SMTPUTF8=True,
            tls_context=starttls,
            require_starttls=mail.tls is Tls.REQUIRED,
            authenticator=mail.authenticate,
            auth_required=bool(mail.user),
            auth_require_tls=mail.tls in {Tls.STARTTLS, Tls.REQUIRED},
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection (STARTTLS makes the same one again)."""
        if self not in self.mail._open:
            self.mail.connections += 1
        self.mail._open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(error)
        self.mail._open.discard(self)

    def cut(self) -> None:
        """Break the connection."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """Read the message, unless the connection is to break in it."""
        cuts = self.mail.cuts
        if cuts and cuts[0] is Cut.IN_DATA:
            cuts.popleft()
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            await self._reader.readline()
            self.cut()
            return
        await super().smtp_DATA(arg)

    async def push(self, status: AnyStr) -> None:
        """Answer, unless the connection is to break first."""
        cuts = self.mail.cuts
        if cuts and cuts[0] is Cut.AFTER_DATA and str(status).startswith("250 2.0.0"):
            cuts.popleft()
            self.cut()
            return
        await super().push(status)
