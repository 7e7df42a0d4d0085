"""`up` and `once`: the program running for good, or one time."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from concordat.cli.common import HomeOption, JsonOption, console, fail, stderr, with_runtime, write_json
from concordat.once import Summary, once
from concordat.runtime import Runtime, settings_for
from concordat.up import STAGES, up
from watcher.decide import Outcome
from watcher.model import Source


def up_command(
    home: HomeOption = None,
    only: Annotated[str, typer.Option("--only", help="Some of: watcher,rules,notifier,console.")] = "",
) -> None:
    """Run until SIGTERM: poll, match, alert, and serve the console."""
    wanted = [s.strip() for s in only.split(",") if s.strip()] or list(STAGES)
    unknown = [s for s in wanted if s not in STAGES]
    if unknown:
        raise fail(f"--only: {unknown[0]!r} is no stage; write some of {', '.join(STAGES)}")
    settings = settings_for(home)
    asyncio.run(up(settings, wanted, lambda address: stderr.print(f"Concordat is up: {address}", highlight=False)))


def once_command(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Poll every source one time, match, send what is due, and end; for cron."""

    async def work(runtime: Runtime) -> Summary:
        bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=stderr, transient=True
        )
        with bar:
            task = bar.add_task("reading sources", total=None)

            def progress(_source: Source, _outcome: Outcome, total: int) -> None:
                bar.update(task, total=total, advance=1)

            return await once(runtime, progress)

    summary = with_runtime(home, work)
    if as_json:
        write_json(summary.as_dict())
    else:
        console.print(summary.line())
