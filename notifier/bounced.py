"""What follows from mail that came back: who is there no more gets nothing more, and the operator hears of it. On a connection.

Every step may be done twice: the same report changes nothing the second time.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Row, select

from notifier import ledger, notices, subscribers
from notifier.bounces import Bounce, Complaint, Ends, Returned
from notifier.model import Channel, Standing, State, Subscriber
from notifier.tables import deliveries

IN_A_ROW = 3  # digests that came back for other reasons, after which their reader counts as gone
BY_MAIL = "unsubscribed by mail"
COMPLAINED = "called a mail spam"


def take(conn: Connection, returned: Returned, now: datetime) -> str:
    """Act on it; what was done, in words, and empty where it speaks of nobody we know."""
    if isinstance(returned, Ends):
        return _stop(conn, subscribers.by_token(conn, returned.token), BY_MAIL)
    row = conn.execute(select(deliveries).where(deliveries.c.remote_ref == returned.message_id)).first()
    reader = subscribers.get(conn, row.subscriber_id) if row else None
    if row is None or reader is None or reader.channel is not Channel.EMAIL:
        return ""
    return _stop(conn, reader, COMPLAINED) if isinstance(returned, Complaint) else _bounced(conn, row, reader, returned, now)


def gone(conn: Connection, reader: Subscriber, why: str, now: datetime) -> None:
    """Nobody is at this address: nothing more is sent there, and the operator is told which it is."""
    if reader.state is not Standing.GONE:
        subscribers.set_state(conn, reader.id, Standing.GONE, why)
        if reader.channel is Channel.EMAIL:
            notices.note(conn, reader.address, f"gets no more mail: {why}", now)


def _bounced(conn: Connection, row: Row[object], reader: Subscriber, bounce: Bounce, now: datetime) -> str:
    why = f"the mail came back: {bounce.status} {bounce.said}".replace(reader.address, "the address").strip()
    if row.state == State.SENT:
        ledger.came_back(conn, row.id, why)
    if bounce.nobody or _refused_lately(conn, reader.id) >= IN_A_ROW:
        gone(conn, reader, why, now)
        return f"subscriber {reader.id} is gone"
    return f"delivery {row.id} came back"


def _refused_lately(conn: Connection, subscriber: int) -> int:
    """How many of the last mails in a row came back."""
    d = deliveries.c
    query = select(d.state, d.digest_id).where(d.subscriber_id == subscriber, d.sent_at.is_not(None)).order_by(d.id.desc()).limit(IN_A_ROW)
    return sum(r.state in {State.DEAD, State.DROPPED} for r in conn.execute(query))


def _stop(conn: Connection, reader: Subscriber | None, why: str) -> str:
    if reader is None:
        return ""
    if reader.active:
        subscribers.set_state(conn, reader.id, Standing.STOPPED, why)
    return f"subscriber {reader.id} {why}"
