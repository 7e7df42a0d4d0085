"""One subscription at a hub through its life, as WebSub has it; every step is a function from what is known to what to write. Pure.

    OFFERED ──ask──▶ (hub verifies) ──▶ ACTIVE ──ask again before the lease ends──▶ ACTIVE …
       ▲                                  │ denied ▶ DENIED ──a day or more──▶ ask again
       └── no answer, an error: later     │ source gone, switched off, another hub ▶ LEAVING ──ask──▶ ENDED

A question (`asked`, `asked_at`) stands for as long as its verification may come. Chance is handed in, uniform in 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from watcher.sources.entry import Hub
from watcher.text import one_line

LEASE = timedelta(days=10)  # what we ask for, and what holds where a hub names none
LEASE_LEAST, LEASE_MOST = timedelta(minutes=10), timedelta(days=30)  # a shorter one lapses between, a longer one is not believed
RENEW_FROM, RENEW_TO = 0.75, 0.9  # of the lease, so that the subscriptions of one hub do not come all at once
VERIFY = timedelta(hours=1)  # for so long a question stands, and so long is an answer waited for
RETRY, RETRY_MOST = timedelta(minutes=10), timedelta(days=1)  # after a failure; doubles
DENIED_FOR, DENIED_MOST = timedelta(days=1), timedelta(days=7)  # a denial may pass; doubles
LEAVE_TRIES = 3  # a hub that does not let us go is left to its lease
CHANGE_AFTER = timedelta(hours=1)  # a source that names another hub each time is not followed more often
MISSES = 2  # polls that found what no push brought, after which polling is as fast as without a hub
ENDED_FOR = timedelta(hours=1)  # an ended subscription is kept that long, so that a question that is repeated gets the same answer


class Standing(StrEnum):
    """What we have with a hub."""

    OFFERED = "offered"
    ACTIVE = "active"
    DENIED = "denied"
    LEAVING = "leaving"
    ENDED = "ended"


class Mode(StrEnum):
    """What is asked of a hub (hub.mode); as a step, also that nothing more is to be asked."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One topic at one hub for one source. `token` is the end of our callback's address; it and `secret` are nobody else's business.

    `address` is that of the source when the hub was found: a source that is read elsewhere now is no longer this one.
    """

    id: int
    source_id: str
    address: str
    hub: str
    topic: str
    token: str
    secret: str
    state: Standing
    created_at: datetime
    next_at: datetime  # when there is something to do
    asked: str = ""
    asked_at: datetime | None = None
    verified_at: datetime | None = None
    lease_end: datetime | None = None
    failures: int = 0  # in a row
    error: str = ""
    delivered_at: datetime | None = None
    deliveries: int = 0
    ignored: int = 0  # deliveries that were not signed, or not as they should be
    misses: int = 0  # polls since the last delivery that found what was not pushed

    @property
    def unanswered(self) -> bool:
        """Whether a question stands that no verification came for."""
        return self.asked_at is not None and (self.verified_at is None or self.verified_at < self.asked_at)

    def __repr__(self) -> str:
        return f"Subscription({self.id}, {self.source_id!r}, {self.state})"


def step(sub: Subscription, now: datetime) -> Mode:
    """What to do about a subscription whose time has come."""
    if sub.state is Standing.ENDED:
        return Mode.FORGET
    if sub.state is not Standing.LEAVING:
        return Mode.SUBSCRIBE
    over = sub.lease_end is not None and sub.lease_end <= now
    return Mode.FORGET if over or sub.failures >= LEAVE_TRIES else Mode.UNSUBSCRIBE


def asking(sub: Subscription, mode: Mode, now: datetime) -> Subscription:
    """The state to write before the hub is asked, because it may verify before it answers. A question left unanswered was a failure."""
    failed = sub.unanswered and sub.asked == mode
    failures = sub.failures + failed
    error = "the hub did not verify the subscription; is CONCORDAT_PUBLIC_URL reachable from outside?" if failed else sub.error
    wait = max(VERIFY, _backoff(RETRY, failures, RETRY_MOST))
    return replace(sub, asked=mode.value, asked_at=now, next_at=now + wait, failures=failures, error=error)


def refused(sub: Subscription, error: str, retry_after: float | None, now: datetime, chance: float) -> Subscription:
    """The hub did not take the question, which then stands no longer; one that verified all the same is believed."""
    if not sub.unanswered:
        return sub
    pause = max(_backoff(RETRY, sub.failures, RETRY_MOST) * (0.9 + 0.2 * chance), timedelta(seconds=retry_after or 0.0))
    return replace(sub, asked="", asked_at=None, failures=sub.failures + 1, error=one_line(error, 300), next_at=now + pause)


def postponed(sub: Subscription, seconds: float, now: datetime) -> Subscription:
    """Nothing was asked, because the hub's site wants to be left alone for so long."""
    return replace(sub, asked="", asked_at=None, next_at=now + timedelta(seconds=seconds))


