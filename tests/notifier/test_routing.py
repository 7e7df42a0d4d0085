"""Promises of notifier.routing and notifier.ledger: deliveries are written once, claimed by one, and nothing is forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from notifier import ledger, subscribers
from notifier.claims import claim
from notifier.ledger import LEASE, due, lanes, put_back, sent
from notifier.model import Channel, Kind, Standing, State
from notifier.routing import route_alerts
from notifier.tables import deliveries
from notifier.wishes import Of, Quiet, Wishes
from rules.records import unrouted
from rules.tables import alerts
from tests.notifier.world import join, ledger_rows, retell, tell
from watcher.store import Store
from watcher.store.tables import dead_letters

NOW = datetime.now(UTC).replace(microsecond=0)
TELEGRAM = [Channel.TELEGRAM]


def test_each_alert_is_routed_once(store: Store) -> None:
    """An id that comes twice writes nothing new, and the alert is marked in the same transaction."""
    with store.begin() as conn:
        join(conn, 7)
        alert = tell(conn)
        first = route_alerts(conn, [alert], NOW)
        join(conn, 8)
        assert route_alerts(conn, [alert, alert, 999], NOW) == []
        assert unrouted(conn, 10, NOW + timedelta(hours=1)) == []
    (row,) = ledger_rows(store)
    assert first == [row.id]
    assert (row.key, row.state, row.severity) == ("alert:1:1", State.PENDING, "high")
    assert row.reason == "follows everything; high is at least normal"


def test_a_rolled_back_route_leaves_the_alert(store: Store) -> None:
    """Deliveries and the mark on the alert are one: without the one, not the other."""
    with store.begin() as conn:
        join(conn, 7)
        alert = tell(conn)
    try:
        with store.begin() as conn:
            route_alerts(conn, [alert], NOW)
            raise KeyError("crash")
    except KeyError:
        pass
    assert ledger_rows(store) == []
    with store.begin() as conn:
        assert conn.scalar(select(alerts.c.routed_at)) is None
        assert len(route_alerts(conn, [alert], NOW)) == 1


def test_thousands_are_reached(store: Store) -> None:
    """A story of many readers is written whole, those who do not want it left out."""
    with store.begin() as conn:
        for chat in range(1, 1302):
            join(conn, chat, topics=("policy",) if chat % 13 == 0 else None)
        written = route_alerts(conn, [tell(conn)], NOW)
    assert len(written) == len(set(written)) == 1301 - 100


def test_updates_edit_and_rises_ring(store: Store) -> None:
    """An update asks for an edit of what was sent; a rise rings as an answer to it as well; latecomers get a first alert."""
    with store.begin() as conn:
        ada = join(conn, 7)
        (first,) = route_alerts(conn, [tell(conn)], NOW)
        job = claim(conn, first, NOW)
        assert job
        sent(conn, job, "100", NOW)
        assert route_alerts(conn, [retell(conn, 1, "spiegel.de")], NOW) == [first]
        job = claim(conn, first, NOW)
        assert job
        assert (job.edit, job.remote_ref, job.revision) == (True, "100", 2)
        sent(conn, job, None, NOW)
        assert claim(conn, first, NOW) is None
        bob = join(conn, 8)
        second = route_alerts(conn, [retell(conn, 1, "nikkei.com", severity="critical")], NOW)
        rows = {r.id: r for r in conn.execute(select(deliveries).where(deliveries.c.id.in_(second)))}
        assert sorted(r.key for r in rows.values()) == [f"alert:1:{ada.id}", f"alert:1:{ada.id}:critical", f"alert:1:{bob.id}"]
        again = next(i for i, r in rows.items() if r.change)
        job = claim(conn, again, NOW)
        assert job
        assert job.reply_to == "100"


def test_a_story_that_moved_on_before_it_was_sent_is_sent_once(store: Store) -> None:
    """Updates of a delivery that still waits coalesce: it shows the newest state, and no edit follows."""
    with store.begin() as conn:
        join(conn, 7)
        (first,) = route_alerts(conn, [tell(conn)], NOW)
        assert route_alerts(conn, [retell(conn, 1, "spiegel.de"), retell(conn, 1, "nikkei.com")], NOW) == []
        job = claim(conn, first, NOW)
        assert job
        assert job.story
        assert (job.revision, len(job.story.reports)) == (3, 3)
        sent(conn, job, "1", NOW)
        assert due(conn, NOW + timedelta(hours=1), TELEGRAM) == []


def test_one_sender_has_it(store: Store) -> None:
    """A claimed delivery is nobody else's until its lease runs out; then it is due again."""
    with store.begin() as conn:
        join(conn, 7)
        (id_,) = route_alerts(conn, [tell(conn)], NOW)
        assert [d.id for d in lanes(conn, [id_, 77], NOW)] == [id_]
        assert claim(conn, id_, NOW)
        assert claim(conn, id_, NOW) is None
        assert due(conn, NOW + LEASE, TELEGRAM) == []
        late = NOW + LEASE + timedelta(seconds=1)
        assert [d.id for d in due(conn, late, TELEGRAM)] == [id_]
        job = claim(conn, id_, late)
        assert job
        assert job.attempts == 2


