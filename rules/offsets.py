"""A text beside its folded bytes, with the way between positions in the two. Pure, no I/O; knows nothing of rules.

Whatever folding does to spaces, the other characters keep their order; so the way back is a matter of counting letters. It is worked
out when first asked for. Where every character folds to one byte of its own, only the places where the two texts drift apart are
kept: runs of spaces, and letters that fold to two.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import compress
from typing import Protocol

from rules.fold import FOLDS, PAD, aligned, fold

Span = tuple[int, int]

_SPACE = PAD[0]
_PAIR = re.compile(rb"[\x80-\xff]")
# 1 for the first byte of each character that is not a space.
_LETTER_STARTS = bytes(int(c != _SPACE and not 0x80 <= c <= 0xBF) for c in range(256))


class Folded:
    """A text and its folded bytes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.data = fold(text)

    @cached_property
    def way(self) -> Way:
        """The way between the two."""
        plain = aligned(self.text)
        return _Letters(self.text, self.data) if plain is None or self.data == PAD else _Drift(plain, self.data)


class Way(Protocol):
    """Positions in a text and in its folded bytes, brought together."""

    def originals(self, spans: Iterable[Span]) -> Iterator[Span]:
        """Of each span of bytes (lo, hi) the characters (start, end) its letters came from; there must be one at least."""

    def folded(self, position: int) -> int:
        """The byte where the first letter at or after `position` of the original is; the end when there is none."""


class _Drift:
    """The way for a text of one byte a character: from byte `_bytes[i]` on, characters keep step from `_chars[i]`, `_apart[i]` ahead."""

    def __init__(self, plain: bytes, data: bytes) -> None:
        self._data = data
        text = plain.rstrip()
        first = len(text) - len(text.lstrip())
        apart = first - 1  # how far the original is ahead
        self._bytes, self._chars = [1], [first]
        self._apart = [apart]
        for at, goes_on in _steps(text, first):
            byte = at - apart + 1
            apart = goes_on - byte
            self._bytes.append(byte)
            self._chars.append(goes_on)
            self._apart.append(apart)

    def originals(self, spans: Iterable[Span]) -> Iterator[Span]:
        data, starts, apart = self._data, self._bytes, self._apart
        beyond = len(starts)
        for lo, hi in spans:
            first = lo + 1 if data[lo] == _SPACE else lo
            last = hi - 2 if data[hi - 1] == _SPACE else hi - 1
            step = bisect_right(starts, first)
            start = first + apart[step - 1]
            if step < beyond and starts[step] <= last:
                step = bisect_right(starts, last, step)
            yield start, last + apart[step - 1] + 1

    def folded(self, position: int) -> int:
        index = bisect_left(self._chars, position) - 1
        if index < 0:
            return 1
        byte = self._bytes[index] + position - self._chars[index]
        if index + 1 < len(self._bytes):
            byte = min(byte, self._bytes[index + 1])
        if byte >= len(self._data) - 1:
            return len(self._data)
        return byte + (self._data[byte] == _SPACE)


def _steps(text: bytes, start: int) -> list[Span]:
    """Where a run of spaces begins, with the character after it; where a letter folds to two, which both come from it."""
    steps, at = [], text.find(b"  ", start)
    while at >= 0:
        after = at + 2
        while text[after] == _SPACE:
            after += 1
        steps.append((at, after))
        at = text.find(b"  ", after)
    if not text.isascii():
        steps += [(m.start(), m.start()) for m in _PAIR.finditer(text, start)]
        steps.sort()
    return steps


class _Letters:
    """The way for any text: the place of every letter in both."""

    def __init__(self, text: str, data: bytes) -> None:
        self._size = len(data)
        self._bytes = list(compress(range(len(data)), data.translate(_LETTER_STARTS)))
        if unicodedata.is_normalized("NFC", text):
            counts = list(map(_COUNTS.__getitem__, text))
            if max(counts, default=0) <= 1:
                self._starts = list(compress(range(len(text)), counts))
            else:
                self._starts = [i for i, count in enumerate(counts) for _ in range(count)]
            self._ends = None
        else:
            self._starts, self._ends = _clustered(text)

    def originals(self, spans: Iterable[Span]) -> Iterator[Span]:
        places, starts, ends = self._bytes, self._starts, self._ends
        for lo, hi in spans:
            first = bisect_left(places, lo)
            last = bisect_left(places, hi, first) - 1
            yield starts[first], ends[last] if ends else starts[last] + 1

    def folded(self, position: int) -> int:
        letter = bisect_left(self._starts, position)
        return self._bytes[letter] if letter < len(self._bytes) else self._size


class _Counts(dict[str, int]):
    """How many letters a character folds to; worked out when first met."""

    def __missing__(self, character: str) -> int:
        count = self[character] = sum(c != " " for c in FOLDS[character])
        return count


_COUNTS = _Counts()


def _clustered(text: str) -> tuple[list[int], list[int]]:
    """Start and end of what each letter came from: characters, or a base with all the marks that may join it."""
    starts, ends = [], []
    cuts = [i for i, c in enumerate(text) if i == 0 or not _joins(c)]
    for start, end in zip(cuts, [*cuts[1:], len(text)], strict=True):
        count = sum(map(_COUNTS.__getitem__, unicodedata.normalize("NFC", text[start:end])))
        starts += [start] * count
        ends += [end] * count
    return starts, ends


def _joins(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff" or unicodedata.combining(character) != 0
