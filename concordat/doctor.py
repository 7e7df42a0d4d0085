"""Checking what Concordat stands on, one question each, and what to do where the answer is bad."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import Connection, func, select

from concordat.runtime import running
from notifier.channels.telegram import Telegram
from rules.live import Folders
from watcher.errors import ConcordatError
from watcher.settings import Settings
from watcher.sources.load import load_sources
from watcher.store.schema import head
from watcher.store.sources import load_states
from watcher.store.tables import dead_letters

CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question: `ok` True is well, None is not set up, False is bad and `text` says what to do."""

    what: str
    ok: bool | None
    text: str


async def examine(settings: Settings, heard: Callable[[Finding], None]) -> bool:
    """Ask every question; `heard` gets each answer as it comes. Whether nothing is bad."""
    questions: list[tuple[str, Callable[[Settings], Awaitable[tuple[bool | None, str]]]]] = [
        ("home", _home), ("rule files", _rules), ("source files", _sources), ("Redis and database", _engines),
        ("Telegram", _telegram), ("mail server", _smtp),
    ]  # fmt: skip
    well = True
    for what, ask in questions:
        try:
            ok, text = await ask(settings)
        except ConcordatError as e:
            ok, text = False, str(e)
        well = well and ok is not False
        heard(Finding(what, ok, text))
    return well


async def _home(settings: Settings) -> tuple[bool | None, str]:
    if not settings.home.is_dir():
        return False, f"{settings.home} is not there; `concordat init {settings.home}` writes it"
    if not os.access(settings.home, os.W_OK):
        return False, f"{settings.home} cannot be written; check its permissions"
    return True, str(settings.home)


async def _rules(settings: Settings) -> tuple[bool | None, str]:
    ruleset = (await asyncio.to_thread(Folders.of(settings).load)).ruleset
    return True, f"{len(ruleset.rules)} rules, {len(ruleset.entities)} entities, version {ruleset.version}"


async def _sources(settings: Settings) -> tuple[bool | None, str]:
    sources = load_sources(settings.home / "sources", builtin=settings.builtin_sources)
    if not sources:
        return False, f"there is nothing to read; add a source to {settings.home / 'sources'}"
    return True, f"{len(sources)} sources"


async def _engines(settings: Settings) -> tuple[bool | None, str]:
    async with running(settings) as runtime:
        states = await runtime.store.read(load_states)
        dead = await runtime.store.read(_dead)
    failing = sorted(s.source_id for s in states.values() if s.failures)
    text = f"both answer; database at step {head()}"
    if failing:
        text += f"; {len(failing)} sources failing ({', '.join(failing[:5])}): see `concordat sources list`"
    if dead:
        text += f"; {dead} dead letters: see `concordat dead list`"
    return True, text


def _dead(conn: Connection) -> int:
    return conn.execute(select(func.count()).where(dead_letters.c.replayed_at.is_(None))).scalar() or 0


async def _telegram(settings: Settings) -> tuple[bool | None, str]:
    if settings.telegram_token is None:
        return None, "not set up: get a token from @BotFather and set CONCORDAT_TELEGRAM_TOKEN"
    bot = Telegram(settings.telegram_token.get_secret_value(), settings.telegram_api_url)
    try:
        return True, f"the bot is @{await bot.start()}"
    finally:
        await bot.stop()


async def _smtp(settings: Settings) -> tuple[bool | None, str]:
    if settings.smtp_url is None:
        return None, "not set up: set CONCORDAT_SMTP_URL, such as smtp://user:password@mail.example.org:587?starttls=required"
    parts = urlsplit(settings.smtp_url.get_secret_value())
    port = parts.port or (465 if parts.scheme == "smtps" else 25)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except (OSError, TimeoutError):
        return False, f"{parts.hostname}:{port} does not answer; check CONCORDAT_SMTP_URL"
    writer.close()
    return True, f"{parts.hostname}:{port} answers"
