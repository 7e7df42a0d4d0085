"""A Telegram Bot API on loopback that keeps Telegram's documented rules, and the people on its other side.

    async with Telegram() as telegram:
        bot = Bot(telegram.token, base_url=telegram.url)
        telegram.says(7, "/start")
        await telegram.until(lambda: telegram.to(7))
        telegram.presses(telegram.to(7)[0], "mute:labs")

What each call may say is in `botrules`; here is the server, what it remembers, and its troubles. Only new messages
count towards the rates; edits do not. With a webhook (`bothook`) it posts updates instead of waiting to be asked.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from tests.fakes.bothook import Webhook
from tests.fakes.botmethods import METHODS, Message, Upload
from tests.fakes.botrules import Flood, Limits, Refused, unpacked
from tests.fakes.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["SENDING", "Call", "Limits", "Message", "Standing", "Telegram", "Trouble"]

SENDING = frozenset(
    {"sendMessage", "sendPhoto", "sendDocument", "editMessageText", "editMessageReplyMarkup", "deleteMessage"}
)

# who stands as the author where an admin of a group writes in its name
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}


class Standing(StrEnum):
    """How a chat stands with the bot where it takes no messages; the value is what Telegram says then."""

    BLOCKED = "Forbidden: bot was blocked by the user"
    DEACTIVATED = "Forbidden: user is deactivated"
    KICKED = "Forbidden: bot was kicked from the supergroup chat"
    NOT_A_MEMBER = "Forbidden: bot is not a member of the channel chat"
    NEVER_STARTED = "Forbidden: bot can't initiate conversation with a user"
    GROUP_DELETED = "Forbidden: the group chat was deleted"
    NOT_FOUND = "Bad Request: chat not found"
    NO_RIGHTS = "Bad Request: not enough rights to send text messages to the chat"
    NOT_ADMIN = "Bad Request: need administrator rights in the channel chat"

    @property
    def code(self) -> int:
        """The error code that goes with the words."""
        return 403 if self.startswith("Forbidden") else 400


class Trouble(StrEnum):
    """What may befall a call."""

    SERVER_ERROR = "answered with 500, nothing done"
    HANG = "never answered, nothing done"
    RESET_BEFORE = "connection broken, nothing done"
    RESET_AFTER = "connection broken after it was done: accepted, but nobody was told"
    PAGE = "answered by something on the way, with 502 and a page that quotes the address; nothing done"
    GARBAGE = "answered with 200 and what is no JSON, after it was done"


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it came: when (Unix seconds), which method, its parameters, and the code answered (0: none reached
    the caller).
    """

    at: float
    method: str
    args: dict[str, Any]
    code: int
    why: str = ""


