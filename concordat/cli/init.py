"""`init`: a home folder with commented examples."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from concordat.cli.common import console, fail
from watcher.settings import DEFAULT_HOME

FILES = ("concordat.yaml", "sources/my-sources.yaml", "rules/my-rules.yaml", "entities/my-entities.yaml")


def init_command(folder: Annotated[Path, typer.Argument(help="The folder to write.")] = Path(DEFAULT_HOME)) -> None:
    """Write a home: settings, sources, rules and entities, each with commented examples."""
    try:
        written = write_home(folder)
    except OSError as e:
        raise fail(f"{folder} cannot be written ({e.strerror}); choose another folder or check its permissions") from None
    for path in written:
        console.print(f"wrote {path}", highlight=False)
    if not written:
        console.print(f"{folder} has everything already; nothing was changed", highlight=False)
    console.print(f"next: set CONCORDAT_TELEGRAM_TOKEN, then `concordat up --home {folder}`", highlight=False)


def write_home(folder: Path) -> list[Path]:
    """Write the example files that are not there; never overwrite one."""
    source = resources.files("concordat") / "home"
    written = []
    for name in FILES:
        path = folder / name
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((source / name).read_text(encoding="utf-8"), encoding="utf-8")
        written.append(path)
    (folder / "data").mkdir(exist_ok=True)
    return written
