"""The sources of a home: the built-in catalogue, then the operator's files, with overrides. Every mistake at once, with its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from watcher.errors import OperatorError, Place, Problem
from watcher.model import Source
from watcher.sources.kinds import KINDS
from watcher.urls import absolute
from watcher.yamlfile import Document, parse, suggest, validate


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text and the name that problems are reported under; built-in ones are named by their package."""

    file: str
    text: str
    builtin: bool = False


def load_sources(folder: Path | None, *, builtin: bool = True) -> tuple[Source, ...]:
    """Every enabled source, the built-in ones first; raises OperatorError with all mistakes."""
    texts = [*(_catalogue() if builtin else ()), *read_folder(folder)]
    return tuple(s for s in read_sources(texts) if s.enabled)


def read_folder(folder: Path | None) -> list[Text]:
    """The `*.yaml` and `*.yml` files of a folder, in the order of their names; a missing folder has none."""
    if folder is None or not folder.is_dir():
        return []
    texts = []
    for path in sorted(p for p in folder.iterdir() if p.suffix in {".yaml", ".yml"} and not p.name.startswith(".")):
        try:
            texts.append(Text(str(path), path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as e:
            why = getattr(e, "strerror", None) or "not UTF-8 text"
            raise OperatorError([Problem(Place(str(path)), f"cannot be read ({why})")]) from None
    return texts


def _catalogue() -> list[Text]:
    folder = resources.files("watcher.sources") / "catalogue"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return [Text(f"built-in/sources/{f.name}", f.read_text(encoding="utf-8"), builtin=True) for f in files]


def read_sources(texts: Sequence[Text]) -> tuple[Source, ...]:
    """Sources from texts; later entries replace earlier ones of the same id across layers, patch them with `override: true`."""
    problems: list[Problem] = []
    raw: dict[str, dict[str, Any]] = {}
    places: dict[str, tuple[Document, tuple[str | int, ...], bool]] = {}
    for text in texts:
        for document, path, entry in _entries(text, problems):
            _layer(raw, places, document, path, entry, text.builtin, problems)
    sources = []
    for key, entry in raw.items():
        document, path, _ = places[key]
        source = _source(document, path, {k: v for k, v in entry.items() if k != "override"}, problems)
        if source is not None:
            sources.append(source)
            problems += _address(document, path, source)
    if problems:
        raise OperatorError(problems)
    return tuple(sources)


def _source(document: Document, path: tuple[str | int, ...], entry: dict[str, Any], problems: list[Problem]) -> Source | None:
    """The entry as the model of its kind; without a kind it is a feed."""
    name = entry.get("kind", "feed")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        what = f"there is no kind of source {name!r}"
        problems.append(document.problem((*path, "kind"), what, suggest(str(name), KINDS) or f"write one of {', '.join(KINDS)}"))
        return None
    return validate(document, path, entry, kind.source, problems)


def _entries(text: Text, problems: list[Problem]) -> Iterable[tuple[Document, tuple[str | int, ...], dict[str, Any]]]:
    try:
        document = parse(text.text, text.file)
    except OperatorError as e:
        problems += e.problems
        return
    data = document.data
    if data is None:
        return
    if not isinstance(data, dict) or not isinstance(data.get("sources") or [], list):
        problems.append(document.problem((), "a source file holds `sources:` and a list under it"))
        return
    problems += [document.problem((k,), f"unknown key {k!r}", "a source file has only `sources:`") for k in data if k != "sources"]
    for i, entry in enumerate(data.get("sources") or []):
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            yield document, ("sources", i), entry
        else:
            problems.append(document.problem(("sources", i), "a source needs an id", "write `- id: some-name` first"))


def _layer(
    raw: dict[str, dict[str, Any]], places: dict[str, tuple[Document, tuple[str | int, ...], bool]], document: Document,
    path: tuple[str | int, ...], entry: Mapping[str, Any], builtin: bool, problems: list[Problem],
) -> None:  # fmt: skip
    key = entry["id"]
    below = places.get(key)
    if entry.get("override") is True:
        if below is None:
            what = f"there is no source {key!r} to override"
            problems.append(document.problem((*path, "override"), what, "remove `override` or fix the id"))
            return
        raw[key] = {**raw[key], **entry}
    elif below is not None and below[2] == builtin:
        what = f"source {key!r} is there already, at {below[0].place(below[1])}"
        problems.append(document.problem((*path, "id"), what, "choose another id"))
        return
    else:
        raw[key] = dict(entry)
    places[key] = (document, path, builtin)


def _address(document: Document, path: tuple[str | int, ...], source: Source) -> list[Problem]:
    if not source.url:
        return [document.problem(path, f"source {source.id!r} has no url", "add `url: https://…`")] if source.enabled else []
    if not absolute(source.url, ""):
        return [document.problem((*path, "url"), f"{source.url!r} is not an address", "write one that begins with https:// or http://")]
    if urlsplit(source.url).password:
        return [document.problem((*path, "url"), "the address holds a password, which logs would show", "use a source without one")]
    return []
