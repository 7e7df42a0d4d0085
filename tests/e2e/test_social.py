"""Social networks through the whole program, as an operator runs it: `up`, and a post on each network while it runs."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from tests.e2e.program import Program
from tests.fakes.social import Social

FIRST, SECOND = "OpenAI signs with Los Alamos", "OpenAI brings its models to Venado"


def stored(home: Path) -> dict[str, list[str]]:
    """The texts of the items of each source, and whether each may ring."""
    with sqlite3.connect(f"file:{home / 'data' / 'concordat.db'}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT source_id, title, summary, quiet FROM items ORDER BY id").fetchall()
    db.close()
    found: dict[str, list[str]] = {}
    for source, title, text, quiet in rows:
        found.setdefault(source, []).append(f"{title or text}{' (quiet)' if quiet == 'first_poll' else ''}")
    return found


async def test_up_reads_every_network(tmp_path: Path) -> None:
    """What stood there is taken in quietly; what is posted while it runs is an item of each source, once; one session serves all."""
    async with Social() as social:
        social.speak(FIRST)
        sources = social.sources()
        settings = {
            "x_bearer_token": social.x.token, "bluesky_handle": social.bluesky.handle, "bluesky_password": social.bluesky.password,
        }  # fmt: skip
        program = Program(tmp_path, **settings)
        program.sources(*({**source, "every": "1s"} for source in sources))
        await program.start("--only", "watcher,console")
        await program.ready()
        async with asyncio.timeout(60):
            while set(stored(tmp_path)) != {s["id"] for s in sources}:
                await asyncio.sleep(0.1)
            social.speak(SECOND)
            while any(len(texts) < 2 for texts in stored(tmp_path).values()):
                await asyncio.sleep(0.1)
        assert await program.stop() == 0
        assert stored(tmp_path) == {s["id"]: [f"{FIRST} (quiet)", SECOND] for s in sources}
        assert social.bluesky.sign_ins == 1
        assert social.x.charged == 4  # a timeline and a search, two posts each
        for secret in settings.values():
            assert secret not in program.log or secret == social.bluesky.handle
