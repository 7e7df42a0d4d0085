"""Reading what people write, by long polling: one update after the other, its effects and our place in the queue committed at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import Connection, select

from notifier import inbox
from notifier.bot.account import SHOWN
from notifier.bot.apply import apply
from notifier.bot.gate import Gate
from notifier.bot.intents import OPERATOR, Intent, parse
from notifier.bot.turn import Applied, House
from notifier.channels.telegram import Telegram
from notifier.sender import Sender
from notifier.tongue import LANGUAGES, tongue
from watcher.errors import DeliveryError, DeliveryReason, StoreError
from watcher.store import Store, on_conflict_update
from watcher.store.items import add_dead_letter
from watcher.store.tables import meta

if TYPE_CHECKING:
    from telegram import Update

log = structlog.get_logger("bot")

PAUSES = {DeliveryReason.AUTH: 60.0, DeliveryReason.REFUSED: 5.0}  # seconds before the next try; REFUSED is a second reader
PAUSE = 2.0
STREAM = "telegram"  # under which an update that cannot be understood is set aside


class Bot:
    """Answers people until told to stop."""

    def __init__(
        self,
        client: Telegram,
        store: Store,
        sender: Sender,
        house: Callable[[], House],
        *,
        now: Callable[[], datetime],
        health: Callable[[str, str | None], None],
    ) -> None:
        """`house` is asked at every update; `health` hears what is wrong with the bot, and None once nothing is."""
        self._client, self._store, self._sender, self._house, self._now, self._health = client, store, sender, house, now, health
        self.name = ""
        self._gate = Gate(client)
        self._asides: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Read and answer until `stop`; a poll under way is dropped, because nothing of it is confirmed."""
        reading = asyncio.create_task(self._read())
        await stop.wait()
        reading.cancel()
        await asyncio.gather(reading, *self._asides, return_exceptions=True)

    async def idle(self) -> None:
        """Return once nothing is left to be shown beside the outbox."""
        while self._asides:
            await asyncio.wait(self._asides)

    async def _read(self) -> None:
        complaint = ""
        while True:
            pause, wrong = PAUSE, ""
            try:
                if not self.name:
                    self.name = await self._begin()
                await self._round()
                pause = 0.0
            except DeliveryError as e:
                pause, wrong = e.retry_after or PAUSES.get(e.reason, PAUSE), str(e)
            except StoreError as e:
                wrong = str(e)
            except Exception as e:  # the edge of the loop: whatever an update provokes, people go on being heard
                log.exception("the bot stumbled")
                wrong = f"the bot stumbled: {type(e).__name__}"
            if wrong != complaint:
                complaint = wrong
                self._health("bot", wrong or None)
                if wrong:
                    log.error("the bot cannot listen", why=wrong)
            await asyncio.sleep(pause)

    async def _round(self) -> None:
        offset = await self._store.read(read_offset, self._client.id)
        for update in await self._client.updates(offset):
            await self.handle(update)

    async def handle(self, update: Update) -> None:
        """Do what one update asks; raises StoreError when the database is away, and then nothing of it was done."""
        intent = parse(update, self.name, self._client.seal)
        may = await self._gate.may(intent) if intent else True
        try:
            applied = await self._store.write(take, self._client.id, update.update_id, intent, self._house(), self._now(), may)
        except StoreError:
            raise
        except Exception as e:  # one update that cannot be handled must not come back for ever
            log.exception("an update is set aside", update=update.update_id)
            await self._store.write(set_aside, self._client.id, update.update_id, type(e).__name__, self._now())
            return
        self._sender.submit(applied.dues)
        if intent and intent.query:
            self._aside(self._acknowledge(intent, applied))

    def _aside(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do something whose failure means nothing: nobody waits for it."""
        task = asyncio.create_task(doing)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    async def _acknowledge(self, intent: Intent, applied: Applied) -> None:
        """Stop the clock on the pressed button, and show what is not kept: other buttons for a while, or a farewell."""
        try:
            await self._client.answer_press(intent.query or "", applied.word)
            if intent.message and applied.buttons is not None:
                await self._client.show_buttons(intent.chat, intent.message, applied.buttons)
            if intent.message and applied.farewell is not None:
                await self._client.edit(intent.chat, intent.message, applied.farewell)
        except DeliveryError as e:
            log.debug("a button's word came too late", why=str(e))

    async def _begin(self) -> str:
        """Say who we are and what we know, in each language; admins see the operator's commands in their own chats."""
        name = await self._client.start()
        everybody, operator = tuple(map(str, SHOWN)), tuple(sorted(map(str, OPERATOR)))
        await self._client.set_commands(_menu("en", everybody))
        self._aside(self._name_commands(everybody, operator))
        log.info("the bot listens", name=name)
        return name

    async def _name_commands(self, everybody: Sequence[str], operator: Sequence[str]) -> None:
        wanted = [(lang, "", everybody) for lang in LANGUAGES] + [
            (lang, str(admin), (*everybody, *operator)) for admin in sorted(self._house().admins) for lang in ("", *LANGUAGES)
        ]
        for lang, chat, verbs in wanted:
            try:
                await self._client.set_commands(_menu(lang or "en", verbs), lang, chat)
            except DeliveryError as e:  # an admin who never wrote to the bot has no chat yet
                log.debug("the menu of a chat is not set", why=str(e))


def _menu(lang: str, verbs: Sequence[str]) -> list[tuple[str, str]]:
    return [(verb, tongue(lang)(f"command.{verb}")) for verb in verbs]


def take(
    conn: Connection, bot: str, update_id: int, intent: Intent | None, house: House, now: datetime, may: bool | None = True
) -> Applied:
    """Apply an update and confirm it, in one transaction."""
    _confirm(conn, bot, update_id)
    return apply(conn, intent, house, now, may=may) if intent else Applied()


def set_aside(conn: Connection, bot: str, update_id: int, error: str, now: datetime) -> None:
    """Confirm an update that cannot be handled, and leave a dead letter."""
    _confirm(conn, bot, update_id)
    add_dead_letter(conn, STREAM, str(update_id), error, 1, now)


def read_offset(conn: Connection, bot: str) -> int | None:
    """The first update that was not confirmed yet, or None at the very beginning."""
    value = conn.scalar(select(meta.c.value).where(meta.c.name == _key(bot)))
    return int(value) if value else None


def _confirm(conn: Connection, bot: str, update_id: int) -> None:
    on_conflict_update(conn, meta, ["name"], {"name": _key(bot), "value": str(update_id + 1)})
    inbox.done(conn, bot, update_id)


def _key(bot: str) -> str:
    return f"telegram_offset:{bot}"
