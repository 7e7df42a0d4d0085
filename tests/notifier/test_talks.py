"""Promises of the whole bot: every command in two languages, said to the real loop, on a real Redis and a real database.

What is said and what is to be shown stands in `tests/data/talks`; `tests.notifier.talks` says how it is written and how it is played.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from notifier.bot.intents import COMMANDS
from tests.fakes.telegram import Standing
from tests.notifier.talks import PERSON, TALKS, World, agrees, play, read, world
from watcher.bus.embedded import EmbeddedRedis

pytestmark = pytest.mark.asyncio(loop_scope="module")
FILES = sorted(TALKS.glob("*.txt"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(redis_server: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One world for all talks, emptied before each."""
    async with world(redis_server.url, tmp_path_factory.mktemp("talks")) as here:
        yield here


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
async def test_a_talk(path: Path, here: World) -> None:
    """Everything is shown as it is written down, and Telegram refuses nothing of it."""
    needs, steps = read(path)
    async for step, expected, shown in play(here, needs, steps):
        assert agrees(expected, shown), f"{path.name}: after {step!r} this is shown:\n{shown}"
    assert [(c.method, c.why) for c in here.telegram.refused] == []
    assert steps


async def test_every_command_is_talked_about_in_two_languages() -> None:
    """No command is left out, and each is said in at least two languages."""
    languages: dict[str, set[str]] = defaultdict(set)
    for path in FILES:
        needs, steps = read(path)
        for step, _ in steps:
            if "> /" in step:
                languages[step.split("> /")[1].split()[0].split("@")[0]].add(needs["lang"])
    assert {c for c in COMMANDS if len(languages[c]) < 2} == set()


async def test_an_export_holds_what_is_kept_and_no_secret(here: World) -> None:
    """The document names wishes, votes and messages; tokens and codes stay with us."""
    needs = {"lang": "en"}
    said = ["> /start", "> /follow labs", "! alert high", "* 👍", "> /email ada@example.org", "! mail", "> /export"]
    async for _ in play(here, needs, [(s, "") for s in said]):
        pass
    file = here.telegram.to(PERSON)[-1].file
    assert file
    document = json.loads(file.content)
    assert document["subscriber"]["wishes"] == {"follows": [{"of": "topic", "what": "labs"}]}
    assert [m["address"] for m in document["mailboxes"]] == ["ada@example.org"]
    assert [v["vote"] for v in document["votes"]] == [1]
    assert "alert" in [m["kind"] for m in document["messages"]]
    assert here.code not in file.content.decode()
    assert "token" not in file.content.decode()


async def test_buttons_are_worth_nothing_elsewhere(here: World) -> None:
    """The data of a button of one chat, pressed in another or made up, changes nothing and says so."""
    async for _ in play(here, {"lang": "en"}, [("> /start", ""), ("> /topics", "")]):
        pass
    stolen = here.telegram.to(PERSON)[-1].buttons[0]["callback_data"]
    here.telegram.says(8, "/start", user=8)
    here.telegram.says(8, "/topics", user=8)
    await here.settled()
    message = here.telegram.to(8)[-1]
    for data in (stolen, "s:topics:all", "up:1", "x" * 64, ""):
        before = len(here.telegram.answers)
        here.telegram.presses(message, data, forged=True)
        await here.settled()
        assert "too old" in here.telegram.answers[before]["text"]
    assert not here.telegram.edits


async def test_everything_that_is_shown_fits_telegram(here: World) -> None:
    """A person with a hundred long follows and mutes can still open every page: no message is refused, pages turn."""
    words = ", ".join(f'"{"x" * 60} {n}"' for n in range(20))
    said = [f"> /follow {words}", "> /settings", "> /follow", "* ‹ Settings", "* Muted", "> /topics"]
    more = [f'> /follow {", ".join(chr(34) + "y" * 60 + str(20 * i + n) + chr(34) for n in range(20))}' for i in range(4)]
    async for _ in play(here, {"lang": "en"}, [(s, "") for s in ["> /start", *more, *said]]):
        pass
    assert here.telegram.refused == []
    assert all(len(b["callback_data"].encode()) <= 64 for m in here.telegram.sent for b in m.buttons)


async def test_menus_speak_every_language(here: World) -> None:
    """The command list is set for everybody, and once more in each language."""
    await here.settled()
    shown = {lang: {c["command"] for c in menu} for (scope, lang), menu in here.telegram.commands.items() if scope == "default"}
    assert shown.keys() == {"", "en", "fr", "de", "es"}
    assert all(menu == shown[""] and "follow" in menu and "broadcast" not in menu for menu in shown.values())
    described = {lang: menu for (_, lang), menu in here.telegram.commands.items()}
    assert described["fr"] != described["de"]


async def test_no_secret_is_told_to_a_log(here: World, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """Whatever people write, and whatever fails, the log holds no token, no address, no code and none of their words."""
    needs, steps = read(TALKS / "email.en.txt")
    async for _ in play(here, needs, steps[:6]):
        pass
    code = here.code
    here.telegram.standing[PERSON] = Standing.BLOCKED
    here.telegram.says(PERSON, "/follow private words of mine")
    await here.settled()
    said = "".join(capsys.readouterr()) + caplog.text
    assert said
    for secret in (here.telegram.token, "ada@example.org", code, "private words"):
        assert secret not in said
