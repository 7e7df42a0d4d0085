"""`demo`: everything on this machine, with no account and no network."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from concordat.cli.common import console
from concordat.demo.plan import Telling, read_events
from concordat.demo.play import play
from notifier.model import Story
from notifier.render import alert_text
from watcher.log import configure_logging
from watcher.settings import Settings

_COLOURS = {"critical": "bold red", "high": "bold yellow", "normal": "bold", "low": "dim"}


def demo_command(
    folder: Annotated[Path, typer.Option("--dir", help="Where the demo keeps its files; emptied first.")] = Path("concordat-demo"),
    seconds: Annotated[float, typer.Option("--seconds", min=5, max=600, help="How long the replay takes.")] = 45,
) -> None:
    """Replay real past events through the real pipeline: alerts appear here, and a digest is left behind."""
    if (folder / "data").is_dir():
        shutil.rmtree(folder / "data")
    folder.mkdir(parents=True, exist_ok=True)
    configure_logging(Settings(home=folder), quiet=True)
    tellings = read_events()
    outlets = len({t.outlet for t in tellings})
    console.print(
        f"Replaying {len(tellings)} items of {outlets} outlets in {len({t.lang for t in tellings})} languages: "
        f"{len({t.event for t in tellings if t.event})} real events between noise.\n",
        highlight=False,
    )
    bar = Progress(TextColumn("[dim]published"), BarColumn(), MofNCompleteColumn(), console=console, transient=True)
    with bar:
        task = bar.add_task("", total=len(tellings))

        def told(_telling: Telling) -> None:
            bar.advance(task)

        def rang(story: Story, kind: str) -> None:
            bar.console.print(_line(story, kind))

        heard = asyncio.run(play(folder, tellings, seconds, told=told, rang=rang))
    page = folder / "digest.html"
    if heard.mail is not None:
        page.write_text(heard.mail.html, encoding="utf-8")
    console.print(
        f"\n{heard.items} items read over HTTP, {heard.rung} stories rang once each, "
        f"{heard.updates} further reports joined them in silence.\n"
        f"This morning's digest: {page}",
        highlight=False,
    )


def _line(story: Story, kind: str) -> Text:
    if kind != "new":
        return Text(f"   + {story.reports[-1].outlet if story.reports else ''}: now {story.item_count} reports · {story.title}", "dim")
    first, _, rest = alert_text(story).partition("\n")
    return Text.assemble((first, _COLOURS.get(story.severity, "bold")), ("\n" + rest if rest else "", ""), "\n")
