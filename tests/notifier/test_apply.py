"""Promises of notifier.bot.apply that no talk can show: what comes twice, who may do what, and what is kept."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from notifier import claims, invitations, ledger, mailboxes, silences, subscribers
from notifier.bot.apply import apply
from notifier.bot.intents import OPERATOR, Intent, Verb
from notifier.bot.turn import Applied, House
from notifier.bot.vocabulary import Vocabulary
from notifier.feedback import precision
from notifier.model import Channel, Joined, Kind, Role, Standing, Subscriber
from notifier.notice import read_notice
from notifier.render import Message
from notifier.routing import route_alerts
from notifier.tables import confirmations, deliveries, feedback
from notifier.tables import subscribers as people
from notifier.wishes import Mute, Of, Tier, Wishes
from tests.notifier.world import some_wishes, tell
from watcher.store import Store

NOW = datetime(2025, 1, 30, 14, 5, tzinfo=UTC)
HOUSE = House(words=Vocabulary(("labs", "partnerships", "policy")), mail=True)
UPDATES = itertools.count(1)


@pytest.fixture
def conn(store: Store) -> Iterator[Connection]:
    """A transaction on an empty store."""
    with store.begin() as conn:
        yield conn


def does(conn: Connection, verb: Verb, text: str = "", *, house: House = HOUSE, may: bool | None = True, **more: Any) -> Applied:
    """Ada asks for something."""
    intent = Intent(next(UPDATES), "7", verb, text, user=7, name="Ada", lang="en", said="1")
    return apply(conn, replace(intent, **more), house, NOW, may=may)


def presses(conn: Connection, data: str, message: str = "100", **more: Any) -> Applied:
    """Ada presses a button."""
    return does(conn, Verb.PRESS, words=tuple(data.split(":")), query="q", message=message, **more)


def answer(conn: Connection, applied: Applied) -> Message:
    """The one message that is to be sent."""
    (due,) = applied.dues
    return read_notice(conn.scalars(select(deliveries.c.payload).where(deliveries.c.id == due.id)).one())[0]


def said(conn: Connection, applied: Applied) -> str:
    """What that message says."""
    return answer(conn, applied).body.text


def ada(conn: Connection, chat: str = "7") -> Subscriber:
    """The person as they are now."""
    found = subscribers.find(conn, Channel.TELEGRAM, chat)
    assert found
    return found


def alerted(conn: Connection) -> int:
    """Ada starts and gets an alert; its delivery."""
    does(conn, Verb.START)
    (id_,) = route_alerts(conn, [tell(conn)], NOW)
    job = claims.claim(conn, id_, NOW)
    assert job
    ledger.sent(conn, job, "100", NOW)
    return id_


def test_an_update_that_comes_twice_is_answered_once(conn: Connection) -> None:
    """The second time nothing is written and nothing is sent."""
    intent = Intent(5, "7", Verb.START, user=7)
    first = apply(conn, intent, HOUSE, NOW)
    assert len(first.dues) == 1
    job = claims.claim(conn, first.dues[0].id, NOW)
    assert job
    ledger.sent(conn, job, "100", NOW)
    assert apply(conn, intent, HOUSE, NOW).dues == ()
    assert conn.scalar(select(func.count()).select_from(deliveries)) == 1


def test_a_start_keeps_what_was_chosen(conn: Connection) -> None:
    """Whoever stopped and comes back has topics, hours and mutes as before, and is not told of what was missed long ago."""
    does(conn, Verb.START)
    does(conn, Verb.FOLLOW, "labs")
    does(conn, Verb.DIGEST, "08:00")
    does(conn, Verb.STOP)
    assert not ada(conn).active
    conn.execute(people.update().values(digest_from=NOW - timedelta(days=90), digest_next=NOW - timedelta(days=89)))
    does(conn, Verb.START)
    assert (ada(conn).active, ada(conn).wishes) == (True, some_wishes(topics=["labs"], digest_at="08:00"))
    row = conn.execute(select(people.c.digest_from, people.c.digest_next)).one()
    assert (row.digest_from, row.digest_next > NOW) == (NOW - timedelta(hours=24), True)


def test_whoever_blocked_us_is_gone_until_they_start(conn: Connection) -> None:
    """Blocking ends everything; a word brings answers, /start brings alerts."""
    does(conn, Verb.START)
    does(conn, Verb.LEFT)
    assert ada(conn).state is Standing.GONE
    does(conn, Verb.HELP)
    assert ada(conn).state is Standing.STOPPED
    does(conn, Verb.START)
    assert ada(conn).active


def test_a_group_that_moved_keeps_what_it_chose(conn: Connection) -> None:
    """The subscription goes with the group to its new id."""
    does(conn, Verb.START, chat="-5", private=False)
    does(conn, Verb.FOLLOW, "labs", chat="-5", private=False)
    does(conn, Verb.MOVED, chat="-5", words=("-1005",), private=False)
    assert ada(conn, "-1005").wishes == some_wishes(topics=["labs"])


@pytest.mark.parametrize(("may", "word"), [(False, "Only admins"), (None, "does not tell me")])
def test_in_a_group_only_admins_change_things(conn: Connection, may: bool | None, word: str) -> None:
    """Others are told so, by message or on the button, and nothing changes; reading is for everybody."""
    does(conn, Verb.START, chat="-5", private=False)
    for verb, text in ((Verb.FOLLOW, "labs"), (Verb.STOP, ""), (Verb.FORGET, ""), (Verb.EMAIL, "ada@example.org"), (Verb.EXPORT, "")):
        assert word in said(conn, does(conn, verb, text, chat="-5", private=False, may=may))
    assert word in presses(conn, "forget:yes", chat="-5", private=False, may=may).word
    assert (ada(conn, "-5").active, ada(conn, "-5").wishes) == (True, Wishes())
    assert "concerns you" in said(conn, does(conn, Verb.LATEST, chat="-5", private=False, may=may))


def test_by_invitation(conn: Connection) -> None:
    """A code lets in as many as it was made for, and not after its time; an admin by the settings needs none."""
    house = replace(HOUSE, open=False)
    code = invitations.make(conn, NOW, uses=1)
    late = invitations.make(conn, NOW - timedelta(days=30))
    assert "by invitation" in said(conn, does(conn, Verb.START, house=house))
    assert "too old" in said(conn, does(conn, Verb.START, f"invite-{late}", house=house))
    assert ada(conn).joined is Joined.NO
    does(conn, Verb.START, f"invite-{code.upper()}", house=house)
    assert (ada(conn).joined, ada(conn).active) == (Joined.INVITATION, True)
    assert "too old" in said(conn, does(conn, Verb.START, f"invite-{code}", house=house, chat="8", user=8))
    does(conn, Verb.START, house=replace(house, admins=frozenset({9})), chat="9", user=9)
    assert ada(conn, "9").joined is Joined.OPERATOR


def test_an_admin_by_invitation_commands(conn: Connection) -> None:
    """A code for an admin makes one: the operator's commands answer, in private and in a group where they speak."""
    code = invitations.make(conn, NOW, role=Role.ADMIN)
    does(conn, Verb.START)
    assert "know no /status" in said(conn, does(conn, Verb.STATUS))
    does(conn, Verb.START, f"invite-{code}", chat="8", user=8)
    assert ada(conn, "8").role is Role.ADMIN
    assert "Concordat" in said(conn, does(conn, Verb.STATUS, chat="8", user=8))
    assert "Concordat" in said(conn, does(conn, Verb.STATUS, chat="-5", user=8, private=False))


