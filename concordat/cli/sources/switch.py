"""`sources enable` and `sources disable`: sources and groups on and off, in a file of their own beside the operator's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from concordat.cli.common import HomeOption, console, fail
from concordat.cli.sources.common import complete_name, counted, home_of, short_path
from concordat.runtime import settings_for
from watcher.sources.files import SWITCHES, catalogue, read_folder, write_file
from watcher.sources.load import Roster, roster_of
from watcher.sources.switches import switched

Names = Annotated[list[str], typer.Argument(help="Ids of sources, or names of groups.", autocompletion=complete_name)]


def enable_command(names: Names, home: HomeOption = None) -> None:
    """Switch sources or groups on. A running watcher follows at once."""
    _switch(names, home, on=True)


def disable_command(names: Names, home: HomeOption = None) -> None:
    """Switch sources or groups off: they are listed, and not read. A running watcher follows at once."""
    _switch(names, home, on=False)


def _switch(names: list[str], home: Path | None, *, on: bool) -> None:
    settings = settings_for(home, quiet=True)
    folder = home_of(settings)
    found = switched([*(catalogue() if settings.builtin_sources else ()), *read_folder(folder)], names, on=on)
    path = folder / SWITCHES
    try:
        if found.groups or found.sources:
            write_file(path, found.text())
        else:
            path.unlink(missing_ok=True)
    except OSError as e:
        raise fail(f"{path} cannot be written ({e.strerror}); check its permissions") from None
    roster = roster_of(settings)
    for name in dict.fromkeys(names):
        console.print(_line(roster, name, on=on), highlight=False, markup=False, soft_wrap=True)
    if path.exists():
        console.print(f"written to {short_path(path)}", highlight=False, markup=False, soft_wrap=True)


def _line(roster: Roster, name: str, *, on: bool) -> str:
    alone = next((each for each in roster.listed if each.source.id == name), None)
    if alone is not None:
        return f"{name} is {'on' if on else 'off'}" + (f", and {alone.off}" if on and alone.off else "")
    members = roster.of_group(name)
    read = [each.source.id for each in members if not each.off]
    if on:
        waits = sorted({setting for each in members for setting in each.waits})
        waiting = f"; the others wait for {' and '.join(waits)}" if waits else ""
        return f"{name} is on: {len(read)} of {counted(len(members), 'source')} read{waiting}"
    stay = f"; on by themselves stay {', '.join(read)}" if read else ""
    return f"{name} is off: {counted(len(members) - len(read), 'source')} not read{stay}"
