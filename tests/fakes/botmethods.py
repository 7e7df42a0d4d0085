"""The methods of the Bot API that the fake knows, each a function of the server and the call's parameters; raises
Refused.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.fakes.botrules import MAX_ANSWER, Refused, check_commands, check_upload, read_keyboard, read_text, units, unpacked

if TYPE_CHECKING:
    from tests.fakes.telegram import Telegram

Method = Callable[["Telegram", dict[str, Any]], Awaitable[Any]]

LONGEST_POLL = 50.0
BOT = {
    "id": 42,
    "is_bot": True,
    "first_name": "Concordat",
    "username": "concordat_bot",
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
}
NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came with a call."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the bot as it stands in a chat after a send or an edit; `text` is what is seen, without markup."""

    at: float
    chat_id: int
    message_id: int
    text: str
    entities: list[dict[str, Any]] = field(default_factory=list)
    markup: dict[str, Any] | None = None
    silent: bool = False
    args: dict[str, Any] = field(default_factory=dict)
    thread: int = 0
    file: Upload | None = None

    @property
    def reply_to(self) -> int:
        """The message that it answers, or 0."""
        return int((unpacked(self.args.get("reply_parameters")) or {}).get("message_id") or 0)

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """Every inline button, row by row."""
        return [button for row in (self.markup or {}).get("inline_keyboard", []) for button in row]


async def _get_me(telegram: Telegram, args: dict[str, Any]) -> Any:
    return BOT


async def _get_updates(telegram: Telegram, args: dict[str, Any]) -> Any:
    telegram.hook.refuse_polling()
    telegram.polls += 1
    mine = telegram.polls
    telegram.changed()  # a poll that is still open has been overtaken
    offset, limit = int(args.get("offset") or 0), int(args.get("limit") or 100)
    if "allowed_updates" in args:
        telegram.allowed = frozenset(unpacked(args["allowed_updates"]) or ())
    keep = -offset if offset < 0 else len(telegram.updates)
    while telegram.updates and (telegram.updates[0]["update_id"] < offset or len(telegram.updates) > keep):
        telegram.updates.popleft()
    telegram.changed()  # what was confirmed is gone
    try:
        await telegram.until(
            lambda: telegram.updates or telegram.polls != mine,
            min(float(args.get("timeout") or 0), LONGEST_POLL),
        )
    except TimeoutError:
        return []
    telegram.hook.refuse_polling()
    if telegram.polls != mine:
        why = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
        raise Refused(409, why)
    return list(telegram.updates)[:limit]


def _send(telegram: Telegram, args: dict[str, Any], name: str, file: Upload | None = None) -> Any:
    chat = telegram.reach(args)
    thread = telegram.place(chat, args)
    text, entities = read_text(args, name)
    markup = read_keyboard(args)
    if telegram.enforce:
        telegram.flood.check(chat, telegram.clock())
    silent = str(args.get("disable_notification", "")).lower() == "true"
    message = Message(time.time(), chat, telegram.next_id(), text, entities, markup, silent, args, thread, file)
    telegram.sent.append(message)
    telegram.messages[chat, message.message_id] = message
    return message


async def _send_message(telegram: Telegram, args: dict[str, Any]) -> Any:
    return telegram.as_json(_send(telegram, args, "text"))


async def _send_photo(telegram: Telegram, args: dict[str, Any]) -> Any:
    photo = [{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}]
    return _captioned(telegram, args, "photo", lambda _: photo)


async def _send_document(telegram: Telegram, args: dict[str, Any]) -> Any:
    return _captioned(
        telegram, args, "document", lambda f: {"file_id": "d", "file_unique_id": "d", "file_name": f.name, "file_size": len(f.content)}
    )


def _captioned(telegram: Telegram, args: dict[str, Any], kind: str, shown: Callable[[Upload], Any]) -> dict[str, Any]:
    file = args.get(kind)
    if isinstance(file, str) and file.startswith("attach://"):
        file = args.get(file.removeprefix("attach://"))
    if not isinstance(file, Upload):
        raise Refused(400, f"Bad Request: there is no {kind} in the request")
    check_upload(file.content)
    body = telegram.as_json(_send(telegram, args, "caption", file))
    renamed = {"text": "caption", "entities": "caption_entities"}
    return {renamed.get(k, k): v for k, v in body.items()} | {kind: shown(file)}


def _own(telegram: Telegram, args: dict[str, Any], what: str) -> Message:
    chat = telegram.reach(args)
    number = int(args.get("message_id") or 0)
    if number <= 0:
        raise Refused(400, "Bad Request: message identifier is not specified")
    message = telegram.messages.get((chat, number))
    if message is None and (chat, number) in telegram.said:
        raise Refused(400, f"Bad Request: message can't be {what}{'d' if what.endswith('e') else 'ed'}")
    if message is None:
        raise Refused(400, f"Bad Request: message to {what} not found")
    return message


