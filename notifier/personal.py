"""Everything that is kept of one chat, as one document for its people. Read-only, on a connection."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from notifier import mailboxes, subscribers
from notifier.model import Subscriber
from notifier.tables import confirmations, deliveries, digests, feedback
from notifier.tables import subscribers as people
from notifier.wishes import as_json
from rules.tables import stories


def document(conn: Connection, id_: int, now: datetime) -> bytes:
    """The document, as indented JSON; what is ours alone (tokens, codes) is left out."""
    person = subscribers.get(conn, id_)
    found = {} if person is None else {"about": "everything that Concordat keeps of this chat", "at": now, **_everything(conn, person)}
    return json.dumps(found, ensure_ascii=False, indent=2, default=_as_text).encode()


def _everything(conn: Connection, person: Subscriber) -> dict[str, Any]:
    d, f, g, c = deliveries.c, feedback.c, digests.c, confirmations.c
    told = select(d.kind, stories.c.title, stories.c.url, d.severity, d.state, d.reason, d.created_at, d.sent_at, d.remote_ref)
    votes = select(stories.c.title, stories.c.url, f.vote, f.why, f.at).join(deliveries, d.id == f.delivery_id)
    return {
        "subscriber": _person(conn, person),
        "mailboxes": [_person(conn, m) for m in mailboxes.of(conn, person.id)],
        "addresses_to_be_confirmed": [r.expires_at for r in conn.execute(select(c.expires_at).where(c.owner_id == person.id))],
        "votes": _rows(conn, votes.join(stories, stories.c.id == d.story_id, isouter=True).where(f.subscriber_id == person.id)),
        "digests": _rows(conn, select(g.from_at, g.to_at, g.created_at).where(g.subscriber_id == person.id).order_by(g.id)),
        "messages": _rows(
            conn, told.join(stories, stories.c.id == d.story_id, isouter=True).where(d.subscriber_id == person.id).order_by(d.id)
        ),
    }


def _person(conn: Connection, person: Subscriber) -> dict[str, Any]:
    since = conn.scalar(select(people.c.created_at).where(people.c.id == person.id))
    return {
        "channel": person.channel, "address": person.address, "name": person.name, "language": person.lang, "topic": person.thread,
        "state": person.state, "why": person.state_reason, "role": person.role, "joined": person.joined, "since": since,
        "wishes": as_json(person.wishes),
    }  # fmt: skip


def _rows(conn: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in conn.execute(query).mappings()]


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