@pytest.mark.parametrize("verb", sorted(OPERATOR))
def test_nobody_else_commands(conn: Connection, verb: Verb) -> None:
    """To everybody else the operator's commands do not exist, and their buttons say so."""
    does(conn, Verb.START)
    assert "I know no" in said(conn, does(conn, verb, "ai-national-lab 4h"))
    assert "operator" in presses(conn, "op:send").word
    assert silences.current(conn, NOW) == ()


def test_votes_are_kept_with_their_rules(conn: Connection) -> None:
    """The last vote counts, with its reason and the rules of the story; nobody votes on an alert of others."""
    delivery = alerted(conn)
    assert presses(conn, f"up:{delivery}").word
    asked = [b.data for row in presses(conn, f"down:{delivery}").buttons or () for b in row]
    assert asked == [*(f"fb:{delivery}:{w}" for w in ("noise", "duplicate", "entity", "old")), f"back:{delivery}"]
    presses(conn, f"fb:{delivery}:noise")
    row = conn.execute(select(feedback)).one()
    assert (row.vote, row.why, row.rules) == (-1, "noise", ["ai-company-national-lab"])
    assert precision(conn)["ai-company-national-lab"].down == 1
    does(conn, Verb.START, chat="8", user=8)
    for data in (f"up:{delivery}", f"fb:{delivery}:old", "fb:x:old", "up:", f"fb:{delivery}:odd"):
        assert "too old" in presses(conn, data, chat="8", user=8).word
    assert conn.execute(select(feedback.c.why)).scalars().all() == ["noise"]