def test_a_retry_waits_for_its_time(store: Store) -> None:
    """What was put back is due at its moment, not before; other channels' deliveries are not looked at."""
    with store.begin() as conn:
        join(conn, 7)
        (id_,) = route_alerts(conn, [tell(conn)], NOW)
        job = claim(conn, id_, NOW)
        assert job
        put_back(conn, job, NOW + timedelta(seconds=30), "later", counts=False)
        assert claim(conn, id_, NOW + timedelta(seconds=29)) is None
        assert due(conn, NOW + timedelta(seconds=30), [Channel.EMAIL]) == []
        assert ledger.next_due(conn, TELEGRAM) == NOW + timedelta(seconds=30)
        again = claim(conn, id_, NOW + timedelta(seconds=30))
        assert again
        assert again.attempts == 1


def test_the_dead_are_kept_and_can_be_revived(store: Store) -> None:
    """What is given up leaves a dead letter, and the operator may send it again."""
    with store.begin() as conn:
        join(conn, 7)
        (id_,) = route_alerts(conn, [tell(conn)], NOW)
        job = claim(conn, id_, NOW)
        assert job
        ledger.bury(conn, job, "refused: too odd", NOW)
        assert due(conn, NOW + timedelta(days=1), TELEGRAM) == []
        assert conn.execute(select(dead_letters.c.ref, dead_letters.c.error)).one() == (str(id_), "refused: too odd")
        assert ledger.revive(conn, [id_], NOW) == 1
        assert [d.id for d in due(conn, NOW, TELEGRAM)] == [id_]


def test_a_group_that_grew_keeps_its_wishes(store: Store) -> None:
    """A new address replaces the old; where it subscribed by itself already, that entry stays and the old one closes."""
    with store.begin() as conn:
        old = join(conn, -5, topics=("labs",))
        assert subscribers.move(conn, old.id, "-1005") == old.id
        moved = subscribers.find(conn, Channel.TELEGRAM, "-1005")
        assert moved
        assert moved.wishes.followed(Of.TOPIC) == ("labs",)
        other = join(conn, -6)
        assert subscribers.move(conn, other.id, "-1005") == old.id
        closed = subscribers.get(conn, other.id)
        assert closed
        assert closed.state is Standing.GONE


def test_removed_means_erased(store: Store) -> None:
    """Nothing is kept of a subscriber who was removed."""
    with store.begin() as conn:
        join(conn, 7)
        route_alerts(conn, [tell(conn)], NOW)
        assert subscribers.remove(conn, Channel.TELEGRAM, "7")
        assert not subscribers.remove(conn, Channel.TELEGRAM, "7")
        assert subscribers.everyone(conn) == []
    assert ledger_rows(store) == []


