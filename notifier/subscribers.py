"""Who wants what: adding, finding and changing subscribers, on a connection. Nothing here sends."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from notifier.model import Channel, Standing, Subscriber
from notifier.schedule import check_time, check_zone, next_digest
from notifier.tables import deliveries, digests, feedback
from notifier.tables import subscribers as table
from watcher.errors import SettingsError

DIGEST_AT = "08:00"
NEVER_STARTED = "never sent /start"  # why one whom we know is stopped, who never asked to be told anything
FIRST_WINDOW = timedelta(hours=24)  # what the first digest looks back on
_ADDRESS = re.compile(r"[^\s@<>,;:\"\\()\[\]\x00-\x1f\x7f]+@[^\s@<>,;:\"\\()\[\]\x00-\x1f\x7f]+")
_CHAT = re.compile(r"-?\d{1,19}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a new subscriber asks for; `topics` None means every topic, `digest_at` None means no digest."""

    channel: Channel
    address: str
    name: str = ""
    lang: str = ""
    topics: tuple[str, ...] | None = None
    min_severity: str = "normal"
    alerts: bool = True
    digest_at: str | None = None
    tz: str = "UTC"


def by_telegram(chat: str, *, topics: Sequence[str] | None = None, at: str | None = None, tz: str = "UTC") -> Wish:
    """What the operator's `--telegram ID` means: alerts as they come, and a digest where an hour is given."""
    if not _CHAT.fullmatch(chat):
        raise SettingsError(f"{chat!r} is not a Telegram chat id; write the number, such as 123456789 (groups begin with -)")
    return Wish(Channel.TELEGRAM, chat, topics=_topics(topics), digest_at=at, tz=tz)


def by_email(address: str, *, topics: Sequence[str] | None = None, at: str = DIGEST_AT, tz: str = "UTC") -> Wish:
    """What the operator's `--email ADDRESS` means: a digest each day at `at`."""
    if not _ADDRESS.fullmatch(address) or len(address) > 254:
        raise SettingsError(f"{address!r} is not a mail address; write one such as ada@example.org")
    return Wish(Channel.EMAIL, address, topics=_topics(topics), alerts=False, digest_at=at, tz=tz)


def add(conn: Connection, wish: Wish, now: datetime, token: str | None = None) -> Subscriber:
    """Subscribe, confirmed; one who is there already takes the new wishes and is active again.

    Raises SettingsError for an hour or a zone that cannot be.
    """
    at = check_time(wish.digest_at) if wish.digest_at else None
    tz = check_zone(wish.tz)
    values: dict[str, Any] = {
        "name": wish.name, "lang": wish.lang, "state": Standing.ACTIVE, "state_reason": "", "alerts": wish.alerts,
        "topics": list(wish.topics) if wish.topics is not None else None, "muted": [], "min_severity": wish.min_severity,
        "digest_at": at, "tz": tz, "digest_next": next_digest(now, at, tz) if at else None,
    }  # fmt: skip
    known = find(conn, wish.channel, wish.address)
    if known:
        conn.execute(update(table).where(table.c.id == known.id).values(**values))
    else:
        conn.execute(insert(table).values(
            channel=wish.channel, address=wish.address, token=token or secrets.token_urlsafe(24), created_at=now,
            digest_from=now - FIRST_WINDOW, **values,
        ))  # fmt: skip
    found = find(conn, wish.channel, wish.address)
    assert found is not None  # it was written above, in this transaction
    return found


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


def wanting_alerts(conn: Connection) -> list[Subscriber]:
    """Those that alerts may reach."""
    query = select(table).where(table.c.state == Standing.ACTIVE, table.c.alerts).order_by(table.c.id)
    return [subscriber(r) for r in conn.execute(query)]


def change(conn: Connection, id_: int, **values: Any) -> None:
    """Set columns of one subscriber."""
    conn.execute(update(table).where(table.c.id == id_).values(**values))


def set_state(conn: Connection, id_: int, state: Standing, reason: str) -> None:
    """Activate, stop or mark as gone; the wishes stay as they are, so that all is as before on a return."""
    change(conn, id_, state=state, state_reason=reason)


def set_digest(conn: Connection, known: Subscriber, at: str | None, tz: str, now: datetime) -> None:
    """A digest at this hour from now on, or none. Raises SettingsError for an hour or a zone that cannot be."""
    hour, zone = (check_time(at) if at else None), check_zone(tz)
    change(conn, known.id, digest_at=hour, tz=zone, digest_next=next_digest(now, hour, zone) if hour else None)


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
    for dependent in (feedback, deliveries, digests):
        conn.execute(delete(dependent).where(dependent.c.subscriber_id == known.id))
    conn.execute(delete(table).where(table.c.id == known.id))
    return True


def subscriber(row: Row[Any]) -> Subscriber:
    """A row of the table as the model has it."""
    return Subscriber(
        id=row.id, channel=Channel(row.channel), address=row.address, name=row.name, lang=row.lang, state=Standing(row.state),
        state_reason=row.state_reason, topics=tuple(row.topics) if row.topics is not None else None, muted=tuple(row.muted),
        alerts=bool(row.alerts), min_severity=row.min_severity, digest_at=row.digest_at, tz=row.tz, token=row.token,
    )  # fmt: skip


def _topics(topics: Sequence[str] | None) -> tuple[str, ...] | None:
    return tuple(sorted({t.strip().lower() for t in topics if t.strip()})) if topics else None
