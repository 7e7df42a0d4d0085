"""Codes by which strangers come in where access is by invitation. On a connection; nothing here sends."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, or_, update

from notifier.model import Role
from notifier.tables import invitations as table

LASTS = timedelta(days=7)
MOST_USES = 10_000
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read for another
_LENGTH = 10  # 49 bits; Telegram lets nobody try more than a few a second


def make(
    conn: Connection, now: datetime, *, uses: int = 1, lasts: timedelta | None = LASTS, role: Role = Role.SUBSCRIBER, note: str = ""
) -> str:
    """A new code, good for so many people and so long (None: until it is used up)."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    values = {"code": code, "role": role, "uses_left": min(uses, MOST_USES), "created_at": now, "note": note[:200]}
    conn.execute(insert(table).values(expires_at=now + lasts if lasts else None, **values))
    return code


def use(conn: Connection, code: str, now: datetime) -> Role | None:
    """Use a code once; what its holder becomes, or None where it is unknown, used up or too old."""
    good = (table.c.code == code.strip().lower(), table.c.uses_left > 0, or_(table.c.expires_at.is_(None), table.c.expires_at > now))
    taken = conn.execute(update(table).where(*good).values(uses_left=table.c.uses_left - 1).returning(table.c.role)).one_or_none()
    return Role(taken.role) if taken else None
