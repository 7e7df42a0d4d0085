"""Which texts hold the words that an operator asks for, where an interface cannot search by itself. Pure.

Case, accents and compatibility forms make no difference and words are whole: `IA` is in "l'IA générative" and not in "média". Scripts
that set no spaces have no borders, so there a phrase may stand anywhere, and a Latin word ends where such a script begins.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_BREAK = re.compile(r"[\W_]+")
_UNSPACED = re.compile(r"([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff]+)")


class Wanted:
    """Phrases to look for; without any, every text is wanted."""

    def __init__(self, phrases: Iterable[str]) -> None:
        folded = [words for phrase in phrases if (words := plain(phrase))]
        self._phrases = tuple(words if _UNSPACED.search(words) else f" {words} " for words in folded)

    def __bool__(self) -> bool:
        return bool(self._phrases)

    def within(self, *texts: str) -> bool:
        """Whether any phrase stands in one of the texts."""
        if not self._phrases:
            return True
        return any(phrase in padded for padded in (f" {plain(text)} " for text in texts) for phrase in self._phrases)


def plain(text: str) -> str:
    """The words of a text with single spaces between them, as they are compared."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    composed = unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))
    return _BREAK.sub(" ", _UNSPACED.sub(r" \1 ", composed)).strip()
