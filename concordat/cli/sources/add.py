"""`sources add`: from an address to an entry in `sources/added.yaml`, after one look at what would be read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from concordat.cli.common import HomeOption, JsonOption, console, fail, write_json
from concordat.cli.sources.check import as_dict, look, show_report
from concordat.cli.sources.common import complete_group, home_of, not_read, reaching, short_path
from concordat.runtime import settings_for
from watcher.ask import Answer
from watcher.check import Report, report
from watcher.discover import discover
from watcher.errors import OperatorError, Place, Problem
from watcher.model import Source
from watcher.settings import Settings
from watcher.sources.discover import Suggestion, recognised
from watcher.sources.files import write_file
from watcher.sources.importing import address_key
from watcher.sources.kinds import KINDS
from watcher.sources.load import Roster, check_entry, roster_of
from watcher.sources.steps import Reading
from watcher.sources.write import Ids, entry_text, with_entries
from watcher.urls import absolute
from watcher.yamlfile import Document, parse

ADDED = "added.yaml"
HEADER = "# Sources that `concordat sources add` wrote. Edit them as you like; what is added later goes to the end.\n\n"
COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was found at an address: the keys of its entry, one look at it, and what else is there."""

    raw: Mapping[str, Any]
    report: Report | None = None
    others: Sequence[Suggestion] = ()


