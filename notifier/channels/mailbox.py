"""Mailboxes as the sender sees them: a digest is read, composed and handed to the mail server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.headerregistry import Address

from notifier import digests
from notifier.channels.email import Mailer, read_server
from notifier.digest import Sender, as_mail
from notifier.jobs import Job
from notifier.letter import letter, sender_address, unsubscribe_url
from notifier.limiter import Answer, Go
from notifier.model import Kind
from watcher.bus import Bus
from watcher.errors import DeliveryError, DeliveryReason
from watcher.settings import Settings
from watcher.store import Store


def _utc() -> datetime:
    return datetime.now(UTC)


class MailOutlet:
    """Sends digests through one mail server; how many at a time is the mailer's business, so every address may go at once."""

    def __init__(
        self, mailer: Mailer, store: Store, sender: Address, public_url: str = "", now: Callable[[], datetime] = _utc
    ) -> None:
        self.mailer = mailer
        self._now = now
        self._store = store
        self._sender = sender
        self._public_url = public_url

    async def ask(self, address: str) -> Answer:  # noqa: ARG002  mail servers name no limit to an address
        """Always at once."""
        return Go(0.0)

    async def hold(self, address: str, seconds: float) -> None:
        """Mail servers ask for nothing of the kind: a 4xx puts the delivery itself back."""

    async def send(self, job: Job) -> str | None:
        """Send a digest; its Message-ID."""
        found = await self._store.read(digests.compose_for, job.digest_id) if job.kind is Kind.DIGEST and job.digest_id else None
        if found is None:
            raise DeliveryError(DeliveryReason.REFUSED, "there is nothing to send by mail", permanent=True)
        reader = job.subscriber
        mail = as_mail(found, Sender(str(self._sender), unsubscribe_url(self._public_url, reader.token)))
        try:
            message = letter(mail, found.id, reader, self._sender, self._public_url, self._now())
        except ValueError:
            raise DeliveryError(DeliveryReason.REFUSED, "the address is not one that mail can be sent to", permanent=True) from None
        await self.mailer.send(message, self._sender.addr_spec, message["To"].addresses[0].addr_spec)
        return str(message["Message-ID"])

    async def close(self) -> None:
        """Close the connections to the mail server."""
        await self.mailer.close()


def mail_outlet(settings: Settings, store: Store, bus: Bus) -> MailOutlet | None:  # noqa: ARG001  every channel is opened alike
    """The outlet for mail; None while no server is set. Raises SettingsError for a server or a sender that cannot be."""
    if settings.smtp_url is None:
        return None
    server = read_server(settings.smtp_url.get_secret_value())
    return MailOutlet(Mailer(server), store, sender_address(settings.mail_from), settings.public_url)
