"""Promises of notifier.claims: what waited travels together, is edited together, and falls apart where it must."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select, update

from notifier import silences, subscribers
from notifier.claims import BACKLOG, claim, take
from notifier.jobs import Job
from notifier.ledger import LEASE, bury, lanes, put_back, sent
from notifier.model import Standing, State
from notifier.routing import route_alerts
from notifier.tables import deliveries
from notifier.wishes import Mute, Of, Quiet, Wishes
from tests.notifier.world import join, ledger_rows, retell, tell
from watcher.store import Store

NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(minutes=10)


def routed(conn: Connection, count: int, *, severity: str = "high", at: datetime = NOW) -> list[int]:
    """So many new stories, routed to whoever is there; the deliveries."""
    return [i for n in range(count) for i in route_alerts(conn, [tell(conn, f"Story {n}", severity=severity)], at)]


def taken(conn: Connection, id_: int, now: datetime = NOW) -> Job:
    """A delivery that can be claimed."""
    job = claim(conn, id_, now)
    assert job is not None
    return job


def test_a_backlog_is_one_message(store: Store) -> None:
    """As many alerts as make a backlog are claimed at once; one fewer go by themselves. The ledger says which message told each."""
    with store.begin() as conn:
        ada = join(conn, 7)
        ids = routed(conn, BACKLOG - 1)
        put_back(conn, alone := taken(conn, ids[0]), NOW, "again", counts=False)
        assert alone.ids == (ids[0],)
        ids += routed(conn, 1)
        job = taken(conn, ids[3])
        assert job.ids == tuple(ids)
        assert claim(conn, ids[0], NOW) is None
        sent(conn, job, "50", NOW)
        rows = {r.id: r for r in conn.execute(select(deliveries).where(deliveries.c.subscriber_id == ada.id))}
        assert {(r.state, r.remote_ref) for r in rows.values()} == {("sent", "50")}
        assert {i: rows[i].carrier_id for i in ids} == {i: None if i == ids[3] else ids[3] for i in ids}


def test_what_was_held_comes_together(store: Store) -> None:
    """Two alerts that waited through the night are one message in the morning, and a critical one stands alone."""
    with store.begin() as conn:
        join(conn, 7)
        held = routed(conn, 2)
        loud = routed(conn, 1, severity="critical")
        assert taken(conn, loud[0], LATER).ids == tuple(loud)
        assert taken(conn, held[1], LATER).ids == tuple(held)


def test_readers_are_not_mixed(store: Store) -> None:
    """What waits for one reader travels with nothing of another's."""
    with store.begin() as conn:
        ada = join(conn, 7)
        join(conn, 8)
        routed(conn, 3)
        mine = [r.id for r in conn.execute(select(deliveries).where(deliveries.c.subscriber_id == ada.id).order_by(deliveries.c.id))]
        assert taken(conn, mine[0], LATER).ids == tuple(mine)


def test_an_edit_brings_the_whole_message_up_to_date(store: Store) -> None:
    """A story of a message of several moved on: one edit shows all of them anew, and nothing is left to edit."""
    with store.begin() as conn:
        join(conn, 7)
        ids = routed(conn, 3)
        sent(conn, taken(conn, ids[0], LATER), "50", LATER)
        assert route_alerts(conn, [retell(conn, 2, "spiegel.de"), retell(conn, 3, "nikkei.com")], LATER) == ids[1:]
        job = taken(conn, ids[2], LATER)
        assert (job.edit, job.remote_ref, job.ids) == (True, "50", tuple(ids))
        assert [p.revision for p in job.parts] == [1, 2, 2]
        assert claim(conn, ids[1], LATER) is None
        sent(conn, job, "50", LATER)
        assert lanes(conn, ids, LATER + LEASE) == []


def test_an_answer_goes_to_the_message_of_several(store: Store) -> None:
    """A change of one of its stories answers the message that told it."""
    with store.begin() as conn:
        join(conn, 7)
        ids = routed(conn, 2)
        sent(conn, taken(conn, ids[0], LATER), "50", LATER)
        answer = max(route_alerts(conn, [retell(conn, 2, "lanl.gov")], LATER))
        job = taken(conn, answer, LATER)
        assert (job.reply_to, [str(c) for c in job.changes], job.silent, job.ids) == ("50", ["official"], True, (answer,))


