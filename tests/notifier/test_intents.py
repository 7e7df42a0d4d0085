"""Promises of notifier.bot.intents: what people mean, from updates as Telegram sends them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update

from notifier.bot.intents import COMMANDS, OPERATOR, Intent, Verb, parse
from notifier.seal import Seal

ME = "concordat_bot"
SEAL = Seal("42:TEST")


def said(text: str, chat: int = 7, **more: Any) -> Intent | None:
    """A message as Telegram sends it, parsed."""
    kind = {"id": chat, "type": "private", "first_name": "Ada"} if chat > 0 else {"id": chat, "type": "supergroup", "title": "Desk"}
    person = {"id": 7, "is_bot": False, "first_name": "Ada", "language_code": "fr"}
    message = {"message_id": 5, "date": 1, "chat": kind, "from": person, "text": text, **more}
    return parse(Update.de_json({"update_id": 9, "message": message}, None), ME, SEAL)


def pressed(data: str) -> Intent | None:
    """A press as Telegram sends it, parsed."""
    chat = {"id": 7, "type": "private"}
    query = {
        "id": "q", "from": {"id": 7, "is_bot": False, "first_name": "Ada"}, "chat_instance": "1", "data": data,
        "message": {"message_id": 6, "date": 1, "chat": chat, "text": "…"},
    }  # fmt: skip
    return parse(Update.de_json({"update_id": 9, "callback_query": query}, None), ME, SEAL)


@pytest.mark.parametrize(
    ("text", "verb", "rest"),
    [
        ("/start", Verb.START, ""),
        ("/START topic-labs", Verb.START, "topic-labs"),
        ('/follow labs, "quantum computing"', Verb.FOLLOW, 'labs, "quantum computing"'),
        ("/mute labs 8h", Verb.MUTE, "labs 8h"),
        ("/digest@Concordat_Bot\n8", Verb.DIGEST, "8"),
        ("/broadcast One\nTwo", Verb.BROADCAST, "One\nTwo"),
        ("/nonsense here", Verb.UNKNOWN, "nonsense"),
        ("hello", Verb.TALK, "hello"),
        ("/", Verb.TALK, "/"),
    ],
)
def test_commands(text: str, verb: Verb, rest: str) -> None:
    """A command is known in any case, with our name behind it, and with what follows it."""
    intent = said(text)
    assert intent
    assert (intent.verb, intent.text, intent.chat, intent.lang, intent.said) == (verb, rest, "7", "fr", "5")


def test_in_groups_only_commands_to_us() -> None:
    """In a group we hear neither chatter nor commands for other bots."""
    assert said("hello", -1001) is None
    assert said("/start@other_bot", -1001) is None
    intent = said("/start", -1001)
    assert intent
    assert (intent.chat, intent.name) == ("-1001", "Desk")


def test_presses() -> None:
    """A button that we sealed for this chat is read in its parts; any other means nothing."""
    intent = pressed(SEAL.close("7", "s:topics:t:abcd"))
    assert intent
    assert (intent.verb, intent.words, intent.query, intent.message) == (Verb.PRESS, ("s", "topics", "t", "abcd"), "q", "6")
    for data in ("", "s:topics", SEAL.close("8", "s:topics"), Seal("43:TEST").close("7", "s:topics")):
        other = pressed(data)
        assert other
        assert other.verb is Verb.OLD_BUTTON


def test_who_speaks_in_a_group() -> None:
    """An admin who writes in the name of the group is known as one; a channel that is linked to it, or a person, is not."""
    group = {"id": -1001, "type": "supergroup", "title": "Desk"}
    for sender, nameless in ((group, True), ({"id": -1009, "type": "channel", "title": "News"}, False), (None, False)):
        intent = said("/stop", -1001, **({"sender_chat": sender} if sender else {}))
        assert intent
        assert (intent.private, intent.nameless, intent.changes) == (False, nameless, True)


def test_a_topic_of_a_forum() -> None:
    """The topic is kept, and its first message is no message that was answered."""
    opened = {"message_id": 3, "date": 1, "chat": {"id": -1003, "type": "supergroup", "title": "Desk"}}
    topic = {"message_thread_id": 3, "is_topic_message": True}
    intent = said("/why", -1003, **topic, reply_to_message={**opened, "forum_topic_created": {"name": "News", "icon_color": 1}})
    assert intent
    assert (intent.thread, intent.message) == (3, None)
    answered = said("/why", -1003, **topic, reply_to_message=opened)
    assert answered
    assert answered.message == "3"


def test_what_every_member_may_ask() -> None:
    """Reading and votes change nothing; all else is for the admins of a group."""
    free = {v for v in COMMANDS.values() if not Intent(1, "-5", v).changes}
    assert free == {Verb.LATEST, Verb.SEARCH, Verb.WHY, Verb.HELP, *OPERATOR}
    presses = {d: Intent(1, "-5", Verb.PRESS, words=(d,)).changes for d in ("up", "down", "fb", "src", "pg", "s", "mute", "forget")}
    assert [d for d, changes in presses.items() if not changes] == ["up", "down", "fb", "src", "pg"]


def test_a_group_that_moved() -> None:
    """A group that became a supergroup tells its new id."""
    intent = said("", -5, migrate_to_chat_id=-1005)
    assert intent
    assert (intent.verb, intent.words) == (Verb.MOVED, ("-1005",))


def test_other_updates_mean_nothing() -> None:
    """An update of a kind that we did not ask for is passed over."""
    assert parse(Update.de_json({"update_id": 9}, None), ME, SEAL) is None


@given(st.text(max_size=200))
def test_any_text_has_a_meaning(text: str) -> None:
    """Whatever a person writes, parsing ends with an intent of few words."""
    intent = said(text)
    assert intent
    assert len(intent.words) <= 20
    assert pressed(text[:64])
