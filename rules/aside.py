"""Stretches of an item that speak of something else: who published it, what else to read, what the company says of itself. Pure.

Two lexicons of the packs say how such stretches are known: a sentence with a word of `boilerplate` is one, and a sentence that
begins with a word of `end-of-story` begins one that lasts to the end of its field. Rules do not look there; the entities named there
are still named.
"""

from __future__ import annotations

from dataclasses import dataclass

from rules.automaton import Span
from rules.document import Document
from rules.phrases import PhraseSet

BOILERPLATE = "boilerplate"
END_OF_STORY = "end-of-story"


@dataclass(frozen=True, slots=True)
class Aside:
    """The words that set stretches aside; None where the packs have no such lexicon."""

    sentence: PhraseSet | None = None
    rest: PhraseSet | None = None

    def of(self, document: Document) -> list[Span]:
        """The stretches of a document that do not count, in order and apart. A title always counts."""
        found: list[Span] = []
        begins = document.bases[1]
        if self.sentence is not None and document.present(self.sentence):
            found += document.sentences_with(s for s in document.spans(self.sentence) if s[0] >= begins)
        if self.rest is not None and document.present(self.rest):
            starts = {document.after_space(lo) for lo, _ in document.sentences}
            for lo, _ in document.spans(self.rest):
                if lo >= begins and lo in starts:
                    found.append((lo, next(end for end in document.ends if end >= lo)))
        return _merged(found)


NOTHING_ASIDE = Aside()


def _merged(spans: list[Span]) -> list[Span]:
    out: list[Span] = []
    for lo, hi in sorted(spans):
        if out and lo <= out[-1][1]:
            out[-1] = (out[-1][0], max(hi, out[-1][1]))
        else:
            out.append((lo, hi))
    return out
