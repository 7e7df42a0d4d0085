"""How text is compared: case, accents, apostrophes, punctuation and widths forgotten; words padded with one space. Pure, no I/O.

`fold` gives UTF-8 bytes such as b" openai s associe ". Between scripts that are written without spaces and those written with
them a border is put, so that "NVIDIAと連携" reads " nvidia と連携 ". Marks are dropped where they are ornament (Latin, Greek, Cyrillic,
Arabic, Hebrew) and kept where they are letters (kana, Thai, Indic scripts). A zero byte is kept as a letter, so that texts it parts
can be folded as one.

Most text is of letters that European languages share. Those have a place in a code page of our own, one byte each, so that a whole
text is folded by three table look-ups in C; any other character sends the text the longer way, with the same outcome. The way back
to the original is in `rules.offsets`. This module knows nothing of rules.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from functools import lru_cache

PAD = b" "

# ASCII letters in lower case, digits and zero bytes kept, all else a space; bytes of wider characters stay.
_ASCII = bytes(c + 32 if 65 <= c <= 90 else c if 97 <= c <= 122 or 48 <= c <= 57 or c > 127 or not c else 32 for c in range(256))
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
    if character == "\0":
        return character
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
        folded = "".join(map(FOLDS.__getitem__, run))
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
_MANY_WORDS = 200_000  # of rules and entities; some 40 MB at the most
FOLDS = _Table()
_RUNS = _Runs()

# What a byte may stand for beside ASCII. The control characters that no text needs give their places to letters too.
_PLACES = [*range(1, 9), *range(14, 32), *range(127, 256)]
_SHARED = (
    "\u00a0¡¢£¥§©ª«\u00ae°²³´·º»¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ"
    "\u2018\u2019\u201a\u201c\u201d\u201e\u2013\u2014\u2022\u2026\u202f€™œŒ"
    "ĄąĆćĘęŁłŃńŚśŹźŻżČčĎďĚěŇňŘřŠšŤťŮůŽžĞğİıŞşŐőŰűĂăȘșȚț"
)


def _page() -> tuple[str, bytes, dict[bytes, bytes]]:
    """The code page, what each of its bytes folds to, and what stands behind the bytes of letters that fold to two."""
    page, plain = [chr(i) for i in range(256)], bytearray(_ASCII)
    pairs: dict[bytes, bytes] = {}
    for place in _PLACES:
        page[place] = "\ufffe"  # no character
    for place, character in zip(_PLACES[::-1], _SHARED, strict=False):
        folded = FOLDS[character].encode()
        page[place] = character
        plain[place] = folded[0]
        if len(folded) > 1:
            plain[place] = 255 - len(pairs)
            pairs[bytes([plain[place]])] = folded
    return "".join(page), bytes(plain), pairs


_DECODING, _PLAIN, PAIRS = _page()
_PAGE = codecs.charmap_build(_DECODING)


def fold(text: str) -> bytes:
    """`text` as it is compared: words between single spaces, one space at either end; b" " when nothing is left."""
    plain = aligned(text)
    if plain is None:
        plain = _WIDE_RUN.sub(_fold_run, _composed(text)).encode("utf-8").translate(_ASCII)
    elif not plain.isascii():
        for mark, letters in PAIRS.items():
            plain = plain.replace(mark, letters)
    words = plain.split()
    return PAD + PAD.join(words) + PAD if words else PAD


@lru_cache(maxsize=_MANY_WORDS)
def fold_written(text: str) -> bytes:
    """As `fold`, and remembered: for the words of files, which are asked for several times and again at every reload."""
    return fold(text)


def aligned(text: str) -> bytes | None:
    """The fold of each character in a byte of its own: a letter, a space, or a key of PAIRS. None when a character has none."""
    if text.isascii():
        return text.encode("ascii").translate(_ASCII)
    try:
        return codecs.charmap_encode(text, "strict", _PAGE)[0].translate(_PLAIN)
    except UnicodeEncodeError:
        return None


def _fold_run(match: re.Match[str]) -> str:
    return _RUNS[match[0]]


def _composed(text: str) -> str:
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    if any(dot in text for dot in _NAME_DOTS):
        text = _NAME_DOT.sub("", text)
    return text
