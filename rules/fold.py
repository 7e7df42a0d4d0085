"""How text is compared: case, accents, apostrophes, punctuation and widths forgotten; words padded with one space. Pure, no I/O.

`fold` gives UTF-8 bytes such as b" openai s associe ". Between scripts that are written without spaces and those written with
them a border is put, so that "NVIDIAと連携" reads " nvidia と連携 ". Marks are dropped where they are ornament (Latin, Greek, Cyrillic,
Arabic, Hebrew) and kept where they are letters (kana, Thai, Indic scripts).

Whatever folding does to spaces, the other characters keep their order. Offsets back to the original are therefore a matter of
counting characters that are not spaces, and are worked out only when asked for. This module knows nothing of rules.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from itertools import accumulate

PAD = b" "

# ASCII letters in lower case, digits kept, all else a space; bytes of wider characters stay.
_ASCII = bytes(c + 32 if 65 <= c <= 90 else c if 97 <= c <= 122 or 48 <= c <= 57 or c > 127 else 32 for c in range(256))
# 1 for the first byte of each character that is not a space.
_LETTER_STARTS = bytes(int(c != 32 and not 0x80 <= c <= 0xBF) for c in range(256))
_WIDE_RUN = re.compile("[^\x00-\x7f]+")
_ORNAMENT = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]"
)
# Letters that Unicode does not decompose but readers and writers interchange.
_ALIKE = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d",
    "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ς": "σ",
})
_SPACED = "\u0000-\u058f\u1d00-\u1fff"  # Latin, Greek, Cyrillic, Armenian and digits: scripts that set words apart by spaces
_FOREIGN = re.compile(f"[^{_SPACED}]")
_SPACED_LETTER = re.compile("[0-9a-z\u0080-\u058f\u1d00-\u1fff]")
_BORDER = re.compile(f"(?<=[^{_SPACED}])(?=[{_SPACED}])|(?<=[{_SPACED}])(?=[^{_SPACED}])")
_NAME_DOT = re.compile("(?<=[\u3041-\u30ff\u3400-\u9fff])[\u00b7\u2027\u2022\u30fb\uff65](?=[\u3041-\u30ff\u3400-\u9fff])")
_NAME_DOTS = ("\u30fb", "\u00b7", "\uff65", "\u2027", "\u2022")


def _fold_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf" or _ORNAMENT.match(character):
        return ""
    if category[0] not in "LNM":
        return " "
    if character.isascii():
        return character.lower()
    decimal = unicodedata.decimal(character, None)
    if decimal is not None:
        return str(decimal)
    wide = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", character).casefold())
    plain = _ORNAMENT.sub("", unicodedata.normalize("NFD", wide).translate(_ALIKE))
    return "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in unicodedata.normalize("NFC", plain))


class _Table(dict[str, str]):
    """Folds of characters, worked out when first met."""

    def __missing__(self, character: str) -> str:
        folded = self[character] = _fold_character(character)
        return folded


class _Runs(dict[str, str]):
    """Folds of short runs beyond ASCII: accented letters and typographic quotes come again and again."""

    def __missing__(self, run: str) -> str:
        folded = "".join(map(_TABLE.__getitem__, run))
        if _FOREIGN.search(folded):
            if _SPACED_LETTER.search(folded):
                folded = _BORDER.sub(" ", folded)
            folded = f" {folded}" if _FOREIGN.match(folded) else folded
            folded = f"{folded} " if _FOREIGN.match(folded[-1]) else folded
        if len(run) <= _SHORT_RUN and len(self) < _MANY_RUNS:
            self[run] = folded
        return folded


_SHORT_RUN = 4
_MANY_RUNS = 50_000
_TABLE = _Table()
_RUNS = _Runs()


def fold(text: str) -> bytes:
    """`text` as it is compared: words between single spaces, one space at either end; b" " when nothing is left."""
    plain = text if text.isascii() else _WIDE_RUN.sub(_fold_run, _composed(text))
    words = plain.encode("utf-8").translate(_ASCII).split()
    return PAD + PAD.join(words) + PAD if words else PAD


def _fold_run(match: re.Match[str]) -> str:
    return _RUNS[match[0]]


def _composed(text: str) -> str:
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    if any(dot in text for dot in _NAME_DOTS):
        text = _NAME_DOT.sub("", text)
    return text


class Folded:
    """A text beside its folded bytes, with the way between positions in the two."""

    __slots__ = ("_counts", "_ends", "_starts", "data", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.data = fold(text)
        self._counts: list[int] | None = None  # letters before each byte of `data`
        self._starts: list[int] = []  # of each letter, in the original
        self._ends: list[int] = []

    def original(self, lo: int, hi: int) -> tuple[int, int]:
        """Characters of the original text (start, end) that bytes lo..hi of `data` came from; lo < hi, both at letters."""
        counts = self._aligned()
        return self._starts[counts[lo]], self._ends[counts[hi] - 1]

    def folded(self, position: int) -> int:
        """The byte of `data` where the first letter at or after `position` of the original is; the end when there is none."""
        counts = self._aligned()
        letter = bisect_left(self._starts, position)
        return bisect_left(counts, letter + 1) - 1 if letter < len(self._starts) else len(self.data)

    def _aligned(self) -> list[int]:
        if self._counts is None:
            self._counts = list(accumulate(self.data.translate(_LETTER_STARTS), initial=0))
            self._starts, self._ends = _offsets(self.text)
        return self._counts


def _offsets(text: str) -> tuple[list[int], list[int]]:
    """Start and end, in the original, of each folded character that is not a space."""
    if text.isascii():
        starts = [i for i, c in enumerate(text.encode("ascii").translate(_ASCII)) if c != 32]
        return starts, [i + 1 for i in starts]
    starts, ends = [], []
    for start, end in _clusters(text):
        piece = text[start:end]
        if end - start > 1:
            piece = unicodedata.normalize("NFC", piece)
        for character in piece:
            for c in _TABLE[character]:
                if c != " ":
                    starts.append(start)
                    ends.append(end)
    return starts, ends


def _clusters(text: str) -> list[tuple[int, int]]:
    """Stretches of `text` that normalise on their own: single characters, or a base with all that may join it."""
    if unicodedata.is_normalized("NFC", text):
        return [(i, i + 1) for i in range(len(text))]
    cuts = [i for i, c in enumerate(text) if i == 0 or not _joins(c)]
    return list(zip(cuts, [*cuts[1:], len(text)], strict=True))


def _joins(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff" or unicodedata.combining(character) != 0
