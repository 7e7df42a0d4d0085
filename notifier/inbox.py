"""What Telegram posted to the webhook, until the bot has dealt with it, on a connection. Nothing here decides what it means.

Whoever serves HTTP writes, whoever runs the bot reads: the two may be processes apart, and the first needs no token, only the digest of
the secret that the second gave to Telegram.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update

from notifier.tables import telegram_inbox as table
from watcher.store import insert_ignore, on_conflict_update
from watcher.store.tables import meta

KEPT = timedelta(days=2)  # longer than Telegram posts an update again; of what was dealt with only the number stays
_NAME = "telegram_webhook:"


def announce(conn: Connection, bot: str, secret: str) -> None:
    """From now on what carries this secret is this bot's."""
    on_conflict_update(conn, meta, ["name"], {"name": _NAME + bot, "value": _digest(secret)})


def bot_of(conn: Connection, secret: str) -> str | None:
    """The bot whose secret this is; every one that is known is compared, each in the same time."""
    found, mine = None, _digest(secret)
    for row in conn.execute(select(meta).where(meta.c.name.startswith(_NAME, autoescape=True))):
        if hmac.compare_digest(row.value.encode(), mine.encode()):
            found = row.name.removeprefix(_NAME)
    return found


def put(conn: Connection, bot: str, number: int, body: dict[str, Any], now: datetime) -> None:
    """Keep an update; one that came before is passed over, dealt with or not."""
    row = {"bot": bot, "update_id": number, "body": json.dumps(body, ensure_ascii=False), "at": now, "done": False}
    conn.execute(insert_ignore(conn, table), [row])


def waiting(conn: Connection, bot: str, limit: int = 100) -> list[dict[str, Any]]:
    """What the bot has not dealt with yet, in Telegram's order."""
    query = select(table.c.body).where(table.c.bot == bot, table.c.done.is_(False)).order_by(table.c.update_id).limit(limit)
    return [json.loads(body) for body in conn.scalars(query)]


def done(conn: Connection, bot: str, number: int) -> None:
    """It was dealt with: what it said is forgotten."""
    conn.execute(update(table).where(table.c.bot == bot, table.c.update_id == number).values(done=True, body="{}"))


def forget(conn: Connection, now: datetime) -> None:
    """Forget the numbers of old updates."""
    conn.execute(delete(table).where(table.c.done.is_(True), table.c.at < now - KEPT))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
