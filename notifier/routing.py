"""Routing in SQL: alerts that came from below become deliveries, in one transaction with the fact that they were routed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, update

from notifier import ledger, silences, stories, subscribers
from notifier.labels import label
from notifier.lately import lately
from notifier.model import Change, Kind, State, Story, Subscriber, Told
from notifier.notice import notice
from notifier.render import Message
from notifier.richtext import plain
from notifier.route import Decision, Verdict, alert_key, answer_key, route
from notifier.schedule import quiet_until
from notifier.tables import deliveries as table
from notifier.wanting import NOTHING_LATELY, Lately
from rules.tables import alerts


def route_alerts(conn: Connection, ids: Sequence[int], now: datetime) -> list[int]:
    """Decide whom these alerts reach; the ids of deliveries to be sent, edits among them.

    Alerts that were routed already are passed over, so that an id that comes twice changes nothing. Several alerts of one story
    are one decision, because every decision is about the story as it is now.
    """
    claimed: set[int] = set()
    for batch in stories.chunks(ids):
        fresh = select(alerts.c.id, alerts.c.story_id).where(alerts.c.id.in_(batch), alerts.c.routed_at.is_(None)).with_for_update()
        rows = conn.execute(fresh).all()
        claimed |= {r.story_id for r in rows}
        conn.execute(update(alerts).where(alerts.c.id.in_([r.id for r in rows])).values(routed_at=now))
    if not claimed:
        return []
    return _Routing(conn, now).decide(stories.load(conn, claimed).values())


class _Routing:
    """One transaction's decisions: what people were sent lately grows with each of them."""

    def __init__(self, conn: Connection, now: datetime) -> None:
        self._conn, self._now = conn, now
        self._people = subscribers.wanting_alerts(conn)
        self._lately = lately(conn, self._people, now)
        self._silenced = silences.rules(conn, now)
        self._fresh: list[dict[str, Any]] = []

    def decide(self, found: Iterable[Story]) -> list[int]:
        """Route each story to everybody, the oldest first; the ids of what is to be sent."""
        ordered = sorted(found, key=lambda s: s.id)
        told, edits = self._told([s.id for s in ordered]), list[int]()
        for story in ordered:
            changed: list[Told] = []
            hastened: list[int] = []
            for person in self._people:
                known = self._lately.get(person.id, NOTHING_LATELY)
                decision = route(story, person, told.get((story.id, person.id), ()), self._now, known, self._silenced)
                self._write(story, person, decision)
                if decision.told and decision.verdict in {Verdict.EDIT, Verdict.ANSWER} and story.revision > decision.told.revision:
                    changed.append(decision.told)
                    hastened += [decision.told.id] if decision.hasten else []
            edits += self._raise(story, changed) + self._hasten(hastened)
        due = {row["key"] for row in self._fresh if row["state"] == State.PENDING and row["not_before"] <= self._now}
        return self._due(ledger.write(self._conn, self._fresh), due) + edits

    def _write(self, story: Story, person: Subscriber, decision: Decision) -> None:
        if decision.verdict is Verdict.ANSWER:
            self._fresh.append(_answer(story, person, decision, self._now))
        elif decision.verdict in {Verdict.RING, Verdict.SHELVE}:
            self._fresh.append(_alert(story, person, decision, self._now))
        if decision.verdict is Verdict.RING and person.id in self._lately:
            known = self._lately[person.id]
            self._lately[person.id] = Lately(known.today + 1, max(decision.at or self._now, known.last or self._now))
        if decision.spent:
            self._fresh.append(_spent(person, self._now))

    def _due(self, written: Sequence[int], keys: set[str]) -> list[int]:
        """Those that are to be sent now; what waits is found when its time has come."""
        if len(keys) == len(self._fresh):
            return list(written)
        found: list[int] = []
        for batch in stories.chunks(written):
            rows = self._conn.execute(select(table.c.id, table.c.key).where(table.c.id.in_(batch)).order_by(table.c.id))
            found += [r.id for r in rows if r.key in keys]
        return found

    def _raise(self, story: Story, told: Sequence[Told]) -> list[int]:
        """Ask for the newest revision; what was not sent yet will show it anyway, and tell its severity. The ids of those to be edited."""
        of_state = {waits: [t.id for t in told if (t.state is State.PENDING) is waits] for waits in (True, False)}
        for waits, ids in of_state.items():
            values = {"revision": story.revision, **({"severity": story.severity} if waits else {})}
            for batch in stories.chunks(ids):
                self._conn.execute(update(table).where(table.c.id.in_(batch)).values(**values))
        return [t.id for t in told if t.state is State.SENT]

    def _hasten(self, ids: Sequence[int]) -> list[int]:
        """Alerts that wait for the end of quiet hours, or for others, and grew so loud that they may not: they ring now."""
        for batch in stories.chunks(ids):
            waiting = table.c.id.in_(batch), table.c.state == State.PENDING, table.c.attempts == 0
            self._conn.execute(update(table).where(*waiting).values(not_before=self._now))
        return list(ids)

    def _told(self, ids: Sequence[int]) -> dict[tuple[int, int], list[Told]]:
        found: dict[tuple[int, int], list[Told]] = defaultdict(list)
        t = table.c
        columns = (t.id, t.story_id, t.subscriber_id, t.state, t.severity, t.revision, t.change, t.told)
        for batch in stories.chunks(ids):
            query = select(*columns).where(t.story_id.in_(batch), t.kind == Kind.ALERT).order_by(t.id)
            for row in self._conn.execute(query):
                change = Change(row.change) if row.change else None
                # an alert from before this was written down may have told anything: it is answered for a rise alone
                seen = frozenset(Change) if row.told is None else frozenset(Change(c) for c in row.told)
                told = Told(row.id, State(row.state), row.severity or "normal", row.revision, change, seen)
                found[row.story_id, row.subscriber_id].append(told)
        return found


