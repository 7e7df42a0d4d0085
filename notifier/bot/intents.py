"""What a person meant by a message or a press on a button. Pure: an update in, an intent out, and None where nothing is to be done."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from telegram import CallbackQuery, ChatMemberUpdated, InaccessibleMessage, Message, Update
from telegram.constants import ChatMemberStatus, ChatType

from notifier.seal import Seal

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@(\w+))?(?:\s+(.*))?", re.DOTALL)
_MOST_WORDS = 20
_OUT = {ChatMemberStatus.BANNED, ChatMemberStatus.LEFT}


class Verb(StrEnum):
    """What is asked for; the values of the first group are the commands as they are typed."""

    START = "start"
    STOP = "stop"
    TOPICS = "topics"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    LATEST = "latest"
    DIGEST = "digest"
    SETTINGS = "settings"
    HELP = "help"
    WHY = "why"

    UNKNOWN = "an unknown command"
    TALK = "words without a command"
    VOTE_UP = "👍"
    VOTE_DOWN = "👎"
    MUTE = "mute a topic"
    SOURCES = "list sources"
    TOGGLE = "switch a topic"
    SEVERITY = "choose a severity"
    OLD_BUTTON = "a button that means nothing any more"
    LEFT = "blocked or removed the bot"
    MOVED = "the group has a new id"


COMMANDS = {
    "start": Verb.START, "stop": Verb.STOP, "topics": Verb.TOPICS, "follow": Verb.FOLLOW, "unfollow": Verb.UNFOLLOW, "mute": Verb.UNFOLLOW,
    "latest": Verb.LATEST, "digest": Verb.DIGEST, "settings": Verb.SETTINGS, "help": Verb.HELP, "why": Verb.WHY,
}  # fmt: skip
_PRESSES = {
    "up": Verb.VOTE_UP, "down": Verb.VOTE_DOWN, "mute": Verb.MUTE, "src": Verb.SOURCES, "topic": Verb.TOGGLE, "sev": Verb.SEVERITY,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Intent:
    """What is asked for, by which chat; `words` are the command's arguments or the button's data.

    `message` is the id of the message that was answered or whose button was pressed; `query` is set for presses.
    """

    update: int
    chat: str
    verb: Verb
    words: tuple[str, ...] = ()
    user: int = 0
    name: str = field(default="", repr=False)
    lang: str = ""
    said: str = ""
    message: str | None = None
    query: str | None = None


def parse(update: Update, me: str, seal: Seal) -> Intent | None:
    """The intent of an update; `me` is the bot's own name, because in groups commands may be for other bots."""
    if update.callback_query:
        return _press(update.update_id, update.callback_query, seal)
    if update.my_chat_member:
        return _membership(update.update_id, update.my_chat_member)
    if update.message:
        return _message(update.update_id, update.message, me)
    return None


def _message(id_: int, message: Message, me: str) -> Intent | None:
    chat, user = message.chat, message.from_user
    if message.migrate_to_chat_id:
        return Intent(id_, str(chat.id), Verb.MOVED, (str(message.migrate_to_chat_id),))
    text = (message.text or "").strip()
    verb, words = _asked(text, me)
    if verb is None or (verb is Verb.TALK and chat.type != ChatType.PRIVATE):
        return None
    answered = message.reply_to_message
    return Intent(
        update=id_, chat=str(chat.id), verb=verb, words=words, user=user.id if user else 0,
        name=(chat.title or chat.full_name or "")[:200], lang=((user.language_code or "") if user else "")[:16],
        said=str(message.message_id), message=str(answered.message_id) if answered else None,
    )  # fmt: skip


def _asked(text: str, me: str) -> tuple[Verb | None, tuple[str, ...]]:
    found = _COMMAND.fullmatch(text)
    if found is None:
        return Verb.TALK, ()
    command, to, rest = found.groups()
    if to and to.lower() != me.lower():
        return None, ()
    return COMMANDS.get(command.lower(), Verb.UNKNOWN), tuple((rest or "").replace(",", " ").split()[:_MOST_WORDS])


def _press(id_: int, query: CallbackQuery, seal: Seal) -> Intent | None:
    if query.message is None:
        return None
    opened = seal.open(str(query.message.chat.id), query.data or "")
    what, _, rest = (opened or "").partition(":")
    verb = _PRESSES.get(what, Verb.OLD_BUTTON)
    if verb in {Verb.VOTE_UP, Verb.VOTE_DOWN, Verb.SOURCES} and not re.fullmatch(r"[0-9]{1,18}", rest):
        verb = Verb.OLD_BUTTON
    old = isinstance(query.message, InaccessibleMessage)
    return Intent(
        update=id_, chat=str(query.message.chat.id), verb=verb, words=(rest,), user=query.from_user.id, query=query.id,
        message=None if old else str(query.message.message_id),
    )  # fmt: skip


def _membership(id_: int, change: ChatMemberUpdated) -> Intent | None:
    if change.new_chat_member.status in _OUT:
        return Intent(id_, str(change.chat.id), Verb.LEFT)
    return None
