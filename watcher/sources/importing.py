"""Which sources of a list are new to a home, under which ids, and which are there already or cannot be used. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watcher.errors import Place, Problem
from watcher.model import ID, Source
from watcher.sources.load import check_entry
from watcher.sources.opml import Opml, Outline, folders_as
from watcher.sources.write import free_id, slug
from watcher.urls import canonical, host_of
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
    taken = {s.id for s in sources}
    addresses = {address_key(s): s.id for s in sources}
    entries: list[Mapping[str, Any]] = []
    known: list[Known] = []
    problems = list(opml.problems)
    for outline in opml.outlines:
        raw = _entry(outline, group, tuple(tags), taken)
        wrong: list[Problem] = []
        source = check_entry(raw, _document(outline, raw), wrong)
        problems += wrong
        if source is None or wrong:
            continue
        same = addresses.get(address_key(source))
        if same is not None:
            known.append(Known(outline.place, source.title or source.url, same))
            continue
        addresses[address_key(source)] = source.id
        taken.add(source.id)
        entries.append(raw)
    return Import(tuple(entries), tuple(known), tuple(sorted(problems)))


def address_key(source: Source) -> str:
    """What two sources share that read the same: a page by its canonical address, another kind by all that it asks for."""
    address = canonical(source.url)
    return f"{source.kind} {address}{source.address.removeprefix(source.url)}"


def new_id(title: str, url: str, taken: Container[str]) -> str:
    """An id made from a title, or from the host where the title has no letter for it, that nobody has."""
    return free_id(slug(title) or slug(host_of(url).removeprefix("www.")), taken)


def _entry(outline: Outline, group: str | None, tags: Sequence[str], taken: Container[str]) -> dict[str, Any]:
    raw = dict(outline.entry)
    in_group, folder_tags = folders_as(outline.folders, group)
    given = raw.get("tags", [])
    if isinstance(given, list):
        raw["tags"] = list(dict.fromkeys([*given, *folder_tags, *tags]))
    raw["group"] = in_group
    wanted = raw.get("id")
    if not isinstance(wanted, str) or not re.fullmatch(ID, wanted):
        raw["id"] = new_id(str(raw.get("title", "")), str(raw.get("url", "")), taken)
    elif wanted in taken:
        raw["id"] = free_id(wanted, taken)
    return {key: value for key, value in raw.items() if value not in ("", [])}


def _document(outline: Outline, raw: Mapping[str, Any]) -> Document:
    """All that is wrong with an outline is told at the outline."""
    return Document(outline.place.file, raw, {(): outline.place})
