"""Stories are shown, split and merged at the terminal while the program runs, and the running program follows."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.e2e.program import Program
from tests.fakes.feedhost import FeedHost
from tests.fakes.telegram import Telegram

CHAT = 7
FIRST = "OpenAI partners with Los Alamos National Laboratory on the Venado supercomputer"
SECOND = "Los Alamos National Laboratory signs with OpenAI to run models on Venado"


async def answer(program: Program, *args: str) -> Any:
    """What a command says in JSON."""
    code, out, errors = await program.run("stories", *args, "--json")
    assert code == 0, errors
    return json.loads(out)


async def counted(program: Program, story: int, items: int) -> dict[str, Any]:
    """The story, once it has so many items."""
    async with asyncio.timeout(60):
        while len((told := await answer(program, "show", str(story)))["items"]) < items:
            await asyncio.sleep(0.2)
    return dict(told)


async def test_a_story_is_mended_while_the_program_runs(tmp_path: Path) -> None:
    """Two reports are one story; split, a copy joins the part that people gave it; merged, all are one again; nothing rings twice."""
    async with FeedHost() as host, Telegram() as telegram:
        feed = host.feed("press")
        program = Program(tmp_path, telegram_token=telegram.token, telegram_api_url=telegram.url)
        await program.run("subscribers", "add", "--telegram", str(CHAT))
        program.sources({"id": "press", "url": feed.url, "every": "1s"})
        await program.start()
        await program.ready()
        await host.until(lambda: bool(feed.statuses), 60)
        feed.publish("1", FIRST)
        await telegram.until(lambda: any("Venado" in m.text for m in telegram.to(CHAT)), 60)
        feed.publish("2", SECOND, url="https://second.example.org/2")
        [story] = [s["id"] for s in await answer(program, "list")]
        told = await counted(program, story, 2)
        assert "parties" in told["items"][1]["how"]
        await telegram.until(lambda: len(telegram.edits) == 1, 60)
        taken = told["items"][1]["id"]
        new = (await answer(program, "split", str(story), "--items", str(taken), "--by", "ann", "--why", "another event"))["new"]
        await telegram.until(lambda: len(telegram.edits) == 2, 60)
        feed.publish("3", SECOND, url="https://third.example.org/3")
        assert [i["title"] for i in (await counted(program, new, 2))["items"]] == [SECOND, SECOND]
        [step] = (await answer(program, "show", str(story)))["log"]
        assert (step["kind"], step["other_id"], step["by"], step["why"]) == ("split", new, "ann", "another event")
        await answer(program, "merge", str(story), str(new))
        code, out, _ = await program.run("stories", "show", str(new))
        assert code == 1
        assert f"merged into story {story}" in out
        code, _, errors = await program.run("stories", "split", str(story), "--items", "999")
        assert (code, "has no item 999" in errors) == (1, True)
        feed.publish("4", SECOND, url="https://fourth.example.org/4")
        assert len((await counted(program, story, 4))["items"]) == 4
        assert len([m for m in telegram.to(CHAT) if "Venado" in m.text]) == 1
        assert await program.stop() == 0
