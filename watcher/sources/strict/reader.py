"""Expat's events turned into work on elements, under the names that feedparser gives them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from feedparser.api import StrictFeedParser
from feedparser.urls import make_safe_absolute_uri

from watcher.sources.strict.elements import ROOTS, TABLES
from watcher.sources.strict.work import ENTRIES, Frame, Whole, Work

NAMESPACES: Mapping[str, str] = {uri.lower(): name for uri, name in StrictFeedParser.namespaces.items()}
MARK = b"<?seen?>"  # stands where an entry was cut out
_NOTHING: dict[str, str] = {}
# of one document; what has more takes long, and may do so elsewhere
_MOST_ELEMENTS, _MOST_TAGS, _MOST_NAMESPACES = 100_000, 2_000, 100
_DEEPEST, _LONGEST_BASE = 200, 2_000  # elements, characters


@dataclass(frozen=True, slots=True)
class Read:
    """A document as read: the head, the entries, each with the offsets of its start tag and its end tag, and the offsets of marks.

    `setting` is all that stands outside the entries and bears on how they are read, but for the head's own values. `mixes`: how
    an entry is read depends on those beside it.
    """

    feed: dict[str, Any] | None
    entries: list[dict[str, Any] | None]
    spans: list[tuple[int, int]]
    marks: list[int]
    setting: str
    mixes: bool


def read_strictly(document: bytes, url: str) -> Read:
    """Read a document in UTF-8 that was fetched from `url`. Raises Whole when only feedparser can say what it is."""
    reader = _Reader(url)
    reader.read(document)
    work = reader.work
    return Read(
        feed=work.feed if work.feed_sure else None,
        entries=work.entries,
        spans=reader.spans,
        marks=reader.marks,
        setting=repr((url, work.kind, reader.setting, list(reader.outside))),
        mixes=work.mixes,
    )


@dataclass(slots=True)
class _Names:
    """Which prefix means what, as feedparser keeps it: for the whole document, whatever the place of the declaration."""

    prefixes: dict[str | None, str] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def declare(self, prefix: str | None, uri: str) -> bool:
        """A namespace declaration; whether it changes the name of anything. Raises Whole when `rdf` becomes something else."""
        lower = uri.lower()
        if len(self.used) > _MOST_NAMESPACES:
            raise Whole
        if "backend.userland.com/rss" in lower:
            uri = lower = "http://backend.userland.com/rss"
        known = NAMESPACES.get(lower)
        if known is None:
            changed = self.used.get(prefix or "") != uri
            self.used[prefix or ""] = uri
        else:
            changed = prefix is not None and self.prefixes.get(prefix, prefix) != known
            if changed and prefix == "rdf":
                raise Whole
            self.prefixes[prefix] = known
            self.used[known] = uri
        if changed:
            self.tags.clear()
        return changed

    def tag(self, name: str) -> str:
        """feedparser's name of an element that expat calls `name`: "prefix_local", in lower case. Raises Whole."""
        uri, local = _split(name)[:2]
        lower = uri.lower()
        if "backend.userland.com/rss" in lower:
            lower = "http://backend.userland.com/rss"
        prefix = NAMESPACES.get(lower) if uri else ""
        if not prefix:
            prefix = next((n for n, u in self.used.items() if n and u == uri), "") if uri else ""
        if ":" in local or ":" in prefix or len(self.tags) >= _MOST_TAGS:
            raise Whole
        prefix = self.prefixes.get(prefix.lower(), prefix.lower())
        tag = self.tags[name] = f"{prefix}_{local.lower()}" if prefix else local.lower()
        return tag


def _split(name: str) -> tuple[str, str, str]:
    """Namespace, local name and prefix of an expat name. Raises Whole for a namespace with white space in it."""
    parts = name.split()
    if len(parts) == 1:
        return "", name, ""
    if len(parts) > 3:
        raise Whole
    return parts[0], parts[1], parts[2] if len(parts) == 3 else ""


