"""Sets of phrases by number, each with the languages it counts in. Pure; the meeting point of lexicons, lists and the automaton."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rules.automaton import Phrase
from rules.fold import fold_written

Languages = frozenset[str]
EVERY_LANGUAGE: Languages = frozenset()
ANY = "any"  # under this, a lexicon has words that every language borrows, such as "memorandum"
_LAST_LATIN = "\u024f"


class PhraseTable:
    """Numbers for phrases, the same number for the same phrase; grows while a rule set is built, then is read only."""

    def __init__(self) -> None:
        self._numbers: dict[Phrase, int] = {}
        self._phrases: list[Phrase] = []

    def number(self, phrase: Phrase) -> int:
        """The number of `phrase`, given out on first use."""
        phrases = self._phrases
        number = self._numbers.setdefault(phrase, len(phrases))
        if number == len(phrases):
            phrases.append(phrase)
        return number

    def __getitem__(self, number: int) -> Phrase:
        return self._phrases[number]

    def phrases(self) -> tuple[Phrase, ...]:
        """Every phrase, at the place of its number."""
        return tuple(self._phrases)


def counts_in(phrase: Phrase, language: str) -> Languages:
    """The languages in which a word of `language` counts: its own when written in Latin letters and not under `any`, else every one."""
    folded = fold_written(phrase.text)
    latin = folded.isascii() or max(folded.decode()) <= _LAST_LATIN
    return frozenset({language}) if latin and language and language != ANY else EVERY_LANGUAGE


@dataclass(frozen=True, eq=False, slots=True)
class PhraseSet:
    """Phrases of which any will do. Compared by identity, so that a document can remember what it found."""

    languages: Mapping[int, Languages]
    numbers: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", frozenset(self.languages))


def union(sets: Iterable[Mapping[int, Languages]]) -> dict[int, Languages]:
    """All phrases of `sets`; one that counts everywhere in any of them counts everywhere."""
    out: dict[int, Languages] = {}
    for phrases in sets:
        for number, languages in phrases.items():
            known = out.get(number)
            out[number] = languages if known is None else known | languages if known and languages else EVERY_LANGUAGE
    return out
