"""Who wants what: adding, finding and changing subscribers, on a connection. Nothing here sends."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from notifier.model import Channel, Joined, Role, Standing, Subscriber
from notifier.schedule import check_time, check_zone, next_digest
from notifier.tables import confirmations, deliveries, digests, feedback
from notifier.tables import subscribers as table
from notifier.wishes import EVERYTHING, Follow, Of, Wishes, as_json, from_json
from watcher.errors import SettingsError

DIGEST_AT = "08:00"
NEVER_STARTED = "never sent /start"  # why one whom we know is stopped, who never asked to be told anything
FIRST_WINDOW = timedelta(hours=24)  # what the first digest looks back on
_ADDRESS = re.compile(r"[^\s@<>,;:\"\\()\[\]\x00-\x1f\x7f]+@[^\s@<>,;:\"\\()\[\]\x00-\x1f\x7f]+")
_CHAT = re.compile(r"-?\d{1,19}")


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody new, and what they ask for."""

    channel: Channel
    address: str
    name: str = ""
    lang: str = ""
    wishes: Wishes = EVERYTHING
    joined: Joined = Joined.OPERATOR


def by_telegram(chat: str, *, topics: Sequence[str] | None = None, at: str | None = None, tz: str = "UTC") -> Wish:
    """What the operator's `--telegram ID` means: alerts as they come, and a digest where an hour is given."""
    if not _CHAT.fullmatch(chat):
        raise SettingsError(f"{chat!r} is not a Telegram chat id; write the number, such as 123456789 (groups begin with -)")
    return Wish(Channel.TELEGRAM, chat, wishes=Wishes(follows=_topics(topics), digest_at=at, tz=tz))


def by_email(address: str, *, topics: Sequence[str] | None = None, at: str = DIGEST_AT, tz: str = "UTC") -> Wish:
    """What the operator's `--email ADDRESS` means: a digest each day at `at`."""
    wishes = Wishes(follows=_topics(topics), alerts=False, digest_at=at, tz=tz)
    return Wish(Channel.EMAIL, check_address(address), wishes=wishes)


def by_webhook(url: str, *, topics: Sequence[str] | None = None, at: str | None = None, tz: str = "UTC") -> Wish:
    """What the operator's `--webhook URL` means: alerts as they come, and a digest where an hour is given."""
    if not re.fullmatch(r"https?://[^\s/?#]+([/?][^\s#]*)?", url) or len(url) > 2000:
        raise SettingsError("this is no address of a webhook; write one such as https://example.org/hooks/concordat")
    return Wish(Channel.WEBHOOK, url, wishes=Wishes(follows=_topics(topics), digest_at=at, tz=tz))


def by_apprise(url: str, *, topics: Sequence[str] | None = None, at: str | None = None, tz: str = "UTC") -> Wish:
    """What the operator's `--apprise URL` means: the same, through any service that Apprise knows; whether it does is not asked here."""
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*://\S+", url, re.IGNORECASE) or len(url) > 2000:
        raise SettingsError("this is no Apprise URL; write one such as slack://… or ntfy://…")
    return Wish(Channel.APPRISE, url, wishes=Wishes(follows=_topics(topics), digest_at=at, tz=tz))


def check_address(text: str) -> str:
    """A mail address, as given; raises SettingsError."""
    if not _ADDRESS.fullmatch(text) or len(text) > 254:
        raise SettingsError(f"{text!r} is not a mail address; write one such as ada@example.org")
    return text


def add(conn: Connection, wish: Wish, now: datetime, token: str | None = None) -> Subscriber:
    """Subscribe, confirmed; one who is there already takes the new wishes and is active again.

    Raises SettingsError for an hour or a zone that cannot be.
    """
    wishes = checked(wish.wishes)
    values: dict[str, Any] = {
        "name": wish.name, "lang": wish.lang, "state": Standing.ACTIVE, "state_reason": "", "wishes": as_json(wishes),
        "joined": wish.joined, "digest_next": _next(wishes, now),
    }  # fmt: skip
    known = find(conn, wish.channel, wish.address)
    if known:
        conn.execute(update(table).where(table.c.id == known.id).values(**values))
    else:
        conn.execute(insert(table).values(
            channel=wish.channel, address=wish.address, token=token or secrets.token_urlsafe(24), created_at=now,
            digest_from=now - FIRST_WINDOW, role=Role.SUBSCRIBER, **values,
        ))  # fmt: skip
    found = find(conn, wish.channel, wish.address)
    assert found is not None  # it was written above, in this transaction
    return found


def checked(wishes: Wishes) -> Wishes:
    """The wishes with the hour of the digest as HH:MM; raises SettingsError for an hour or a zone that cannot be."""
    return replace(wishes, digest_at=check_time(wishes.digest_at) if wishes.digest_at else None, tz=check_zone(wishes.tz))


