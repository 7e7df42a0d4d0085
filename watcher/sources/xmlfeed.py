"""Feeds in XML: what is new in them, read fast where that is certain, and by feedparser where it is not. Bytes in, entries out.

    document ─▶ without what stood there before (`cut`) ─▶ read strictly (`strict`) ─▶ what that leaves open: feedparser (`reference`)
                          wherever anything about it is uncertain: the whole to feedparser

The result is the same whichever way was taken; `tests/watcher/test_xmlfeed.py` holds them to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from watcher.apart import APART, SMALL
from watcher.identity import Keys, Marks, keys_from, marks_of
from watcher.sources.cut import MOST, Cut, Seen, Stood, digest_of, shape_of, spans_of, without
from watcher.sources.entry import MAX_ENTRIES, Entry, Parsed
from watcher.sources.raw import Head, entry_of, head_of
from watcher.sources.reference import read_values, read_whole
from watcher.sources.strict import Read, Whole, read_strictly
from watcher.sources.xmlbytes import as_utf8


class TakesLong(Exception):  # noqa: N818  nothing is wrong
    """There is no quick way to read this document."""


def read_xml(body: bytes, headers: Mapping[str, str], url: str, kept: bytes, *, quick: bool = False) -> tuple[Parsed, bytes]:
    """The entries that did not stand in the answer of which `kept` was kept, and what to keep now.

    Raises FetchError; with `quick` also TakesLong, instead of waiting for another process.
    """
    document = as_utf8(body, headers.get("content-type", ""))
    apart = _quickly if quick else _patiently
    if document is not None:
        answer = _Answer(document, body, headers, url, apart)
        seen = Seen.unpack(kept)
        for before in (seen, Seen()) if seen.entries else (seen,):
            try:
                return answer.read(before)
            except Whole:
                continue
    return cast(Parsed, apart(read_whole, body, dict(headers), url)), b""


def _patiently(work: Callable[..., Any], document: bytes, *args: Any) -> Any:
    """Larger documents go to a process that can be stopped."""
    return work(document, *args) if len(document) <= SMALL else APART.call(work, document, *args)


def _quickly(work: Callable[..., Any], document: bytes, *args: Any) -> Any:
    """Larger documents have to wait."""
    if len(document) > SMALL:
        raise TakesLong
    return work(document, *args)


@dataclass(frozen=True, slots=True)
class _Answer:
    """A document in UTF-8, and how it came."""

    document: bytes
    body: bytes
    headers: Mapping[str, str]
    url: str
    apart: Callable[..., Any]  # how feedparser is called

    def read(self, seen: Seen) -> tuple[Parsed, bytes]:
        """What is in it beyond what was seen. Raises Whole when that cannot be said for certain."""
        spans = spans_of(self.document)
        if len(spans) > MOST:
            spans = []
        view = memoryview(self.document)
        digests = [digest_of(view[start:end]) for start, end in spans]
        stood = [seen.entries.get(d) for d in digests]
        while True:
            cut = without(self.document, spans, [s is not None for s in stood])
            read = read_strictly(cut.document, self.url)
            if not cut.fits(read):
                if cut.marks or None in read.entries or read.feed is None or len(read.entries) > MAX_ENTRIES:
                    raise Whole
                return self._all(read)
            head, entries = self._complete(cut, read)
            setting = digest_of(repr((read.setting, head.base, head.lang)).encode("utf-8", "surrogatepass"))
            if cut.marks and setting != seen.setting:
                raise Whole
            marks, keys = _identified(stood, entries)
            changed = [s is not None and s.marks is not None and shape_of(s.marks, k) != s.shape for s, k in zip(stood, keys, strict=True)]
            if not any(changed):
                break
            stood = [None if c else s for s, c in zip(stood, changed, strict=True)]  # known by other keys now: read it again
        now = {d: Stood(m, shape_of(m, k) if m else 0) for d, m, k in zip(digests, marks, keys, strict=True)}
        new = [k for s, m, k in zip(stood, marks, keys, strict=True) if s is None and m is not None]
        dropped = sum(s is not None and s.marks is None for s in stood)
        parsed = head.parsed([*entries, *[None] * dropped])
        parsed = replace(parsed, keys=tuple(new), standing=len(cut.marks) - dropped)
        return parsed, Seen(setting, now).pack()

    def _all(self, read: Read) -> tuple[Parsed, bytes]:
        """Every entry of a document that was read without doubt, but cannot be cut."""
        head = head_of(read.feed or {}, self.body, self.headers, self.url)
        return head.parsed([entry_of(raw or {}, head) for raw in read.entries]), b""

    def _complete(self, cut: Cut, read: Read) -> tuple[Head, list[Entry | None]]:
        """The head and the entries, with what was left open from feedparser."""
        feed, raws = read.feed, read.entries
        if feed is None or None in raws:
            rest = without(cut.document, cut.spans, [raw is not None for raw in raws])
            feed, values = self.apart(read_values, rest.document, self.url)
            if len(values) != len(rest.spans):
                raise Whole
            found = iter(values)
            raws = [next(found) if raw is None else raw for raw in raws]
        head = head_of(feed or {}, self.body, self.headers, self.url)
        return head, [entry_of(raw or {}, head) for raw in raws]


def _identified(stood: list[Stood | None], entries: list[Entry | None]) -> tuple[list[Marks | None], list[Keys]]:
    """Marks and keys of every entry of the document, those included that are not read again; empty keys where there is no entry."""
    new = iter(entries)
    marks = [s.marks if s is not None else marks_of(e) if (e := next(new)) is not None else None for s in stood]
    keys = iter(keys_from([m for m in marks if m is not None]))
    return marks, [next(keys) if m is not None else Keys(None, None, None) for m in marks]
