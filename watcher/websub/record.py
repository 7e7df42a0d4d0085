"""Subscriptions and deliveries in the store. Plain functions on a connection; what each change means is decided in `subscription`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from watcher.sources.entry import Hub
from watcher.store.plain import marks, rows_of
from watcher.store.tables import websub_inbox as inbox
from watcher.store.tables import websub_subscriptions as t
from watcher.websub.subscription import Mode, Standing, Subscription, active, asking, follows, leaving, step

WAITING_MOST = 100  # deliveries of one subscription that wait for a watcher
BYTES_MOST = 100_000_000  # of all waiting deliveries together
OVER = (Standing.LEAVING, Standing.ENDED)

Change = Callable[[Subscription], Subscription | None]


@dataclass(frozen=True, slots=True)
class Push:
    """A delivery that waits to be read, and whose it is."""

    id: int
    subscription_id: int
    source_id: str
    address: str
    topic: str
    headers: Mapping[str, str]
    body: bytes


def by_token(conn: Connection, token: str) -> Subscription | None:
    """The subscription with this callback."""
    return _one(conn, select(t).where(t.c.token == token))


def of_sources(conn: Connection, source_ids: Collection[str] | None = None) -> dict[str, Subscription]:
    """The subscription that is wanted of each of these sources, or of all, by the source's id; those that end are left out."""
    query = select(t).where(t.c.state.not_in(OVER)).order_by(t.c.id)
    if source_ids is not None:
        sql = f"SELECT source_id FROM {t.name} WHERE source_id IN ({marks(len(source_ids))})"
        some = [row[0] for row in rows_of(conn, sql, list(source_ids))]
        if not some:  # as it is at nearly every poll
            return {}
        query = query.where(t.c.source_id.in_(some))
    return {row["source_id"]: _subscription(row) for row in conn.execute(query).mappings()}


def change(conn: Connection, token: str, how: Change) -> Subscription | None:
    """Write what `how` makes of the subscription as it stands now; what that is, or None when it makes nothing of it."""
    found = _one(conn, select(t).where(t.c.token == token).with_for_update())
    after = how(found) if found is not None else None
    if after is not None:
        _save(conn, after)
    return after


def claim(conn: Connection, now: datetime, most: int) -> list[tuple[Subscription, Mode]]:
    """Subscriptions about which a hub is to be asked now; written as asked, so that nobody else asks, and forgotten where all is over."""
    query = select(t).where(t.c.next_at <= now).order_by(t.c.next_at).limit(most).with_for_update(skip_locked=True)
    claimed: list[tuple[Subscription, Mode]] = []
    for row in conn.execute(query).mappings().all():
        found = _subscription(row)
        mode = step(found, now)
        if mode is Mode.FORGET:
            conn.execute(delete(t).where(t.c.id == found.id))
        else:
            found = asking(found, mode, now)
            _save(conn, found)
            claimed.append((found, mode))
    return claimed


def settle(conn: Connection, addresses: Mapping[str, str], now: datetime) -> int:
    """Leave the hubs of sources that are read no longer, or elsewhere; how many. `addresses` are those of the sources that want pushes."""
    wanted = {s.id for s in of_sources(conn).values() if addresses.get(s.source_id) == s.address}  # one of each source at the most
    rows = conn.execute(select(t).where(t.c.state.not_in(OVER))).mappings().all()
    unwanted = [_subscription(row) for row in rows if row["id"] not in wanted]
    for found in unwanted:
        _save(conn, leaving(found, now))
    return len(unwanted)


def heed(conn: Connection, known: Subscription | None, source_id: str, address: str, hub: Hub | None, news: bool, now: datetime) -> None:
    """What a poll's good answer says of pushing: a hub it offers, and whether it found `news` that no push had brought."""
    if known is not None and news and active(known, now):
        conn.execute(update(t).where(t.c.id == known.id).values(misses=t.c.misses + 1))
    if hub is None or (known is not None and not follows(known, address, hub, now)):
        return
    if known is not None:
        _save(conn, leaving(known, now))
    conn.execute(
        insert(t).values(
            source_id=source_id, address=address, hub=hub.url, topic=hub.topic, token=secrets.token_urlsafe(32),
            secret=secrets.token_urlsafe(48), state=Standing.OFFERED, created_at=now, next_at=now,
        )
    )  # fmt: skip


def receive(conn: Connection, subscription_id: int, headers: Mapping[str, str], body: bytes, now: datetime) -> int | None:
    """Keep a delivery for the watcher; its row id, or None when too much is waiting already."""
    mine = select(func.count()).select_from(inbox).where(inbox.c.subscription_id == subscription_id)
    if conn.execute(mine).scalar_one() >= WAITING_MOST:
        return None
    if conn.execute(select(func.coalesce(func.sum(inbox.c.size), 0))).scalar_one() + len(body) > BYTES_MOST:
        return None
    row = {"subscription_id": subscription_id, "at": now, "headers": dict(headers), "body": body, "size": len(body)}
    return int(conn.execute(insert(inbox).values(row).returning(inbox.c.id)).scalar_one())


def ignored(conn: Connection, subscription_id: int) -> None:
    """Count a delivery that was not signed as it should be."""
    conn.execute(update(t).where(t.c.id == subscription_id).values(ignored=t.c.ignored + 1))


def waiting(conn: Connection, limit: int, before: datetime) -> list[int]:
    """Deliveries that came before a moment and are not read yet, the oldest first."""
    query = select(inbox.c.id).where(inbox.c.dead_at.is_(None), inbox.c.at < before).order_by(inbox.c.id).limit(limit)
    return [int(i) for i in conn.execute(query).scalars()]


def load(conn: Connection, ids: Sequence[int]) -> list[Push]:
    """Deliveries by id; those that were read already are left out, and those whose subscription is no more."""
    columns = (inbox.c.id, inbox.c.subscription_id, t.c.source_id, t.c.address, t.c.topic, inbox.c.headers, inbox.c.body)
    query = select(*columns).join(t, t.c.id == inbox.c.subscription_id).where(inbox.c.id.in_(list(ids)), inbox.c.dead_at.is_(None))
    return [Push(*row) for row in conn.execute(query.order_by(inbox.c.id))]


def read(conn: Connection, push: int, now: datetime) -> bool:
    """A delivery was read, in the transaction that writes its items; False when somebody else was faster."""
    found = conn.execute(delete(inbox).where(inbox.c.id == push).returning(inbox.c.subscription_id)).scalar()
    if found is None:
        return False
    conn.execute(update(t).where(t.c.id == found).values(delivered_at=now, deliveries=t.c.deliveries + 1, misses=0))
    return True


def drop(conn: Connection, ids: Sequence[int], error: str = "") -> None:
    """Deliveries that nobody can use; what was wrong stands beside the subscription."""
    mine = inbox.c.id.in_(list(ids)), inbox.c.dead_at.is_(None)
    found = conn.execute(delete(inbox).where(*mine).returning(inbox.c.subscription_id)).scalars().all()
    if error:
        conn.execute(update(t).where(t.c.id.in_(found)).values(error=error[:300]))


def _one(conn: Connection, query: Select[Any]) -> Subscription | None:
    row = conn.execute(query).mappings().first()
    return None if row is None else _subscription(row)


def _subscription(row: Mapping[Any, Any]) -> Subscription:
    return Subscription(**{**row, "state": Standing(row["state"])})


def _save(conn: Connection, sub: Subscription) -> None:
    values = {name: getattr(sub, name) for name in sub.__slots__ if name != "id"}
    conn.execute(update(t).where(t.c.id == sub.id).values(values))
