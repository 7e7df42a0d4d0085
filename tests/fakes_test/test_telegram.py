"""The fake Bot API, spoken to through python-telegram-bot."""

from __future__ import annotations

import asyncio

import pytest
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity
from telegram import error as errors

from tests.fakes.telegram import Limits, Standing, Telegram, Trouble
from tests.fakes_test.botplay import ADA, GROUP, scenario


def keys(*data: str) -> InlineKeyboardMarkup:
    """One row of buttons."""
    return InlineKeyboardMarkup([[InlineKeyboardButton(d, callback_data=d) for d in data]])


def test_sends_and_shows() -> None:
    """A sent message is on record as it is seen, with entities, buttons and silence."""

    async def play(fake: Telegram, bot: Bot) -> None:
        answer = await bot.send_message(
            ADA, "<b>Venado</b> &amp; co", "HTML", reply_markup=keys("up"), disable_notification=True
        )
        (sent,) = fake.to(ADA)
        assert (sent.text, sent.message_id, sent.silent) == ("Venado & co", answer.message_id, True)
        assert [b["callback_data"] for b in sent.buttons] == ["up"]
        assert answer.entities[0].type == "bold"
        await bot.send_message(ADA, "plain", entities=[MessageEntity("bold", 0, 5)])
        assert fake.to(ADA)[1].entities == [{"type": "bold", "offset": 0, "length": 5}]

    scenario(play)


def test_a_conversation() -> None:
    """What a person says reaches the bot once it asks, language and all, and is gone when confirmed."""

    async def play(fake: Telegram, bot: Bot) -> None:
        asked = asyncio.create_task(bot.get_updates(timeout=5))
        await fake.until(lambda: fake.polls)
        fake.says(ADA, "/start now", lang="fr")
        (update,) = await asked
        assert update.message is not None
        assert update.message.from_user is not None
        assert (update.message.text, update.message.chat.type) == ("/start now", "private")
        assert update.message.from_user.language_code == "fr"
        assert update.message.entities[0].length == len("/start")
        assert await bot.get_updates(offset=update.update_id + 1, timeout=0) == ()
        fake.says(GROUP, "hello", user=ADA, kind="supergroup")
        fake.says(GROUP, "again", user=ADA)
        (last,) = await bot.get_updates(offset=-1)
        assert last.message is not None
        assert (last.message.text, last.message.chat.type) == ("again", "supergroup")

    scenario(play)


def test_allowed_updates() -> None:
    """Kinds of updates the bot did not ask for are not delivered to it."""

    async def play(fake: Telegram, bot: Bot) -> None:
        await bot.get_updates(allowed_updates=["callback_query"], timeout=0)
        fake.says(ADA, "hello")
        assert await bot.get_updates(timeout=0) == ()

    scenario(play)


def test_two_pollers_conflict() -> None:
    """A second getUpdates ends the first with 409."""

    async def play(fake: Telegram, bot: Bot) -> None:
        first = asyncio.create_task(bot.get_updates(timeout=5))
        await fake.until(lambda: fake.polls == 1)
        async with Bot(fake.token, base_url=fake.url) as other:
            second = asyncio.create_task(other.get_updates(timeout=5))
            with pytest.raises(errors.Conflict, match="terminated by other getUpdates"):
                await first
            fake.says(ADA, "hello")
            assert len(await second) == 1

    scenario(play)


def test_buttons() -> None:
    """A press carries its message; it is answered once; a button that is not there cannot be pressed."""

    async def play(fake: Telegram, bot: Bot) -> None:
        await bot.send_message(ADA, "alert", reply_markup=keys("up", "down"))
        query = fake.presses(fake.to(ADA)[0], "up")
        (update,) = await bot.get_updates()
        assert update.callback_query is not None
        assert (update.callback_query.data, update.callback_query.id) == ("up", query)
        await update.callback_query.answer("Thanks")
        assert fake.answers[0]["text"] == "Thanks"
        with pytest.raises(errors.BadRequest, match="Query is too old"):
            await bot.answer_callback_query(query)
        with pytest.raises(ValueError, match="no button"):
            fake.presses(fake.to(ADA)[0], "sideways")

    scenario(play)


def test_edits() -> None:
    """An edit replaces what is shown, and is refused where nothing changes or nothing is; a deleted one is gone."""

    async def play(fake: Telegram, bot: Bot) -> None:
        sent = await bot.send_message(ADA, "one", reply_markup=keys("up"))
        await bot.edit_message_text("two", ADA, sent.message_id, reply_markup=keys("up"))
        assert [m.text for m in fake.shown(ADA)] == ["two"]
        assert [m.text for m in fake.to(ADA)] == ["one"]
        with pytest.raises(errors.BadRequest, match="Message is not modified"):
            await bot.edit_message_text("two", ADA, sent.message_id, reply_markup=keys("up"))
        await bot.edit_message_reply_markup(ADA, sent.message_id, reply_markup=keys("down"))
        assert fake.shown(ADA)[0].buttons[0]["text"] == "down"
        with pytest.raises(errors.BadRequest, match="Message to edit not found"):
            await bot.edit_message_text("x", ADA, 999)
        await bot.delete_message(ADA, sent.message_id)
        assert fake.shown(ADA) == []
        assert len(fake.edits) == 2

    scenario(play)


@pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")  # the library warns of its own RetryAfter
def test_rates() -> None:
    """Too many messages get 429 with the seconds to wait, and are logged as refused."""

    async def play(fake: Telegram, bot: Bot) -> None:
        for _ in range(20):
            await bot.send_message(GROUP, "x")
        with pytest.raises(errors.RetryAfter, match=r"Retry in (60 seconds|0:01:00)"):
            await bot.send_message(GROUP, "x")
        assert [c.code for c in fake.refused] == [429]

    scenario(play, Telegram(clock=lambda: 0.0))


