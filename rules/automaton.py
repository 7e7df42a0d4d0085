"""Every phrase of a rule set found in one pass over folded text. Pure, no I/O; knows phrases and borders, not rules.

A phrase is padded with spaces where its script sets words apart, so that the automaton's own hit is the test of the border:

    Latin, Greek, Cyrillic, …     borders on both sides; a `*` lifts the right one of its word, the last or one within
    Chinese, kana, Thai, …        none; katakana names of up to three letters may not sit inside a longer katakana word
    Korean                        left border only, for particles follow; names of up to two syllables need a particle or an end
    Arabic, Hebrew                both, after the prefixes that these scripts attach (و ف ب ل ك ال …)

All hits are reported, overlapping ones too: names nest, and a leftmost or longest engine would lose a fifth of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from daachorse import DoubleArrayAhoCorasick

from rules.fold import PAD, fold_written

Span = tuple[int, int]
Guard = Callable[[bytes, int, int], bool]

_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_HANGUL = re.compile("[\uac00-\ud7af\u3130-\u318f]")
_KATAKANA = re.compile("[\u30a1-\u30ff]{1,3}")
_ARABIC = re.compile("[\u0620-\u06ff]")
_HEBREW = re.compile("[\u05d0-\u05ea]")
_SHORT_KOREAN = re.compile("(?:.* )?[\uac00-\ud7af]{1,2}")
_PARTICLE = re.compile(
    "은|는|이|가|을|를|와|과|의|에|도|로|으로|만|까지|부터|께|랑|하고|나|라|측|등|및|용|사(?: |[가와는의도를])"
)
_ARABIC_PREFIXES = re.compile("[وف]?[بلكس]?(?:ال)?|[وف]?لل")
_ARABIC_ARTICLES = re.compile("[وف]?[بك]?ال|[وف]?لل")
_HEBREW_PREFIXES = re.compile("ו?(?:כש|מה|של|[בלמשהכ])?ה?")
_ARTICLE = "ال"
_MANY = 100_000  # phrases that are remembered ready for the next rule set, which shares most of them
_MIN_AFTER_ARTICLE = 3  # letters; less is not a word to look for inside others


class Phrase(NamedTuple):
    """What is looked for: the text as written, whether any ending may follow or any beginning precede it, whether case counts, whether
    it is a name. A tuple, for tens of thousands are made and asked for by value.

    `core` is the folded text without its padding, up to the first word of any ending; empty when nothing can be looked for. `rest` is
    what stands after that word ("Cyfryzacji" in "Ministerstw* Cyfryzacji"); mostly empty. Case is not checked here, for that needs the
    original text; see `rules.document`.
    """

    text: str
    prefix: bool
    exact: bool
    name: bool
    suffix: bool
    core: str
    rest: str

    @classmethod
    def read(cls, written: str, *, exact: bool = False, name: bool = False) -> Phrase:
        """A phrase as people write it, where a `*` at the end stands for any ending, and one before it for any beginning."""
        return _read(written.strip(), exact, name)


@lru_cache(maxsize=_MANY)
def _read(written: str, exact: bool, name: bool) -> Phrase:
    text = written.strip("* ")
    first, _, rest = text.partition("*")
    core = fold_written(first).decode().strip()
    return Phrase(text, written.endswith("*"), exact, name, written.startswith("*"), core, rest)


@dataclass(frozen=True, slots=True)
class _Test:
    """What must hold at a hit beside its bytes, and how far it reaches."""

    guard: Guard | None
    from_word_start: bool
    to_word_end: bool
    rest: re.Pattern[bytes] | None

    def place(self, data: bytes, lo: int, hi: int) -> Span | None:
        """Where the phrase stands whose core is at lo..hi; None when it does not stand there."""
        if self.guard is not None and not self.guard(data, lo, hi):
            return None
        if self.rest is not None:
            follows = self.rest.match(data, hi)
            if follows is None:
                return None
            hi = follows.end()
        if self.from_word_start:
            lo = data.rfind(PAD, 0, lo) + 1
        if self.to_word_end:
            hi = data.index(PAD, hi)
        return lo, hi


# A phrase behind a byte pattern: its number, the padding on either side, and what is left to test (for few).
_Use = tuple[int, int, int, _Test | None]


class Automaton:
    """Finds phrases by number in folded bytes. Immutable once made."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        patterns: dict[bytes, list[_Use]] = {}
        for number, phrase in enumerate(phrases):
            pattern, left, right, test = _pattern(phrase)
            if pattern:
                patterns.setdefault(pattern, []).append((number, left, right, test))
        self.exact = frozenset(number for number, phrase in enumerate(phrases) if phrase.exact)  # whose case is yet to be checked
        self._uses = list(patterns.values())
        self._machine = DoubleArrayAhoCorasick(list(patterns)) if patterns else None

    def scan(self, data: bytes) -> dict[int, list[Span]]:
        """Phrase number → where it stands in `data` (bytes without padding), in order; with its ending where that is open."""
        found: dict[int, list[Span]] = {}
        if self._machine is None:
            return found
        all_uses = self._uses
        for start, end, pattern in self._machine.find_overlapping(data):
            for phrase, left, right, test in all_uses[pattern]:
                lo, hi = start + left, end - right
                span = (lo, hi) if test is None else test.place(data, lo, hi)
                if span is None:
                    continue
                if phrase in found:
                    found[phrase].append(span)
                else:
                    found[phrase] = [span]
        return found


