"""`init`: a home folder with commented examples."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from concordat.cli.common import console, fail
from rules.spec import SECTIONS_BY_KIND, schema
from watcher.settings import DEFAULT_HOME

SCHEMAS = "schemas"  # the folder of what editors complete and check by; the first line of each example leads there
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
    """Write the example files that are not there, never over one that is; the schemas are renewed, for they belong to this version."""
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
    return [*written, *_write_schemas(folder / SCHEMAS)]


def _write_schemas(folder: Path) -> list[Path]:
    """Write the schemas of this version that are not there or are of another."""
    folder.mkdir(exist_ok=True)
    written = []
    for kind in SECTIONS_BY_KIND:
        path, text = folder / f"{kind}.json", json.dumps(schema(kind), ensure_ascii=False, indent=2) + "\n"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written
