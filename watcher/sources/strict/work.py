"""The state in the middle of a document, as far as it decides what an element means. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Whole(Exception):  # noqa: N818  nothing is wrong: the document is for feedparser
    """Only feedparser can say what this document is."""


Given = Mapping[str, str]
Handler = Callable[["Work", Given], None]
Table = Mapping[str, Handler]  # by element; under "" what is done with any other

ENTRIES = frozenset({"item", "entry"})
TYPES = {"text": "text/plain", "plain": "text/plain", "html": "text/html", "xhtml": "application/xhtml+xml"}
_MOST_TAGS = 100  # of one entry


# what holds around an element, to be put back at its end: where its text goes, what its end does, what may stand in it, base, language
Frame = tuple[list[str] | None, Callable[["Work", str], None] | None, Table, str, str | None]


class Tables(NamedTuple):
    """What may stand where: beside the head, in the head, in it behind the first entry, in an entry, in an element that is passed
    over, in text, in XHTML."""

    top: Table
    head: Table
    late: Table
    entry: Table
    inner: Table
    text: Table
    xhtml: Table


class Work:
    """What is known in the middle of a document. `depth` counts the open elements; `inline` those open within XHTML content."""

    __slots__ = (
        "_depths", "_sure", "_tables", "author", "base", "begun", "close", "depth", "depth_of_entries", "entries", "entry", "feed",
        "feed_sure", "has_channel", "has_content", "inline", "kind", "lang", "mixes", "permalink", "sink", "table", "tag", "title_depth",
    )  # fmt: skip

    def __init__(self, base: str, tables: Tables) -> None:
        self.base = base
        self.lang: str | None = None
        self._tables = tables
        self.kind = self.tag = ""
        self.depth = self.inline = 0
        self.depth_of_entries = 2
        self.feed: dict[str, Any] = {}
        self.feed_sure = True
        self.entries: list[dict[str, Any] | None] = []
        self.entry: dict[str, Any] | None = None
        self.begun = False  # the head is over: an entry was met, or the place of one
        self.mixes = False  # something in the document bears on entries beside it
        self.sink: list[str] | None = None
        self.close: Callable[[Work, str], None] | None = None
        self.table: Table = {}
        self._sure = True
        self.has_channel = False
        self.title_depth = -1
        self.has_content = self.permalink = False
        self.author: dict[str, str] = {}
        self._depths: dict[str, int] = {}

    @property
    def context(self) -> dict[str, Any]:
        """The entry, or the head outside entries."""
        return self.feed if self.entry is None else self.entry

    def root(self) -> None:
        """The first element."""
        self.kind, self.depth_of_entries = self.tag, 3 if self.tag == "rss" else 2
        self.table = self._tables.head if self.tag == "feed" else self._tables.top
        if self.lang:
            self.feed["language"] = self.lang.replace("_", "-")

    def begin(self) -> None:
        """An entry, or the place of one."""
        if not self.begun:
            self.begun, self.mixes = True, self.has_content  # which feedparser does not forget before the first entry's end

    def open_entry(self, given: Given) -> None:
        """An entry starts."""
        if self.entry is not None or (self.tag == "entry") != (self.kind == "feed"):
            raise Whole
        self.begin()
        self.entry = {"id": given["rdf:about"]} if given.get("rdf:about") else {}
        self._sure = "lastmod" not in given and "href" not in given
        self._depths, self.title_depth, self.permalink = {}, -1, False
        self.sink, self.close, self.table = None, None, self._tables.entry

    def close_entry(self) -> None:
        """It ends."""
        self.entries.append(self.entry if self._sure else None)
        self.entry, self.has_content = None, False

    def open(self, given: Given) -> None:
        """Any other element starts: `tag`."""
        tables, table = self._tables, self.table
        if self.begun and table is tables.head:
            table = tables.late
        self.sink, self.close, self.table = None, None, tables.inner
        (table.get(self.tag) or table[""])(self, given)

    def end(self, frame: Frame) -> None:
        """An element ends, and `frame` holds again."""
        if self.close is not None:
            sink = self.sink or ()
            self.close(self, sink[0] if len(sink) == 1 else "".join(sink))
        self.sink, self.close, self.table, self.base, self.lang = frame

    def collect(self, close: Callable[[Work, str], None], table: Table | None = None) -> None:
        """Hand the text of the element to `close` at its end."""
        self.sink, self.close = [], close
        if table is not None:
            self.table = table

    def within(self) -> None:
        """The next element is part of XHTML content, and so no element for us. Raises Whole for drawings and formulas."""
        if self.tag.endswith(("svg", "math")):
            raise Whole
        self.inline += 1

    def guard(self, given: Given, kind: str) -> str:
        """The element is content: markup in it goes another way than elements do. Its type, which is `kind` if it does not say."""
        kind = given.get("type", kind)
        kind = TYPES.get(kind, kind)
        self.table = self._tables.xhtml if kind == "application/xhtml+xml" else self._tables.text
        return kind

    def content(self, given: Given, kind: str) -> None:
        """As `guard`, for content that is read."""
        if self.guard(given, kind) not in {"text/plain", "text/html"} or given.get("mode") == "base64":
            self.unsure()

    def unsure(self) -> None:
        """The entry, or the head, is for feedparser."""
        if self.entry is None:
            self.feed_sure = False
        else:
            self._sure = False

    def store(self, element: str, value: str) -> None:
        """Of an entry's equal elements the last counts, unless it lies deeper than the one before."""
        if self.entry is None:
            self.feed[element] = value
        elif self.depth <= self._depths.get(element, self.depth):
            self._depths[element] = self.depth
            self.entry[element] = value

    def note_language(self, element: str) -> None:
        """The language that holds in this element."""
        if self.entry is not None:
            self.entry[f"{element}_detail"] = {"language": self.lang.replace("_", "-") if self.lang else self.lang}

    def add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        """A category, once."""
        assert self.entry is not None, "tags of the head are not read"
        tags = self.entry.setdefault("tags", [])
        tag = {"term": term, "scheme": scheme, "label": label}
        if len(tags) >= _MOST_TAGS:
            self.unsure()
        elif (term or scheme or label) and tag not in tags:
            tags.append(tag)