def _edited(telegram: Telegram, old: Message, new: Message) -> Any:
    if (old.text, old.entities, old.markup) == (new.text, new.entities, new.markup):
        raise Refused(400, NOT_MODIFIED)
    telegram.edits.append(new)
    telegram.messages[new.chat_id, new.message_id] = new
    return telegram.as_json(new)


async def _edit_text(telegram: Telegram, args: dict[str, Any]) -> Any:
    old = _own(telegram, args, "edit")
    text, entities = read_text(args)
    new = replace(old, at=time.time(), text=text, entities=entities, markup=read_keyboard(args), args=args)
    return _edited(telegram, old, new)


async def _edit_markup(telegram: Telegram, args: dict[str, Any]) -> Any:
    old = _own(telegram, args, "edit")
    return _edited(telegram, old, replace(old, at=time.time(), markup=read_keyboard(args), args=args))


async def _delete_message(telegram: Telegram, args: dict[str, Any]) -> Any:
    message = _own(telegram, args, "delete")
    del telegram.messages[message.chat_id, message.message_id]
    return True


async def _answer_query(telegram: Telegram, args: dict[str, Any]) -> Any:
    query = str(args.get("callback_query_id"))
    if query not in telegram.queries:
        raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    if units(str(args.get("text") or "")) > MAX_ANSWER:
        raise Refused(400, "Bad Request: MESSAGE_TOO_LONG")
    telegram.queries.discard(query)
    telegram.answers.append(args)
    return True


def _audience(args: dict[str, Any]) -> tuple[str, str]:
    scope = unpacked(args.get("scope")) or {"type": "default"}
    return ":".join(str(v) for v in scope.values()), str(args.get("language_code") or "")


async def _set_commands(telegram: Telegram, args: dict[str, Any]) -> Any:
    commands = unpacked(args.get("commands")) or []
    check_commands(commands)
    telegram.commands[_audience(args)] = commands
    return True


async def _get_commands(telegram: Telegram, args: dict[str, Any]) -> Any:
    return telegram.commands.get(_audience(args), [])


async def _get_chat(telegram: Telegram, args: dict[str, Any]) -> Any:
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
    )
    return {
        **telegram.chat(telegram.reach(args)),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": gifts,
    }


def _member(telegram: Telegram, chat: int, user: int) -> dict[str, Any]:
    owner = user in telegram.admins.get(chat, set())
    status = "creator" if owner else "left" if (chat, user) in telegram.outside else "member"
    return {"user": telegram.person(user), "status": status, **({"is_anonymous": False} if owner else {})}


async def _get_administrators(telegram: Telegram, args: dict[str, Any]) -> Any:
    chat = telegram.reach(args)
    return [_member(telegram, chat, user) for user in sorted(telegram.admins.get(chat, set()))]


async def _get_member(telegram: Telegram, args: dict[str, Any]) -> Any:
    return _member(telegram, telegram.reach(args), int(args["user_id"]))


async def _set_webhook(telegram: Telegram, args: dict[str, Any]) -> Any:
    await telegram.hook.set(args)
    return True


async def _delete_webhook(telegram: Telegram, args: dict[str, Any]) -> Any:
    await telegram.hook.set({k: v for k, v in args.items() if k == "drop_pending_updates"})
    return True


async def _webhook_info(telegram: Telegram, args: dict[str, Any]) -> Any:
    return telegram.hook.info()


async def _taken(telegram: Telegram, args: dict[str, Any]) -> Any:
    return True


METHODS: dict[str, Method] = {
    "getMe": _get_me,
    "getUpdates": _get_updates,
    "sendMessage": _send_message,
    "sendPhoto": _send_photo,
    "sendDocument": _send_document,
    "editMessageText": _edit_text,
    "editMessageReplyMarkup": _edit_markup,
    "deleteMessage": _delete_message,
    "answerCallbackQuery": _answer_query,
    "setMyCommands": _set_commands,
    "getMyCommands": _get_commands,
    "getChat": _get_chat,
    "getChatAdministrators": _get_administrators,
    "getChatMember": _get_member,
    "setWebhook": _set_webhook,
    "deleteWebhook": _delete_webhook,
    "getWebhookInfo": _webhook_info,
    "sendChatAction": _taken,
    "setMyDescription": _taken,
    "setMyShortDescription": _taken,
    "setChatMenuButton": _taken,
}