class _Reader:
    """Expat's events turned into work on elements."""

    def __init__(self, url: str) -> None:
        if not url or make_safe_absolute_uri(url, url) != url:
            raise Whole  # feedparser resolves the base again at every element
        self.work = Work(url, TABLES)
        self.names = _Names()
        self.frames: list[Frame] = []
        self.spans: list[tuple[int, int]] = []
        self.marks: list[int] = []
        self.setting: tuple[str | None, ...] = ()
        self.outside: dict[tuple[str, str], None] = {}  # namespace declarations of the head, in order
        self._links: dict[str, str] = {}  # declarations of XLink, which feedparser counts as attributes
        self._opened = self._elements = 0

    def read(self, document: bytes) -> None:
        """Raises Whole."""
        p = self._parser = expat.ParserCreate(namespace_separator=" ")
        p.namespace_prefixes = True
        p.buffer_text = True
        p.StartElementHandler = self._start
        p.EndElementHandler = self._end
        p.CharacterDataHandler = self._text
        p.StartNamespaceDeclHandler = self._declare
        p.ProcessingInstructionHandler = self._instruction
        p.StartDoctypeDeclHandler = self._doctype
        final = True  # there is no more of it
        try:
            p.Parse(document, final)
        except expat.ExpatError:
            raise Whole from None
        finally:
            del self._parser  # which holds this reader

    def _doctype(self, *_: object) -> None:
        raise Whole

    def _declare(self, prefix: str | None, uri: str) -> None:
        if not uri:
            return
        changed = self.names.declare(prefix, uri)
        if self.work.entry is None and not self.work.begun:
            self.outside[prefix or "", uri] = None
        elif changed:
            self.work.mixes = True
        if prefix and uri == "http://www.w3.org/1999/xlink":
            self._links[f"xmlns:{prefix}"] = uri

    def _instruction(self, target: str, _: str) -> None:
        if target == "seen":
            if len(self.frames) != self.work.depth_of_entries - 1 or self.work.inline:
                raise Whole
            self.work.begin()
            self.marks.append(self._parser.CurrentByteIndex)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        work = self.work
        work.tag = tag = self.names.tags.get(name) or self.names.tag(name)
        if work.inline or work.table is TABLES.xhtml:
            work.within()
            self._links.clear()
            return
        given = self._attributes(attributes) if attributes or self._links else _NOTHING
        self.frames.append((work.sink, work.close, work.table, work.base, work.lang))
        self._elements += 1
        work.depth = depth = len(self.frames)
        if self._elements > _MOST_ELEMENTS or depth > _DEEPEST:
            raise Whole
        if given:
            self._place(given)
        if depth > work.depth_of_entries:
            work.open(given)
        elif depth == 1:
            self._root()
        elif depth == work.depth_of_entries and tag in ENTRIES:
            self._opened = self._parser.CurrentByteIndex
            work.open_entry(given)
        else:
            work.open(given)
        if depth == work.depth_of_entries - 1:
            self.setting = (work.base, work.lang)

    def _end(self, _: str) -> None:
        work = self.work
        if work.inline:
            work.inline -= 1
            return
        work.depth = len(self.frames)
        work.end(self.frames.pop())
        if work.depth == work.depth_of_entries and work.entry is not None:
            work.close_entry()
            self.spans.append((self._opened, self._parser.CurrentByteIndex))

    def _text(self, data: str) -> None:
        if self.work.sink is not None:
            self.work.sink.append(data)

    def _root(self) -> None:
        needed = ROOTS.get(self.work.tag)
        if needed is None or (needed and not any(uri in needed for _, uri in self.outside)):
            raise Whole
        self.work.root()

    def _place(self, given: dict[str, str]) -> None:
        """xml:base and xml:lang, which hold from here on inwards."""
        work = self.work
        base = given.get("xml:base", given.get("base"))
        if base:
            work.base = make_safe_absolute_uri(work.base, base) or work.base
            if len(work.base) > _LONGEST_BASE or make_safe_absolute_uri(work.base, work.base) != work.base:
                raise Whole  # feedparser resolves it again at every element
        lang = given.get("xml:lang", given.get("lang"))
        if lang is not None:
            work.lang = lang or None

    def _attributes(self, attributes: dict[str, str]) -> dict[str, str]:
        """Attributes by the names that feedparser gives them: with its own prefix, and again as they are written."""
        given, written = dict(self._links), {}
        self._links.clear()
        for name, value in attributes.items():
            uri, local, prefix = _split(name)
            known = NAMESPACES.get(uri.lower(), "")
            given[(f"{known}:{local}" if known else local).lower()] = value
            written[(f"{prefix}:{local}" if prefix else local).lower()] = value
        given.update(written)
        for name in ("rel", "type"):
            if name in given:
                given[name] = given[name].lower()
        return given
