"""What follows from an intent, in one transaction: the change, the answer in the outbox, and how far people's messages were read.

An update that comes twice finds its answer in the outbox already and changes nothing that it had not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from notifier import ledger, stories, subscribers
from notifier.bot import texts
from notifier.bot.intents import Intent, Verb
from notifier.bot.reasons import reasons, told
from notifier.jobs import Due
from notifier.model import SEVERITIES, Channel, Joined, Kind, Standing, Subscriber
from notifier.notice import notice
from notifier.render import Message, source_list
from notifier.tables import deliveries, feedback
from notifier.wishes import Follow, Mute, Of, Wishes
from watcher.errors import SettingsError
from watcher.store import on_conflict_update

MOST_TOPICS = 50  # that are named in an answer
LATEST = 5


@dataclass(frozen=True, slots=True)
class House:
    """What the operator decided: whether strangers may subscribe, who may in any case, and the topics that rules can give."""

    open: bool = True
    admins: frozenset[int] = frozenset()
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """What is to be sent because of an update, and the word on the button that was pressed."""

    dues: tuple[Due, ...] = ()
    word: str = ""


@dataclass(frozen=True, slots=True)
class _Turn:
    """One intent of one person, with all that answering it takes."""

    conn: Connection
    intent: Intent
    person: Subscriber
    house: House
    now: datetime

    def again(self) -> Subscriber:
        """The person as they are after a change."""
        found = subscribers.get(self.conn, self.person.id)
        assert found is not None  # nobody is erased within this transaction
        return found

    def wish(self, wishes: Wishes) -> None:
        """What they want from now on."""
        subscribers.set_wishes(self.conn, self.again(), wishes, self.now)

    def topics(self) -> list[str]:
        """Every topic that a person can choose from: of the rules, of recent stories, and their own."""
        wishes = self.person.wishes
        mine = (*wishes.followed(Of.TOPIC), *wishes.muted(Of.TOPIC, self.now))
        return sorted({*self.house.topics, *stories.topics_seen(self.conn), *mine})


_Answer = Message | str | None  # a message to the chat, a word on the button, or silence


def apply(conn: Connection, intent: Intent, house: House, now: datetime) -> Applied:
    """Do what is asked; see the module."""
    if intent.verb in {Verb.LEFT, Verb.MOVED}:
        _absence(conn, intent)
        return Applied()
    person = subscribers.find(conn, Channel.TELEGRAM, intent.chat)
    stranger = person is None
    if person is None:
        person = subscribers.add(conn, subscribers.Wish(Channel.TELEGRAM, intent.chat, intent.name, intent.lang, joined=Joined.NO), now)
        subscribers.set_state(conn, person.id, Standing.STOPPED, subscribers.NEVER_STARTED)
    elif person.state is Standing.GONE:  # whoever writes is there again, and decides with /start
        subscribers.set_state(conn, person.id, Standing.STOPPED, person.state_reason)
    turn = _Turn(conn, intent, person, house, now)
    if intent.verb is Verb.START:
        return _reply(turn, _start(turn, stranger=stranger))
    return _reply(turn, _ANSWERS[intent.verb](turn))


def _reply(turn: _Turn, answer: _Answer) -> Applied:
    if answer is None or isinstance(answer, str):
        edits = [turn.intent.message] if turn.intent.message and turn.intent.verb in {Verb.TOGGLE, Verb.SEVERITY} else []
        return Applied(tuple(_edited(turn, edits)), answer or "")
    reply_to = turn.intent.said or turn.intent.message if int(turn.intent.chat) < 0 or turn.intent.query else None
    row = ledger.new(
        f"notice:{turn.intent.chat}:{turn.intent.update}", turn.person.id, Kind.NOTICE, f"answer: {turn.intent.verb}", turn.now,
        payload=notice(answer, reply_to),
    )  # fmt: skip
    return Applied(tuple(ledger.lanes(turn.conn, ledger.write(turn.conn, [row]), turn.now)))


def _start(turn: _Turn, *, stranger: bool) -> Message:
    person = turn.person
    invited = turn.house.open or turn.intent.user in turn.house.admins or not (stranger or person.state_reason == subscribers.NEVER_STARTED)
    if not invited:
        return texts.by_invitation(turn.intent.chat)
    subscribers.change(turn.conn, person.id, name=turn.intent.name, lang=turn.intent.lang)
    turn.wish(replace(person.wishes, alerts=True))
    subscribers.set_state(turn.conn, person.id, Standing.ACTIVE, "")
    return texts.welcome(again=not (stranger or person.state_reason == subscribers.NEVER_STARTED))


def _stop(turn: _Turn) -> _Answer:
    if turn.person.active:
        subscribers.set_state(turn.conn, turn.person.id, Standing.STOPPED, "sent /stop")
    return texts.stopped()


def _follow(turn: _Turn) -> _Answer:
    asked = [w.lower().removeprefix("#") for w in turn.intent.words]
    if not asked:
        return texts.topics(turn.person, turn.topics(), turn.now)
    if asked == ["all"]:
        turn.wish(replace(turn.person.wishes, follows=None, mutes=tuple(m for m in turn.person.wishes.mutes if m.of is not Of.TOPIC)))
        return texts.say("You follow every topic.")
    unknown = [t for t in asked if t not in turn.topics()]
    if unknown:
        return _unknown_topic(turn, unknown)
    turn.wish(turn.person.wishes.following(*(Follow(Of.TOPIC, t) for t in asked)))
    return texts.say(f"You follow {texts.following(turn.again(), turn.now)}. /follow all brings everything back.")


def _unfollow(turn: _Turn) -> _Answer:
    asked = [w.lower().removeprefix("#") for w in turn.intent.words]
    if not asked:
        return texts.topics(turn.person, turn.topics(), turn.now)
    unknown = [t for t in asked if t not in turn.topics()]
    if unknown:
        return _unknown_topic(turn, unknown)
    for topic in asked:
        _leave(turn, topic)
    return texts.say(f"You follow {texts.following(turn.again(), turn.now)}. /topics brings topics back.")


def _unknown_topic(turn: _Turn, asked: Sequence[str]) -> Message:
    known = turn.topics()
    return texts.say(f"I know no topic {', '.join(asked)}." + (f" There are: {', '.join(known[:MOST_TOPICS])}." if known else ""))


def _leave(turn: _Turn, topic: str) -> None:
    """Off the list of those who follow single topics; muted for those who follow everything."""
    wishes = turn.again().wishes
    muted = wishes.muting(Mute(Of.TOPIC, topic), turn.now)
    turn.wish(muted if wishes.follows is None else wishes.leaving(Follow(Of.TOPIC, topic)))


def _toggle(turn: _Turn) -> _Answer:
    topic, person = turn.intent.words[0], turn.person
    if topic not in turn.topics():
        return _old_button(turn)
    if texts.follows(person.wishes, topic, turn.now):
        _leave(turn, topic)
        return f"{topic}: off"
    lifted = person.wishes.unmuting(Of.TOPIC, topic)
    turn.wish(lifted if lifted.follows is None else lifted.following(Follow(Of.TOPIC, topic)))
    return f"{topic}: on"


def _mute(turn: _Turn) -> _Answer:
    topic = turn.intent.words[0]
    if topic not in turn.topics():
        return _old_button(turn)
    _leave(turn, topic)
    return f"{topic} is off; /topics brings it back"


def _severity(turn: _Turn) -> _Answer:
    chosen = turn.intent.words[0]
    if chosen not in SEVERITIES:
        return _old_button(turn)
    turn.wish(replace(turn.person.wishes, min_severity=chosen))
    return f"From {chosen} up"


def _digest(turn: _Turn) -> _Answer:
    words = turn.intent.words
    if words:
        at = None if words[0].lower() in {"off", "no", "none"} else words[0]
        try:
            subscribers.set_digest(turn.conn, turn.person, at, words[1] if len(words) > 1 else turn.person.tz, turn.now)
        except SettingsError as e:
            return texts.say(f"{e}.")
    return texts.digest_set(turn.again())


def _vote(turn: _Turn) -> _Answer:
    delivery = int(turn.intent.words[0])
    mine = select(deliveries.c.id).where(deliveries.c.id == delivery, deliveries.c.subscriber_id == turn.person.id)
    if turn.conn.scalar(mine) is None:
        return _old_button(turn)
    vote = 1 if turn.intent.verb is Verb.VOTE_UP else -1
    row = {"delivery_id": delivery, "subscriber_id": turn.person.id, "vote": vote, "why": "", "rules": [], "at": turn.now}
    on_conflict_update(turn.conn, feedback, ["delivery_id", "subscriber_id"], row)
    return "Thank you, noted 👍" if vote > 0 else "Thank you, noted 👎; it helps to tune the rules"


def _sources(turn: _Turn) -> _Answer:
    mine = select(deliveries.c.story_id).where(
        deliveries.c.id == int(turn.intent.words[0]), deliveries.c.subscriber_id == turn.person.id
    )
    id_ = turn.conn.scalar(mine)
    story = stories.load(turn.conn, [id_]).get(id_) if id_ else None
    return Message(source_list(story)) if story else _old_button(turn)


def _why(turn: _Turn) -> _Answer:
    delivery = told(turn.conn, turn.person.id, turn.intent.message)
    found = reasons(turn.conn, delivery, turn.person, turn.now) if delivery else None
    if found:
        return found
    return texts.say("That is no alert of mine." if turn.intent.message else "You have had no alert yet; /latest shows the newest stories.")


def _old_button(_turn: _Turn) -> _Answer:
    return "This button is too old; /help shows what I know"


_ANSWERS: Mapping[Verb, Callable[[_Turn], _Answer]] = {
    Verb.STOP: _stop,
    Verb.TOPICS: lambda t: texts.topics(t.person, t.topics(), t.now),
    Verb.FOLLOW: _follow,
    Verb.UNFOLLOW: _unfollow,
    Verb.LATEST: lambda t: texts.latest(stories.latest(t.conn, t.person, LATEST, t.now), t.person),
    Verb.DIGEST: _digest,
    Verb.SETTINGS: lambda t: texts.settings(t.person, t.now),
    Verb.HELP: lambda _: texts.help_text(),
    Verb.WHY: _why,
    Verb.UNKNOWN: lambda _: texts.hint(),
    Verb.TALK: lambda _: texts.hint(),
    Verb.VOTE_UP: _vote,
    Verb.VOTE_DOWN: _vote,
    Verb.MUTE: _mute,
    Verb.SOURCES: _sources,
    Verb.TOGGLE: _toggle,
    Verb.SEVERITY: _severity,
    Verb.OLD_BUTTON: _old_button,
}


def _edited(turn: _Turn, messages: Sequence[str]) -> list[Due]:
    """Show the switches under these messages of ours as they stand now: the answer's payload is replaced, and an edit falls due."""
    dues: list[Due] = []
    for message in messages:
        mine = select(deliveries.c.id, deliveries.c.revision).where(
            deliveries.c.subscriber_id == turn.person.id, deliveries.c.remote_ref == message, deliveries.c.kind == Kind.NOTICE
        )
        row: Any = turn.conn.execute(mine).one_or_none()
        if row is None:
            continue
        person = turn.again()
        shown = texts.topics(person, turn.topics(), turn.now) if turn.intent.verb is Verb.TOGGLE else texts.settings(person, turn.now)
        turn.conn.execute(update(deliveries).where(deliveries.c.id == row.id).values(payload=notice(shown), revision=row.revision + 1))
        dues += ledger.lanes(turn.conn, [row.id], turn.now)
    return dues


def _absence(conn: Connection, intent: Intent) -> None:
    person = subscribers.find(conn, Channel.TELEGRAM, intent.chat)
    if person is None:
        return
    if intent.verb is Verb.MOVED:
        subscribers.move(conn, person.id, intent.words[0])
    elif person.active:
        subscribers.set_state(conn, person.id, Standing.GONE, "blocked or removed the bot")
