"""Promises of notifier.bot.intents: what people mean, from updates as Telegram sends them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update

from notifier.bot.intents import Intent, Verb, parse
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
    ("text", "verb", "words"),
    [
        ("/start", Verb.START, ()),
        ("/START now", Verb.START, ("now",)),
        ("/follow labs, policy", Verb.FOLLOW, ("labs", "policy")),
        ("/mute labs", Verb.UNFOLLOW, ("labs",)),
        ("/digest 08:00 Europe/Paris", Verb.DIGEST, ("08:00", "Europe/Paris")),
        ("/digest@Concordat_Bot\n8", Verb.DIGEST, ("8",)),
        ("/nonsense", Verb.UNKNOWN, ()),
        ("hello", Verb.TALK, ()),
        ("/", Verb.TALK, ()),
    ],
)
def test_commands(text: str, verb: Verb, words: tuple[str, ...]) -> None:
    """A command is known in any case, with our name behind it, and with its words."""
    intent = said(text)
    assert intent
    assert (intent.verb, intent.words, intent.chat, intent.lang, intent.said) == (verb, words, "7", "fr", "5")


def test_in_groups_only_commands_to_us() -> None:
    """In a group we hear neither chatter nor commands for other bots."""
    assert said("hello", -1001) is None
    assert said("/start@other_bot", -1001) is None
    intent = said("/start", -1001)
    assert intent
    assert (intent.chat, intent.name) == ("-1001", "Desk")


@pytest.mark.parametrize(
    ("data", "verb"),
    [
        ("up:12", Verb.VOTE_UP), ("down:12", Verb.VOTE_DOWN), ("src:12", Verb.SOURCES), ("mute:labs", Verb.MUTE),
        ("topic:labs", Verb.TOGGLE), ("sev:high", Verb.SEVERITY), ("up:x", Verb.OLD_BUTTON), ("up:-1", Verb.OLD_BUTTON),
        ("", Verb.OLD_BUTTON), ("odd:1", Verb.OLD_BUTTON),
    ],
)  # fmt: skip
def test_presses(data: str, verb: Verb) -> None:
    """Every button has its meaning, and none of ours that is forged or old does harm."""
    intent = pressed(SEAL.close("7", data))
    assert intent
    assert (intent.verb, intent.query, intent.message) == (verb, "q", "6")


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
