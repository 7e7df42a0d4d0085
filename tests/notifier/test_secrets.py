"""The contract on secrets: whatever Telegram answers, no token, no address and no number of a chat stands in a log or an error of ours."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import select

from notifier import ledger
from notifier.channels.telegram import Telegram as Client
from notifier.channels.telegramerrors import harmless
from notifier.channels.telegramhook import Hook
from notifier.model import Kind
from notifier.render import Button, Message
from notifier.richtext import bold
from tests.fakes.botmethods import METHODS
from tests.fakes.botrules import Refused
from tests.fakes.telegram import Standing, Telegram, Trouble
from tests.notifier.world import join, ledger_rows, running, tell
from watcher.bus import Bus
from watcher.errors import DeliveryError
from watcher.log import configure_logging
from watcher.settings import Settings
from watcher.store import Store
from watcher.store.tables import dead_letters

TOKEN = "4242424242:AAE-secret_token-abcdefghijklmnop"
ADA, GROUP = 7_000_000_123, -1_001_234_567_890
MESSAGE = Message(bold("Hello"), ((Button("x", "up:1"),),))
CHAT = str(ADA)
CALLS: dict[str, Callable[[Client], Awaitable[object]]] = {
    "send": lambda c: c.send(CHAT, MESSAGE, reply_to="5"),
    "send_file": lambda c: c.send_file(CHAT, "x.csv", b"a,b"),
    "edit": lambda c: c.edit(CHAT, "5", MESSAGE),
    "show_buttons": lambda c: c.show_buttons(CHAT, "5", MESSAGE.keyboard),
    "admins": lambda c: c.admins(str(GROUP)),
    "answer_press": lambda c: c.answer_press("77", "noted"),
    "poll": lambda c: c.poll(None),
    "set_commands": lambda c: c.set_commands([("start", "begin")], chat=CHAT),
    "set_hook": lambda c: c.set_hook(Hook("https://secret.example.org/telegram/webhook", "s3cret-of-the-hook")),
    "hook_state": lambda c: c.hook_state(),
    "start": lambda c: c.start(),
}
SAID = (
    "Bad Request: can't parse entities in https://api.telegram.org/bot{token}/sendMessage",
    "Bad Request: chat {chat} not found; entity at {url}",
    "Forbidden: bot {token} was blocked by the user {chat}",
    "Bad Request: group chat {group} was upgraded to a supergroup chat, ask admin@secret.example.org or @secret_name",
    "{url}",
    "\x00\u202e{token}\n{token}",
    "Bad Request: wrong host 203.0.113.77:8081 or [2001:db8::77]:8081",
    "",
)
CODES = (400, 401, 403, 404, 409, 413, 418, 429, 500, 502, 504)


@dataclass(frozen=True, slots=True)
class Searched:
    """What may stand nowhere."""

    telegram: Telegram

    def find(self, text: str) -> list[str]:
        """The secrets that a text holds, however it spells them."""
        port = self.telegram.url.split(":")[2].split("/")[0]
        secrets = (
            TOKEN, TOKEN.split(":")[1], TOKEN.split(":", maxsplit=1)[0], str(ADA), str(GROUP), str(GROUP)[1:], "127.0.0.1:" + port,
            "secret.example.org", "s3cret-of-the-hook", "@secret_name", "203.0.113.77", "2001:db8", "api.telegram.org",
        )  # fmt: skip
        return [s for s in secrets if s in text]


def hostile(telegram: Telegram, said: str, code: int) -> Refused:
    """A refusal that gives everything away."""
    words = said.format(token=TOKEN, chat=ADA, group=GROUP, url=f"{telegram.url}{TOKEN}/sendMessage?chat_id={ADA}")
    more = {"retry_after": 1} if code == 429 else {"migrate_to_chat_id": GROUP} if "upgraded" in words else {}
    return Refused(code, words, **more)


def whole(error: BaseException) -> str:
    """All that is shown of an error where somebody logs it with its trace."""
    return "".join(traceback.format_exception(error)) + repr(error) + str(getattr(error, "__dict__", ""))


@pytest.mark.parametrize("name", list(CALLS))
async def test_no_call_gives_anything_away(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Each call fails in every way there is: only our own error comes out, and neither it nor any logger says a secret."""
    caplog.set_level(logging.DEBUG)
    async with Telegram(TOKEN) as telegram:
        telegram.troubled = frozenset(METHODS)
        client, searched, failed = Client(TOKEN, telegram.url), Searched(telegram), 0
        telegram.says(ADA, "so that a poll is answered at once")
        ways: list[Refused | Trouble] = [hostile(telegram, said, code) for said in SAID for code in CODES]
        ways += [Trouble.SERVER_ERROR, Trouble.RESET_BEFORE, Trouble.PAGE, Trouble.GARBAGE]
        for way in ways:
            if isinstance(way, Trouble):
                telegram.troubles.append(way)
            else:
                telegram.refusals.append(way)
            with pytest.raises(DeliveryError) as raised:
                await CALLS[name](client)
            failed += 1
            moved = raised.value.moved_to  # the one number that must be known: where a group went
            text = whole(raised.value).replace(str(moved), "") if moved else whole(raised.value)
            assert (way, searched.find(text)) == (way, [])
        assert failed == len(ways) == len(SAID) * len(CODES) + 4
        await client.stop()
    assert searched.find(caplog.text) == []


