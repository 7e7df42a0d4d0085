"""What follows from an intent, in one transaction: the change, the answer in the outbox, and how far people's messages were read.

An update that comes twice finds its answer in the outbox already and changes nothing that it had not changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, update

from notifier import ledger, subscribers
from notifier.bot import account, desk, following, hours, pages, presses, reading, votes
from notifier.bot.intents import OPERATOR, Intent, Verb
from notifier.bot.turn import Answer, Answering, Applied, House, Turn, old_button, pressed
from notifier.jobs import Due
from notifier.model import Channel, Joined, Kind, Standing
from notifier.notice import notice
from notifier.tables import deliveries

_ANSWERS: Mapping[Verb, Answering] = {
    Verb.START: account.start,
    Verb.STOP: account.stop,
    Verb.EMAIL: account.email,
    Verb.EXPORT: account.export,
    Verb.FORGET: account.forget,
    Verb.HELP: account.help_text,
    Verb.UNKNOWN: account.unknown,
    Verb.TALK: account.talk,
    Verb.TOPICS: lambda t: Answer(say=pages.show(t, "topics")),
    Verb.SETTINGS: lambda t: Answer(say=pages.show(t, "main")),
    Verb.FOLLOW: following.follow,
    Verb.UNFOLLOW: following.unfollow,
    Verb.MUTE: following.mute,
    Verb.UNMUTE: following.unmute,
    Verb.QUIET: hours.quiet,
    Verb.BUDGET: hours.budget,
    Verb.URGENCY: hours.urgency,
    Verb.DIGEST: hours.digest,
    Verb.TIMEZONE: hours.timezone,
    Verb.LANGUAGE: hours.language,
    Verb.LATEST: reading.latest,
    Verb.SEARCH: reading.search,
    Verb.WHY: reading.why,
    Verb.STATUS: desk.status,
    Verb.SOURCES: desk.sources,
    Verb.SILENCE: desk.silence,
    Verb.UNSILENCE: desk.unsilence,
    Verb.BROADCAST: desk.broadcast,
    Verb.INVITE: desk.invite,
    Verb.ADDED: lambda t: t.say("group.hello"),
    Verb.OLD_BUTTON: old_button,
}
_FOR_STRANGERS = frozenset({Verb.START, Verb.STOP, Verb.EXPORT, Verb.FORGET, Verb.HELP, Verb.UNKNOWN, Verb.ADDED, Verb.OLD_BUTTON})
_PRESSES: Mapping[str, Answering] = {
    "s": presses.press,
    "go": lambda t: Answer(say=pages.show(t, t.intent.words[-1])),
    "fol": following.chosen,
    "unm": following.lifted,
    "mus": following.mute_story,
    "mute": following.mute_topic,
    "up": votes.up,
    "down": votes.down,
    "fb": votes.reason,
    "back": votes.back,
    "src": reading.outlets,
    "pg": reading.page,
    "forget": account.forget_pressed,
    "op": desk.press,
}


def apply(conn: Connection, intent: Intent, house: House, now: datetime, *, may: bool | None = True) -> Applied:
    """Do what is asked; `may` tells whether whoever asks may change what the chat gets, None that nobody knows. See the module."""
    if intent.verb in {Verb.LEFT, Verb.MOVED}:
        _absence(conn, intent)
        return Applied()
    person = subscribers.find(conn, Channel.TELEGRAM, intent.chat)
    if person is None:
        wish = subscribers.Wish(Channel.TELEGRAM, intent.chat, intent.name, intent.lang, joined=Joined.NO)
        person = subscribers.add(conn, wish, now)
        subscribers.set_state(conn, person.id, Standing.STOPPED, subscribers.NEVER_STARTED)
    elif person.state is Standing.GONE:  # whoever writes is there again, and decides with /start
        subscribers.set_state(conn, person.id, Standing.STOPPED, person.state_reason)
    if intent.private and intent.lang and intent.lang != person.lang:
        subscribers.change(conn, person.id, lang=intent.lang)
    turn = Turn(conn, intent, person, house, now).anew()
    return _reply(turn, _answer(turn, may))


def _answer(turn: Turn, may: bool | None) -> Answer:
    intent = turn.intent
    if intent.changes and not may:
        refusal = "group.unknown" if may is None else "group.admins_only"
        return turn.word(refusal) if intent.query else turn.say(refusal)
    stranger = turn.person.joined is Joined.NO and intent.verb not in _FOR_STRANGERS
    if stranger and not turn.is_operator and (intent.changes or not turn.house.open):
        first = "start.first" if turn.house.open else "start.by_invitation"
        return turn.word("start.first") if intent.query else turn.say(first, chat=intent.chat)
    if intent.verb is Verb.PRESS:
        return _PRESSES.get(intent.words[0], old_button)(turn)
    if intent.verb in OPERATOR and not turn.is_operator:
        return account.unknown(turn)
    return _ANSWERS[intent.verb](turn)


def _reply(turn: Turn, answer: Answer) -> Applied:
    dues: list[Due] = []
    if answer.show is not None:
        dues += _edited(turn, answer)
    if answer.say is not None:
        dues += _said(turn, answer)
    if answer.also:
        dues += ledger.lanes(turn.conn, answer.also, turn.now)
    return Applied(tuple(dues), answer.word, answer.buttons, answer.farewell)


def _said(turn: Turn, answer: Answer) -> list[Due]:
    intent = turn.intent
    assert answer.say is not None  # whoever calls has looked
    reply_to = None if intent.private and not intent.query else intent.said or intent.message
    row = ledger.new(
        f"notice:{intent.chat}:{intent.update}", turn.person.id, Kind.NOTICE, f"answer: {intent.verb}", turn.now,
        payload=notice(answer.say, reply_to, intent.thread, **answer.more),
    )  # fmt: skip
    return ledger.lanes(turn.conn, ledger.write(turn.conn, [row]), turn.now)


def _edited(turn: Turn, answer: Answer) -> list[Due]:
    """Show the pressed message in its new state: its payload is replaced, and an edit falls due. One that we have not kept is said anew."""
    row = pressed(turn)
    assert answer.show is not None  # whoever calls has looked
    if row is None:
        return _said(turn, Answer(say=answer.show, more=answer.more)) if answer.say is None else []
    kept = {k: v for k, v in row.payload.items() if k in {"reply_to", "thread"}}
    payload = {**notice(answer.show, **answer.more), **kept}
    turn.conn.execute(update(deliveries).where(deliveries.c.id == row.id).values(payload=payload, revision=row.revision + 1))
    return ledger.lanes(turn.conn, [row.id], turn.now)


def _absence(conn: Connection, intent: Intent) -> None:
    person = subscribers.find(conn, Channel.TELEGRAM, intent.chat)
    if person is None:
        return
    if intent.verb is Verb.MOVED:
        subscribers.move(conn, person.id, intent.words[0])
    elif person.active:
        subscribers.set_state(conn, person.id, Standing.GONE, "blocked or removed the bot")
