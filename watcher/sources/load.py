"""The sources of a home: the built-in catalogue, then the operator's files, with overrides, groups and switches.

Every mistake at once, with its place. What a source says of itself wins over what is said of its group; what is written later (the
operator's files over the catalogue, `switches.yaml` over both) wins over what is written earlier.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from watcher.errors import OperatorError, Place, Problem
from watcher.model import Source
from watcher.settings import PREFIX, Settings
from watcher.sources.files import OURS, Layer, SourceFile, Text, Written, catalogue, read_file, read_folder
from watcher.sources.kinds import KINDS
from watcher.urls import absolute
from watcher.yamlfile import Document, suggest, validate


@dataclass(frozen=True, slots=True)
class Group:
    """Sources that are switched together; `switched` is where an operator did so last, None where nobody did."""

    name: str
    title: str = ""
    on: bool = True
    switched: Place | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A source as the files have it. `off` says why it is not read, and is empty when it is; `waits` are the settings it only waits for."""

    source: Source
    place: Place
    builtin: bool
    off: str = ""
    waits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Roster:
    """Every source of a home, read or not, and every group."""

    listed: tuple[Listed, ...]
    groups: Mapping[str, Group]

    @property
    def active(self) -> tuple[Source, ...]:
        """The sources that are read."""
        return tuple(each.source for each in self.listed if not each.off)

    @property
    def waiting(self) -> dict[tuple[str, ...], list[Listed]]:
        """Sources that would be read if these settings were given."""
        found: dict[tuple[str, ...], list[Listed]] = {}
        for each in self.listed:
            if each.waits:
                found.setdefault(each.waits, []).append(each)
        return found

    def of_group(self, name: str) -> tuple[Listed, ...]:
        """The sources of one group, read or not."""
        return tuple(each for each in self.listed if each.source.group == name)


def load_sources(folder: Path | None, *, builtin: bool = True) -> tuple[Source, ...]:
    """Every source that is switched on, the built-in ones first, whatever they wait for; raises OperatorError with all mistakes."""
    return load_roster(folder, builtin=builtin).active


def roster_of(settings: Settings) -> Roster:
    """Every source of a home; those that wait for a setting are off until it is given. Raises OperatorError with all mistakes."""
    given = {name for name in Settings.model_fields if getattr(settings, name)}
    return load_roster(settings.home / "sources", builtin=settings.builtin_sources, given=given)


def load_roster(folder: Path | None, *, builtin: bool = True, given: Collection[str] | None = None) -> Roster:
    """As `roster_of`, where `given` are the names of the settings that are set; None stands for all."""
    own = read_folder(folder)
    hidden = () if builtin or not own else catalogue()
    return read_roster([*(catalogue() if builtin else ()), *own], given, hidden)


def read_roster(texts: Sequence[Text], given: Collection[str] | None = None, hidden: Sequence[Text] = ()) -> Roster:
    """Sources from texts; of `hidden` ones only the names of groups are known. Raises OperatorError with all mistakes."""
    layers = _Layers()
    for text in texts:
        file = read_file(text, layers.problems)
        if file is not None:
            layers.add(file)
    sources = []
    for entry in layers.entries.values():
        source = check_entry({k: v for k, v in entry.raw.items() if k != "override"}, entry.document, layers.problems)
        if source is not None:
            sources.append((entry, source))
    groups = _groups(layers, sources, hidden)
    if layers.problems:
        raise OperatorError(layers.problems)
    return Roster(tuple(_listed(entry, source, groups, given) for entry, source in sources), groups)


@dataclass(slots=True)
class _Layers:
    """What the files said so far."""

    problems: list[Problem] = field(default_factory=list)
    entries: dict[str, Written] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    switches: dict[str, list[tuple[Layer, bool, Document]]] = field(default_factory=dict)

    def add(self, file: SourceFile) -> None:
        """Lay one file over those before."""
        if file.group and file.title:
            self.titles.setdefault(file.group, file.title)
        for name, on in file.switches.items():
            before = self.switches.setdefault(name, [])
            if before and before[-1][0] == file.text.layer:
                what = f"group {name!r} is switched already, at {before[-1][2].place(('groups', name))}"
                self.problems.append(file.document.problem(("groups", name), what, "keep one of the two"))
            before.append((file.text.layer, on, file.document))
        for entry in file.entries:
            self._lay(entry, file)

    def _lay(self, entry: Written, file: SourceFile) -> None:
        key = entry.raw["id"]
        below = self.entries.get(key)
        if entry.raw.get("override") is True:
            if below is not None:
                self.entries[key] = _patched(below, entry)
            elif entry.layer is not Layer.SWITCHES:  # a switch outlives its source, and does nothing then
                fix = suggest(key, self.entries) or "remove `override` or fix the id"
                self.problems.append(entry.document.problem(("override",), f"there is no source {key!r} to override", fix))
            return
        if below is not None and below.layer == entry.layer:
            what = f"source {key!r} is there already, at {below.document.place()}"
            self.problems.append(entry.document.problem(("id",), what, "choose another id"))
            return
        if file.group and "group" not in entry.raw:
            places = {**entry.document.places, ("group",): file.document.place(("group",))}
            raw = {**entry.raw, "group": file.group}
            entry = Written(raw, Document(entry.document.file, raw, places), entry.layer)
        self.entries[key] = entry


