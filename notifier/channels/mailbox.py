"""Mailboxes as the sender sees them: a digest, or a question to a new reader, is composed and handed to the mail server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.headerregistry import Address

from notifier import digests, mailboxes
from notifier.channels.email import Mailer, read_server
from notifier.channels.turns import Paced
from notifier.jobs import Job
from notifier.letter import letter, note, preferences_url, sender_address, unsubscribe_url
from notifier.model import Kind
from notifier.paper import Sender, as_mail
from notifier.tongue import tongue
from watcher.bus import Bus
from watcher.errors import DeliveryError, DeliveryReason
from watcher.settings import Settings
from watcher.store import Store


def _utc() -> datetime:
    return datetime.now(UTC)


class MailOutlet(Paced):
    """Sends digests through one mail server, which all addresses share."""

    def __init__(
        self, mailer: Mailer, store: Store, sender: Address, public_url: str = "", returns: str = "", now: Callable[[], datetime] = _utc
    ) -> None:
        """`returns` is where mail servers send back what they cannot deliver; by default the sender's own address."""
        super().__init__(mailer.turns)
        self.mailer = mailer
        self._returns = returns or sender.addr_spec
        self._now = now
        self._store = store
        self._sender = sender
        self._public_url = public_url

    async def send(self, job: Job) -> str | None:
        """Send a digest, or ask whether an address wants it; the Message-ID."""
        if job.kind is Kind.NOTICE:
            return await self._ask(job)
        found = await self._store.read(digests.compose_for, job.digest_id) if job.kind is Kind.DIGEST and job.digest_id else None
        if found is None:
            raise DeliveryError(DeliveryReason.REFUSED, "there is nothing to send by mail", permanent=True)
        reader = job.subscriber
        ways = unsubscribe_url(self._public_url, reader.token), preferences_url(self._public_url, reader.token)
        mail = as_mail(found, Sender(str(self._sender), *ways))
        try:
            message = letter(mail, found.id, reader, self._sender, self._public_url, self._now())
        except ValueError:
            raise DeliveryError(DeliveryReason.REFUSED, "the address is not one that mail can be sent to", permanent=True) from None
        await self.mailer.send(message, self._returns, message["To"].addresses[0].addr_spec)
        return str(message["Message-ID"])

    async def _ask(self, job: Job) -> str:
        """Ask the reader of an address to confirm it."""
        now = self._now()
        waiting = await self._store.read(mailboxes.waiting, job.subscriber.id, now)
        if waiting is None:
            raise DeliveryError(DeliveryReason.REFUSED, "nobody waits for this address to be confirmed any more", permanent=True)
        t = tongue(job.subscriber.language)
        link = f"{self._public_url}/confirm/{waiting.token}" if self._public_url else ""
        text = "\n\n".join([
            t("mail.hello"), *([f"{t('mail.link')}\n{link}"] if link else []), f"{t('mail.code')}\n/email {waiting.code}", t("mail.ignore"),
        ])  # fmt: skip
        try:
            message = note(t("mail.subject"), text, job.subscriber, self._sender, now, f"confirm-{job.id}")
        except ValueError:
            raise DeliveryError(DeliveryReason.REFUSED, "the address is not one that mail can be sent to", permanent=True) from None
        await self.mailer.send(message, self._returns, message["To"].addresses[0].addr_spec)
        return str(message["Message-ID"])

    async def close(self) -> None:
        """Close the connections to the mail server."""
        await self.mailer.close()


def mail_outlet(settings: Settings, store: Store, bus: Bus) -> MailOutlet | None:  # noqa: ARG001  every channel is opened alike
    """The outlet for mail; None while no server is set. Raises SettingsError for a server or a sender that cannot be."""
    if settings.smtp_url is None:
        return None
    mailer = mailer_of(settings)
    return MailOutlet(mailer, store, sender_address(settings.mail_from), settings.public_url, _returns(settings))


def mailer_of(settings: Settings) -> Mailer:
    """What sends through the server that is set. Raises SettingsError for a server, a sender or a key that cannot be."""
    _returns(settings)
    sign = _signer(settings, sender_address(settings.mail_from).domain)
    return Mailer(read_server(settings.smtp_url.get_secret_value() if settings.smtp_url else ""), sign=sign)


def _returns(settings: Settings) -> str:
    return sender_address(settings.bounce_address).addr_spec if settings.bounce_address else ""


def _signer(settings: Settings, domain: str) -> Callable[[bytes], bytes] | None:
    if settings.dkim_key is None:
        return None
    from notifier.channels.dkim import signer  # only who signs pays for the library

    return signer(settings.dkim_key.get_secret_value(), settings.dkim_selector, domain)
