"""How far a name goes beside the words that announce it: "Tourism" after "Ministry of", "Kent" before "County Council". Pure, no I/O.

In scripts with capitals a name is a run of capitalised words, small connecting words within it included. Arabic and Hebrew names go on as
long as words bear the article; Chinese, Japanese and Korean ones reach to the next border. Runs are bounded, so that time is linear.
"""

from __future__ import annotations

import re
from collections.abc import Collection

MAX_WORDS = 9  # of a name; longer ones are titles in capitals
MAX_CHARACTERS = 90  # looked at on one side of the announcing words
_MAX_UNSPACED = 8  # characters of a name in a script without spaces
_MAX_LINKS = 3  # connecting words in a row: "de la", "of the", "in der"

_WORD = re.compile(r"[^\W_]+(?:['’.&-][^\W_]+)*|&")
_APART = re.compile(r"\s+|\s*[,–-]\s*|['’]")
_OPENING = re.compile(r"\s*['’]?")
_HAN = re.compile("[\u3400-\u9fff々]")
_HANGUL = re.compile("[\uac00-\ud7af]")
_ARTICLED = re.compile("(?:\\s*(?:و?(?:ال|لل)[\u0620-\u064a]{2,}|و[\u0620-\u064a]{2,}(?=\\s+ال)|ו?ה[\u05d0-\u05ea]{2,})(?=\\s|\\W|$)){1,5}")
_NOT_IN_NAMES = frozenset("的和与與及在对對把被由向从從将將是为為了等")
_ARTICLES = frozenset({
    "la", "le", "les", "el", "il", "lo", "los", "las", "o", "os", "a", "as", "die", "der", "das", "de", "det", "den", "het",
})
_JOINING = frozenset({"and", "&", "et", "y", "e", "ed", "und", "en", "och", "og", "i", "ve", "dan", "και", "и", "та", "și", "a", "ja"})


def after(text: str, start: int, links: Collection[str], stops: Collection[str]) -> int | None:
    """Where the name that begins at or just after `start` ends; None where none begins."""
    window = text[start : start + MAX_CHARACTERS]
    articled = _ARTICLED.match(window)
    if articled is not None:
        return start + articled.end()
    end, comma, small, at = None, None, 0, 0
    for word in list(_WORD.finditer(window))[:MAX_WORDS]:
        gap = window[at : word.start()]
        if not (_OPENING if end is None else _APART).fullmatch(gap) or word[0].casefold() in stops:
            break
        if "," in gap and comma is None:
            comma = end  # "Economy, Trade and Industry": a list only when a joining word comes
        if _is_capital(word[0]):
            end, small = word.end(), 0
        elif end is not None and (word[0] == "&" or word[0].casefold() in links) and small < _MAX_LINKS:
            small += 1
        else:
            break
        if word[0].casefold() in _JOINING:
            comma = None
        at = word.end()
    return None if end is None else start + (end if comma is None else comma)


def before(text: str, end: int, links: Collection[str], stops: Collection[str]) -> int | None:
    """Where the name that ends at or just before `end` begins; None where none ends there."""
    low = max(0, end - MAX_CHARACTERS)
    window = text[low:end].rstrip()
    for script in (_HAN, _HANGUL):
        if window and script.match(window[-1]):
            return _unspaced(text, low + len(window), script)
    start, at = None, len(window)
    for word in reversed(list(_WORD.finditer(window))[-MAX_WORDS:]):
        gap = window[word.end() : at]
        apart = _APART.fullmatch(gap) if start is not None else not gap.strip()
        if not apart or word[0].casefold() in stops or word[0].casefold() in _ARTICLES:
            break
        if _is_capital(word[0]):
            start = word.start()
        elif start is None or (word[0] != "&" and word[0].casefold() not in links):
            break
        at = word.start()
    return None if start is None else low + start


def _unspaced(text: str, end: int, script: re.Pattern[str]) -> int | None:
    """The start of a name in a script without spaces; none where it has no border within reach."""
    low, start = max(0, end - _MAX_UNSPACED), end
    while start > low and script.match(text[start - 1]) and text[start - 1] not in _NOT_IN_NAMES:
        start -= 1
    unbounded = start == low and low > 0 and script.match(text[low - 1]) and text[low - 1] not in _NOT_IN_NAMES
    return None if start == end or unbounded else start


def _is_capital(word: str) -> bool:
    return word[0].isupper() or word[0].isdigit()
