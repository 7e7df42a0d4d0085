"""The files that say what is read, as text: the built-in catalogue, then the operator's own, then what `sources disable` wrote.

Their form is checked here (which keys a file may have), what stands in an entry in `watcher.sources.load`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from importlib import resources
from pathlib import Path
from typing import Any

from watcher.errors import OperatorError, Place, Problem
from watcher.yamlfile import Document, parse, suggest

OURS = "built-in/sources/"  # what the files of the catalogue are called in messages
KEYS = ("sources", "group", "title", "groups")
SWITCHES = "switches.yaml"  # the one file here that commands write over


class Layer(IntEnum):
    """Whose word it is; a later layer wins over an earlier one."""

    BUILTIN = 0
    OWN = 1
    SWITCHES = 2


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text and the name that problems are reported under."""

    file: str
    text: str
    layer: Layer = Layer.OWN


@dataclass(frozen=True, slots=True)
class Written:
    """One entry as it was written, with the place of each of its values."""

    raw: dict[str, Any]
    document: Document
    layer: Layer


@dataclass(frozen=True, slots=True)
class SourceFile:
    """What one file holds: the group of its sources and what that is about, switches of groups, and entries."""

    text: Text
    document: Document
    group: str = ""
    title: str = ""
    switches: Mapping[str, bool] = field(default_factory=dict)
    entries: tuple[Written, ...] = ()


def catalogue() -> list[Text]:
    """The built-in files."""
    folder = resources.files("watcher.sources") / "catalogue"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return [Text(f"{OURS}{f.name}", f.read_text(encoding="utf-8"), Layer.BUILTIN) for f in files]


def read_folder(folder: Path | None) -> list[Text]:
    """The `*.yaml` and `*.yml` files of a folder in the order of their names, switches last; a missing folder has none."""
    if folder is None or not folder.is_dir():
        return []
    texts = []
    for path in sorted(p for p in folder.iterdir() if p.suffix in {".yaml", ".yml"} and not p.name.startswith(".")):
        try:
            layer = Layer.SWITCHES if path.name == SWITCHES else Layer.OWN
            texts.append(Text(str(path), path.read_text(encoding="utf-8"), layer))
        except (OSError, UnicodeDecodeError) as e:
            why = getattr(e, "strerror", None) or "not UTF-8 text"
            raise OperatorError([Problem(Place(str(path)), f"cannot be read ({why})")]) from None
    return sorted(texts, key=lambda t: t.layer)


def write_file(path: Path, text: str) -> None:
    """Replace a file as a whole, so that whoever follows the folder never reads half of it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".", suffix=".new", delete=False) as part:
        part.write(text)
    try:
        Path(part.name).chmod(path.stat().st_mode if path.exists() else 0o644)
        Path(part.name).replace(path)
    except OSError:
        Path(part.name).unlink(missing_ok=True)
        raise


def read_file(text: Text, problems: list[Problem]) -> SourceFile | None:
    """The parts of one file; mistakes of form are appended to `problems`, and what is well formed is kept."""
    try:
        document = parse(text.text, text.file)
    except OperatorError as e:
        problems += e.problems
        return None
    data = {} if document.data is None else document.data
    if not isinstance(data, dict) or not isinstance(data.get("sources") or [], list):
        problems.append(document.problem((), "a source file holds `sources:` and a list under it"))
        return None
    for key in data:
        if key not in KEYS:
            fix = suggest(key, KEYS) or f"a source file has only {', '.join(KEYS)}"
            problems.append(document.problem((key,), f"unknown key {key!r}", fix))
    words = {key: _word(document, key, problems) for key in ("group", "title")}
    return SourceFile(
        text, document, words["group"], words["title"], _switches(document, problems), tuple(_entries(text, document, problems))
    )


def _word(document: Document, key: str, problems: list[Problem]) -> str:
    value = document.data.get(key) if document.data else None
    if value is None or isinstance(value, str):
        return value or ""
    problems.append(document.problem((key,), f"{key} is {value!r}", "write text"))
    return ""


def _switches(document: Document, problems: list[Problem]) -> dict[str, bool]:
    given = document.data.get("groups") if document.data else None
    if given is None:
        return {}
    if not isinstance(given, dict):
        problems.append(document.problem(("groups",), "`groups:` switches groups", "write `groups: {name: false}`"))
        return {}
    for name, on in given.items():
        if not isinstance(on, bool):
            problems.append(document.problem(("groups", name), f"group {name!r} is {on!r}", "write true or false"))
    return {name: on for name, on in given.items() if isinstance(on, bool)}


def _entries(text: Text, document: Document, problems: list[Problem]) -> Iterator[Written]:
    """Each entry with a document of its own, so that an override can carry the places of its keys along."""
    entries = (document.data or {}).get("sources") or []
    places: list[dict[tuple[str | int, ...], Place]] = [{} for _ in entries]
    for path, place in document.places.items():
        if len(path) >= 2 and path[0] == "sources" and isinstance(path[1], int):
            places[path[1]][path[2:]] = place
    for i, entry in enumerate(entries):
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            yield Written(dict(entry), Document(text.file, entry, places[i]), text.layer)
        else:
            problems.append(document.problem(("sources", i), "a source needs an id", "write `- id: some-name` first"))
