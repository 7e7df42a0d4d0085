"""Promises of `concordat why`: what became of a story's alerts, and why those who were not told were not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from concordat.cli.why import lines, trace
from notifier.claims import take
from notifier.ledger import sent
from notifier.routing import route_alerts
from notifier.wishes import Quiet, Tier, Wishes
from tests.notifier.world import join, retell, tell
from watcher.store import Store
from watcher.store.tables import items

NOW = datetime.now(UTC).replace(microsecond=0)


def told(store: Store) -> list[str]:
    """What `why` says of the first item, from its alerts on."""
    with store.reading() as conn:
        row = dict(conn.execute(select(items).where(items.c.id == 1)).mappings().one())
        found = lines(trace(conn, row))
    return [line.strip() for line in found if line.split()[0] in {"delivery", "answer", "not"}]


def test_every_reader_has_a_reason(store: Store) -> None:
    """Sent, held through quiet hours, left to the digest, and not wanted at all: each is said of whom it concerns."""
    quiet = Quiet(f"{(NOW - timedelta(hours=1)):%H:%M}", f"{(NOW + timedelta(hours=2)):%H:%M}")
    with store.begin() as conn:
        join(conn, 7)
        join(conn, 8, wishes=Wishes(quiet=quiet))
        join(conn, 9, wishes=Wishes(tiers=(Tier.NOW, Tier.NOW, Tier.DIGEST, Tier.NOW)))
        for chat in range(10, 17):
            join(conn, chat, topics=("policy",))
        join(conn, 17, min_severity="critical")
        (first,) = route_alerts(conn, [tell(conn)], NOW)
        job = take(conn, first, NOW)
        assert job
        sent(conn, job, "50", NOW)
        answer = max(route_alerts(conn, [retell(conn, 1, "lanl.gov")], NOW))
    until = (NOW + timedelta(hours=2)).replace(second=0)
    assert told(store) == [
        f"delivery  1 to subscriber 1: sent {NOW:%Y-%m-%d %H:%M} UTC as the channel's 50, follows everything; high is at least normal",
        f"delivery  2 to subscriber 2: pending until {until:%Y-%m-%d %H:%M} UTC, quiet hours",
        "delivery  3 to subscriber 3: shelved, wants high in the digest",
        f"answer    {answer} to subscriber 1: pending, an official source confirms it",
        "not told  7 subscribers: follows none of labs, partnerships",
        "not told  subscriber 11: high is below critical",
    ]


def test_a_message_of_several_is_named(store: Store) -> None:
    """What was told in the message of another delivery says in which."""
    with store.begin() as conn:
        join(conn, 7)
        ids = [i for t in ("Second", "First") for i in route_alerts(conn, [tell(conn, t)], NOW)]
        job = take(conn, ids[1], NOW + timedelta(minutes=5))
        assert job
        sent(conn, job, "50", NOW)
    answered = f"sent {NOW:%Y-%m-%d %H:%M} UTC as the channel's 50, in the message of delivery 2"
    assert told(store) == [f"delivery  1 to subscriber 1: {answered}, follows everything; high is at least normal"]
