"""What the operator should hear of, told to the admins: one message for all that waits. Nothing here sends.

A bundle goes the way of every message: it is a delivery to each admin, written in the transaction that marks its notices as told, so
that the ledger sends it once, the limiter says when, and an admin who is away holds nobody. Its loop asks once a minute at the most.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from notifier import ledger, stories, subscribers
from notifier.model import Channel, Kind, Standing, Subscriber
from notifier.notice import notice
from notifier.render import Message
from notifier.richtext import LIMIT, RichText, bold, join, one_line, plain, units
from notifier.tongue import tongue
from watcher.store.tables import notices as table
from watcher.text import cut

KINDS = ("source", "rules", "dead", "backlog", "subscriber")
EVERY = 60.0  # seconds between two bundles, however much happens
RECENT = timedelta(days=1)  # what is older stays in the log and in `sources list`: an admin who is set up late gets no flood
LINE = 300  # characters of one notice
ROOM = LIMIT - 100  # UTF-16 units for the notices; the rest is for the word on those left out


def bundle(waiting: Sequence[tuple[str, str, str]], lang: str = "") -> Message:
    """One message for these (kind, subject, text), a part for each kind, the oldest first; those that do not fit are counted."""
    t, ordered = tongue(lang), sorted(waiting, key=lambda w: KINDS.index(w[0]) if w[0] in KINDS else len(KINDS))
    body, last = RichText(), ""
    for number, (kind, subject, text) in enumerate(ordered):
        head = bold(t(f"notices.{kind if kind in KINDS else 'rest'}")) if kind != last else RichText()
        line = bold(one_line(subject)) + plain(": " + cut(one_line(text), LINE))
        if units(body.text) + units(head.text) + units(line.text) + 2 > ROOM:
            return Message(join((body, plain(t("notices.more", n=len(ordered) - number)))))
        body, last = join((body, head, line)), kind
    return Message(body)


def note(conn: Connection, subject: str, text: str, now: datetime) -> None:
    """Let the admins hear of a subscriber."""
    conn.execute(insert(table).values(at=now, kind="subscriber", subject=subject, text=text, told_at=None))


def plan(conn: Connection, admins: Collection[int], now: datetime, *, reachable: bool = True) -> list[int]:
    """Put what waits on its way to every admin who can be reached, by the settings or by role; the ids of the deliveries.

    While there is nobody to tell, nothing is marked as told.
    """
    query = (
        select(table.c.id, table.c.kind, table.c.subject, table.c.text)
        .where(table.c.told_at.is_(None), table.c.at > now - RECENT)
        .order_by(table.c.id)
        .with_for_update()  # of two notifiers the second finds them told
    )
    invited = subscribers.admins(conn) if reachable else []
    waiting = conn.execute(query).all() if admins or invited else []
    everyone = {p.id: p for p in (*(_person(conn, admin, now) for admin in sorted(admins)), *invited)} if waiting else {}
    people = [p for p in everyone.values() if p.state is not Standing.GONE]
    if not people:
        return []
    told = [(w.kind, w.subject, w.text) for w in waiting]
    key = f"notice:sources:{waiting[0].id}-{waiting[-1].id}"
    for batch in stories.chunks([w.id for w in waiting]):
        conn.execute(update(table).where(table.c.id.in_(batch)).values(told_at=now))
    rows = [
        ledger.new(f"{key}:{p.id}", p.id, Kind.NOTICE, "for the admins", now, payload=notice(bundle(told, p.language))) for p in people
    ]
    return ledger.write(conn, rows)


def _person(conn: Connection, admin: int, now: datetime) -> Subscriber:
    """The admin as a subscriber; one who is none yet is written down as stopped, and gets no alerts by this."""
    known = subscribers.find(conn, Channel.TELEGRAM, str(admin))
    if known is None:
        known = subscribers.add(conn, subscribers.Wish(Channel.TELEGRAM, str(admin)), now)
        subscribers.set_state(conn, known.id, Standing.STOPPED, subscribers.NEVER_STARTED)
    return known