def test_rates_can_be_lifted() -> None:
    """With `enforce` off, any number passes."""

    async def play(fake: Telegram, bot: Bot) -> None:
        for _ in range(5):
            await bot.send_message(ADA, "x")

    scenario(play, Telegram(enforce=False, limits=Limits(burst=1), clock=lambda: 0.0))


@pytest.mark.parametrize("standing", list(Standing))
def test_chats_that_take_nothing(standing: Standing) -> None:
    """A chat may have blocked, lost or never known the bot; the answer says which."""

    async def play(fake: Telegram, bot: Bot) -> None:
        fake.standing[ADA] = standing
        kind = errors.Forbidden if standing.code == 403 else errors.BadRequest
        with pytest.raises(kind, match=standing.split(": ")[1].capitalize()[1:]):
            await bot.send_message(ADA, "x")
        assert fake.to(ADA) == []

    scenario(play)


def test_a_block_is_told() -> None:
    """A person who blocks the bot sends it one last update."""

    async def play(fake: Telegram, bot: Bot) -> None:
        fake.blocks(ADA)
        (update,) = await bot.get_updates()
        assert update.my_chat_member is not None
        assert update.my_chat_member.new_chat_member.status == "kicked"
        with pytest.raises(errors.Forbidden):
            await bot.send_message(ADA, "x")

    scenario(play)


def test_groups_move() -> None:
    """A group that became a supergroup tells its new number."""

    async def play(fake: Telegram, bot: Bot) -> None:
        fake.migrated[-5] = GROUP
        with pytest.raises(errors.ChatMigrated) as moved:
            await bot.send_message(-5, "x")
        assert moved.value.new_chat_id == GROUP

    scenario(play)


def test_tokens_and_methods() -> None:
    """A wrong token gets 401; a method nobody knows gets 404."""

    async def play(fake: Telegram, bot: Bot) -> None:
        stranger = Bot("42:WRONG", base_url=fake.url)
        with pytest.raises(errors.InvalidToken):
            await stranger.initialize()
        await stranger.shutdown()
        with pytest.raises(errors.EndPointNotFound):
            await bot.do_api_request("makeCoffee")
        assert [c.code for c in fake.refused] == [401, 404]

    scenario(play)


@pytest.mark.parametrize(
    ("trouble", "error", "taken"),
    [
        (Trouble.SERVER_ERROR, errors.NetworkError, 0),
        (Trouble.RESET_BEFORE, errors.NetworkError, 0),
        (Trouble.RESET_AFTER, errors.NetworkError, 1),
        (Trouble.HANG, errors.TimedOut, 0),
        (Trouble.PAGE, errors.NetworkError, 0),
        (Trouble.GARBAGE, errors.TelegramError, 1),
    ],
)
def test_troubles(trouble: Trouble, error: type[Exception], taken: int) -> None:
    """Each trouble fails one send as it says; only a lost answer leaves the message sent; the next send is fine."""

    async def play(fake: Telegram, bot: Bot) -> None:
        fake.troubles.append(trouble)
        with pytest.raises(error):
            await bot.send_message(ADA, "x", read_timeout=0.2)
        assert len(fake.to(ADA)) == taken
        await bot.send_message(ADA, "x")
        assert len(fake.to(ADA)) == taken + 1

    scenario(play)


def test_delay_and_lasting_trouble() -> None:
    """A trouble that is set stays until it is lifted; a delay keeps a send waiting; reading updates suffers neither."""

    async def play(fake: Telegram, bot: Bot) -> None:
        fake.trouble = Trouble.SERVER_ERROR
        for _ in range(2):
            with pytest.raises(errors.NetworkError, match="Internal Server Error"):
                await bot.send_message(ADA, "x")
        assert await bot.get_updates(timeout=0) == ()
        fake.trouble, fake.delay = None, 5
        with pytest.raises(errors.TimedOut):
            await bot.send_message(ADA, "x", read_timeout=0.1)

    scenario(play)


def test_chats_members_and_commands() -> None:
    """The bot can read chats and their administrators, and set its commands per language."""

    async def play(fake: Telegram, bot: Bot) -> None:
        assert (await bot.get_me()).username == "concordat_bot"
        fake.admins[GROUP] = {ADA}
        assert (await bot.get_chat(GROUP)).type == "supergroup"
        assert [m.user.id for m in await bot.get_chat_administrators(GROUP)] == [ADA]
        assert (await bot.get_chat_member(GROUP, ADA)).status == "creator"
        assert (await bot.get_chat_member(GROUP, 8)).status == "member"
        await bot.set_my_commands([BotCommand("start", "Subscribe")], language_code="en")
        assert (await bot.get_my_commands(language_code="en"))[0].command == "start"
        assert await bot.get_my_commands() == ()
        assert await bot.delete_webhook()
        assert (await bot.get_webhook_info()).url == ""

    scenario(play)


def test_files() -> None:
    """Photos and documents come with their bytes and a caption."""

    async def play(fake: Telegram, bot: Bot) -> None:
        await bot.send_document(ADA, b"a,b", caption="<b>Export</b>", parse_mode="HTML", filename="x.csv")
        await bot.send_photo(ADA, b"\x89PNG")
        document, photo = fake.to(ADA)
        assert document.text == "Export"
        assert document.file is not None
        assert (document.file.name, document.file.content) == ("x.csv", b"a,b")
        assert photo.text == ""

    scenario(play)
