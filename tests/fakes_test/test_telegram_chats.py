"""The fake Bot API's chats, spoken to through python-telegram-bot: topics, answers, who comes and goes, and webhooks."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from telegram import Bot, ReplyParameters
from telegram import error as errors

from tests.fakes.telegram import Telegram
from tests.fakes_test.botplay import ADA, GROUP, scenario


def test_topics() -> None:
    """A message goes into an open topic, is refused by a closed one and by one that is not there; a person's words name theirs."""

    async def play(fake: Telegram, bot: Bot) -> None:
        fake.topics[GROUP] = {3: True, 4: False}
        sent = await bot.send_message(GROUP, "x", message_thread_id=3)
        assert (sent.message_thread_id, sent.is_topic_message, sent.chat.is_forum) == (3, True, True)
        assert fake.to(GROUP)[0].thread == 3
        with pytest.raises(errors.BadRequest, match=r"(?i)topic_closed"):
            await bot.send_message(GROUP, "x", message_thread_id=4)
        with pytest.raises(errors.BadRequest, match="Message thread not found"):
            await bot.send_message(GROUP, "x", message_thread_id=5)
        fake.says(GROUP, "/start", user=ADA, thread=3)
        (update,) = await bot.get_updates()
        assert update.message is not None
        assert (update.message.message_thread_id, update.message.is_topic_message) == (3, True)

    scenario(play)


def test_replies() -> None:
    """An answer names what it answers; to nothing it is refused, unless it may do without; a person's words cannot be edited."""

    async def play(fake: Telegram, bot: Bot) -> None:
        said = fake.says(ADA, "hello")
        await bot.send_message(ADA, "x", reply_parameters=ReplyParameters(said))
        assert fake.to(ADA)[0].reply_to == said
        with pytest.raises(errors.BadRequest, match="Message to be replied not found"):
            await bot.send_message(ADA, "x", reply_parameters=ReplyParameters(999))
        await bot.send_message(ADA, "x", reply_parameters=ReplyParameters(999, allow_sending_without_reply=True))
        with pytest.raises(errors.BadRequest, match="Message can't be edited"):
            await bot.edit_message_text("y", ADA, said)
        with pytest.raises(errors.BadRequest, match="Message identifier is not specified"):
            await bot.edit_message_text("y", ADA, 0)

    scenario(play)


def test_memberships() -> None:
    """Being taken back, added to a group, removed and moved are told; members come, go and may be without a name."""

    async def play(fake: Telegram, bot: Bot) -> None:
        fake.blocks(ADA)
        fake.unblocks(ADA)
        fake.adds(GROUP, ADA)
        fake.kicks(GROUP, ADA)
        changes = [u.my_chat_member for u in await bot.get_updates() if u.my_chat_member]
        assert [c.new_chat_member.status for c in changes] == ["kicked", "member", "member", "kicked"]
        with pytest.raises(errors.Forbidden, match="kicked"):
            await bot.send_message(GROUP, "x")
        fake.upgrades(-5, -1005)
        messages = [u.message for u in await bot.get_updates(offset=-2) if u.message]
        assert [(m.migrate_to_chat_id, m.migrate_from_chat_id) for m in messages] == [(-1005, None), (None, -5)]
        fake.outside.add((-1005, 9))
        assert (await bot.get_chat_member(-1005, 9)).status == "left"
        fake.says(-1005, "/settings", anonymous=True)
        fake.says(-1006, "/start", kind="channel")
        group, channel = (await bot.get_updates(offset=-2))[-2:]
        assert group.message is not None
        assert group.message.sender_chat is not None
        assert (group.message.sender_chat.id, group.message.from_user.username if group.message.from_user else "") == (
            -1005, "GroupAnonymousBot",
        )  # fmt: skip
        assert channel.channel_post is not None
        assert channel.channel_post.from_user is None

    scenario(play)


class Receiver:
    """Where a webhook leads: what came, with its secret, and what is answered."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.got: list[tuple[str, str]] = []

    async def take(self, request: web.Request) -> web.Response:
        """Take an update."""
        self.got.append(((await request.json())["message"]["text"], request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)


def test_a_webhook() -> None:
    """Updates are posted in their order with the secret, again where they were not taken; nobody may ask for them meanwhile."""

    async def play(fake: Telegram, bot: Bot) -> None:
        receiver = Receiver(500)
        app = web.Application()
        app.router.add_post("/hook", receiver.take)
        async with TestServer(app) as server:
            fake.says(ADA, "one")
            asked = str(server.make_url("/hook"))
            await bot.set_webhook(asked, secret_token="s3cret", allowed_updates=["message"])
            fake.says(ADA, "two")
            await fake.until(lambda: len(receiver.got) == 3 and not fake.updates)
            assert receiver.got == [("one", "s3cret"), ("one", "s3cret"), ("two", "s3cret")]
            info = await bot.get_webhook_info()
            assert (info.url, info.pending_update_count, info.allowed_updates) == (asked, 0, ("message",))
            assert "500" in (info.last_error_message or "")
            with pytest.raises(errors.Conflict, match="webhook is active"):
                await bot.get_updates(timeout=0)
            await bot.delete_webhook()
            fake.says(ADA, "three")
            assert [u.message.text for u in await bot.get_updates() if u.message] == ["three"]

    scenario(play)


def test_a_webhook_ends_a_poll() -> None:
    """A poll that is open when a webhook is set ends with 409; on Telegram's own server the address must be https."""

    async def play(fake: Telegram, bot: Bot) -> None:
        polling = asyncio.create_task(bot.get_updates(timeout=5))
        await fake.until(lambda: fake.polls == 1)
        await bot.set_webhook("http://127.0.0.1:9/hook")
        with pytest.raises(errors.Conflict):
            await polling
        fake.local = False
        with pytest.raises(errors.BadRequest, match=r"(?i)https url must be provided"):
            await bot.set_webhook("http://127.0.0.1:9/hook")

    scenario(play)
