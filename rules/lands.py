"""The words of a document that speak of countries: their names, adjectives and capitals, found in one table. Pure, no I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rules.automaton import Span
from rules.document import Document
from rules.fold import PAD
from rules.phrases import PhraseSet

COUNTRY, ADJECTIVE, CAPITAL = "country", "adjective", "capital"
SLOTS = (COUNTRY, ADJECTIVE, CAPITAL)
_NEARBY = 400  # bytes on either side in which a country explains "the defence ministry"


@dataclass(frozen=True, slots=True)
class LandTable:
    """Which phrase speaks of which countries, and how; and the small words around them."""

    words: Mapping[int, tuple[tuple[str, str], ...]] = field(default_factory=dict)  # phrase → (slot, country)
    homes: Mapping[str, str] = field(default_factory=dict)  # language → the country in which it goes without saying
    articles: frozenset[bytes] = frozenset()  # "the ", between "government of" and the country
    joints: frozenset[bytes] = frozenset()  # " and ", between countries named in one breath
    longer: PhraseSet = field(default_factory=lambda: PhraseSet({}))  # "New Mexico" speaks of no Mexico


class Land(NamedTuple):
    """A word for a country where it stands."""

    span: Span
    slot: str
    country: str


class Lands:
    """The words for countries in one document."""

    def __init__(self, table: LandTable, document: Document) -> None:
        self._table = table
        self._document = document
        self.all = _outermost(self._found(), document.spans(table.longer))
        self._starts: dict[tuple[str, int], list[Land]] = defaultdict(list)
        self._ends: dict[tuple[str, int], list[Land]] = defaultdict(list)
        for land in self.all:
            self._starts[land.slot, land.span[0]].append(land)
            self._ends[land.slot, land.span[1]].append(land)

    def _found(self) -> Iterable[Land]:
        words, document = self._table.words, self._document
        return (Land(s, slot, c) for n in document.hits.keys() & words.keys() for s in document.phrase(n) for slot, c in words[n])

    def after(self, slot: str, position: int) -> Land | None:
        """The word of a kind that begins at `position` or past an article."""
        data = self._document.data
        places = [position, *(position + len(a) for a in self._table.articles if data.startswith(a, position))]
        return next((land for p in places for land in self._starts.get((slot, p), ())), None)

    def before(self, slot: str, position: int) -> Land | None:
        """The word of a kind that ends at `position`."""
        return next(iter(self._ends.get((slot, position), ())), None)

    def speaks_of(self, span: Span) -> bool:
        """Whether a stretch is nothing but words for countries: "European" and "Swiss" are no names of a machine."""
        return any(land.span[0] == span[0] and land.span[1] >= span[1] for land in self.all)

    def joined(self, land: Land, *, forward: bool, most: int) -> Iterator[Land]:
        """The words of the same kind that are said in one breath with `land`: "the British, French and German"."""
        for _ in range(most):
            near = next(self._beside(land, forward=forward), None)
            if near is None:
                return
            yield near
            land = near

    def _beside(self, land: Land, *, forward: bool) -> Iterator[Land]:
        data, (lo, hi) = self._document.data, land.span
        for joint in self._table.joints:
            if forward and data.startswith(joint, hi):
                yield from self._starts.get((land.slot, hi + len(joint)), ())
            elif not forward and data.endswith(joint, 0, lo):
                yield from self._ends.get((land.slot, lo - len(joint)), ())

    def nearest(self, span: Span) -> str | None:
        """The country that explains a body named at `span`: that of the nearest word; of a text without any, its language's home."""
        telling = [land for land in self.all if not self._is_letter(land) or _distance(land.span, span) <= 1]
        if not telling:
            return self.home()
        best = min(telling, key=lambda land: _distance(land.span, span))
        return best.country if _distance(best.span, span) <= _NEARBY else None

    def home(self) -> str | None:
        """The home of the document's language, where there is one."""
        languages = self._document.languages
        return self._table.homes.get(next(iter(languages))) if len(languages) == 1 else None

    def _is_letter(self, land: Land) -> bool:
        """Whether a word is a single character, such as the 独 of Germany: it speaks of a country only right beside a body."""
        return len(self._document.data[slice(*land.span)].decode()) == 1


def _distance(a: Span, b: Span) -> int:
    return max(a[0] - b[1], b[0] - a[1])


def _outermost(lands: Iterable[Land], longer: Sequence[Span]) -> list[Land]:
    """In order, those that lie within no other word and no longer name."""
    found = sorted(lands)
    whole: set[Span] = set()
    end = -1
    for lo, hi in sorted({land.span for land in found} | set(longer), key=lambda s: (s[0], -s[1])):
        if hi > end:
            whole.add((lo, hi))
            end = hi
    return [land for land in found if land.span in whole and land.span not in longer]


def touching(data: bytes, position: int, *, forward: bool) -> tuple[int, ...]:
    """The places right beside `position`: there, and past one space."""
    if forward:
        return (position, position + 1) if data.startswith(PAD, position) else (position,)
    return (position, position - 1) if data.endswith(PAD, 0, position) else (position,)