def verified(sub: Subscription, mode: str, topic: str, lease: float | None, now: datetime, chance: float) -> Subscription | None:
    """The hub asks whether we asked; None is no: nobody here asked for this, or too long ago.

    `lease` is in seconds, as the hub grants it.
    """
    if sub.asked_at is None or mode != sub.asked or topic != sub.topic or now > sub.asked_at + VERIFY:
        return None
    if mode == Mode.UNSUBSCRIBE:
        return replace(sub, state=Standing.ENDED, verified_at=now, failures=0, error="", next_at=now + ENDED_FOR)
    granted = LEASE if lease is None else min(timedelta(seconds=max(min(lease, LEASE_MOST.total_seconds()), 1.0)), LEASE_MOST)
    renew = max(granted, LEASE_LEAST) * (RENEW_FROM + (RENEW_TO - RENEW_FROM) * chance)
    return replace(
        sub, state=Standing.ACTIVE, verified_at=now, lease_end=now + granted, failures=0, error="", next_at=now + renew, misses=0
    )


def denied(sub: Subscription, topic: str, reason: str, now: datetime) -> Subscription | None:
    """The hub refuses the topic, or ends what it had granted; None when it is another topic."""
    if topic != sub.topic:
        return None
    if sub.state in {Standing.LEAVING, Standing.ENDED}:
        return replace(sub, state=Standing.ENDED, verified_at=now, next_at=now + ENDED_FOR)
    pause = _backoff(DENIED_FOR, sub.failures, DENIED_MOST)
    why = one_line(reason, 200) or "no reason given"
    return replace(
        sub, state=Standing.DENIED, asked="", asked_at=None, lease_end=None, failures=sub.failures + 1, next_at=now + pause,
        error=f"the hub denies the subscription: {why}",
    )  # fmt: skip


def leaving(sub: Subscription, now: datetime) -> Subscription:
    """The subscription is no longer wanted: the hub is told, if it ever heard of it."""
    if sub.state in {Standing.LEAVING, Standing.ENDED}:
        return sub
    heard = sub.state is Standing.ACTIVE or (sub.state is Standing.OFFERED and sub.asked_at is not None)
    return replace(sub, state=Standing.LEAVING if heard else Standing.ENDED, failures=0, next_at=now)


def follows(sub: Subscription, address: str, hub: Hub, now: datetime) -> bool:
    """Whether a new offer of the source takes this subscription's place."""
    if (sub.hub, sub.topic, sub.address) == (hub.url, hub.topic, address):
        return False
    return sub.address != address or now - sub.created_at >= CHANGE_AFTER


def active(sub: Subscription, now: datetime) -> bool:
    """Whether the hub is bound to push."""
    return sub.state is Standing.ACTIVE and sub.lease_end is not None and sub.lease_end > now


def delivering(sub: Subscription, now: datetime) -> bool:
    """Whether the hub pushes, and has shown that it does: then its source need not be polled often."""
    return active(sub, now) and sub.delivered_at is not None and sub.misses < MISSES


def describe(sub: Subscription, now: datetime) -> str:
    """How it stands, in a line for the operator."""
    if active(sub, now) and sub.lease_end is not None:
        pushed = f", last delivery {_minute(sub.delivered_at)}" if sub.delivered_at else ", nothing delivered yet"
        return f"active until {_minute(sub.lease_end)}{pushed}"
    return f"{sub.state}" + (f": {sub.error}" if sub.error else "")


def _minute(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="minutes").removesuffix("+00:00")


def _backoff(first: timedelta, failures: int, most: timedelta) -> timedelta:
    return min(first * float(2 ** min(failures, 20)), most)
