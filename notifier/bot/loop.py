"""Reading what people write, by long polling: one update after the other, its effects and our place in the queue committed at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection, select

from notifier import inbox
from notifier.bot import texts
from notifier.bot.apply import Applied, House, apply
from notifier.bot.intents import Intent, parse
from notifier.channels.telegram import Telegram
from notifier.sender import Sender
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
        self._name = ""
        self._words: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Read and answer until `stop`; a poll under way is dropped, because nothing of it is confirmed."""
        reading = asyncio.create_task(self._read())
        await stop.wait()
        reading.cancel()
        await asyncio.gather(reading, *self._words, return_exceptions=True)

    async def _read(self) -> None:
        complaint = ""
        while True:
            pause, wrong = PAUSE, ""
            try:
                if not self._name:
                    self._name = await self._client.start()
                    await self._client.set_commands(texts.MENU)
                    log.info("the bot listens", name=self._name)
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
            intent = parse(update, self._name, self._client.seal)
            try:
                applied = await self._store.write(take, self._client.id, update.update_id, intent, self._house(), self._now())
            except StoreError:
                raise
            except Exception as e:  # one update that cannot be handled must not come back for ever
                log.exception("an update is set aside", update=update.update_id)
                await self._store.write(set_aside, self._client.id, update.update_id, type(e).__name__, self._now())
                continue
            self._sender.submit(applied.dues)
            self._acknowledge(update, applied)

    def _acknowledge(self, update: Update, applied: Applied) -> None:
        """Stop the clock on a pressed button; its failure means nothing, therefore nobody waits for it."""
        if update.callback_query:
            task = asyncio.create_task(self._answer(update.callback_query.id, applied.word))
            self._words.add(task)
            task.add_done_callback(self._words.discard)

    async def _answer(self, query: str, word: str) -> None:
        try:
            await self._client.answer_press(query, word)
        except DeliveryError as e:
            log.debug("a button's word came too late", why=str(e))


def take(conn: Connection, bot: str, update_id: int, intent: Intent | None, house: House, now: datetime) -> Applied:
    """Apply an update and confirm it, in one transaction."""
    _confirm(conn, bot, update_id)
    return apply(conn, intent, house, now) if intent else Applied()


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
