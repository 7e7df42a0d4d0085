"""`sources check`: ask now, show what would be read, and say in one line what is wrong and what to try. Nothing is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from concordat.cli.common import HomeOption, JsonOption, console, fail, now, show, stderr, write_json
from concordat.cli.sources.common import (
    GroupOption,
    KindOption,
    TagOption,
    ago,
    chosen,
    complete_source,
    counted,
    find,
    reaching,
    span_text,
)  # fmt: skip
from concordat.runtime import settings_for
from watcher.ask import Reach, ask
from watcher.check import Report, report
from watcher.discover import discover
from watcher.errors import FetchReason
from watcher.listen import listens, overhear
from watcher.model import Facts, Source
from watcher.settings import Settings
from watcher.sources.discover import Suggestion
from watcher.sources.entry import Entry
from watcher.sources.feed import FeedSource
from watcher.sources.load import roster_of
from watcher.sources.write import entry_text
from watcher.state import SourceState
from watcher.units import format_duration
from watcher.urls import absolute

GIVEN = "given"  # the id of a source that stands for an address on the command line
AT_ONCE = 50  # sources asked at a time with --all; of one site it is one all the same
SHOWN = 10  # entries


def check_command(
    what: Annotated[str | None, typer.Argument(help="A source's id, or an address.", autocompletion=complete_source)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Ask every source that is read, or those that the options leave.")] = False,
    group: GroupOption = None, tag: TagOption = None, kind: KindOption = None, home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Ask a source, an address or all sources once, and show what would be read. Exit 1 when something is broken."""
    settings = settings_for(home, quiet=True)
    if (what is None) == (not everything):
        raise fail("write the id of a source, an address, or --all")
    if what is None:
        listed = chosen(roster_of(settings), group, tag, kind)
        _check_all(settings, [each.source for each in listed if not each.off], as_json=as_json)
        return
    url = absolute(what, "")
    source: Source = FeedSource(id=GIVEN, url=url) if url else find(roster_of(settings), what).source
    found, instead = asyncio.run(_look(settings, source))
    if as_json:
        write_json({**as_dict(found), "instead": [dict(each.entry) for each in instead]})
    else:
        show_report(found)
        _show_instead(instead)
    if found.error is not None:
        raise typer.Exit(1)


async def _look(settings: Settings, source: Source) -> tuple[Report, tuple[Suggestion, ...]]:
    """One reading; where an address shows no feed, also what else is there."""
    async with reaching(settings) as reach:
        found = await look(source, reach)
        if source.id != GIVEN or found.error is None or found.error.reason is not FetchReason.NOT_A_FEED:
            return found, ()
        return found, (await discover(source.url, reach)).suggestions


async def look(source: Source, reach: Reach) -> Report:
    """One reading as if it were the first."""
    answer = await (overhear(source, reach) if listens(source) else ask(source, SourceState(source.id, source.address), reach))
    return report(answer, now())


def _check_all(settings: Settings, sources: Sequence[Source], *, as_json: bool) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
        task = bar.add_task("asking sources", total=len(sources))
        reports = asyncio.run(_look_at_all(settings, sources, lambda: bar.advance(task)))
    failing = [r for r in reports if r.error is not None]
    if as_json:
        write_json([as_dict(r) for r in reports])
    else:
        _show_all(reports)
        line = f"{counted(len(reports), 'source')}: {len(reports) - len(failing)} can be read, {len(failing)} cannot"
        console.print(line, highlight=False, style="bold")
    if failing:
        raise typer.Exit(1)


async def _look_at_all(settings: Settings, sources: Sequence[Source], done: Callable[[], None]) -> list[Report]:
    limit = asyncio.Semaphore(AT_ONCE)
    async with reaching(settings) as reach:

        async def one(source: Source) -> Report:
            async with limit:
                found = await look(source, reach)
            done()
            return found

        return list(await asyncio.gather(*(one(source) for source in sources)))


