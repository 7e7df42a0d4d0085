"""`sources`: what is read, how it is doing, and a look at a single one."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import typer

from concordat import __version__
from concordat.cli.common import HomeOption, JsonOption, console, fail, now, show, with_store, write_json
from concordat.runtime import settings_for
from watcher.ask import Answer, Reach, ask
from watcher.discover import Discovered, discover
from watcher.errors import FetchReason
from watcher.fetch import Client, HostGate
from watcher.model import Source
from watcher.service import credentials_of, user_agent
from watcher.settings import Settings
from watcher.sources.feed import FeedSource
from watcher.sources.load import load_sources
from watcher.state import SourceState
from watcher.store.sources import load_states
from watcher.urls import absolute
from watcher.websub.record import of_sources
from watcher.websub.subscription import Subscription, describe

GIVEN = "given"  # the id that an address has, which is in no file

sources_app = typer.Typer(help="What is read, and how it is doing.", no_args_is_help=True)


@sources_app.command("list")
def list_command(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Every source with its health and when it is read next."""
    settings = settings_for(home, quiet=True)
    sources = load_sources(settings.home / "sources", builtin=settings.builtin_sources)

    def states(store: Any) -> tuple[dict[str, SourceState], dict[str, Subscription]]:
        with store.reading() as conn:
            return load_states(conn), of_sources(conn)

    known, hubs = with_store(home, states)
    rows = [_row(s, known.get(s.id)) | {"push": describe(hubs[s.id], now()) if s.id in hubs else ""} for s in sources]
    columns = ("id", "kind", "health", "last_ok", "next", "items", "why")
    show(rows, columns, as_json=as_json, empty="no sources; add some under sources/, or set builtin_sources: true")


def _row(source: Source, state: SourceState | None) -> dict[str, Any]:
    return {
        "id": source.id, "kind": source.kind, "url": source.url, "tags": list(source.tags),
        "health": str(state.health) if state else "new", "why": state.health_reason if state else "",
        "last_ok": state.last_ok_at if state else None, "next": state.next_at if state else None,
        "items": state.items_read if state else 0,
    }  # fmt: skip


@sources_app.command("check")
def check_command(
    what: Annotated[str, typer.Argument(help="A source's id, or an address.")], home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Fetch a source once and show what would be read; nothing is stored. Exit 1 when it is broken."""
    settings = settings_for(home, quiet=True)
    source = _find(settings, what)
    answer = asyncio.run(_ask(settings, source))
    if answer.error is not None:
        looked = answer.error.reason is FetchReason.NOT_A_FEED and source.id == GIVEN
        found = asyncio.run(_discover(settings, source.url)) if looked else Discovered()
        if as_json:
            suggestions = [{**s.entry} for s in found.suggestions]
            write_json({"ok": False, "url": source.url, "reason": answer.error.reason, "message": str(answer.error), "try": suggestions})
        else:
            console.print(f"{source.url}: {found.problem or answer.error}", highlight=False, markup=False)
            _show_found(found)
        raise typer.Exit(1)
    assert answer.reading is not None, "nothing was read before, so something was read now"
    parsed = answer.reading.parsed
    if as_json:
        write_json({"ok": True, "url": source.url, "title": parsed.title, "entries": [_entry(e) for e in parsed.entries]})
        return
    console.print(f"{source.url}: {len(parsed.entries)} entries, “{parsed.title}”", highlight=False, markup=False)
    if parsed.warning or parsed.dropped:
        console.print(f"odd: {parsed.warning or ''} {parsed.dropped} entries could not be used", highlight=False, markup=False)
    show([_entry(e) for e in parsed.entries[:10]], ("published", "title", "url"), as_json=False, empty="the feed has no entries now")


def _entry(entry: Any) -> dict[str, Any]:
    return {"id": entry.entry_id, "published": entry.published, "title": entry.title or entry.summary[:120], "url": entry.url}


def _find(settings: Settings, what: str) -> Source:
    if absolute(what, ""):
        return FeedSource(id=GIVEN, url=what)
    for source in load_sources(settings.home / "sources", builtin=settings.builtin_sources):
        if source.id == what:
            return source
    raise fail(f"there is no source {what!r}; see `concordat sources list`, or give an address that begins with https://")


async def _ask(settings: Settings, source: Source) -> Answer:
    agent = user_agent(__version__, settings.public_url)
    async with Client(user_agent=agent, allow_private=settings.allow_private_addresses) as client:
        return await ask(source, SourceState(source.id, source.address), Reach(client, HostGate(), credentials_of(settings)))


async def _discover(settings: Settings, address: str) -> Discovered:
    agent = user_agent(__version__, settings.public_url)
    async with Client(user_agent=agent, allow_private=settings.allow_private_addresses) as client:
        return await discover(address, Reach(client, HostGate(), credentials_of(settings)))


def _show_found(found: Discovered) -> None:
    """What can be written in a source file, ready to be copied."""
    if not found.suggestions:
        return
    console.print("write in sources/my.yaml:")
    for known in found.suggestions:
        count = "" if known.entries is None else f", {known.entries} entries"
        console.print(f"  # {known.why}{count}{f', “{known.title}”' if known.title else ''}", highlight=False, markup=False)
        keys = "".join(f", {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in known.entry.items())
        console.print(f"  - {{id: choose-a-name{keys}}}", highlight=False, markup=False, soft_wrap=True)
