"""An edit is live within moments and without a restart; a bad one is told with its place and changes nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.e2e.program import Program
from tests.fakes.feedhost import FeedHost
from tests.fakes.telegram import Telegram

CHAT = 7
RULE = """rules:
  - id: zeppelins
    title: Zeppelins
    topics: [airships]
    severity: high
    when: {all: [{words: [zeppelin]}]}
    cases:
      - fires: A zeppelin landed.
      - quiet: A plane landed.
"""


async def said(program: Program, text: str) -> None:
    """Wait until the program's log holds a text."""
    async with asyncio.timeout(60):
        while text not in program.log:
            await asyncio.sleep(0.05)


async def test_sources_and_rules_are_edited_while_it_runs(tmp_path: Path) -> None:
    """A source is added, a rule is broken, mended and fires."""
    async with FeedHost() as host, Telegram() as telegram:
        feed = host.feed("press")
        program = Program(tmp_path, telegram_token=telegram.token, telegram_api_url=telegram.url)
        await program.run("subscribers", "add", "--telegram", str(CHAT))
        await program.start()
        await program.ready()
        program.sources({"id": "press", "url": feed.url, "every": "1s"})
        await host.until(lambda: bool(feed.statuses), 60)
        (tmp_path / "rules" / "mine.yaml").write_text(RULE.replace("severity: high", "severity: hihg"))
        await said(program, "mine.yaml:5:15")
        (tmp_path / "sources" / "bad.yaml").write_text("sources:\n  - {id: x, ulr: y}\n")
        await said(program, "bad.yaml:2:18")
        (tmp_path / "rules" / "mine.yaml").write_text(RULE)
        await said(program, "rules changed")
        feed.publish("1", "A zeppelin was seen over the lake")
        await telegram.until(lambda: any("zeppelin" in m.text for m in telegram.to(CHAT)), 60)
        assert await program.stop() == 0
