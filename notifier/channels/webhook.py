"""Webhooks: each delivery is posted as JSON to the address of whoever wants it, signed, so that they can tell it from anybody else's.

`Concordat-Signature: t=UNIX,v1=HEX` holds HMAC-SHA256 of `UNIX.BODY` under the subscriber's key; `Concordat-Delivery` stays the same
however often a delivery is tried, so that whoever has seen it can pass over it. An answer of 2xx means taken. Addresses hold secrets, and
appear in no error.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx

from notifier.asdata import digest_data, moment, story_data
from notifier.channels.turns import Paced, Turns
from notifier.digests import compose_for
from notifier.jobs import Job
from notifier.model import Kind
from watcher.bus import Bus
from watcher.errors import DeliveryError, DeliveryReason
from watcher.settings import Settings
from watcher.store import Store

AT_A_TIME = 16
SECONDS = 15.0  # for one post
LONGEST_WAIT = 3600.0  # of what a receiver may ask for
_GONE = 410

for _noisy in ("httpx", "httpcore"):
    logging.getLogger(_noisy).setLevel(logging.WARNING)  # they log whole addresses


class WebhookOutlet(Paced):
    """Posts to whoever subscribed with an address of the web."""

    def __init__(self, store: Store, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__(Turns(AT_A_TIME))
        self._store = store
        self._now = now
        self._client = httpx.AsyncClient(timeout=SECONDS, follow_redirects=False, trust_env=False)

    async def send(self, job: Job) -> str | None:
        """Post it; the replay id."""
        replay = f"{job.id}" + (f"-{job.revision}" if job.edit else "")
        body = json.dumps(await self._body(job, replay), ensure_ascii=False).encode()
        stamp = int(self._now().timestamp())
        headers = {
            "Content-Type": "application/json", "User-Agent": "Concordat", "Concordat-Delivery": replay,
            "Concordat-Signature": f"t={stamp},v1={signature(job.subscriber.token, stamp, body)}",
        }  # fmt: skip
        try:
            answer = await self._client.post(job.subscriber.address, content=body, headers=headers)
        except httpx.TimeoutException:
            raise DeliveryError(DeliveryReason.UNKNOWN_OUTCOME, "the webhook did not answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as e:
            raise DeliveryError(DeliveryReason.NETWORK, f"the webhook cannot be reached ({type(e).__name__})") from None
        if not answer.is_success:
            raise explain(answer)
        return replay

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _body(self, job: Job, replay: str) -> dict[str, Any]:
        head = {"id": replay, "kind": str(job.kind), "at": moment(self._now()), "update": job.edit or bool(job.changes)}
        if job.kind is Kind.DIGEST and job.digest_id is not None:
            digest = await self._store.read(compose_for, job.digest_id)
            if digest:
                return {**head, "digest": digest_data(digest)}
        if job.kind is Kind.ALERT and job.story:
            stories = {p.story.id: p.story for p in job.parts} or {job.story.id: job.story}
            return {**head, "changes": list(map(str, job.changes)), "stories": [story_data(s) for s in stories.values()]}
        if job.kind in {Kind.NOTICE, Kind.BROADCAST}:
            return {**head, "text": str((job.payload or {}).get("text", ""))}
        raise DeliveryError(DeliveryReason.REFUSED, "there is nothing left to tell", permanent=True)


def signature(key: str, stamp: int, body: bytes) -> str:
    """HMAC-SHA256 of `UNIX.BODY`, in hexadecimal."""
    return hmac.new(key.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def explain(answer: httpx.Response) -> DeliveryError:
    """What a refusal means: 410 ends the subscription; what passes is tried again; another 4xx is given up."""
    said = f"the webhook answered {answer.status_code}"
    if answer.status_code == _GONE:
        return DeliveryError(DeliveryReason.GONE, said, permanent=True)
    if answer.status_code in {408, 425, 429} or answer.status_code >= 500:
        asked = answer.headers.get("Retry-After", "")
        wait = min(float(asked), LONGEST_WAIT) if asked.isascii() and asked.isdecimal() else None
        return DeliveryError(DeliveryReason.SERVER, said, retry_after=wait)
    return DeliveryError(DeliveryReason.REFUSED, said, permanent=True)


def webhook_outlet(settings: Settings, store: Store, bus: Bus) -> WebhookOutlet:  # noqa: ARG001  every channel is opened alike
    """The outlet for webhooks, which needs no setting."""
    return WebhookOutlet(store)