async def test_an_unreachable_server_gives_nothing_away(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody listens: the error says so without saying where."""
    caplog.set_level(logging.DEBUG)
    async with Telegram(TOKEN) as telegram:
        pass
    client, searched = Client(TOKEN, telegram.url), Searched(telegram)
    for call in CALLS.values():
        with pytest.raises(DeliveryError) as raised:
            await call(client)
        assert searched.find(whole(raised.value)) == []
    assert searched.find(caplog.text) == []
    await client.stop()


async def test_the_running_stage_gives_nothing_away(
    store: Store, bus: Bus, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """With every refusal and trouble in turn the stage goes on; its log, its health, its ledger and its dead letters hold no secret."""
    async with Telegram(TOKEN) as telegram:
        settings = Settings(home=tmp_path, telegram_token=SecretStr(TOKEN), telegram_api_url=telegram.url, log_format="json")
        configure_logging(settings)
        caplog.set_level(logging.DEBUG)
        searched, heard = Searched(telegram), list[str]()
        telegram.troubled = frozenset(METHODS) - {"getUpdates"}
        with store.begin() as conn:
            people = [join(conn, ADA + n) for n in range(len(SAID) * 3 + 4)]
            odd = ledger.new("notice:odd", people[-1].id, Kind.NOTICE, "test", datetime.now(UTC), payload={"text": TOKEN, "spans": 1})
            ledger.write(conn, [odd])
            tell(conn)
        async with running(settings, store, bus) as stage:
            await telegram.until(lambda: telegram.polls)
            telegram.refusals.extend(hostile(telegram, said, code) for said in SAID for code in (400, 403, 500))
            telegram.troubles.extend([Trouble.PAGE, Trouble.RESET_BEFORE])
            telegram.standing[ADA] = Standing.BLOCKED
            with store.begin() as conn:
                alert = tell(conn, "Second")
            await stage.publish(alert)
            await telegram.until(lambda: not telegram.refusals and not telegram.troubles, 30)
            telegram.says(ADA + 500, "/start")
            await telegram.until(lambda: telegram.to(ADA + 500), 30)
            heard += [f"{part}: {problem}" for part, problem in stage.health.items()]
        configure_logging(settings)
    out = capsys.readouterr()
    rows = [f"{r.reason}" for r in ledger_rows(store)]
    with store.reading() as conn:
        letters = list(conn.scalars(select(dead_letters.c.error)))
    assert letters
    assert any("not delivered" in line for line in out.err.splitlines())
    assert searched.find("\n".join([out.out, out.err, caplog.text, *heard, *rows, *letters])) == []


@given(st.text(), st.text())
def test_telegrams_words_lose_their_secrets(before: str, after: str) -> None:
    """Wherever they stand, a token, an address and a number are not passed on; what is passed on is short and one that can be shown."""
    for secret in (TOKEN, f"https://api.telegram.org/bot{TOKEN}/x", str(GROUP), "ada@secret.example.org"):
        words = harmless(f"{before} {secret} {after}")
        assert secret not in words
        assert len(words) <= 200
    assert harmless("Bad Request: message thread not found") == "Bad Request: message thread not found"
    assert harmless("Too Many Requests: retry after 37") == "Too Many Requests: retry after 37"