@lru_cache(maxsize=_MANY)
def _pattern(phrase: Phrase) -> tuple[bytes, int, int, _Test | None]:
    """The bytes to look for, how much of them is padding on either side, and what is left to test; no bytes, nothing to find."""
    core = phrase.core
    if not core:
        return b"", 0, 0, None
    if core.isascii() and not (phrase.prefix or phrase.rest):
        left = int(not phrase.suffix)
        return PAD * left + core.encode() + PAD, left, 1, None
    left = not (phrase.suffix or _UNSPACED.match(core))
    right = not (phrase.prefix or phrase.rest or _UNSPACED.match(core[-1]) or _HANGUL.match(core[-1]))
    guard: Guard | None = None
    whole_word = False
    if _ARABIC.match(core) and not phrase.suffix:
        left = False
        bare = core.removeprefix(_ARTICLE)
        whole_word = bare != core and len(bare.split(" ")[0]) >= _MIN_AFTER_ARTICLE
        core = bare if whole_word else core
        guard = _after(_ARABIC_ARTICLES if whole_word else _ARABIC_PREFIXES)
    elif _HEBREW.match(core):
        left = False
        guard = _after(_HEBREW_PREFIXES)
    elif phrase.name and not phrase.prefix:
        guard = _outside_katakana if _KATAKANA.fullmatch(core) else _before_particle if _SHORT_KOREAN.fullmatch(core) else None
    pattern = PAD * left + core.encode() + PAD * right
    open_end = phrase.prefix and not _UNSPACED.match(core[-1])
    following = _following(phrase.rest, open_end=phrase.prefix) if phrase.rest else None
    test = _Test(guard, whole_word, open_end, following) if guard or whole_word or open_end or following else None
    return pattern, int(left), int(right), test


def _following(rest: str, *, open_end: bool) -> re.Pattern[bytes]:
    """Any ending of a word and what must come next, again with any ending where a star stands; a border at the end unless it is open."""
    parts = (PAD * part[:1].isspace() + re.escape(fold_written(part).strip()) for part in rest.split("*"))
    return re.compile(b"".join(b"[^ \\0]*" + part for part in parts) + b"(?= )" * (not open_end))


def _after(prefixes: re.Pattern[str]) -> Guard:
    def guard(data: bytes, lo: int, hi: int) -> bool:  # noqa: ARG001
        return prefixes.fullmatch(data[data.rfind(PAD, 0, lo) + 1 : lo].decode()) is not None

    return guard


def _outside_katakana(data: bytes, lo: int, hi: int) -> bool:
    first, last = "ァ".encode(), "ヿ".encode()  # UTF-8 keeps the order of code points
    return not (first <= data[lo - 3 : lo] <= last or first <= data[hi : hi + 3] <= last)


def _before_particle(data: bytes, lo: int, hi: int) -> bool:  # noqa: ARG001
    if data.startswith(PAD, hi):
        return True
    rest = data[hi : data.index(PAD, hi) + 1].decode()
    return _PARTICLE.match(rest) is not None
