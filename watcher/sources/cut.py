"""Which entries of a feed stood in its last answer, word for word, and the document without them. Pure.

Of each entry that was read its digest is kept, with the marks that it is known by, because what its neighbours are known by depends on
them. Where a document is cut is found by the tags' names alone; whoever reads the rest holds the places against what the parser saw
(`Cut.fits`), so that tags in comments, in CDATA or inside other entries are never taken for entries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from watcher.identity import Keys, Marks
from watcher.sources.strict import MARK, Read

MOST = 1_000  # entries of a document of which this much is kept; one that has more is read whole each time
_OPENING = re.compile(rb"<(item|entry)[ \t\r\n>]")
_SIZE = 16  # bytes of a digest
_FORM = b"1"  # of what is kept; another one is forgotten
_DATED, _OWN_ID, _OWN_URL, _OWN_TITLE, _NOTHING = 1, 2, 4, 8, 16


@dataclass(frozen=True, slots=True)
class Stood:
    """What is kept of an entry: its marks, and which keys it had among its neighbours; no marks where it gave nothing to keep."""

    marks: Marks | None
    shape: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """The entries of the last answer, by the digests of their bytes; `setting` is the digest of what else bears on them."""

    setting: bytes = b""
    entries: dict[bytes, Stood] = field(default_factory=dict)

    def pack(self) -> bytes:
        """As bytes to keep: 65 an entry."""
        parts = [_FORM, self.setting]
        for digest, stood in self.entries.items():
            marks = stood.marks
            if marks is None:
                parts += [digest, bytes((_NOTHING,)), bytes(3 * _SIZE)]
            else:
                shape = bytes((stood.shape | (_DATED if marks.dated else 0),))
                parts += [digest, shape, *(m or bytes(_SIZE) for m in marks[:3])]
        return b"".join(parts)

    @classmethod
    def unpack(cls, kept: bytes) -> Seen:
        """What `pack` gave; nothing where that was by another version."""
        step = 4 * _SIZE + 1
        if not kept.startswith(_FORM) or (len(kept) - 1 - _SIZE) % step:
            return cls()
        entries = {}
        for at in range(1 + _SIZE, len(kept), step):
            flags = kept[at + _SIZE]
            own, url, title = (kept[a : a + _SIZE].strip(b"\0") and kept[a : a + _SIZE] for a in range(at + _SIZE + 1, at + step, _SIZE))
            marks = None if flags & _NOTHING else Marks(own, url, title, bool(flags & _DATED))
            entries[kept[at : at + _SIZE]] = Stood(marks, flags & ~(_DATED | _NOTHING))
        return cls(kept[1 : 1 + _SIZE], entries)


def shape_of(marks: Marks, keys: Keys) -> int:
    """Which of its marks are keys of their own: while this stays, an entry has the keys that it had."""
    own_id = _OWN_ID if keys.id == marks.id else 0
    return own_id | (_OWN_URL if keys.url else 0) | (_OWN_TITLE if keys.title else 0)


def digest_of(data: bytes | memoryview) -> bytes:
    """By which bytes are known again."""
    return blake2b(data, digest_size=_SIZE).digest()


def spans_of(document: bytes) -> list[tuple[int, int]]:
    """Where entries seem to be, from the first byte of each to behind its last."""
    first = _OPENING.search(document)
    if first is None:
        return []
    opening, closing = re.compile(rb"<" + first.group(1) + rb"[ \t\r\n>]"), b"</" + first.group(1) + b">"
    spans: list[tuple[int, int]] = []
    at: re.Match[bytes] | None = first
    while at is not None:
        end = document.find(closing, at.end())
        if end < 0:
            return spans  # it will not fit
        end += len(closing)
        spans.append((at.start(), end))
        at = opening.search(document, end)
    return spans


@dataclass(frozen=True, slots=True)
class Cut:
    """A document without some of its entries: a mark in the place of each. `spans` are those left, in the new document."""

    document: bytes
    spans: list[tuple[int, int]]
    marks: list[int]

    def fits(self, read: Read) -> bool:
        """Whether the parser saw entries and marks where they were thought to be, and nothing in them that bears on others."""
        tags = [(start, self.document.rfind(b"</", 0, end)) for start, end in self.spans]
        return read.spans == tags and read.marks == self.marks and not read.mixes


def without(document: bytes, spans: Sequence[tuple[int, int]], gone: Sequence[bool]) -> Cut:
    """The document without those of its entries."""
    parts: list[bytes] = []
    left: list[tuple[int, int]] = []
    marks: list[int] = []
    at = size = 0
    for (start, end), goes in zip(spans, gone, strict=True):
        size += start - at
        parts.append(document[at:start])
        if goes:
            marks.append(size)
            parts.append(MARK)
            size += len(MARK)
        else:
            left.append((size, size + end - start))
            parts.append(document[start:end])
            size += end - start
        at = end
    parts.append(document[at:])
    return Cut(b"".join(parts), left, marks)