def test_due_ones_are_paged(store: Store) -> None:
    """A page of due deliveries goes on behind the last id of the one before."""
    with store.begin() as conn:
        person = join(conn, 7)
        rows = [ledger.new(f"notice:{n}", person.id, Kind.NOTICE, "test", NOW) for n in range(7)]
        ids = ledger.write(conn, rows)
        conn.execute(update(deliveries).where(deliveries.c.id == ids[3]).values(state=State.SENT))
        assert [d.id for d in due(conn, NOW, TELEGRAM, 0, 3)] == ids[:3]
        assert [d.id for d in due(conn, NOW, TELEGRAM, ids[2], 3)] == ids[4:]
        assert ledger.write(conn, rows) == []


def test_a_spent_budget_is_said_once(store: Store) -> None:
    """Beyond the day's budget stories are left to the digest, which is said once, in the reader's language; critical ones ring."""
    with store.begin() as conn:
        ada = join(conn, 7, wishes=Wishes(budget=2, lang="fr"))
        ids = [tell(conn, f"Story {n}", severity="critical" if n == 4 else "high") for n in range(5)]
        due_now = route_alerts(conn, ids[:1], NOW) + route_alerts(conn, ids[1:], NOW)
        rows = conn.execute(select(deliveries).order_by(deliveries.c.id)).all()
    assert [(r.kind, r.state) for r in rows if r.kind == Kind.ALERT] == [
        ("alert", "pending"), ("alert", "pending"), ("alert", "shelved"), ("alert", "shelved"), ("alert", "pending"),
    ]  # fmt: skip
    (word,) = [r for r in rows if r.kind == Kind.NOTICE]
    assert word.payload["text"].startswith("Les 2 alertes du jour sont épuisées")
    assert word.payload["silent"]
    assert due_now == sorted(r.id for r in rows if r.state == State.PENDING)
    assert {r.subscriber_id for r in rows} == {ada.id}
    assert [r.reason for r in rows if r.state == State.SHELVED] == ["the budget of 2 a day is spent"] * 2


def test_what_is_held_is_not_due(store: Store) -> None:
    """An alert of quiet hours is written with its moment and not sent before; one that grows critical may ring through the night."""
    night = (NOW + timedelta(days=1)).replace(hour=23, minute=0, second=0)
    with store.begin() as conn:
        join(conn, 7, wishes=Wishes(quiet=Quiet("22:00", "07:00"), loud_quiet=True))
        assert route_alerts(conn, [tell(conn, severity="normal")], night) == []
        (row,) = conn.execute(select(deliveries)).all()
        assert (row.state, row.reason, row.not_before) == ("pending", "quiet hours", night + timedelta(hours=8))
        assert due(conn, night, TELEGRAM) == []
        assert route_alerts(conn, [retell(conn, 1, "spiegel.de", severity="critical")], night) == [row.id]
        assert [d.id for d in due(conn, night, TELEGRAM)] == [row.id]


def test_an_official_word_is_answered_once(store: Store) -> None:
    """The first official report of a story that was told without one is an answer without a sound; a second one is none."""
    with store.begin() as conn:
        join(conn, 7)
        (first,) = route_alerts(conn, [tell(conn)], NOW)
        job = claim(conn, first, NOW)
        assert job
        sent(conn, job, "100", NOW)
        edit, answer = sorted(route_alerts(conn, [retell(conn, 1, "lanl.gov")], NOW))
        assert route_alerts(conn, [retell(conn, 1, "energy.gov")], NOW) == [edit] == [first]
        told = claim(conn, answer, NOW)
        assert told
        assert (told.reply_to, told.silent, told.story.official.outlet if told.story and told.story.official else "") == (
            "100", True, "lanl.gov",
        )  # fmt: skip
