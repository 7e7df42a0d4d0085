"""`concordat sources check` on social networks: what people see of posts without a title, and of doors that are closed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.e2e.program import Program
from tests.fakes.social import Social

POST = "OpenAI signs with Los Alamos"


@pytest_asyncio.fixture
async def social() -> AsyncIterator[Social]:
    """Every network, with one post on each."""
    async with Social() as social:
        social.speak(POST)
        yield social


def program(home: Path, social: Social, **settings: str) -> Program:
    """A home with a source of each kind."""
    program = Program(home, **settings)
    program.sources(*social.sources())
    return program


async def test_check_shows_every_network(social: Social, tmp_path: Path) -> None:
    """With credentials each kind can be read, and a post is shown by its text; no secret is."""
    settings = {
        "x_bearer_token": social.x.token, "bluesky_handle": social.bluesky.handle, "bluesky_password": social.bluesky.password,
    }  # fmt: skip
    concordat = program(tmp_path, social, **settings)
    code, out, err = await concordat.run("sources", "check", "--all", "--json")
    assert (code, err) == (0, "")
    assert {r["id"]: [e["title"] for e in r["entries"]] for r in json.loads(out)} == {s["id"]: [POST] for s in social.sources()}
    code, out, _ = await concordat.run("sources", "check", "bluesky-search")
    assert code == 0
    assert out.startswith("bluesky-search: 1 entry, “Bluesky: OpenAI”")
    assert POST in out
    assert social.bluesky.password not in out + err


async def test_check_names_the_setting_that_is_missing(social: Social, tmp_path: Path) -> None:
    """Without credentials those that need some are off until they are set, and a check of one says which; the others are read."""
    concordat = program(tmp_path, social)
    code, out, _ = await concordat.run("sources", "check", "--all", "--json")
    assert code == 0
    waiting = {"x-user", "x-search", "bluesky-list", "bluesky-search"}
    assert {r["id"] for r in json.loads(out)} == {s["id"] for s in social.sources()} - waiting
    code, out, _ = await concordat.run("sources", "check", "x-user")
    assert code == 1
    assert "CONCORDAT_X_BEARER_TOKEN" in out