def _patched(below: Written, above: Written) -> Written:
    """An entry with the keys of an override in place of its own; each key keeps the place where it was written."""
    own = {path: place for path, place in below.document.places.items() if not path or path[0] not in above.raw}
    patch = {path: place for path, place in above.document.places.items() if path}
    raw = {**below.raw, **above.raw}
    return Written(raw, Document(below.document.file, raw, {**own, **patch}), below.layer)


def check_entry(raw: Mapping[str, Any], document: Document, problems: list[Problem]) -> Source | None:
    """An entry as the model of its kind, a feed without one; what is wrong is appended to `problems`, with its place in `document`."""
    name = raw.get("kind", "feed")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        fix = suggest(str(name), KINDS) or f"write one of {', '.join(KINDS)}"
        problems.append(document.problem(("kind",), f"there is no kind of source {name!r}", fix))
        return None
    source = validate(document, (), raw, kind.source, problems)
    if source is not None:
        problems += _address(document, source)
    return source


def _address(document: Document, source: Source) -> list[Problem]:
    if not source.url:
        return [] if source.enabled is False else [document.problem((), f"source {source.id!r} has no url", "add `url: https://…`")]
    if not absolute(source.url, ""):
        return [document.problem(("url",), f"{source.url!r} is not an address", "write one that begins with https:// or http://")]
    if urlsplit(source.url).password:
        return [document.problem(("url",), "the address holds a password, which logs would show", "use a source without one")]
    return []


def _groups(layers: _Layers, sources: Sequence[tuple[Written, Source]], hidden: Sequence[Text]) -> dict[str, Group]:
    """Every group that some source is in, as it was switched last; a switch of a group that nobody knows is a mistake."""
    groups = {s.group: Group(s.group, layers.titles.get(s.group, "")) for _, s in sources if s.group}
    names: set[str] = set()
    for name, said in layers.switches.items():
        layer, on, document = said[-1]
        if name in groups:
            place = None if layer is Layer.BUILTIN else document.place(("groups", name))
            groups[name] = Group(name, groups[name].title, on, place)
        elif layer is not Layer.SWITCHES:
            names = names or {*groups, *_names(hidden)}
            if name not in names:
                fix = suggest(name, names) or "see `concordat sources groups`"
                layers.problems.append(document.problem(("groups", name), f"there is no group {name!r}", fix))
    return groups


def _names(texts: Sequence[Text]) -> set[str]:
    files = [file for text in texts if (file := read_file(text, [])) is not None]
    return {f.group for f in files} | {str(e.raw.get("group", "")) for f in files for e in f.entries}


def _listed(entry: Written, source: Source, groups: Mapping[str, Group], given: Collection[str] | None) -> Listed:
    off = _why_off(entry, source, groups)
    waits = () if off or given is None else tuple(PREFIX + name.upper() for name in source.needs if name not in given)
    if waits:
        off = f"waits for {' and '.join(waits)}"
    return Listed(source, entry.document.place(), entry.layer is Layer.BUILTIN, off, waits)


def _why_off(entry: Written, source: Source, groups: Mapping[str, Group]) -> str:
    if source.enabled is not None:
        place = entry.document.place(("enabled",))
        if source.enabled:
            return ""
        ours = place.file.startswith(OURS)
        return f"off by default; `concordat sources enable {source.id}` switches it on" if ours else f"switched off at {place}"
    group = groups.get(source.group or "")
    if group is None or group.on:
        return ""
    if group.switched is None:
        return f"its group is off by default; `concordat sources enable {group.name}` switches it on"
    return f"its group {group.name} is switched off at {group.switched}"