def test_a_refused_message_is_taken_apart(store: Store) -> None:
    """What Telegram refuses of several is sent alone, each by itself, so that only what is wrong becomes a dead letter."""
    with store.begin() as conn:
        join(conn, 7)
        ids = routed(conn, 3)
        bury(conn, taken(conn, ids[0], LATER), "refused: odd", LATER)
        for id_ in ids:
            job = taken(conn, id_, LATER)
            assert job.ids == (id_,)
            if id_ == ids[1]:
                bury(conn, job, "refused: odd", LATER)
            else:
                sent(conn, job, str(id_), LATER)
        assert route_alerts(conn, [retell(conn, 1, "spiegel.de")], LATER) == ids[:1]
        assert taken(conn, ids[0], LATER).ids == (ids[0],)
    assert [r.state for r in ledger_rows(store)] == ["sent", "dead", "sent"]


def test_a_message_of_several_that_is_put_back(store: Store) -> None:
    """A try that failed for a passing reason leaves all of them as they were; so does a sender that died."""
    with store.begin() as conn:
        join(conn, 7)
        ids = routed(conn, 3)
        put_back(conn, taken(conn, ids[0], LATER), LATER, "the network", counts=True)
        assert taken(conn, ids[1], LATER).ids == tuple(ids)
        assert claim(conn, ids[0], LATER) is None
        job = taken(conn, ids[0], LATER + LEASE + timedelta(seconds=1))
        assert (job.ids, job.attempts) == (tuple(ids), 3)


def test_what_is_no_longer_wanted_is_left_out(store: Store) -> None:
    """Of several that waited, one whose story was muted meanwhile is dropped with its reason, and the others are told."""
    with store.begin() as conn:
        ada = join(conn, 7)
        ids = routed(conn, 3)
        subscribers.set_wishes(conn, ada, Wishes(mutes=(Mute(Of.STORY, "2"),)), NOW)
        assert take(conn, ids[0], LATER) is None
        job = take(conn, ids[0], LATER)
        assert job
        assert job.ids == (ids[0], ids[2])
    assert [(r.state, r.reason) for r in ledger_rows(store)][1] == ("dropped", "muted this story")


def test_a_rule_that_is_silenced_stops_what_waits(store: Store) -> None:
    """What the operator silences before it was sent is not sent."""
    with store.begin() as conn:
        join(conn, 7)
        (id_,) = routed(conn, 1)
        silences.silence(conn, "ai-company-national-lab", None, "the operator", NOW)
        assert take(conn, id_, NOW) is None
    assert [(r.state, r.reason) for r in ledger_rows(store)] == [("dropped", "the operator silenced ai-company-national-lab")]


def test_quiet_hours_that_began_meanwhile(store: Store) -> None:
    """What was due and could not be sent before quiet hours began waits for their end."""
    night = (NOW + timedelta(days=1)).replace(hour=23, minute=0, second=0)
    with store.begin() as conn:
        ada = join(conn, 7)
        (id_,) = routed(conn, 1)
        subscribers.set_wishes(conn, ada, Wishes(quiet=Quiet("22:00", "07:00")), NOW)
        assert take(conn, id_, night) is None
        (row,) = conn.execute(select(deliveries)).all()
    assert (row.state, row.attempts, row.reason) == ("pending", 0, "quiet hours")
    assert row.not_before == night + timedelta(hours=8)


def test_an_answer_to_nothing_is_dropped(store: Store) -> None:
    """Where the alert itself was never sent, nothing answers it; nor is anybody answered who left."""
    with store.begin() as conn:
        ada = join(conn, 7)
        (id_,) = routed(conn, 1)
        sent(conn, taken(conn, id_), "50", NOW)
        answers = [max(route_alerts(conn, [retell(conn, 1, o, severity=s)], NOW)) for o, s in (("lanl.gov", None), ("a.org", "critical"))]
        conn.execute(update(deliveries).where(deliveries.c.id == id_).values(remote_ref=None))
        assert take(conn, answers[0], NOW) is None
        conn.execute(update(deliveries).where(deliveries.c.id == id_).values(remote_ref="50"))
        subscribers.set_state(conn, ada.id, Standing.STOPPED, "sent /stop")
        assert take(conn, answers[1], NOW) is None
        reasons = [(r.state, r.reason) for r in conn.execute(select(deliveries).order_by(deliveries.c.id)) if r.id in answers]
    assert reasons == [(State.DROPPED, "the alert that it answers was not sent"), (State.DROPPED, "subscriber is stopped")]