def test_a_mute_ends_by_itself(conn: Connection) -> None:
    """What is muted for a while is heard again after it."""
    does(conn, Verb.START)
    does(conn, Verb.MUTE, "labs 8h")
    (mute,) = ada(conn).wishes.mutes
    assert mute == Mute(Of.TOPIC, "labs", NOW + timedelta(hours=8))
    assert ada(conn).wishes.muted(Of.TOPIC, NOW + timedelta(hours=9)) == frozenset()


def test_what_goes_to_the_digest_has_one(conn: Connection) -> None:
    """Whoever sends alerts to the digest, by a budget or by a tier, is given an hour for it."""
    does(conn, Verb.START)
    does(conn, Verb.BUDGET, "8")
    assert (ada(conn).wishes.budget, ada(conn).wishes.digest_at) == (8, "08:00")
    does(conn, Verb.DIGEST, "off")
    presses(conn, "s:urgency:low")
    presses(conn, "s:urgency:low")
    assert (ada(conn).wishes.tier("low"), ada(conn).wishes.digest_at) == (Tier.DIGEST, "08:00")


def test_a_broadcast_reaches_each_once(conn: Connection) -> None:
    """However often the button is pressed; those who stopped, and mailboxes, are left alone."""
    house = replace(HOUSE, admins=frozenset({7}))
    for chat in ("7", "8", "9"):
        does(conn, Verb.START, chat=chat, user=int(chat))
    does(conn, Verb.STOP, chat="9", user=9)
    subscribers.add(conn, subscribers.by_email("ada@example.org"), NOW)
    (due,) = does(conn, Verb.BROADCAST, "The bot moves.", house=house).dues
    job = claims.claim(conn, due.id, NOW)
    assert job
    ledger.sent(conn, job, "55", NOW)
    sent = presses(conn, "op:send", "55", house=house)
    assert [d.kind for d in sent.dues].count(Kind.BROADCAST) == 2
    assert [d.kind for d in presses(conn, "op:send", "55", house=house).dues].count(Kind.BROADCAST) == 0
    assert conn.scalar(select(func.count()).where(deliveries.c.kind == Kind.BROADCAST)) == 2


def test_forgetting_leaves_nothing(conn: Connection) -> None:
    """Settings, mailboxes, votes and the record of what was sent are gone, and nobody else's."""
    delivery = alerted(conn)
    presses(conn, f"up:{delivery}")
    does(conn, Verb.EMAIL, "ada@example.org")
    does(conn, Verb.START, chat="8", user=8)
    farewell = presses(conn, "forget:yes")
    assert farewell.farewell
    assert not farewell.dues
    assert [s.address for s in subscribers.everyone(conn)] == ["8"]
    for table in (feedback, confirmations):
        assert conn.scalar(select(func.count()).select_from(table)) == 0
    assert conn.scalar(select(func.count()).where(deliveries.c.subscriber_id != ada(conn, "8").id)) == 0