class Telegram(Watched):
    """The server and the state of its one bot.

    `standing` says which chats refuse the bot, `migrated` which groups moved (old id → new). `trouble` befalls every
    call of a `troubled` method for as long as it is set, `troubles` and `refusals` one call each; `delay` is in seconds. `clock`
    drives the rates. `topics` are the topics of a forum, by their threads, and whether each is open. `local` takes
    webhooks as a Bot API server of one's own does, on any address.
    """

    def __init__(
        self,
        token: str = "42:TEST",
        *,
        limits: Limits | None = None,
        enforce: bool = True,
        local: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.token = token
        self.url = ""
        self.enforce = enforce
        self.local = local
        self.flood = Flood(limits or Limits())
        self.clock = clock
        self.sent: list[Message] = []
        self.edits: list[Message] = []
        self.refused: list[Call] = []
        self.calls: list[Call] = []
        self.answers: list[dict[str, Any]] = []
        self.commands: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.messages: dict[tuple[int, int], Message] = {}
        self.standing: dict[int, Standing] = {}
        self.migrated: dict[int, int] = {}
        self.admins: dict[int, set[int]] = {}
        self.outside: set[tuple[int, int]] = set()
        self.topics: dict[int, dict[int, bool]] = {}
        self.said: set[tuple[int, int]] = set()
        self.kinds: dict[int, str] = {}
        self.queries: set[str] = set()
        self.updates: deque[dict[str, Any]] = deque()
        self.allowed: frozenset[str] = frozenset()
        self.polls = 0
        self.hook = Webhook(self)
        self.trouble: Trouble | None = None
        self.troubles: deque[Trouble] = deque()
        self.refusals: deque[Refused] = deque()
        self.troubled: frozenset[str] = SENDING
        self.delay = 0.0
        self._update_id = 1000
        self._message_id = 0
        self._runner: web.AppRunner | None = None

    # ------------------------------------------------------------ what people do

    def says(
        self,
        chat: int,
        text: str,
        *,
        user: int = 0,
        name: str = "Ada",
        lang: str = "en",
        kind: str = "",
        reply_to: int = 0,
        thread: int = 0,
        anonymous: bool = False,
    ) -> int:
        """A person writes in a chat; returns the message's id. In groups, `user` is who writes, or an admin without a name where
        `anonymous`; `thread` is the topic of a forum. In a channel nobody is named.
        """
        self.kinds[chat] = kind or self.kind(chat)
        message: dict[str, Any] = {
            "message_id": self.next_id(),
            "date": int(time.time()),
            "text": text,
            "chat": self.chat(chat, name),
        }
        channel = self.kind(chat) == "channel"
        if channel or anonymous:
            message["sender_chat"] = self.chat(chat, name)
        if not channel:
            message["from"] = ANONYMOUS if anonymous else self.person(user or abs(chat), name, lang)
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
        if thread:
            message |= {"message_thread_id": thread, "is_topic_message": True}
        if reply_to and (answered := self.messages.get((chat, reply_to))):
            message["reply_to_message"] = self.as_json(answered)
        self.said.add((chat, message["message_id"]))
        self.push("channel_post" if channel else "message", message)
        return int(message["message_id"])

    def presses(self, message: Message, button: str, *, user: int = 0, lang: str = "en", forged: bool = False) -> str:
        """A person presses a button that the message shows now, named by its text or its data; returns the query's id.

        Raises ValueError if it is not there, unless it is `forged`: a program may claim to have pressed any data.
        """
        shown = self.messages.get((message.chat_id, message.message_id))
        there = [b for b in (shown.buttons if shown else ()) if button in {b["text"], b.get("callback_data")}]
        data = button if forged else there[0].get("callback_data") if there else None
        if shown is None or data is None:
            raise ValueError(f"no button {button!r} under message {message.message_id}")
        query = str(self._update_id + 1)
        self.queries.add(query)
        person = self.person(user or abs(message.chat_id), "Ada", lang)
        self.push(
            "callback_query",
            {"id": query, "from": person, "chat_instance": "1", "data": data, "message": self.as_json(shown)},
        )
        return query

    def blocks(self, chat: int) -> None:
        """A person blocks the bot: sends are refused from now on, and the bot is told."""
        self.standing[chat] = Standing.BLOCKED
        self._member("member", "kicked", chat, chat)

    def unblocks(self, chat: int) -> None:
        """A person takes the bot back, which is told."""
        self.standing.pop(chat, None)
        self._member("kicked", "member", chat, chat)

    def adds(self, chat: int, user: int, name: str = "A group", kind: str = "") -> None:
        """A person takes the bot into a group or channel."""
        self.kinds[chat] = kind or self.kind(chat)
        self.standing.pop(chat, None)
        self._member("left", "member", chat, user, name)

    def kicks(self, chat: int, user: int) -> None:
        """A person removes the bot from a group or channel."""
        self.standing[chat] = Standing.KICKED
        self._member("member", "kicked", chat, user)

    def upgrades(self, chat: int, to: int) -> None:
        """A group becomes a supergroup with a new number, and both chats say so."""
        self.migrated[chat] = to
        self.kinds[to] = "supergroup"
        for where, other, field in ((chat, to, "migrate_to_chat_id"), (to, chat, "migrate_from_chat_id")):
            message = {"message_id": self.next_id(), "date": int(time.time()), "chat": self.chat(where, "A group")}
            self.push("message", {**message, "from": ANONYMOUS, field: other})

    def _member(self, old: str, new: str, chat: int, user: int, name: str = "Ada") -> None:
        """The bot's own membership changes, at the hand of a person."""
        bot = {"id": 42, "is_bot": True, "first_name": "Concordat"}
        body = {
            "chat": self.chat(chat, name), "from": self.person(user), "date": int(time.time()),
            "old_chat_member": {"user": bot, "status": old, **({"until_date": 0} if old == "kicked" else {})},
            "new_chat_member": {"user": bot, "status": new, **({"until_date": 0} if new == "kicked" else {})},
        }  # fmt: skip
        self.push("my_chat_member", body)

    def to(self, chat: int) -> list[Message]:
        """What was sent to a chat, as it was sent."""
        return [m for m in self.sent if m.chat_id == chat]

    def shown(self, chat: int) -> list[Message]:
        """What a person sees in the chat now, edits made and deletions gone, oldest first."""
        return [m for (where, _), m in sorted(self.messages.items()) if where == chat]

    # ------------------------------------------------------------ what the methods stand on

    def next_id(self) -> int:
        """The next message's id."""
        self._message_id += 1
        return self._message_id

    def kind(self, chat: int) -> str:
        """The type of a chat: as someone said, else by its number."""
        return self.kinds.get(chat) or (
            "private" if chat > 0 else "supergroup" if str(chat).startswith("-100") else "group"
        )

    def chat(self, chat: int, name: str = "Ada") -> dict[str, Any]:
        """A chat as Telegram writes it."""
        kind = self.kind(chat)
        forum = {"is_forum": True} if chat in self.topics else {}
        return {"id": chat, "type": kind, "first_name" if kind == "private" else "title": name, **forum}

    def person(self, user: int, name: str = "Ada", lang: str = "en") -> dict[str, Any]:
        """A user as Telegram writes it."""
        return {"id": user, "is_bot": False, "first_name": name, "language_code": lang}

    def as_json(self, message: Message) -> dict[str, Any]:
        """A message of the bot as Telegram writes it."""
        known = {"entities": message.entities, "reply_markup": message.markup, "message_thread_id": message.thread}
        return {
            "message_id": message.message_id,
            "date": int(message.at),
            "text": message.text,
            "chat": self.chat(message.chat_id),
            "from": {"id": 42, "is_bot": True, "first_name": "Concordat", "username": "concordat_bot"},
            **({"is_topic_message": True} if message.thread else {}),
            **{k: v for k, v in known.items() if v},
        }

    def push(self, kind: str, body: dict[str, Any]) -> None:
        """Queue an update, unless the bot asked for other kinds only."""
        self._update_id += 1
        if not self.allowed or kind in self.allowed:
            self.updates.append({"update_id": self._update_id, kind: body})
            self.changed()

    def reach(self, args: dict[str, Any]) -> int:
        """The chat of a call; raises Refused where the bot cannot write there."""
        try:
            chat = int(args["chat_id"])
        except (KeyError, ValueError):
            raise Refused(400, "Bad Request: chat not found") from None
        if chat in self.migrated:
            why = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(400, why, migrate_to_chat_id=self.migrated[chat])
        if standing := self.standing.get(chat):
            raise Refused(standing.code, standing.value)
        return chat

    def place(self, chat: int, args: dict[str, Any]) -> int:
        """The topic that a message is for, 0 where none; raises Refused where it is not there, closed, or answers nothing."""
        thread = int(args.get("message_thread_id") or 0)
        if thread and thread not in self.topics.get(chat, {}):
            raise Refused(400, "Bad Request: message thread not found")
        if thread and not self.topics[chat][thread]:
            raise Refused(400, "Bad Request: TOPIC_CLOSED")
        reply = unpacked(args.get("reply_parameters")) or {}
        answered = chat, int(reply.get("message_id") or 0)
        if reply and not reply.get("allow_sending_without_reply") and answered not in self.messages and answered not in self.said:
            raise Refused(400, "Bad Request: message to be replied not found")
        return thread

    # ------------------------------------------------------------ the server

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        # A call that hangs must end when its caller gives up, and must not hold up the end of a test.
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/bot"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.hook.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args: dict[str, Any] = dict(request.query)
        if request.content_type == "application/json" and request.can_read_body:
            args |= await request.json()
        elif request.can_read_body:
            args |= {k: v if isinstance(v, str) else Upload(v.filename, v.file.read()) for k, v in (await request.post()).items()}  # type: ignore[union-attr]
        trouble = await self._befalls(method)
        if trouble is Trouble.RESET_BEFORE:
            self._log(Call(time.time(), method, args, 0, trouble))
            return _cut(request)
        if trouble is Trouble.PAGE:
            self._log(Call(time.time(), method, args, 0, trouble))
            return web.Response(status=502, text=f"<html><h1>502</h1>{request.url} did not answer", content_type="text/html")
        try:
            if request.match_info["token"] != self.token:
                raise Refused(401, "Unauthorized")
            if trouble is Trouble.SERVER_ERROR:
                raise Refused(500, "Internal Server Error")
            if method in self.troubled and self.refusals:
                raise self.refusals.popleft()
            if method not in METHODS:
                raise Refused(404, "Not Found")
            result = await METHODS[method](self, args)
        except Refused as no:
            self._log(Call(time.time(), method, args, no.code, no.why))
            body = {"ok": False, "error_code": no.code, "description": no.why}
            return web.json_response({**body, "parameters": no.parameters} if no.parameters else body, status=no.code)
        if trouble is Trouble.GARBAGE:
            self._log(Call(time.time(), method, args, 0, trouble))
            return web.Response(text=f"<html>{request.url}", content_type="application/json")
        lost = trouble is Trouble.RESET_AFTER
        self._log(Call(time.time(), method, args, 0 if lost else 200, trouble or ""))
        return _cut(request) if lost else web.json_response({"ok": True, "result": result})

    async def _befalls(self, method: str) -> Trouble | None:
        if method not in self.troubled:
            return None
        await asyncio.sleep(self.delay)
        trouble = self.troubles.popleft() if self.troubles else self.trouble
        if trouble is Trouble.HANG:
            await asyncio.sleep(3600)
        return trouble

    def _log(self, call: Call) -> None:
        self.calls.append(call)
        if call.code not in {0, 200}:
            self.refused.append(call)
        self.changed()


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
