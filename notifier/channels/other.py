"""A hundred other channels through Apprise: Slack, Matrix, ntfy and their like, each named by one address that holds its secrets.

Apprise says yes or no and gives no reason: a no is tried again. What is there to edit cannot be edited, so that each story is told once and
changes are told as answers. The library is an optional extra; its log, which may name addresses, is kept quiet.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
from typing import Any

import structlog

from notifier import render
from notifier.channels.turns import Paced, Turns
from notifier.digest import as_message
from notifier.digests import compose_for
from notifier.jobs import Job
from notifier.model import Kind
from watcher.bus import Bus
from watcher.errors import DeliveryError, DeliveryReason
from watcher.settings import Settings
from watcher.store import Store

AT_A_TIME = 4  # each keeps a thread for as long as its service takes
INSTALL = "pip install 'concordat-watch[apprise]'"

log = structlog.get_logger("apprise")


class AppriseOutlet(Paced):
    """Sends plain text through whatever an Apprise URL names."""

    def __init__(self, store: Store) -> None:
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        super().__init__(Turns(AT_A_TIME))
        self._store = store

    async def send(self, job: Job) -> str | None:
        """Send it; an edit is nothing to send."""
        if job.edit:
            return job.remote_ref
        title, text = await self._composed(job)
        if not await asyncio.to_thread(_notify, job.subscriber.address, title, text):
            raise DeliveryError(DeliveryReason.SERVER, "the service did not take it; check the address with the apprise command")
        return str(job.id)

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _composed(self, job: Job) -> tuple[str, str]:
        tz, lang = job.subscriber.tz, job.subscriber.language
        if job.kind in {Kind.NOTICE, Kind.BROADCAST}:
            return "Concordat", str((job.payload or {}).get("text", ""))
        if job.kind is Kind.DIGEST and job.digest_id is not None:
            digest = await self._store.read(compose_for, job.digest_id)
            if digest:
                return "Concordat", as_message(digest).body.text
        if job.story is None:
            raise DeliveryError(DeliveryReason.REFUSED, "there is nothing left to tell", permanent=True)
        if job.changes:
            return "Concordat", render.change_body(job.story, job.changes, job.before, lang).text
        stories = {p.story.id: p.story for p in job.parts} or {job.story.id: job.story}
        return "Concordat", "\n\n".join(render.alert_text(s, tz) for s in stories.values())


def is_address(url: str) -> bool | None:
    """Whether Apprise knows what this address means; None while it is not installed."""
    if importlib.util.find_spec("apprise") is None:
        return None
    return _client(url) is not None


def _client(url: str) -> Any:
    from apprise import Apprise, AppriseAsset  # an optional extra, and half a second to load

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    client = Apprise(asset=AppriseAsset(app_id="Concordat", app_desc="Concordat", app_url="", secure_logging=True))
    return client if client.add(url) else None


def _notify(url: str, title: str, text: str) -> bool:
    client = _client(url)
    if client is None:
        raise DeliveryError(DeliveryReason.REFUSED, "Apprise does not know this kind of address", permanent=True)
    return bool(client.notify(title=title, body=text, body_format="text"))


def apprise_outlet(settings: Settings, store: Store, bus: Bus) -> AppriseOutlet | None:  # noqa: ARG001  every channel is opened alike
    """The outlet for Apprise URLs; None while the library is not installed, and then deliveries wait."""
    return AppriseOutlet(store) if importlib.util.find_spec("apprise") else None