def find(conn: Connection, channel: Channel, address: str) -> Subscriber | None:
    """The subscriber with this address."""
    row = conn.execute(select(table).where(table.c.channel == channel, table.c.address == address)).one_or_none()
    return subscriber(row) if row else None


def get(conn: Connection, id_: int) -> Subscriber | None:
    """The subscriber with this id."""
    row = conn.execute(select(table).where(table.c.id == id_)).one_or_none()
    return subscriber(row) if row else None


def by_token(conn: Connection, token: str) -> Subscriber | None:
    """The subscriber whose unsubscribe link carries this token."""
    row = conn.execute(select(table).where(table.c.token == token)).one_or_none()
    return subscriber(row) if row else None


def everyone(conn: Connection) -> list[Subscriber]:
    """All of them, in the order in which they came."""
    return [subscriber(r) for r in conn.execute(select(table).order_by(table.c.id))]


def reachable(conn: Connection) -> list[Subscriber]:
    """Those that something may be sent to unasked, in the order in which they came."""
    return [subscriber(r) for r in conn.execute(select(table).where(table.c.state == Standing.ACTIVE).order_by(table.c.id))]


def admins(conn: Connection) -> list[Subscriber]:
    """Those who became admins by an invitation, in the order in which they came."""
    return [subscriber(r) for r in conn.execute(select(table).where(table.c.role == Role.ADMIN).order_by(table.c.id))]


def wanting_alerts(conn: Connection) -> list[Subscriber]:
    """Those that alerts may reach."""
    return [s for s in reachable(conn) if s.wishes.alerts]


def change(conn: Connection, id_: int, **values: Any) -> None:
    """Set columns of one subscriber."""
    conn.execute(update(table).where(table.c.id == id_).values(**values))


def set_state(conn: Connection, id_: int, state: Standing, reason: str) -> None:
    """Activate, stop or mark as gone; the wishes stay as they are, so that all is as before on a return."""
    change(conn, id_, state=state, state_reason=reason)


def set_wishes(conn: Connection, known: Subscriber, wishes: Wishes, now: datetime) -> None:
    """What they want from now on. Raises SettingsError for an hour or a zone that cannot be."""
    new = checked(wishes)
    values: dict[str, Any] = {"wishes": as_json(new)}
    if any(getattr(new, f) != getattr(known.wishes, f) for f in ("digest_at", "digest_days", "tz")):
        values["digest_next"] = _next(new, now)
    change(conn, known.id, **values)


def move(conn: Connection, id_: int, address: str) -> int:
    """Give the subscriber a new address, as Telegram does when a group grows; returns the id that holds it afterwards.

    Where the new address subscribed by itself already, the old entry is closed and the new one stays.
    """
    known = get(conn, id_)
    if known is None:
        return id_
    there = find(conn, known.channel, address)
    if there and there.id != id_:
        set_state(conn, id_, Standing.GONE, "moved to an address that is subscribed already")
        return there.id
    change(conn, id_, address=address)
    return id_


def remove(conn: Connection, channel: Channel, address: str) -> bool:
    """Erase a subscriber and all that was kept of them; False when there is none."""
    known = find(conn, channel, address)
    if known is None:
        return False
    erase(conn, known.id)
    return True


def erase(conn: Connection, id_: int) -> None:
    """Erase a subscriber, the mailboxes they asked for, and all that was kept of them."""
    ids = [id_, *conn.scalars(select(table.c.id).where(table.c.owner_id == id_))]
    conn.execute(delete(confirmations).where(or_(confirmations.c.mailbox_id.in_(ids), confirmations.c.owner_id.in_(ids))))
    for dependent in (feedback, deliveries, digests):
        conn.execute(delete(dependent).where(dependent.c.subscriber_id.in_(ids)))
    for each in reversed(ids):
        conn.execute(delete(table).where(table.c.id == each))


def subscriber(row: Row[Any]) -> Subscriber:
    """A row of the table as the model has it."""
    return Subscriber(
        id=row.id, channel=Channel(row.channel), address=row.address, name=row.name, lang=row.lang, state=Standing(row.state),
        state_reason=row.state_reason, wishes=from_json(row.wishes), role=Role(row.role), joined=Joined(row.joined), thread=row.thread,
        owner=row.owner_id, token=row.token,
    )  # fmt: skip


def _next(wishes: Wishes, now: datetime) -> datetime | None:
    return next_digest(now, wishes.digest_at, wishes.tz, wishes.digest_days) if wishes.digest_at else None


def _topics(topics: Sequence[str] | None) -> tuple[Follow, ...] | None:
    return tuple(Follow(Of.TOPIC, t) for t in sorted({t.strip().lower() for t in topics if t.strip()})) if topics else None