def _show_all(reports: Sequence[Report]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("id", "entries", "newest", "what is wrong, and what to try"):
        table.add_column(column, overflow="fold", no_wrap=column in {"entries", "newest"})
    moment = now()
    for r in reports:
        wrong = f"{r.why}: {r.advice}" if r.error is not None else r.why or r.parsed.warning
        style = "red" if r.error is not None else ""
        table.add_row(Text(r.source.id, style), Text(str(len(r.parsed.entries))), Text(ago(r.newest, moment)), Text(wrong))
    if reports:
        console.print(table)


def show_report(r: Report) -> None:
    """What one look showed, for people; the first line is the verdict."""
    name = r.source.url if r.source.id == GIVEN else r.source.id
    if r.error is not None:
        _say(f"{name}: {r.why}")
        _say(f"try: {r.advice}")
        if not r.parsed.entries:
            return
    else:
        _say(f"{name}: {counted(len(r.parsed.entries), 'entry', 'entries')}" + (f", “{r.parsed.title}”" if r.parsed.title else ""))
    for key, value in _facts_of(r):
        _say(f"  {key}: {value}")
    rows = [_row(e) for e in r.entries[:SHOWN]]
    columns = [c for c in ("published", "title", "facts", "url") if c != "facts" or any(row["facts"] for row in rows)]
    show(rows, columns, as_json=False, empty="it holds nothing now")


def _facts_of(r: Report) -> list[tuple[str, str]]:
    moment = now()
    parsed = r.parsed
    newest = ago(r.newest, moment) if r.newest else "no entry has a date"
    undated = f", {r.undated} without a date" if r.undated and r.newest else ""
    facts = [
        ("read from", r.source.url if r.source.id != GIVEN else ""),
        ("moved for good to", f"{r.moved_to}; write that address" if r.moved_to else ""),
        ("newest", newest + undated if parsed.entries else ""),
        ("language", parsed.lang),
        ("read again after", f"{span_text(r.interval)}{' (as `every` says)' if r.source.every else ''}"),
        ("pushes through", f"{parsed.hub.url} (topic {parsed.hub.topic})" if parsed.hub is not None else ""),
        ("odd", parsed.warning),
        ("not used", counted(parsed.dropped, "entry", "entries") if parsed.dropped else ""),
        ("health", f"{r.health}: {r.why}" if r.error is None and r.why and r.why != parsed.warning else ""),
    ]
    return [(key, value) for key, value in facts if value]


def _row(entry: Entry) -> dict[str, Any]:
    return {"published": entry.published, "title": entry.title or entry.summary[:120], "url": entry.url, "facts": facts_text(entry.facts)}


def facts_text(facts: Facts) -> str:
    """`award · 1,200,000 USD · buyer → supplier`."""
    amount = f"{facts.amount:,.0f} {facts.currency or ''}".strip() if facts.amount is not None else ""
    parties = " → ".join(p for p in (facts.buyer, facts.supplier) if p)
    return " · ".join(part for part in (facts.stage or "", amount, parties) if part)


def as_dict(r: Report) -> dict[str, Any]:
    """All that one look showed, for scripts."""
    parsed = r.parsed
    return {
        "ok": r.error is None, "id": r.source.id, "kind": r.source.kind, "url": r.source.url, "health": str(r.health),
        "reason": str(r.error.reason) if r.error else None, "message": r.why or None, "try": r.advice or None, "title": parsed.title,
        "lang": parsed.lang, "warning": parsed.warning or None, "dropped": parsed.dropped, "newest": r.newest, "undated": r.undated,
        "moved_to": r.moved_to, "hub": asdict(parsed.hub) if parsed.hub is not None else None,
        "read_again_after": format_duration(r.interval), "entries": [_entry(e) for e in r.entries],
    }  # fmt: skip


def _entry(e: Entry) -> dict[str, Any]:
    published: datetime | None = e.published
    return {
        "id": e.entry_id, "published": published, "title": e.title or e.summary[:120], "url": e.url, "lang": e.lang, "author": e.author,
        "tags": list(e.tags), "facts": e.facts.as_dict(),
    }  # fmt: skip


def _show_instead(suggestions: Sequence[Suggestion]) -> None:
    """What can be written in a source file, ready to be copied."""
    if not suggestions:
        return
    _say("this can be read there; write it in a file of sources/, or give the address to `concordat sources add`:")
    for known in suggestions:
        count = "" if known.entries is None else f", {counted(known.entries, 'entry', 'entries')}"
        _say(f"  # {known.why}{count}{f', “{known.title}”' if known.title else ''}")
        _say(entry_text({"id": "choose-a-name", **{k: v for k, v in known.entry.items() if (k, v) != ("kind", "feed")}}).rstrip())


def _say(text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
