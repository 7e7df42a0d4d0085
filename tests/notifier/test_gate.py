"""Promises of notifier.bot.gate: Telegram says who administers a group, and is not asked more often than it must."""

from __future__ import annotations

from notifier.bot.gate import KEPT, Gate
from notifier.bot.intents import Intent, Verb
from notifier.channels.telegram import Telegram as Client
from tests.fakes.telegram import Standing, Telegram

GROUP, ADA, BOB = "-1001", 7, 8


async def test_admins_may_and_others_may_not() -> None:
    """One question a minute for a group, none for private chats, nameless posts, and what changes nothing."""
    async with Telegram() as telegram:
        telegram.admins[int(GROUP)] = {ADA}
        client, clock = Client(telegram.token, telegram.url), [0.0]
        gate = Gate(client, lambda: clock[0])
        follow = Intent(1, GROUP, Verb.FOLLOW, user=ADA, private=False)
        other = Intent(1, GROUP, Verb.FOLLOW, user=BOB, private=False)
        assert [await gate.may(i) for i in (follow, other, follow)] == [True, False, True]
        assert len(telegram.calls) == 1
        telegram.admins[int(GROUP)] = {BOB}
        assert await gate.may(other) is False
        clock[0] += KEPT + 1
        assert [await gate.may(i) for i in (follow, other)] == [False, True]
        for free in (
            Intent(1, "7", Verb.FOLLOW, user=BOB), Intent(1, GROUP, Verb.FOLLOW, private=False, nameless=True),
            Intent(1, GROUP, Verb.LATEST, user=3, private=False),
        ):  # fmt: skip
            assert await gate.may(free) is True
        assert len(telegram.calls) == 2
        await client.stop()


async def test_nobody_knows() -> None:
    """Where Telegram does not tell, nobody is taken for an admin, and the answer is asked for again."""
    async with Telegram() as telegram:
        telegram.standing[int(GROUP)] = Standing.KICKED
        client = Client(telegram.token, telegram.url)
        gate = Gate(client)
        follow = Intent(1, GROUP, Verb.FOLLOW, user=ADA, private=False)
        assert await gate.may(follow) is None
        telegram.standing.clear()
        telegram.admins[int(GROUP)] = {ADA}
        assert await gate.may(follow) is True
        await client.stop()
