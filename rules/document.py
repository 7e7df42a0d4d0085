"""One item as the rules see it: folded once, scanned once, everything else worked out when first asked. Pure, no I/O.

Positions here are bytes of `data`, the three folded fields with a zero byte between them, which no phrase can cross.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property

from rules.automaton import Automaton, Phrase, Span
from rules.fold import PAD
from rules.language import base, guess
from rules.offsets import Folded
from rules.phrases import PhraseSet
from rules.sentences import cuts
from watcher.model import Item

FIELDS = ("title", "summary", "content")
_FIRST_UNSPACED = "\u2e80"  # from here on, scripts that do not set words apart
_MAYBE_UNSPACED = re.compile(rb"[\xe2-\xff]")  # the first bytes of those
LEAD_WORDS = 80  # of the text below the title; what an article is about is said by then
LONG_TITLE = 200  # characters; a longer title is a post, and is cut into sentences like any text

FieldSpan = tuple[str, int, int]


class Document:
    """The text of one item with the hits of one automaton."""

    def __init__(self, item: Item, automaton: Automaton, phrases: tuple[Phrase, ...]) -> None:
        self.item = item
        self.fields = tuple(Folded(text) for text in (item.title, item.summary, item.content))
        self.data = b"\0".join(field.data for field in self.fields)
        self.hits = automaton.scan(self.data)
        self.found = frozenset(self.hits)
        self._phrases = phrases
        self._originals: dict[Span, FieldSpan] = {}
        self._checked: dict[int, list[Span]] = {}
        self._present: dict[PhraseSet, list[int]] = {}
        self._edges: dict[PhraseSet, tuple[set[int], set[int]]] = {}

    @cached_property
    def bases(self) -> tuple[int, ...]:
        """Where each field begins in `data`."""
        title, summary, _ = self.fields
        return 0, len(title.data) + 1, len(title.data) + len(summary.data) + 2

    @cached_property
    def languages(self) -> frozenset[str]:
        """The languages that the item may be in; empty when it cannot be told, and then every language may count."""
        declared = base(self.item.lang)
        return frozenset({declared}) if declared else guess(self.data.replace(b"\0", b"").decode())

    def speaks(self, languages: frozenset[str]) -> bool:
        """Whether words that count in `languages` count here; those of no language count everywhere."""
        return not languages or not self.languages or not languages.isdisjoint(self.languages)

    def phrase(self, number: int) -> list[Span]:
        """Where phrase `number` stands, its case checked where case counts."""
        spans = self.hits.get(number)
        if spans is None:
            return []
        if not self._phrases[number].exact:
            return spans
        if number not in self._checked:
            self._checked[number] = [s for s in spans if self._reads(s, self._phrases[number])]
        return self._checked[number]

    def present(self, phrases: PhraseSet) -> list[int]:
        """The phrases of a set that stand here, in a language of the item; remembered, for sets are asked for often."""
        known = self._present.get(phrases)
        if known is None:
            here = self.found & phrases.numbers
            known = self._present[phrases] = [n for n in here if self.speaks(phrases.languages[n]) and self.phrase(n)]
        return known

    def spans(self, phrases: PhraseSet) -> list[Span]:
        """Where the phrases of a set stand, in order."""
        return sorted({span for number in self.present(phrases) for span in self.phrase(number)})

    def edges(self, phrases: PhraseSet) -> tuple[set[int], set[int]]:
        """Where phrases of a set begin, and where they end; remembered."""
        known = self._edges.get(phrases)
        if known is None:
            spans = self.spans(phrases)
            known = self._edges[phrases] = {lo for lo, _ in spans}, {hi for _, hi in spans}
        return known

    def _reads(self, span: Span, phrase: Phrase) -> bool:
        """Whether the original at `span` is the phrase to the letter; hyphens, quotes and runs of spaces may differ."""
        text = phrase.text
        index = self._field_at(span[0])
        original = self.fields[index].text
        if not (text.isascii() and " " not in text and "-" not in text) or text in original:
            offset = self.bases[index]
            start, end = self.fields[index].way.original(span[0] - offset, span[1] - offset)
            letters = _letters(original[start:end])
            return original.startswith(text, start) or (letters.startswith if phrase.prefix else letters.__eq__)(_letters(text))
        return False

    def _field_at(self, position: int) -> int:
        return bisect_right(self.bases, position) - 1

    def original(self, span: Span) -> FieldSpan:
        """The field and the characters in it that `span` came from; remembered."""
        known = self._originals.get(span)
        if known is None:
            index = self._field_at(span[0])
            start, end = self.fields[index].way.original(span[0] - self.bases[index], span[1] - self.bases[index])
            known = self._originals[span] = FIELDS[index], start, end
        return known

    def character(self, position: int) -> tuple[int, int, int]:
        """The field of a letter at `position`, and where its character begins and ends in the original."""
        index = self._field_at(position)
        start, end = self.fields[index].way.original(position - self.bases[index], position + 1 - self.bases[index])
        return index, start, end

    def originals(self, spans: Iterable[Span]) -> tuple[FieldSpan, ...]:
        """Where `spans` came from, each place once."""
        known = self._originals
        places = [known.get(span) or self.original(span) for span in spans]
        return tuple(places) if len(places) == 1 else tuple(dict.fromkeys(places))

    def located(self, field: int, start: int, end: int) -> Span:
        """The span of `data` for characters start..end of the original of a field, without the space after it."""
        base, way = self.bases[field], self.fields[field].way
        lo, hi = base + way.folded(start), base + way.folded(end)
        return lo, hi - self.data.endswith(PAD, lo, hi)

    @cached_property
    def sentences(self) -> list[Span]:
        """The sentences of all fields, in order; a title is one sentence unless it is long."""
        out = []
        for index, field in enumerate(self.fields):
            at = begins = self.bases[index]
            for cut in [] if index == 0 and len(field.text) <= LONG_TITLE else cuts(field.text):
                end = begins + field.way.folded(cut) - 1
                if end > at:
                    out.append((at, end))
                    at = end
            if at < begins + len(field.data) - 1:
                out.append((at, begins + len(field.data)))
        return out

    def sentence_numbers(self, spans: Iterable[Span]) -> frozenset[int]:
        """The sentences, by number, that `spans` begin in."""
        starts = self._sentence_starts
        return frozenset({bisect_right(starts, lo) - 1 for lo, _ in spans} - {-1})

    def sentences_with(self, spans: Iterable[Span]) -> list[Span]:
        """The sentences that `spans` begin in, in order, each once."""
        return [self.sentences[n] for n in sorted(self.sentence_numbers(spans))]

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [lo for lo, _ in self.sentences]

    @cached_property
    def title(self) -> Span:
        """The title; for an item without one, the first sentence of its text."""
        if len(self.fields[0].data) > 1:
            return 0, len(self.fields[0].data)
        return self.sentences[0] if self.sentences else (0, 0)

    @cached_property
    def lead(self) -> Span:
        """The title and what an article says first: the opening words of the text below it."""
        begins = next((base for base, field in list(zip(self.bases, self.fields, strict=True))[1:] if len(field.data) > 1), None)
        return 0, self.after_words(begins, LEAD_WORDS) if begins is not None else len(self.fields[0].data)

    def after_space(self, position: int) -> int:
        """`position`, or the one after it where a space stands there."""
        return position + self.data.startswith(PAD, position)

    @property
    def whole(self) -> Span:
        """The whole item."""
        return 0, len(self.data)

    def words_between(self, lo: int, hi: int) -> int:
        """How many words begin in lo..hi; in scripts without spaces two characters count as a word."""
        piece = self.data[lo:hi]
        if piece.isascii():
            return piece.count(PAD)
        text = piece.decode("utf-8", "ignore")
        return text.count(" ") + sum(c >= _FIRST_UNSPACED for c in text) // 2

    def after_words(self, start: int, count: int) -> int:
        """The end of `count` words that begin at `start`, in the same field; two characters without spaces count as a word."""
        piece = self.data[start : start + 64 * count].partition(b"\0")[0]
        if not _MAYBE_UNSPACED.search(piece):
            parts = piece.split(PAD, count)
            return start + len(piece) - (len(parts[-1]) + 1 if len(parts) > count else 0)
        budget, at = 2 * count, start
        for c in piece.decode("utf-8", "ignore"):
            budget -= 2 if c == " " else 1 if c >= _FIRST_UNSPACED else 0
            if budget <= 0:
                break
            at += len(c.encode())
        return at


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalnum())
