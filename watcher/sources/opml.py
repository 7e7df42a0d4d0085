"""Lists of feeds as other readers write and read them: OPML 1 and 2. Pure: bytes in, entries out, and back.

A feed is an outline with `xmlUrl`; folders become groups. What OPML has no word for (our ids, cadence, and every kind of source that is
no feed) stands as JSON in the attribute `concordat:source`, in a namespace of its own, which other readers pass over; so that what is
exported comes back as it was.

The file is a stranger's: no entity is expanded, nothing is fetched, and size, depth and number are bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from watcher.errors import OperatorError, Place, Problem
from watcher.model import ID, Source
from watcher.sources.write import raw_entry, slug
from watcher.text import one_line, title_text

MAX_BYTES = 8_000_000
MAX_OUTLINES = 10_000
MAX_DEPTH = 40
NAMESPACE = "https://github.com/concordat-watch/concordat#opml"
EXTENSION = "concordat:source"
TITLE_LIMIT = 200
# ampersands that open no entity which XML itself knows: addresses are often written with them
_BARE_AMPERSAND = re.compile(rb"&(?!(?:#\d{1,7}|#x[0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos);)")
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LANG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class Outline:
    """One source of a list: where it stands, the keys of its entry (`id` perhaps among them), and the folders it lies in."""

    place: Place
    entry: Mapping[str, Any]
    folders: tuple[str, ...] = ()


@dataclass(slots=True)
class Opml:
    """A list, read; `problems` are entries that could not be used, each with its place."""

    title: str = ""
    outlines: list[Outline] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_opml(data: bytes, file: str) -> Opml:
    """The sources of a list. Raises OperatorError when it cannot be read as a whole."""
    if len(data) > MAX_BYTES:
        raise OperatorError([Problem(Place(file), f"the list is larger than {MAX_BYTES // 1_000_000} MB", "split it")])
    text = data.lstrip(b" \t\r\n")
    skipped = data[: len(data) - len(text)].count(b"\n")
    if b"\x00" not in text:
        text = _BARE_AMPERSAND.sub(b"&amp;", text)
    reader = _Reader(file, skipped)
    try:
        reader.parser.Parse(text, True)  # noqa: FBT003  that was all
    except expat.ExpatError as e:
        place = Place(file, e.lineno + skipped, e.offset + 1)
        raise OperatorError([Problem(place, f"not readable as XML: {expat.ErrorString(e.code)}", "export the list again")]) from None
    return reader.found


class _Reader:
    """The state between two tags."""

    def __init__(self, file: str, skipped: int) -> None:
        self.found = Opml()
        self._file, self._skipped = file, skipped
        self._folders: list[str | None] = []  # one for each open outline; None for one that is no folder
        self._open: list[str] = []
        self._waiting: tuple[Place, dict[str, str]] | None = None  # an outline without an address: a folder if something is in it
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._entity

    def _place(self) -> Place:
        return Place(self._file, self.parser.CurrentLineNumber + self._skipped, self.parser.CurrentColumnNumber + 1)

    def _refuse(self, what: str, fix: str) -> OperatorError:
        return OperatorError([Problem(self._place(), what, fix)])

    def _entity(self, *_: Any) -> None:
        raise self._refuse("the list declares XML entities, which are not read", "remove its DOCTYPE")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.lower()
        if not self._open and name != "opml":
            raise self._refuse(f"this is no OPML but <{one_line(tag, 40)}>", "add a feed with `concordat sources add`")
        self._open.append(name)
        if len(self._open) > MAX_DEPTH:
            raise self._refuse(f"outlines are nested deeper than {MAX_DEPTH} levels", "write the list flatter")
        if name == "outline":
            self._outline({k.lower(): v for k, v in attributes.items()})

    def _outline(self, attributes: dict[str, str]) -> None:
        if self._waiting is not None:  # something is in it
            self._folders[-1] = title_text(self._waiting[1].get("text") or self._waiting[1].get("title", ""), TITLE_LIMIT)
            self._waiting = None
        if len(self.found.outlines) + len(self.found.problems) >= MAX_OUTLINES:
            raise self._refuse(f"the list holds more than {MAX_OUTLINES:,} entries", "split it")
        self._folders.append(None)
        if attributes.get("xmlurl", "").strip() or EXTENSION in attributes:
            self._source(attributes)
        else:
            self._waiting = (self._place(), attributes)

    def _source(self, attributes: dict[str, str]) -> None:
        place, folders = self._place(), tuple(f for f in self._folders if f)
        own: Any = {}
        if EXTENSION in attributes:
            try:
                own = json.loads(attributes[EXTENSION])
            except (ValueError, RecursionError):
                own = None
            if not isinstance(own, dict):
                self.found.problems.append(Problem(place, f"{EXTENSION} is no JSON object", "export the list again"))
                return
        self.found.outlines.append(Outline(place, {**_standard(attributes), **own}, folders))

    def _end(self, tag: str) -> None:
        self._open.pop()
        if tag.lower() != "outline":
            return
        self._folders.pop()
        if self._waiting is not None:
            place, attributes = self._waiting
            self._waiting = None
            name = title_text(attributes.get("text") or attributes.get("title", ""), 80) or "without a name"
            what = f"an outline ({name}) names no feed" if set(attributes) - {"text", "title"} else f"folder {name} is empty"
            self.found.problems.append(Problem(place, what, "feeds have their address in xmlUrl"))

    def _text(self, text: str) -> None:
        if self._open[-2:] == ["head", "title"]:
            self.found.title = title_text(self.found.title + text, TITLE_LIMIT)


def _standard(attributes: Mapping[str, str]) -> dict[str, Any]:
    """What the attributes that every reader knows say of a feed; only what they say."""
    lang = attributes.get("language", "").strip()
    tags = [tag for part in attributes.get("category", "").split(",") if (tag := one_line(part, 80).strip("/").lower())]
    said = {
        "url": attributes.get("xmlurl", "").strip(),
        "title": title_text(attributes.get("text") or attributes.get("title", ""), TITLE_LIMIT),
        "lang": lang.lower() if _LANG.fullmatch(lang) else "",
        "tags": list(dict.fromkeys(tags)),
    }
    return {key: value for key, value in said.items() if value}


def group_of(folder: str) -> str:
    """The group that a folder stands for; empty where its name has no letter that a group could have."""
    return folder if re.fullmatch(ID, folder) else slug(folder)


def write_opml(title: str, sources: Sequence[Source]) -> str:
    """A list that other readers understand, with a folder for each group."""
    out = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0" xmlns:concordat="{NAMESPACE}">',
        f"  <head><title>{escape(_NO_XML.sub('', title))}</title></head>",
        "  <body>",
    ]
    for group in dict.fromkeys(s.group for s in sources):
        members = [s for s in sources if s.group == group]
        if group is None:
            out += [f"    {_element(s)}" for s in members]
        else:
            out += [f"    <outline text={_attribute(group)}>", *(f"      {_element(s)}" for s in members), "    </outline>"]
    return "\n".join([*out, "  </body>", "</opml>", ""])


def _element(source: Source) -> str:
    raw = {k: v for k, v in raw_entry(source).items() if k != "group"}
    feed = source.kind == "feed"
    said = {
        "text": one_line(source.title) or source.id,
        **({"type": "rss", "xmlUrl": source.url} if feed else {}),
        **({"language": source.lang} if source.lang else {}),
        **({"category": ",".join(source.tags)} if source.tags else {}),
    }
    clean = {name: _NO_XML.sub("", value) for name, value in said.items()}
    standard = _standard({name.lower(): value for name, value in clean.items()})
    own: dict[str, Any] = {k: v for k, v in raw.items() if standard.get(k) != v}
    own |= {k: type(v)() for k, v in standard.items() if k not in raw}  # said by an attribute, but not so
    return f"<outline {' '.join(f'{k}={_attribute(v)}' for k, v in {**clean, EXTENSION: json.dumps(own)}.items())}/>"


def _attribute(value: str) -> str:
    return quoteattr(value)


def folders_as(folders: Iterable[str], group: str | None) -> tuple[str, list[str]]:
    """The group and the tags that folders stand for: the outermost is the group unless one is given, the others are tags."""
    names = list(folders)
    if group is None and names and group_of(names[0]):
        return group_of(names[0]), [_tag(n) for n in names[1:]]
    return group or "", [_tag(n) for n in names]


def _tag(folder: str) -> str:
    return re.sub(r"\s+", "-", folder.lower())
