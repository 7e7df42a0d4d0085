"""One item as the rules see it: folded once, scanned once, everything else worked out when first asked. Pure, no I/O.

Positions here are bytes of `data`, the three fields folded as one, with a zero byte between them, which no phrase can cross.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cached_property

from rules.automaton import Automaton, Phrase, Span
from rules.fold import PAD
from rules.language import base, guess
from rules.offsets import Folded, Way
from rules.phrases import PhraseSet
from rules.sentences import cuts
from watcher.model import Item

_FIRST_UNSPACED = "\u2e80"  # from here on, scripts that do not set words apart
_MAYBE_UNSPACED = re.compile(rb"[\xe2-\xff]")  # the first bytes of those
LEAD_WORDS = 80  # of the text below the title; what an article is about is said by then
_BETWEEN = " \0 "  # two fields of the original
LONG_TITLE = 200  # characters; a longer title is a post, and is cut into sentences like any text

FieldSpan = tuple[str, int, int]


class Document:
    """The text of one item with the hits of one automaton."""

    def __init__(self, item: Item, automaton: Automaton, phrases: tuple[Phrase, ...]) -> None:
        self.item = item
        self.texts = tuple(text.replace("\0", " ") for text in (item.title, item.summary, item.content))
        self._folded = Folded(_BETWEEN.join(self.texts))
        self.text = self._folded.text
        self.data = self._folded.data
        self.whole = 0, len(self.data)
        self.hits = automaton.scan(self.data)
        for number in automaton.exact.intersection(self.hits):
            self._check(number, phrases[number])
        self.found = frozenset(self.hits)
        self._origins: dict[Span, FieldSpan] = {}
        self._present: dict[PhraseSet, list[int]] = {}
        self._edges: dict[PhraseSet, tuple[set[int], set[int]]] = {}

    @cached_property
    def bases(self) -> tuple[int, ...]:
        """Where each field begins in `data`."""
        first = self.data.index(b"\0") + 1
        return 0, first, self.data.index(b"\0", first) + 1

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Where each field ends in `data`."""
        _, summary, content = self.bases
        return summary - 1, content - 1, len(self.data)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each field begins in `text`, the original of all of them."""
        title, summary, _ = map(len, self.texts)
        return 0, title + len(_BETWEEN), title + summary + 2 * len(_BETWEEN)

    @property
    def _way(self) -> Way:
        return self._folded.way

    @cached_property
    def languages(self) -> frozenset[str]:
        """The languages that the item may be in; empty when it cannot be told, and then every language may count."""
        declared = base(self.item.lang)
        return frozenset({declared}) if declared else guess(self.data.replace(b"\0", b"").decode())

    def speaks(self, languages: frozenset[str]) -> bool:
        """Whether words that count in `languages` count here; those of no language count everywhere."""
        return not languages or self.may_be_in(languages)

    def may_be_in(self, languages: frozenset[str]) -> bool:
        """Whether the item is in one of `languages`, or cannot be told not to be."""
        return not self.languages or not languages.isdisjoint(self.languages)

    def phrase(self, number: int) -> list[Span]:
        """Where phrase `number` stands."""
        return self.hits.get(number, [])

    def present(self, phrases: PhraseSet) -> list[int]:
        """The phrases of a set that stand here, in a language of the item; remembered, for sets are asked for often."""
        known = self._present.get(phrases)
        if known is None:
            here = self.found & phrases.numbers
            known = self._present[phrases] = [n for n in here if self.speaks(phrases.languages[n])]
        return known

    def spans(self, phrases: PhraseSet) -> list[Span]:
        """Where the phrases of a set stand, in order."""
        return sorted({span for number in self.present(phrases) for span in self.hits[number]})

    def edges(self, phrases: PhraseSet) -> tuple[set[int], set[int]]:
        """Where phrases of a set begin, and where they end; remembered."""
        known = self._edges.get(phrases)
        if known is None:
            spans = self.spans(phrases)
            known = self._edges[phrases] = {lo for lo, _ in spans}, {hi for _, hi in spans}
        return known

    def _check(self, number: int, phrase: Phrase) -> None:
        """Leave of the hits of a phrase whose case counts those that read like it."""
        text = phrase.text
        spans = self.hits.pop(number)
        if not (text.isascii() and " " not in text and "-" not in text) or text in self.text:
            places = self._way.originals(spans)
            spans = [span for span, (start, end) in zip(spans, places, strict=True) if self._reads(phrase, start, end)]
            if spans:
                self.hits[number] = spans

    def _reads(self, phrase: Phrase, start: int, end: int) -> bool:
        """Whether the original there is the phrase to the letter; hyphens, quotes and runs of spaces may differ."""
        if self.text.startswith(phrase.text, start):
            return True
        letters = _letters(self.text[start:end])
        return (letters.startswith if phrase.prefix else letters.__eq__)(_letters(phrase.text))

    def origins(self, spans: Iterable[Span]) -> Mapping[Span, FieldSpan]:
        """The field and the characters in it that spans came from: of these, and of all that were asked for before."""
        known = self._origins
        new = [span for span in spans if span not in known]
        if new:
            _, summary, content = self.starts
            for span, (start, end) in zip(new, self._way.originals(new), strict=True):
                if start >= content:
                    known[span] = "content", start - content, end - content
                elif start >= summary:
                    known[span] = "summary", start - summary, end - summary
                else:
                    known[span] = "title", start, end
        return known

    def character(self, position: int) -> Span:
        """Where the character of a letter at `position` begins and ends in `text`."""
        return next(self._way.originals(((position, position + 1),)))

    def located(self, start: int, end: int) -> Span:
        """The span of `data` for characters start..end of `text`, without the space after it."""
        lo, hi = self._way.folded(start), self._way.folded(end)
        return lo, hi - self.data.endswith(PAD, lo, hi)

    @cached_property
    def sentences(self) -> list[Span]:
        """The sentences of all fields, in order; a title is one sentence unless it is long."""
        out = []
        for index, (begins, ends, start, text) in enumerate(zip(self.bases, self.ends, self.starts, self.texts, strict=True)):
            at = begins
            for cut in [] if index == 0 and len(text) <= LONG_TITLE else cuts(text):
                end = self._way.folded(start + cut) - 1
                if end > at:
                    out.append((at, end))
                    at = end
            if at < ends - 1:
                out.append((at, ends))
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
        end = self.ends[0]
        if end > 1:
            return 0, end
        return self.sentences[0] if self.sentences else (0, 0)

    @cached_property
    def lead(self) -> Span:
        """The title and what an article says first: the opening words of the text below it."""
        begins = next((base for base, end in list(zip(self.bases, self.ends, strict=True))[1:] if end - base > 1), None)
        return 0, self.after_words(begins, LEAD_WORDS) if begins is not None else self.ends[0]

    def after_space(self, position: int) -> int:
        """`position`, or the one after it where a space stands there."""
        return position + self.data.startswith(PAD, position)

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
