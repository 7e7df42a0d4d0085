"""What commands share: the home option, tables and JSON on standard output, and running a coroutine with everything open."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from concordat.runtime import Runtime, running, settings_for
from watcher.store import Store

T = TypeVar("T")

HomeOption = Annotated[
    Path | None, typer.Option("--home", envvar="CONCORDAT_HOME", help="The home folder.", show_default="./concordat-home")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON for scripts.")]

console = Console()
stderr = Console(stderr=True)


def now() -> datetime:
    """The moment, with its zone; commands are where time comes in."""
    return datetime.now(UTC)


def with_runtime(home: Path | None, work: Callable[[Runtime], Awaitable[T]], *, quiet: bool = True) -> T:
    """Run `work` with store, Redis and bus open."""
    settings = settings_for(home, quiet=quiet)

    async def run() -> T:
        async with running(settings) as runtime:
            return await work(runtime)

    return asyncio.run(run())


def with_store(home: Path | None, work: Callable[[Store], T]) -> T:
    """Run `work` with only the store open."""
    from concordat.runtime import open_store

    store = open_store(settings_for(home, quiet=True))
    try:
        return work(store)
    finally:
        store.close()


def show(rows: Sequence[dict[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    """A listing: a table for people, JSON for scripts; `empty` is what people read when there is nothing."""
    if as_json:
        write_json(rows)
        return
    if not rows:
        console.print(empty)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_plain(row.get(c))) for c in columns))
    console.print(table)


def write_json(value: Any) -> None:
    """JSON on standard output; moments as RFC 3339."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=_plain, indent=2) + "\n")


def fail(message: str, code: int = 2) -> typer.Exit:
    """Say one clear line on standard error; raise what this returns."""
    typer.echo(message, err=True)
    return typer.Exit(code)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