def test_a_mailbox_follows_its_chat(conn: Connection) -> None:
    """It hears of changes in the chat, keeps what its reader chose, stops and comes back with it, and goes when another is confirmed."""
    does(conn, Verb.START)
    does(conn, Verb.EMAIL, "ada@example.org")
    (box,) = mailboxes.of(conn, ada(conn).id)
    assert not box.active
    waiting = mailboxes.waiting(conn, box.id, NOW)
    assert waiting
    assert "goes to ada@example.org" in said(conn, does(conn, Verb.EMAIL, waiting.code))
    does(conn, Verb.FOLLOW, "labs")
    box = mailboxes.of(conn, ada(conn).id)[0]
    assert (box.active, box.wishes.followed(Of.TOPIC), box.wishes.alerts, box.wishes.digest_at) == (True, ("labs",), False, "08:00")
    subscribers.set_wishes(conn, box, replace(box.wishes, digest_at="18:30", tz="Asia/Tokyo"), NOW)
    does(conn, Verb.MUTE, "policy forever")
    does(conn, Verb.DIGEST, "off")
    box = mailboxes.of(conn, ada(conn).id)[0]
    assert (box.wishes.digest_at, box.wishes.tz, sorted(box.wishes.muted(Of.TOPIC, NOW))) == ("18:30", "Asia/Tokyo", ["policy"])
    does(conn, Verb.STOP)
    assert not mailboxes.of(conn, ada(conn).id)[0].active
    does(conn, Verb.START)
    assert mailboxes.of(conn, ada(conn).id)[0].active
    does(conn, Verb.EMAIL, "bea@example.org")
    other = next(m for m in mailboxes.of(conn, ada(conn).id) if not m.active)
    again = mailboxes.waiting(conn, other.id, NOW)
    assert again
    assert mailboxes.by_token(conn, again.token, NOW) is mailboxes.Confirmed.DONE
    assert [m.address for m in mailboxes.of(conn, ada(conn).id)] == ["bea@example.org"]


def test_no_mailbox_is_flooded_or_guessed(conn: Connection) -> None:
    """Three mails a day, five tries a code, and no word on whether a stranger's address is known here."""
    does(conn, Verb.START)
    known = subscribers.add(conn, subscribers.by_email("bea@example.org"), NOW)
    assert "on its way" in said_first(conn, does(conn, Verb.EMAIL, "bea@example.org"))
    assert subscribers.get(conn, known.id) == known
    code = mailboxes.waiting(conn, known.id, NOW)
    assert code
    for _ in range(mailboxes.MOST_TRIES):
        does(conn, Verb.EMAIL, "000000" if code.code != "000000" else "111111")
    assert mailboxes.by_code(conn, ada(conn).id, code.code, NOW) is mailboxes.Confirmed.OVER
    does(conn, Verb.EMAIL, "c@example.org")
    does(conn, Verb.EMAIL, "d@example.org")
    assert "Enough mails" in said(conn, does(conn, Verb.EMAIL, "e@example.org"))


def test_an_address_that_nobody_confirms_is_erased(conn: Connection) -> None:
    """After a day nothing is kept of it; one that was there before stays."""
    does(conn, Verb.START)
    known = subscribers.add(conn, subscribers.by_email("bea@example.org"), NOW)
    does(conn, Verb.EMAIL, "ada@example.org")
    does(conn, Verb.EMAIL, "bea@example.org")
    assert mailboxes.forget_unconfirmed(conn, NOW + mailboxes.LASTS - timedelta(seconds=1)) == 0
    assert mailboxes.forget_unconfirmed(conn, NOW + mailboxes.LASTS) == 2
    assert [s.address for s in subscribers.everyone(conn)] == ["7", "bea@example.org"]
    assert subscribers.get(conn, known.id) == known
    assert conn.scalar(select(func.count()).select_from(confirmations)) == 0


def said_first(conn: Connection, applied: Applied) -> str:
    """What the chat is told, where a mail goes out beside it."""
    due = next(d for d in applied.dues if d.channel is Channel.TELEGRAM)
    return read_notice(conn.scalars(select(deliveries.c.payload).where(deliveries.c.id == due.id)).one())[0].body.text
