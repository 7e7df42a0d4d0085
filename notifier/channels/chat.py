"""Telegram chats as the sender sees them: alerts, answers and digests become messages, the limiter says when."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from notifier import render
from notifier.channels.telegram import Telegram
from notifier.channels.telegramhook import Ear, hook_of
from notifier.digest import as_message
from notifier.digests import compose_for
from notifier.jobs import Job
from notifier.limiter import Answer, Limiter
from notifier.model import Kind, Story
from notifier.notice import read_notice
from notifier.pace import Few
from notifier.personal import document
from notifier.render import Message
from watcher.bus import Bus
from watcher.errors import DeliveryError, DeliveryReason
from watcher.settings import Settings
from watcher.store import Store


class ChatOutlet:
    """Sends through one bot; `client` is the bot, which the loop that reads people's messages shares."""

    def __init__(self, client: Telegram, limiter: Limiter, store: Store) -> None:
        self.client = client
        self._store = store
        self._limiter = limiter
        self._few = Few(limiter.pace)

    async def ask(self, address: str) -> Answer:
        """When a message may go to this chat."""
        return await self._limiter.ask(address)

    async def hold(self, address: str, seconds: float) -> None:
        """Telegram asked us to leave this chat alone."""
        await self._limiter.hold(address, seconds)

    def passage(self) -> AbstractAsyncContextManager[None]:
        """As few messages under way as keep Telegram's pace."""
        return self._few.passage()

    def pause(self, address: str) -> float:
        """What Telegram asked for after this message's slot was booked."""
        return self._limiter.pause(address)

    async def send(self, job: Job) -> str | None:
        """Send or edit; where Telegram does not take our entities, once more without them."""
        file = (job.payload or {}).get("file")
        if file:
            return await self._give_file(job, file)
        message, reply_to = await self._composed(job)
        try:
            return await self._give(job, message, reply_to, as_plain=False)
        except DeliveryError as e:
            if e.reason is not DeliveryReason.MARKUP:
                raise
        return await self._give(job, message, reply_to, as_plain=True)

    async def close(self) -> None:
        """Close the bot's connections."""
        await self.client.stop()

    async def _give(self, job: Job, message: Message, reply_to: str | None, *, as_plain: bool) -> str | None:
        chat = job.subscriber.address
        if job.edit and job.remote_ref:
            async with self._limiter.pace.call():
                await self.client.edit(chat, job.remote_ref, message, as_plain=as_plain)
            return job.remote_ref
        thread = (job.payload or {}).get("thread", job.subscriber.thread)
        async with self._limiter.pace.call():
            return await self.client.send(chat, message, reply_to=reply_to, as_plain=as_plain, thread=thread, silent=job.silent)

    async def _give_file(self, job: Job, name: str) -> str:
        """What is kept of the chat, read when it is sent, so that no copy of it lies about."""
        content = await self._store.read(document, job.subscriber.id, datetime.now(UTC))
        message, reply_to = read_notice(job.payload or {})
        thread = (job.payload or {}).get("thread", job.subscriber.thread)
        async with self._limiter.pace.call():
            return await self.client.send_file(job.subscriber.address, name, content, message.body.text, reply_to=reply_to, thread=thread)

    async def _composed(self, job: Job) -> tuple[Message, str | None]:
        """What the chat is shown, and which message of its own it answers."""
        if job.kind in {Kind.NOTICE, Kind.BROADCAST}:
            return read_notice(job.payload or {})
        if job.kind is Kind.DIGEST and job.digest_id is not None:
            digest = await self._store.read(compose_for, job.digest_id)
            if digest:
                return as_message(digest), None
        if job.story is None:
            raise DeliveryError(DeliveryReason.REFUSED, "there is nothing left to tell", permanent=True)
        return _alert(job, job.story), job.reply_to


def _alert(job: Job, story: Story) -> Message:
    """An alert, several that waited together, or the answer to one."""
    tz, lang = job.subscriber.tz, job.subscriber.language
    if job.changes:
        return Message(render.change_body(story, job.changes, job.before, lang))
    stories = {p.story.id: p.story for p in job.parts}  # those that became one by hand are told once
    if len(stories) > 1:
        return Message(render.bundle_body(list(stories.values()), tz, lang))
    return render.alert(story, job.id, tz, lang)


def chat_outlet(settings: Settings, store: Store, bus: Bus) -> ChatOutlet | None:
    """The outlet for Telegram; None while no token is set."""
    if settings.telegram_token is None:
        return None
    client = Telegram(settings.telegram_token.get_secret_value(), settings.telegram_api_url)
    client.ear = Ear(client, store, hook_of(settings))
    return ChatOutlet(client, Limiter(bus), store)
