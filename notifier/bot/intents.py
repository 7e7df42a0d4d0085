"""What a person meant by a message or a press on a button. Pure: an update in, an intent out, and None where nothing is to be done."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from telegram import CallbackQuery, Chat, ChatMemberUpdated, InaccessibleMessage, Message, Update
from telegram.constants import ChatMemberStatus, ChatType

from notifier.seal import Seal

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@(\w+))?(?:\s+(.*))?", re.DOTALL)
_MOST_TEXT = 1000  # characters of a command that are read
_OUT = {ChatMemberStatus.BANNED, ChatMemberStatus.LEFT}


class Verb(StrEnum):
    """What is asked for; the values of the first two groups are the commands as they are typed, the second are the operator's."""

    START = "start"
    STOP = "stop"
    TOPICS = "topics"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    MUTE = "mute"
    UNMUTE = "unmute"
    QUIET = "quiet"
    BUDGET = "budget"
    URGENCY = "urgency"
    DIGEST = "digest"
    EMAIL = "email"
    TIMEZONE = "timezone"
    LANGUAGE = "language"
    LATEST = "latest"
    SEARCH = "search"
    WHY = "why"
    SETTINGS = "settings"
    EXPORT = "export"
    FORGET = "forget"
    HELP = "help"

    STATUS = "status"
    SOURCES = "sources"
    SILENCE = "silence"
    UNSILENCE = "unsilence"
    BROADCAST = "broadcast"
    INVITE = "invite"

    PRESS = "a button"
    UNKNOWN = "an unknown command"
    TALK = "words without a command"
    OLD_BUTTON = "a button that means nothing any more"
    ADDED = "taken into a group"
    LEFT = "blocked or removed the bot"
    MOVED = "the group has a new id"


COMMANDS = {v.value: v for v in Verb if re.fullmatch("[a-z]+", v.value)}
OPERATOR = frozenset({Verb.STATUS, Verb.SOURCES, Verb.SILENCE, Verb.UNSILENCE, Verb.BROADCAST, Verb.INVITE})
_FREE = frozenset({"up", "down", "fb", "back", "src", "pg", "op"})  # buttons that change nothing of what a chat gets
READING = frozenset({Verb.LATEST, Verb.SEARCH, Verb.WHY, Verb.HELP, Verb.UNKNOWN, Verb.TALK})  # what every member of a group may ask


@dataclass(frozen=True, slots=True)
class Intent:
    """What is asked for, by which chat. `text` is what follows a command, `words` the parts of a button's data.

    `said` is the message itself, `message` the one that it answers or whose button was pressed; `query` is set for presses. `nameless`
    are posts that only admins of the chat can make: those of a channel, and those that an admin of a group writes in its name.
    """

    update: int
    chat: str
    verb: Verb
    text: str = ""
    words: tuple[str, ...] = ()
    user: int = 0
    name: str = field(default="", repr=False)
    lang: str = ""
    said: str = ""
    message: str | None = None
    query: str | None = None
    thread: int | None = None
    private: bool = True
    nameless: bool = False

    @property
    def changes(self) -> bool:
        """Whether it changes what the chat gets, which in a group is for its admins alone."""
        if self.verb is Verb.PRESS:
            return self.words[0] not in _FREE
        return self.verb in COMMANDS.values() and self.verb not in READING and self.verb not in OPERATOR


def parse(update: Update, me: str, seal: Seal) -> Intent | None:
    """The intent of an update; `me` is the bot's own name, because in groups commands may be for other bots."""
    if update.callback_query:
        return _press(update.update_id, update.callback_query, seal)
    if update.my_chat_member:
        return _membership(update.update_id, update.my_chat_member)
    message = update.message or update.channel_post
    return _message(update.update_id, message, me) if message else None


def _message(id_: int, message: Message, me: str) -> Intent | None:
    chat, user, author = message.chat, message.from_user, message.sender_chat
    if message.migrate_to_chat_id:
        return Intent(id_, str(chat.id), Verb.MOVED, words=(str(message.migrate_to_chat_id),))
    verb, text = _asked((message.text or "").strip(), me)
    private = chat.type == ChatType.PRIVATE
    if verb is None or (verb in {Verb.TALK, Verb.UNKNOWN} and not private):
        return None
    answered = message.reply_to_message
    begins_topic = answered is not None and answered.forum_topic_created is not None
    return Intent(
        update=id_, chat=str(chat.id), verb=verb, text=text, user=user.id if user else 0, name=_name(chat),
        lang=((user.language_code or "") if user else "")[:16], said=str(message.message_id),
        message=str(answered.message_id) if answered and not begins_topic else None, private=private,
        thread=message.message_thread_id if message.is_topic_message else None,
        nameless=chat.type == ChatType.CHANNEL or (author is not None and author.id == chat.id),
    )  # fmt: skip


def _name(chat: Chat) -> str:
    return (chat.title or chat.full_name or "")[:200]


def _asked(text: str, me: str) -> tuple[Verb | None, str]:
    found = _COMMAND.fullmatch(text)
    if found is None:
        return Verb.TALK, text[:_MOST_TEXT]
    command, to, rest = found.groups()
    if to and to.lower() != me.lower():
        return None, ""
    verb = COMMANDS.get(command.lower(), Verb.UNKNOWN)
    said = (rest or "").strip()
    if verb is Verb.UNKNOWN:
        return verb, command
    return verb, said if verb is Verb.BROADCAST else said[:_MOST_TEXT]


def _press(id_: int, query: CallbackQuery, seal: Seal) -> Intent | None:
    if query.message is None:
        return None
    chat, old = query.message.chat, isinstance(query.message, InaccessibleMessage)
    opened = seal.open(str(chat.id), query.data or "")
    thread = query.message.message_thread_id if isinstance(query.message, Message) and query.message.is_topic_message else None
    return Intent(
        update=id_, chat=str(chat.id), verb=Verb.PRESS if opened else Verb.OLD_BUTTON, words=tuple((opened or "").split(":")),
        user=query.from_user.id, name=_name(chat), lang=(query.from_user.language_code or "")[:16], query=query.id,
        message=None if old else str(query.message.message_id), private=chat.type == ChatType.PRIVATE, thread=thread,
    )  # fmt: skip


def _membership(id_: int, change: ChatMemberUpdated) -> Intent | None:
    chat, was_out, is_out = change.chat, change.old_chat_member.status in _OUT, change.new_chat_member.status in _OUT
    if is_out:
        return Intent(id_, str(chat.id), Verb.LEFT)
    if was_out and chat.type in {ChatType.GROUP, ChatType.SUPERGROUP}:
        user = change.from_user
        return Intent(id_, str(chat.id), Verb.ADDED, user=user.id, name=_name(chat), lang=(user.language_code or "")[:16], private=False)
    return None
