"""Telegram's Bot API through python-telegram-bot: sending, editing, answering and listening.

The token appears in every address that the client calls: none of the client's own words are passed on (`telegramerrors` has ours), and
the HTTP library's log is kept quiet.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

# the library's switch for RetryAfter.retry_after as a timedelta; without it the error cannot even be made without a warning
os.environ.setdefault("PTB_TIMEDELTA", "1")

from telegram import (
    Bot,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MessageEntity,
    ReplyParameters,
    Update,
)
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from notifier.channels.telegramerrors import explain, harmless
from notifier.channels.telegramhook import Ear, Hook
from notifier.render import Keyboard, Message
from notifier.seal import Seal
from watcher.errors import DeliveryError, DeliveryReason

SEND_SECONDS = 15.0  # for one call, after which its outcome is unknown
POLL_SECONDS = 20  # a long poll
CONNECTIONS = 64
HOOK_CONNECTIONS = 4  # posts at the same time: few, so that what one person wrote comes in its order
UPDATES = ("message", "channel_post", "callback_query", "my_chat_member")

for _noisy, _level in (("httpx", logging.WARNING), ("httpcore", logging.WARNING), ("telegram", logging.CRITICAL)):
    logging.getLogger(_noisy).setLevel(_level)  # they log whole addresses, token and all, and what people wrote


class Telegram:
    """One bot. Every method raises DeliveryError."""

    def __init__(self, token: str, base_url: str) -> None:
        """Prepare the client; nothing is opened before `start`."""
        self._requests = (
            HTTPXRequest(CONNECTIONS, read_timeout=SEND_SECONDS, write_timeout=SEND_SECONDS, connect_timeout=10, pool_timeout=SEND_SECONDS),
            HTTPXRequest(1, read_timeout=10, connect_timeout=10),
        )
        self.seal = Seal(token)
        self.ear: Ear | None = None
        self._bot = Bot(token, base_url=base_url, request=self._requests[0], get_updates_request=self._requests[1])

    async def start(self) -> str:
        """Ask Telegram who we are; the bot's name."""
        await _said(self._bot.initialize())
        return self._bot.username

    @property
    def id(self) -> str:
        """The bot's number, which is the public half of its token."""
        return self._bot.token.split(":")[0]

    async def stop(self) -> None:
        """Close the connections, whether or not `start` ever got an answer."""
        for request in self._requests:
            await request.shutdown()

    async def send(
        self,
        chat: str,
        message: Message,
        *,
        reply_to: str | None = None,
        as_plain: bool = False,
        thread: int | None = None,
        silent: bool = False,
    ) -> str:
        """Send one message, into a topic of a forum where `thread` names one, without a sound if `silent`; Telegram's id of it."""
        answer = await _said(
            self._bot.send_message(
                chat_id=int(chat),
                text=message.body.text,
                entities=None if as_plain else _entities(message),
                reply_markup=self._markup(chat, message.keyboard),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_parameters=_reply(reply_to),
                message_thread_id=thread,
                disable_notification=silent or None,
            )
        )
        return str(answer.message_id)

    async def send_file(
        self, chat: str, name: str, content: bytes, caption: str = "", *, reply_to: str | None = None, thread: int | None = None
    ) -> str:
        """Send one file; Telegram's id of the message."""
        answer = await _said(
            self._bot.send_document(
                int(chat), content, caption=caption or None, filename=name, reply_parameters=_reply(reply_to), message_thread_id=thread
            )
        )
        return str(answer.message_id)

    async def edit(self, chat: str, ref: str, message: Message, *, as_plain: bool = False) -> None:
        """Show the message `ref` in a new state; one that shows it already is fine."""
        try:
            await _said(
                self._bot.edit_message_text(
                    chat_id=int(chat),
                    message_id=int(ref),
                    text=message.body.text,
                    entities=None if as_plain else _entities(message),
                    reply_markup=self._markup(chat, message.keyboard),
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                )
            )
        except DeliveryError as e:
            if "not modified" not in str(e):
                raise

    async def show_buttons(self, chat: str, ref: str, keyboard: Keyboard) -> None:
        """Put these buttons under the message `ref`; its text stays."""
        try:
            await _said(self._bot.edit_message_reply_markup(int(chat), int(ref), reply_markup=self._markup(chat, keyboard)))
        except DeliveryError as e:
            if "not modified" not in str(e):
                raise

    async def admins(self, chat: str) -> frozenset[int]:
        """Who administers a group or channel, by user id."""
        return frozenset(member.user.id for member in await _said(self._bot.get_chat_administrators(int(chat))))

    async def answer_press(self, query: str, text: str = "") -> None:
        """Stop the little clock on the button that was pressed, with a word on it."""
        await _said(self._bot.answer_callback_query(query, text=text[:200] or None))

    async def updates(self, offset: int | None) -> Sequence[Update]:
        """What people wrote or pressed and was not dealt with yet, as `ear` hears it; waits a while."""
        return await self.ear.updates(offset) if self.ear else await self.poll(offset)

    async def poll(self, offset: int | None) -> Sequence[Update]:
        """What people wrote or pressed since `offset`, asked for; waits up to `POLL_SECONDS`."""
        return cast(Sequence[Update], await _said(self._bot.get_updates(offset=offset, timeout=POLL_SECONDS, allowed_updates=UPDATES)))

    def read(self, body: dict[str, Any]) -> Update:
        """An update that was posted to us."""
        return Update.de_json(body, self._bot)

    async def set_hook(self, hook: Hook | None) -> None:
        """Have updates posted from now on, or asked for; none is dropped."""
        if hook is None:
            await _said(self._bot.delete_webhook())
        else:
            await _said(
                self._bot.set_webhook(hook.url, secret_token=hook.secret, allowed_updates=UPDATES, max_connections=HOOK_CONNECTIONS)
            )

    async def hook_state(self) -> tuple[str, datetime | None, str]:
        """Where updates are posted to, and when and how that failed last."""
        info = await _said(self._bot.get_webhook_info())
        return info.url, info.last_error_date, harmless(info.last_error_message or "")

    async def set_commands(self, commands: Sequence[tuple[str, str]], lang: str = "", chat: str = "") -> None:
        """What the bot's menu offers: to everybody, to those who speak `lang`, or in one chat."""
        scope = BotCommandScopeChat(int(chat)) if chat else None
        await _said(self._bot.set_my_commands(list(commands), scope=scope, language_code=lang or None))

    def _markup(self, chat: str, keyboard: Keyboard) -> InlineKeyboardMarkup | None:
        if not keyboard:
            return None
        seal = self.seal.close
        return InlineKeyboardMarkup([[InlineKeyboardButton(b.text, callback_data=seal(chat, b.data)) for b in row] for row in keyboard])


async def _said(call: Any) -> Any:
    try:
        return await call
    except TelegramError as e:
        raise explain(e) from None
    except Exception as e:  # noqa: BLE001  whatever else its client stumbles over: its words may hold the address, and so the token
        raise DeliveryError(DeliveryReason.UNKNOWN_OUTCOME, f"Telegram's answer cannot be read ({type(e).__name__})") from None


def _entities(message: Message) -> list[MessageEntity]:
    return [MessageEntity(e.type, e.offset, e.length, url=e.url or None) for e in message.body.entities()]


def _reply(to: str | None) -> ReplyParameters | None:
    return ReplyParameters(int(to), allow_sending_without_reply=True) if to else None
