"""Promises of notifier.bot.apply: what follows from each command and button, in one transaction, with its answer in the outbox."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, select

from notifier import claims, ledger, subscribers
from notifier.bot.apply import Applied, House, apply
from notifier.bot.intents import Intent, Verb
from notifier.model import Channel, Standing, Subscriber
from notifier.notice import read_notice
from notifier.render import Message
from notifier.routing import route_alerts
from notifier.tables import deliveries, feedback
from notifier.wishes import Of, Wishes
from tests.notifier.world import TITLE, some_wishes, tell
from watcher.store import Store

NOW = datetime.now(UTC).replace(microsecond=0)
HOUSE = House(topics=("labs", "partnerships", "policy"))
UPDATES = itertools.count(1)


@pytest.fixture
def conn(store: Store) -> Iterator[Connection]:
    """A transaction on an empty store."""
    with store.begin() as conn:
        yield conn


def does(conn: Connection, verb: Verb, *words: str, chat: str = "7", message: str | None = None, house: House = HOUSE) -> Applied:
    """A person asks for something."""
    query = "q" if verb not in {*list(Verb)[:10], Verb.TALK, Verb.UNKNOWN} else None
    return apply(conn, Intent(next(UPDATES), chat, verb, words, user=7, name="Ada", said="1", message=message, query=query), house, NOW)


def answer(conn: Connection, applied: Applied) -> Message:
    """The one message that is to be sent."""
    (due,) = applied.dues
    return read_notice(conn.scalars(select(deliveries.c.payload).where(deliveries.c.id == due.id)).one())[0]


def text(conn: Connection, applied: Applied) -> str:
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


def test_start_stop_start(conn: Connection) -> None:
    """/start subscribes to everything from normal up, /stop ends it, /start brings the same wishes back."""
    assert "You are subscribed" in text(conn, does(conn, Verb.START))
    assert (ada(conn).active, ada(conn).wishes) == (True, Wishes())
    does(conn, Verb.FOLLOW, "labs")
    assert "Stopped" in text(conn, does(conn, Verb.STOP))
    assert ada(conn).state is Standing.STOPPED
    assert "Welcome back" in text(conn, does(conn, Verb.START))
    assert (ada(conn).active, ada(conn).wishes) == (True, some_wishes(topics=["labs"]))


def test_an_update_that_comes_twice(conn: Connection) -> None:
    """The same update is answered once."""
    intent = Intent(next(UPDATES), "7", Verb.START)
    assert len(apply(conn, intent, HOUSE, NOW).dues) == 1
    assert apply(conn, intent, HOUSE, NOW).dues == ()


def test_whoever_is_gone_comes_back_with_start(conn: Connection) -> None:
    """Who blocked the bot gets nothing, and everything again after /start."""
    does(conn, Verb.START)
    does(conn, Verb.LEFT)
    assert ada(conn).state is Standing.GONE
    does(conn, Verb.HELP)
    assert ada(conn).state is Standing.STOPPED
    does(conn, Verb.START)
    assert ada(conn).active


def test_strangers_where_one_is_invited(conn: Connection) -> None:
    """By invitation, a stranger is told their number and subscribed to nothing, however often they ask; admins and the invited get in."""
    closed = House(open=False, admins=frozenset({99}))
    for _ in range(2):
        assert "by invitation" in text(conn, does(conn, Verb.START, chat="8", house=closed))
        assert not ada(conn, "8").active
    subscribers.add(conn, subscribers.by_telegram("9"), NOW)
    does(conn, Verb.STOP, chat="9", house=closed)
    does(conn, Verb.START, chat="9", house=closed)
    assert ada(conn, "9").active
    apply(conn, Intent(next(UPDATES), "99", Verb.START, user=99), closed, NOW)
    assert ada(conn, "99").active


def test_following(conn: Connection) -> None:
    """Following narrows, leaving out mutes, `all` brings everything back, and unknown topics are named."""
    does(conn, Verb.START)
    assert "every topic but policy" in text(conn, does(conn, Verb.UNFOLLOW, "#Policy"))
    assert ada(conn).wishes == some_wishes(muted=["policy"])
    assert "You follow labs, policy" in text(conn, does(conn, Verb.FOLLOW, "labs", "policy"))
    assert ada(conn).wishes == some_wishes(topics=["labs", "policy"])
    does(conn, Verb.UNFOLLOW, "policy")
    assert ada(conn).wishes == some_wishes(topics=["labs"])
    assert "I know no topic nonsense. There are: labs" in text(conn, does(conn, Verb.FOLLOW, "nonsense"))
    does(conn, Verb.FOLLOW, "all")
    assert ada(conn).wishes == Wishes()


def test_topic_switches(conn: Connection) -> None:
    """Pressing a switch changes the topic, says so, and shows the new state under the same message."""
    does(conn, Verb.START)
    (due,) = does(conn, Verb.TOPICS).dues
    job = claims.claim(conn, due.id, NOW)
    assert job
    ledger.sent(conn, job, "55", NOW)
    off = does(conn, Verb.TOGGLE, "labs", message="55")
    assert (off.word, [d.edit for d in off.dues], [d.id for d in off.dues]) == ("labs: off", [True], [due.id])
    assert [b.text for row in answer(conn, off).keyboard for b in row] == ["▫️ labs", "✅ partnerships", "✅ policy"]
    on = does(conn, Verb.TOGGLE, "labs", message="55")
    assert (on.word, ada(conn).wishes.muted(Of.TOPIC, NOW) == frozenset()) == ("labs: on", True)
    assert "too old" in does(conn, Verb.TOGGLE, "forged", message="55").word


def test_buttons_under_an_alert(conn: Connection) -> None:
    """Votes are kept, the last one counts; a topic is muted; sources are listed; what is not theirs is refused."""
    delivery = alerted(conn)
    does(conn, Verb.VOTE_UP, str(delivery), message="100")
    assert "noted" in does(conn, Verb.VOTE_DOWN, str(delivery), message="100").word
    assert conn.execute(select(feedback.c.vote)).scalars().all() == [-1]
    assert "labs is off" in does(conn, Verb.MUTE, "labs", message="100").word
    assert ada(conn).wishes == some_wishes(muted=["labs"])
    assert "1. lemonde.fr" in text(conn, does(conn, Verb.SOURCES, str(delivery), message="100"))
    does(conn, Verb.START, chat="8")
    for verb in (Verb.VOTE_UP, Verb.SOURCES):
        assert "too old" in does(conn, verb, str(delivery), chat="8").word
    assert len(conn.execute(select(feedback)).all()) == 1


def test_why(conn: Connection) -> None:
    """/why names the rule, the words that it saw, and why the story reached this person."""
    does(conn, Verb.START)
    assert "no alert yet" in text(conn, does(conn, Verb.WHY))
    alerted(conn)
    said = text(conn, does(conn, Verb.WHY, message="100"))
    assert said.splitlines()[0] == TITLE
    assert "follows everything; high is at least normal" in said
    assert "rule ai-company-national-lab, high: “OpenAI”" in said
    assert text(conn, does(conn, Verb.WHY)) == said
    assert "no alert of mine" in text(conn, does(conn, Verb.WHY, message="3"))


def test_latest(conn: Connection) -> None:
    """/latest shows the newest stories that concern the person, newest first."""
    does(conn, Verb.START)
    assert "Nothing yet" in text(conn, does(conn, Verb.LATEST))
    tell(conn, "First")
    tell(conn, "Second")
    tell(conn, "Not theirs", topics=["policy"])
    tell(conn, "Too faint", severity="low")
    does(conn, Verb.UNFOLLOW, "policy")
    said = text(conn, does(conn, Verb.LATEST))
    assert said.index("Second") < said.index("First")
    assert "Not theirs" not in said
    assert "Too faint" not in said


def test_digest_and_settings(conn: Connection) -> None:
    """An hour and a zone are taken, what cannot be is answered with what to write, and /settings shows it all."""
    does(conn, Verb.START)
    assert "at 08:30 (Europe/Paris)" in text(conn, does(conn, Verb.DIGEST, "8:30", "Europe/Paris"))
    assert "write one such as" in text(conn, does(conn, Verb.DIGEST, "noon"))
    assert "write one such as" in text(conn, does(conn, Verb.DIGEST, "8:30", "Paris"))
    assert "each day at 08:30 (Europe/Paris)" in text(conn, does(conn, Verb.SETTINGS))
    assert "No digest" in text(conn, does(conn, Verb.DIGEST, "off"))
    assert does(conn, Verb.SEVERITY, "critical").word == "From critical up"
    assert ada(conn).wishes.min_severity == "critical"
    assert "too old" in does(conn, Verb.SEVERITY, "deafening").word


@pytest.mark.parametrize("verb", [Verb.UNKNOWN, Verb.TALK])
def test_what_is_not_understood(conn: Connection, verb: Verb) -> None:
    """Everything else gets a hint, and subscribes nobody."""
    assert "/help" in text(conn, does(conn, verb))
    assert not ada(conn).active
    assert "/topics" in text(conn, does(conn, Verb.HELP))
