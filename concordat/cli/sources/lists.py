"""`sources import` and `sources export`: lists of feeds from and for other readers, as OPML."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from concordat.cli.common import HomeOption, JsonOption, console, fail, stderr, write_json
from concordat.cli.sources.common import GroupOption, KindOption, TagOption, chosen, complete_group, counted, home_of, not_read, short_path
from concordat.runtime import settings_for
from watcher.sources.files import SWITCHES, write_file
from watcher.sources.importing import Import, plan_import
from watcher.sources.load import roster_of
from watcher.sources.opml import MAX_BYTES, read_opml, write_opml
from watcher.sources.write import slug, with_entries

SHOWN = 20  # lines of entries that are passed over


def import_command(
    file: Annotated[Path, typer.Argument(help="An OPML file.")],
    group: Annotated[
        str | None, typer.Option("--group", help="The group of all of them; their folders otherwise.", autocompletion=complete_group)
    ] = None,
    tags: Annotated[str, typer.Option("--tags", help="Tags for all of them, with commas between.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written.")] = False,
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Take over the feeds of another reader, into a file of their own. Exit 1 when some of them could not be used."""
    settings = settings_for(home, quiet=True)
    folder = home_of(settings)
    roster = roster_of(settings)
    sources = [each.source for each in roster.listed]
    found = plan_import(read_opml(_bytes(file), str(file)), sources, group, tags.replace(",", " ").split())
    path = folder / f"{slug(file.stem) or 'imported'}.yaml"
    if path.name == SWITCHES:
        path = folder / "imported.yaml"
    text = _text(path, file, found) if found.entries else ""
    if text and not dry_run:
        try:
            write_file(path, text)
        except OSError as e:
            raise fail(f"{path} cannot be written ({e.strerror}); check its permissions") from None
    if as_json:
        known = [{"place": str(k.place), "title": k.title, "id": k.source_id} for k in found.known]
        problems = [str(p) for p in found.problems]
        write_json({"file": str(path) if text else None, "entries": list(found.entries), "known": known, "problems": problems})
    else:
        if dry_run:
            sys.stdout.write(text)
        _report(found, path, written=bool(text) and not dry_run)
        for line in not_read(roster, found.entries):
            stderr.print(line, highlight=False, markup=False, soft_wrap=True)
    if found.problems:
        raise typer.Exit(1)


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as e:
        raise fail(f"{file} cannot be read ({e.strerror})") from None


def _text(path: Path, file: Path, found: Import) -> str:
    header = f"# Taken over from {file.name} by `concordat sources import`. Edit them as you like.\n\n"
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else header
    except (OSError, UnicodeDecodeError) as e:
        raise fail(f"{path} cannot be read ({getattr(e, 'strerror', None) or 'not UTF-8 text'})") from None
    return with_entries(text, str(path), found.entries)


def _report(found: Import, path: Path, *, written: bool) -> None:
    """What became of each entry, on standard error where a dry run writes the file's text to standard output."""
    lines = [str(p) for p in found.problems]
    lines += [f"{k.place}: {k.title} is there already as {k.source_id}" for k in found.known[:SHOWN]]
    lines += [f"and {len(found.known) - SHOWN} more are there already"] if len(found.known) > SHOWN else []
    for line in lines:
        stderr.print(line, highlight=False, markup=False, soft_wrap=True)
    counts = f"{counted(len(found.entries), 'new source')}, {len(found.known)} known already, {len(found.problems)} not usable"
    out = console if written or not found.entries else stderr
    out.print(counts + (f"; written to {short_path(path)}" if written else ""), highlight=False, markup=False, soft_wrap=True)


def export_command(
    file: Annotated[Path | None, typer.Argument(help="Where to write; standard output otherwise.")] = None,
    group: GroupOption = None, tag: TagOption = None, kind: KindOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Also the sources that are off.")] = False, home: HomeOption = None,
) -> None:  # fmt: skip
    """Write the sources as OPML: feeds for any reader, every other kind for `sources import`."""
    listed = chosen(roster_of(settings_for(home, quiet=True)), group, tag, kind)
    sources = [each.source for each in listed if everything or not each.off]
    text = write_opml("Concordat", sources)
    if file is None:
        sys.stdout.write(text)
        return
    try:
        write_file(file, text)
    except OSError as e:
        raise fail(f"{file} cannot be written ({e.strerror}); check its permissions") from None
    console.print(f"{counted(len(sources), 'source')} written to {short_path(file)}", highlight=False, markup=False, soft_wrap=True)
