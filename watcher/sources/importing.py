"""Which sources of a list are new to a home, under which ids, and which are there already or cannot be used. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watcher.errors import Place, Problem
from watcher.model import ID, Source
from watcher.sources.load import check_entry
from watcher.sources.opml import Opml, Outline, folders_as
from watcher.sources.write import Ids
from watcher.urls import canonical
from watcher.yamlfile import Document


@dataclass(frozen=True, slots=True)
class Known:
    """An entry of a list that is passed over, because the source `source_id` reads the same already."""

    place: Place
    title: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Import:
    """What a list would bring: entries to write, those known already, and those that cannot be used."""

    entries: tuple[Mapping[str, Any], ...]
    known: tuple[Known, ...]
    problems: tuple[Problem, ...]


def plan_import(opml: Opml, sources: Sequence[Source], group: str | None = None, tags: Iterable[str] = ()) -> Import:
    """Entries for every outline that `sources` do not read yet; `group` and `tags` are put on each of them."""
    ids = Ids(s.id for s in sources)
    addresses = {address_key(s): s.id for s in sources}
    entries: list[Mapping[str, Any]] = []
    known: list[Known] = []
    problems = list(opml.problems)
    for outline in opml.outlines:
        raw = _entry(outline, group, tuple(tags))
        named = raw["id"] if isinstance(raw.get("id"), str) and re.fullmatch(ID, raw["id"]) else None
        raw = {**raw, "id": named or "unnamed"}
        wrong: list[Problem] = []
        source = check_entry(raw, _document(outline, raw), wrong)
        problems += wrong
        if source is None or wrong:
            continue
        same = addresses.get(address_key(source))
        if same is not None:
            known.append(Known(outline.place, source.title or source.url, same))
            continue
        raw["id"] = ids.take(named) if named else ids.take_for(source.title, source.url)
        addresses[address_key(source)] = raw["id"]
        entries.append(raw)
    return Import(tuple(entries), tuple(known), tuple(sorted(problems)))


def address_key(source: Source) -> str:
    """What two sources share that read the same: a page by its canonical address, another kind by all that it asks for."""
    address = canonical(source.url)
    return f"{source.kind} {address}{source.address.removeprefix(source.url)}"


def _entry(outline: Outline, group: str | None, tags: Sequence[str]) -> dict[str, Any]:
    raw = dict(outline.entry)
    in_group, folder_tags = folders_as(outline.folders, group)
    given = raw.get("tags", [])
    if isinstance(given, list):
        raw["tags"] = list(dict.fromkeys([*given, *folder_tags, *tags]))
    raw["group"] = in_group
    return {key: value for key, value in raw.items() if value not in ("", [])}


def _document(outline: Outline, raw: Mapping[str, Any]) -> Document:
    """All that is wrong with an outline is told at the outline."""
    return Document(outline.place.file, raw, {(): outline.place})
