"""Mailboxes that people ask for in a chat: kept aside until whoever reads the mailbox confirms, by its code or its link.

A mailbox is a subscriber of its own, owned by the chat that asked for it. On a connection; nothing here sends.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select, update

from notifier import ledger, subscribers
from notifier.model import Channel, Joined, Kind, Standing, Subscriber
from notifier.subscribers import DIGEST_AT
from notifier.tables import confirmations as table
from notifier.tables import deliveries
from notifier.tables import subscribers as people
from notifier.wishes import Wishes

LASTS = timedelta(hours=24)  # after which an unconfirmed address must be asked for again
MOST_TRIES = 5  # wrong codes
MOST_MAILS = 3  # to addresses that one chat asked for, a day: nobody's mailbox is flooded through us
_SHARED = ("follows", "mutes", "min_severity", "digest_at", "digest_days", "tz", "lang")  # with its chat
UNCONFIRMED = "asked for, not confirmed yet"
PAUSED = "its chat sent /stop"


class Asked(StrEnum):
    """What became of a request: a mail is on its way, it is confirmed already, or too many were asked for today."""

    SENT = "sent"
    ALREADY = "already"
    TOO_MANY = "too_many"


class Confirmed(StrEnum):
    """What became of a code or a link."""

    DONE = "done"
    WRONG = "wrong"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """An address that waits for its owner's word."""

    mailbox: int
    owner: int
    code: str
    token: str
    expires_at: datetime


def of(conn: Connection, owner: int) -> list[Subscriber]:
    """The mailboxes that a chat asked for, confirmed or not."""
    return [subscribers.subscriber(r) for r in conn.execute(select(people).where(people.c.owner_id == owner).order_by(people.c.id))]


def confirmed(conn: Connection, owner: int) -> Subscriber | None:
    """The mailbox that a chat's digest goes to."""
    return next((m for m in of(conn, owner) if m.active), None)


def waiting(conn: Connection, mailbox: int, now: datetime) -> Confirmation | None:
    """What a mailbox waits for."""
    row = conn.execute(select(table).where(table.c.mailbox_id == mailbox, table.c.expires_at > now)).one_or_none()
    return Confirmation(row.mailbox_id, row.owner_id, row.code, row.token, row.expires_at) if row else None


def ask(conn: Connection, owner: Subscriber, address: str, key: str, now: datetime) -> tuple[Asked, Sequence[int]]:
    """Ask the reader of an address whether they want the owner's digest; the deliveries that carry the question.

    Raises SettingsError for what is no address. One that is confirmed for somebody else is asked all the same: nothing is told of them.
    """
    subscribers.check_address(address)
    there = subscribers.find(conn, Channel.EMAIL, address)
    if there and there.owner == owner.id and there.active:
        return Asked.ALREADY, ()
    mails = select(func.count()).where(deliveries.c.key.like(f"confirm:{owner.id}:%"), deliveries.c.created_at > now - LASTS)
    if (conn.scalar(mails) or 0) >= MOST_MAILS:
        return Asked.TOO_MANY, ()
    if there is None:
        wishes = replace(owner.wishes, alerts=False, digest_at=owner.wishes.digest_at or DIGEST_AT, lang=owner.language)
        there = subscribers.add(conn, subscribers.Wish(Channel.EMAIL, address, wishes=wishes, joined=Joined.NO), now)
        subscribers.change(conn, there.id, state=Standing.STOPPED, state_reason=UNCONFIRMED, owner_id=owner.id, digest_next=None)
    if there.state is Standing.GONE:
        subscribers.set_state(conn, there.id, Standing.STOPPED, UNCONFIRMED)
    conn.execute(delete(table).where(table.c.mailbox_id == there.id))
    conn.execute(insert(table).values(
        mailbox_id=there.id, owner_id=owner.id, code=f"{secrets.randbelow(10**6):06}", token=secrets.token_urlsafe(24), tries=0,
        expires_at=now + LASTS,
    ))  # fmt: skip
    row = ledger.new(f"confirm:{owner.id}:{key}", there.id, Kind.NOTICE, "asks for a confirmation", now, payload={"mail": "confirm"})
    return Asked.SENT, ledger.write(conn, [row])


