"""Checking what Concordat stands on, one question each, and what to do where the answer is bad."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from concordat.runtime import running
from notifier.channels.email import read_server
from notifier.channels.mailbox import mailer_of
from notifier.channels.telegram import Telegram
from rules.live import Folders
from watcher.errors import ConcordatError
from watcher.settings import Settings
from watcher.sources.load import roster_of
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
        ("home", _home), ("rule files", _rules), ("source files", _sources), ("source credentials", _credentials),
        ("Redis and database", _engines),
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
    roster = roster_of(settings)
    if not roster.active:
        return False, f"there is nothing to read; add a source to {settings.home / 'sources'}"
    off = len(roster.listed) - len(roster.active)
    return True, f"{len(roster.active)} sources" + (f", and {off} that are off: see `concordat sources list --health off`" if off else "")


async def _credentials(settings: Settings) -> tuple[bool | None, str]:
    """What sources wait for. One that the operator wrote ought to be read; a built-in one is an offer."""
    waiting = roster_of(settings).waiting
    if not waiting:
        return True, "no source waits for one"
    said = "; ".join(f"{_some([each.source.id for each in group])} for {' and '.join(waits)}" for waits, group in waiting.items())
    wanted = any(not each.builtin for group in waiting.values() for each in group)
    return (False if wanted else None), f"these sources wait: {said}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


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
    server = read_server(settings.smtp_url.get_secret_value())
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await mailer_of(settings).check()
    except TimeoutError:
        return False, f"{server.host}:{server.port} does not answer; check CONCORDAT_SMTP_URL"
    signed = ", and mails are signed" if settings.dkim_key else ""
    return True, f"{server.host}:{server.port} answers{' and takes the login' if server.user else ''}{signed}"
