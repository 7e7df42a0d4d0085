"""Rule and entity files: read from folders, their entries sorted by kind and id, operators' entries laid over the built-in ones.

Only `read_folder` touches the disk. Names inside entries are followed by those who compile them, not here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel

from rules.shapes import ID_PATTERN
from rules.spec import File
from watcher import yamlfile
from watcher.errors import OperatorError, Place, Problem
from watcher.yamlfile import Document, suggest

PACKS = Path(__file__).parent / "packs"
SUFFIXES = (".yaml", ".yml")
MOST_FILES = 256  # that are remembered as read
SECTIONS = tuple(File.model_fields)
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Text:
    """A file's name as people are shown it, and what it says."""

    name: str
    text: str
    builtin: bool = False


def read_folder(folder: Path, *, builtin: bool = False) -> list[Text]:
    """The YAML files of a folder, by name (of a pack, those of its folders too); none where there is no folder.

    Raises OperatorError for files that cannot be read.
    """
    texts, problems = [], []
    for file in sorted(folder.rglob("*") if builtin else folder.glob("*")) if folder.is_dir() else ():
        if file.suffix not in SUFFIXES or file.name.startswith(".") or not file.is_file():
            continue
        name = f"rules/packs/{file.relative_to(folder).as_posix()}" if builtin else str(file)
        try:
            texts.append(Text(name, file.read_text(encoding="utf-8"), builtin))
        except (OSError, UnicodeDecodeError) as e:
            problems.append(Problem(Place(name), f"cannot be read ({getattr(e, 'strerror', None) or 'not UTF-8 text'})", "check the file"))
    if problems:
        raise OperatorError(problems)
    return texts


class Spot(NamedTuple):
    """A value in a file: where problems with it are shown. A tuple, for one is made for every word of every file."""

    document: Document
    path: yamlfile.Path
    builtin: bool

    def at(self, *parts: str | int) -> Spot:
        """A value further inside."""
        return Spot(self.document, (*self.path, *parts), self.builtin)

    @property
    def place(self) -> Place:
        """Its place."""
        return self.document.place(self.path)

    def problem(self, what: str, fix: str = "") -> Problem:
        """A mistake there."""
        return Problem(self.place, what, fix)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a section as written, with what it was laid over already filled in."""

    spot: Spot
    data: Any


@dataclass(slots=True)
class Sections:
    """The entries of all files by kind, each kind by id; and the mistakes found on the way."""

    entities: dict[str, Entry] = field(default_factory=dict)
    lexicons: dict[str, Entry] = field(default_factory=dict)
    conditions: dict[str, Entry] = field(default_factory=dict)
    signals: dict[str, Entry] = field(default_factory=dict)
    rules: dict[str, Entry] = field(default_factory=dict)
    lists: dict[str, Entry] = field(default_factory=dict)
    countries: dict[str, Entry] = field(default_factory=dict)
    traps: list[Entry] = field(default_factory=list)
    known: dict[str, set[str]] = field(default_factory=dict)  # every id that was ever written, switched off or not
    problems: list[Problem] = field(default_factory=list)


def collect(texts: Iterable[Text], without: frozenset[tuple[str, bool]] = frozenset()) -> Sections:
    """Sort the entries of `texts`, built-in files first; `without` names (section, builtin) pairs that are left out."""
    sections = Sections()
    layers: dict[bool, dict[tuple[str, str], Spot]] = {True: {}, False: {}}
    for text in sorted(texts, key=lambda t: not t.builtin):
        try:
            document = _parsed(text.text, text.name)
        except OperatorError as e:
            sections.problems += e.problems
            continue
        for section, data in _sections(document, sections.problems):
            if (section, text.builtin) not in without:
                _sort(sections, section, Entry(Spot(document, (section,), text.builtin), data), layers[text.builtin])
    return sections


# At a reload most files are what they were before.
_parsed = lru_cache(maxsize=MOST_FILES)(yamlfile.parse)


def _sections(document: Document, problems: list[Problem]) -> Iterable[tuple[str, Any]]:
    if document.data is None:
        return
    if not isinstance(document.data, dict):
        problems.append(document.problem((), "a file holds sections", f"write one of {', '.join(SECTIONS)} followed by a colon"))
        return
    for section, data in document.data.items():
        if section not in SECTIONS:
            fix = suggest(section, SECTIONS) or f"use one of {', '.join(SECTIONS)}"
            problems.append(document.problem((section,), f"unknown section {section!r}", fix))
        elif data is not None:
            yield section, data


def _sort(sections: Sections, section: str, whole: Entry, layer: dict[tuple[str, str], Spot]) -> None:
    spot, data = whole.spot, whole.data
    if section == "lists":
        if not isinstance(data, dict):
            sections.problems.append(spot.problem("lists is not a mapping", "write `lists:` and below it `name: [word, …]`"))
            return
        for name, words in data.items():
            sections.lists[name] = Entry(spot.at(name), words)
        return
    if not isinstance(data, list):
        sections.problems.append(spot.problem(f"{section} is not a list", "begin each entry with a dash: `- id: …`"))
        return
    for number, entry in enumerate(data):
        at = Entry(spot.at(number), entry)
        if section == "traps":
            sections.traps.append(at)
        else:
            _place(sections, section, at, layer)


def _place(sections: Sections, section: str, entry: Entry, layer: dict[tuple[str, str], Spot]) -> None:
    data, spot = entry.data, entry.spot
    entry_id = data.get("id") if isinstance(data, dict) else None
    if not isinstance(entry_id, str):
        sections.problems.append(spot.problem("an entry has no id", "begin it with `- id: …`, in small letters, digits, dots and dashes"))
        return
    if not ID_PATTERN.fullmatch(entry_id):
        fix = "use small letters, digits, dots, dashes and underscores, 64 at most"
        sections.problems.append(spot.at("id").problem(f"{entry_id!r} cannot be an id", fix))
        return
    first = layer.setdefault((section, entry_id), spot)
    if first is not spot:
        what = f"{entry_id!r} is already written at {first.place}"
        sections.problems.append(spot.at("id").problem(what, "give one of the two another id"))
        return
    entries: dict[str, Entry] = getattr(sections, section)
    base = entries.get(entry_id)
    off = data.get("enabled") is False
    if data.get("override") is True or (off and set(data) <= {"id", "enabled"}):
        if base is None:
            known = suggest(entry_id, sections.known.get(section, ())) or "write the whole entry, without override"
            sections.problems.append(spot.at("id").problem(f"there is no built-in {entry_id!r} to change", known))
            return
        data = {**base.data, "override": False, **data}
    sections.known.setdefault(section, set()).add(entry_id)
    entries[entry_id] = Entry(spot, data)


def checked(entries: Iterable[Entry], model: type[M], problems: list[Problem]) -> list[tuple[Spot, M]]:
    """The entries as `model`, those with mistakes left out and their mistakes added to `problems`."""
    out = []
    for entry in entries:
        spot = entry.spot
        known = spot.document.models.get((spot.path, model))
        if known is not None and known[0] is entry.data:
            value: M | None = known[1]
        else:
            value = yamlfile.validate(spot.document, spot.path, entry.data, model, problems)
            if value is not None:
                spot.document.models[spot.path, model] = entry.data, value
        if value is not None:
            out.append((spot, value))
    return out