def add_command(
    address: Annotated[str, typer.Argument(help="Of a feed, a page, a site or an account; may be left out for kinds that have one.")] = "",
    source_id: Annotated[str | None, typer.Option("--id", help="Its id; made from its title otherwise.")] = None,
    title: Annotated[str, typer.Option("--title", help="How people call it; what it calls itself otherwise.")] = "",
    tags: Annotated[str, typer.Option("--tags", help="Tags, with commas between them.")] = "",
    every: Annotated[str, typer.Option("--every", help="How often it is read, such as 10m; it finds its own pace otherwise.")] = "",
    lang: Annotated[str, typer.Option("--lang", help="The language of what it holds, such as fr.")] = "",
    group: Annotated[str, typer.Option("--group", help="The group that it is switched with.", autocompletion=complete_group)] = "",
    kind: Annotated[str | None, typer.Option("--kind", help=f"What it is: {', '.join(KINDS)}.")] = None,
    more: Annotated[list[str] | None, typer.Option("--with", help="A key of its kind, as key=value; can be repeated.")] = None,
    no_check: Annotated[bool, typer.Option("--no-check", help="Write it without asking it.")] = False,
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Add a source: find the feed of a site, show what would be read, write it down. Exit 1 when it cannot be read."""
    settings = settings_for(home, quiet=True)
    path = home_of(settings) / ADDED
    roster = roster_of(settings)
    given = {"title": title, "lang": lang, "every": every, "group": group, "tags": [t for t in tags.replace(",", " ").split() if t]}
    written = {key: value for key, value in {**given, **_keys(more or [])}.items() if value not in ("", [])}
    url = _url(address, kind)
    if no_check:
        shown = recognised(url)[:1] if kind is None else ()
        chosen = Chosen(shown[0].entry if shown else {"kind": kind or "feed", **({"url": url} if url else {})})
    else:
        chosen = asyncio.run(_choose(settings, url, kind, written))
    raw = _entry(chosen, written, source_id, roster)
    _refuse_known(_valid(raw), roster)
    found = chosen.report
    if found is not None and not as_json:
        show_report(found)
    if found is not None and found.error is not None:
        if as_json:
            write_json({**as_dict(found), "added": False})
        raise fail("not added; with --no-check it is added all the same", 1)
    _write(path, raw)
    if as_json:
        write_json({"added": True, "file": str(path), "entry": raw, **({"check": as_dict(found)} if found else {})})
        return
    console.print(f"added to {short_path(path)}:", highlight=False, markup=False, soft_wrap=True)
    console.print(entry_text(raw).rstrip(), highlight=False, markup=False, soft_wrap=True)
    others = [f"also there: {other.entry.get('url', '')} ({other.why})" for other in chosen.others]
    for line in [*not_read(roster, [raw]), *others]:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _url(address: str, kind: str | None) -> str:
    if kind is not None and kind not in KINDS:
        raise fail(f"--kind: there is no kind {kind!r}; write one of {', '.join(KINDS)}")
    if not address:
        if kind is None:
            raise fail("give an address, or --kind and --with for one that needs none")
        return ""
    url = absolute(address if "://" in address else f"https://{address}", "")
    if not url or (address.count(".") == 0 and "://" not in address):
        raise fail(f"{address!r} is not an address; write one that begins with https://")
    return url


def _keys(given: Sequence[str]) -> dict[str, Any]:
    """`key=value` as in a file: a list in brackets is a list, true is true."""
    keys: dict[str, Any] = {}
    for each in given:
        key, found, value = each.partition("=")
        if not found or not key.isidentifier():
            raise fail(f"--with {each!r}: write key=value, such as --with 'links=h3 a'")
        try:
            keys[key] = parse(f"v: {value}\n", COMMAND_LINE).data["v"]
        except OperatorError:
            keys[key] = value
    return keys


async def _choose(settings: Settings, url: str, kind: str | None, keys: Mapping[str, Any]) -> Chosen:
    """The best that is at an address, looked at; each address is asked one time only."""
    async with reaching(settings) as reach:
        shown = recognised(url)[:1] if kind is None else ()
        if kind is not None or shown:
            raw = shown[0].entry if shown else {"kind": kind, **({"url": url} if url else {})}
            return Chosen(raw, await look(_valid({"id": "given", **raw, **keys}), reach))
        found = await discover(url, reach)
        if not found.suggestions:
            raise fail(f"{url}: {found.problem}; with --no-check it is added all the same", 1)
        best, *others = found.suggestions
        source = _valid({"id": "given", **best.entry, **keys})
        if best.parsed is None:
            return Chosen(best.entry, await look(source, reach), others)
        return Chosen(best.entry, report(Answer(source, Reading(best.parsed), headers=best.headers), reach.now()), others)


def _entry(chosen: Chosen, written: Mapping[str, Any], source_id: str | None, roster: Roster) -> dict[str, Any]:
    """The entry as it will stand in the file: what was written wins over what was found."""
    parsed = chosen.report.parsed if chosen.report is not None else None
    found = {"title": parsed.title, "lang": parsed.lang[:2].lower()} if parsed is not None else {}
    raw = {**chosen.raw, **{k: v for k, v in found.items() if v}, **written}
    taken = {each.source.id for each in roster.listed}
    if source_id in taken:
        raise fail(f"--id: there is a source {source_id!r} already; choose another id")
    name = source_id or Ids(taken).take_for(str(raw.get("title", "")) or _account(raw), str(raw.get("url", "")))
    return {"id": name, **{k: v for k, v in raw.items() if (k, v) != ("kind", "feed")}}


def _account(raw: Mapping[str, Any]) -> str:
    """What a source that has no title is called: `ec.europa.eu bluesky`."""
    kind = str(raw.get("kind", "feed"))
    words = [v for k, v in raw.items() if isinstance(v, str) and k not in Source.model_fields]
    return "" if kind in {"feed", "page", "sitemap"} else " ".join([*words, kind])


def _valid(raw: Mapping[str, Any]) -> Source:
    problems: list[Problem] = []
    source = check_entry(dict(raw), Document(COMMAND_LINE, raw, {(): Place(COMMAND_LINE)}), problems)
    if source is None or problems:
        raise OperatorError(problems)
    return source


def _refuse_known(source: Source, roster: Roster) -> None:
    for each in roster.listed:
        if address_key(each.source) == address_key(source):
            off = f", and is off: {each.off}" if each.off else ""
            raise fail(f"it is there already as {each.source.id}{off}", 1)


def _write(path: Path, raw: Mapping[str, Any]) -> None:
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else HEADER
        write_file(path, with_entries(text, str(path), [raw]))
    except (OSError, UnicodeDecodeError) as e:
        raise fail(f"{path} cannot be written ({getattr(e, 'strerror', None) or 'not UTF-8 text'}); check its permissions") from None