def _alert(story: Story, person: Subscriber, decision: Decision, now: datetime) -> dict[str, Any]:
    """The row of an alert that rings, now or later, or is left to the digest."""
    again = story.severity if decision.told else None
    shelved = decision.verdict is Verdict.SHELVE
    return ledger.new(
        alert_key(story.id, person.id, again), person.id, Kind.ALERT, decision.reason, now, story_id=story.id, severity=story.severity,
        revision=story.revision, sent_revision=story.revision if shelved else 0, told=sorted(story.changes),
        state=State.SHELVED if shelved else State.PENDING, not_before=decision.at or now,
    )  # fmt: skip


def _answer(story: Story, person: Subscriber, decision: Decision, now: datetime) -> dict[str, Any]:
    loud = decision.changes[0] is Change.RISE and story.severity == "critical"
    payload = {"changes": [str(c) for c in decision.changes], "before": decision.before, "silent": not loud}
    return ledger.new(
        answer_key(story, person.id, decision.changes), person.id, Kind.ALERT, decision.reason, now, story_id=story.id,
        severity=story.severity, revision=story.revision, change=str(decision.changes[0]), told=sorted(story.changes), payload=payload,
        not_before=decision.at or now,
    )  # fmt: skip


def _spent(person: Subscriber, now: datetime) -> dict[str, Any]:
    """Said once a day, without a sound, and never in quiet hours: the day's alerts are spent."""
    wishes = person.wishes
    words = label("budget" if wishes.digest_at else "budget without digest", person.language, wishes.budget)
    day = now.astimezone(ZoneInfo(person.tz)).date()
    return ledger.new(
        f"notice:budget:{person.id}:{day}", person.id, Kind.NOTICE, "the day's budget is spent", now,
        payload=notice(Message(plain(words)), silent=True), not_before=(quiet_until(wishes.quiet, now) if wishes.quiet else None) or now,
    )  # fmt: skip