def by_code(conn: Connection, owner: int, code: str, now: datetime) -> Confirmed:
    """Confirm with the code that came by mail; after a few wrong ones it is worth nothing."""
    row = conn.execute(
        select(table).where(table.c.owner_id == owner, table.c.expires_at > now).order_by(table.c.expires_at.desc()).limit(1)
    ).one_or_none()
    if row is None or row.tries >= MOST_TRIES:
        return Confirmed.OVER
    if not hmac.compare_digest(row.code.encode(), code.strip().encode()):
        conn.execute(update(table).where(table.c.mailbox_id == row.mailbox_id).values(tries=row.tries + 1))
        return Confirmed.WRONG
    return _confirm(conn, row.mailbox_id, row.owner_id, now)


def by_token(conn: Connection, token: str, now: datetime) -> Confirmed:
    """Confirm with the link that came by mail."""
    row = conn.execute(select(table).where(table.c.token == token, table.c.expires_at > now)).one_or_none()
    return _confirm(conn, row.mailbox_id, row.owner_id, now) if row else Confirmed.OVER


def language_of(conn: Connection, token: str, now: datetime) -> str | None:
    """The language of whoever a link that still confirms something was sent to; None where it confirms nothing."""
    id_ = conn.scalar(select(table.c.mailbox_id).where(table.c.token == token, table.c.expires_at > now))
    mailbox = subscribers.get(conn, id_) if id_ else None
    return mailbox.language if mailbox else None


def leave(conn: Connection, owner: int) -> bool:
    """Erase the mailboxes of a chat; whether there was one."""
    mine = of(conn, owner)
    for mailbox in mine:
        subscribers.erase(conn, mailbox.id)
    return bool(mine)


def _confirm(conn: Connection, mailbox: int, owner: int, now: datetime) -> Confirmed:
    """The digest goes to this mailbox from now on, and to no other that the chat asked for before."""
    person = subscribers.get(conn, owner)
    them = subscribers.get(conn, mailbox)
    if person is None or them is None:
        return Confirmed.OVER
    conn.execute(delete(table).where(table.c.mailbox_id == mailbox))
    for other in of(conn, owner):
        if other.id != mailbox:
            subscribers.erase(conn, other.id)
    wishes = replace(person.wishes, alerts=False, digest_at=person.wishes.digest_at or DIGEST_AT, lang=person.language)
    subscribers.change(conn, mailbox, owner_id=owner, joined=person.joined)
    subscribers.set_wishes(conn, replace(them, wishes=replace(wishes, digest_at=None)), wishes, now)
    subscribers.set_state(conn, mailbox, Standing.ACTIVE, "")
    return Confirmed.DONE


def forget_unconfirmed(conn: Connection, now: datetime) -> int:
    """Erase addresses that nobody confirmed in time: nothing is kept of people who never asked for it. How many there were."""
    both = table.join(people, people.c.id == table.c.mailbox_id)
    gone = conn.execute(select(table.c.mailbox_id, people.c.joined).select_from(both).where(table.c.expires_at <= now)).all()
    for row in gone:
        conn.execute(delete(table).where(table.c.mailbox_id == row.mailbox_id))
        if row.joined == Joined.NO:
            subscribers.erase(conn, row.mailbox_id)
    return len(gone)


def follow_suit(conn: Connection, before: Wishes, owner: Subscriber, now: datetime) -> None:
    """Let what the chat changed just now change for its mailboxes too; what their readers chose by themselves stays.

    A chat that ends its own digest leaves that of its mailbox alone.
    """
    new = owner.wishes
    changed = {f: getattr(new, f) for f in _SHARED if getattr(new, f) != getattr(before, f)}
    if new.digest_at is None:
        changed.pop("digest_at", None)
    for mailbox in of(conn, owner.id) if changed else ():
        subscribers.set_wishes(conn, mailbox, replace(mailbox.wishes, **changed), now)


def pause(conn: Connection, owner: int, *, stop: bool) -> None:
    """Stop what a chat's confirmed mailboxes get, or let those that were stopped in this way go on."""
    for mailbox in of(conn, owner):
        if stop and mailbox.active:
            subscribers.set_state(conn, mailbox.id, Standing.STOPPED, PAUSED)
        elif not stop and mailbox.state_reason == PAUSED:
            subscribers.set_state(conn, mailbox.id, Standing.ACTIVE, "")
