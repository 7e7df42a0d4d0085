"""Text with bold, italic and links, as runs and never as markup: what a feed wrote stays text, whatever it looks like.

Lengths are counted as Telegram counts them, in UTF-16 units; cutting follows the text's structure. Nothing here knows a channel's
client, so that it can be tested by properties.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LIMIT = 4096  # UTF-16 units in one message
MAX_ENTITIES = 100
ELLIPSIS = "…"
# what may not travel: controls but for the line feed, lone surrogates, and marks that reorder the text around them
_UNSAFE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]")
_BREAKS = (re.compile(r"\n"), re.compile(r"[。！？]|[.!?…](?=\s)"), re.compile(r"\s"))


@dataclass(frozen=True, slots=True)
class Span:
    """A style over text[start:end], counted in characters; `url` for links."""

    start: int
    end: int
    style: str  # bold | italic | underline | text_link
    url: str = ""


@dataclass(frozen=True, slots=True)
class Entity:
    """A span as Telegram takes it: offset and length in UTF-16 units."""

    type: str
    offset: int
    length: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class RichText:
    """A text and the spans over it, in the order of their starts."""

    text: str = ""
    spans: tuple[Span, ...] = ()

    def __add__(self, other: RichText) -> RichText:
        shift = len(self.text)
        moved = (Span(s.start + shift, s.end + shift, s.style, s.url) for s in other.spans)
        return RichText(self.text + other.text, (*self.spans, *moved))

    def __len__(self) -> int:
        """UTF-16 units."""
        return units(self.text)

    def entities(self) -> tuple[Entity, ...]:
        """The spans as Telegram takes them."""
        return tuple(
            Entity(s.style, units(self.text[: s.start]), units(self.text[s.start : s.end]), s.url) for s in self.spans if s.end > s.start
        )


def units(text: str) -> int:
    """Length in UTF-16 units: two for characters beyond the basic plane."""
    return len(text) + sum(1 for c in text if c > "\uffff")


def plain(text: str) -> RichText:
    """Foreign or own text, made safe to send; line feeds stay."""
    return RichText(_UNSAFE.sub(_replacement, text))


def one_line(text: str) -> str:
    """The text with every run of white space as one space: titles stand on one line, otherwise as given."""
    return " ".join(_UNSAFE.sub(_replacement, text).split())


def bold(text: str) -> RichText:
    """A bold run."""
    return _styled(text, "bold")


def italic(text: str) -> RichText:
    """An italic run."""
    return _styled(text, "italic")


def link(text: str, url: str) -> RichText:
    """A run that leads to `url`; plain where the address is not one of the web."""
    return _styled(text, "text_link", url) if web_address(url) else plain(text)


def bold_link(text: str, url: str) -> RichText:
    """A bold run that leads to `url`."""
    run = bold(text)
    return RichText(run.text, run.spans + link(text, url).spans)


def marked(rich: RichText, words: Sequence[str], style: str = "underline") -> RichText:
    """The same text with these words in one more style, each where it stands first; words that are not there are passed over."""
    places = sorted((at, at + len(w)) for w in words if w and (at := rich.text.find(w)) >= 0)
    kept: list[tuple[int, int]] = []
    for start, end in places:
        if kept and start <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    spans = (*rich.spans, *(Span(start, end, style) for start, end in kept))
    return RichText(rich.text, tuple(sorted(spans, key=lambda s: s.start)))


def join(parts: Sequence[RichText], separator: str = "\n") -> RichText:
    """The non-empty parts with a separator between them."""
    whole = RichText()
    for part in parts:
        if part.text:
            whole = whole + (plain(separator) if whole.text else RichText()) + part
    return whole


def web_address(url: str) -> bool:
    """Whether this may stand in a link: http or https, without white space, of a sensible length."""
    return url.startswith(("https://", "http://")) and len(url) <= 2000 and not re.search(r"[\s\x00-\x1f\ud800-\udfff]", url)


def cut(rich: RichText, limit: int = LIMIT, max_entities: int = MAX_ENTITIES) -> RichText:
    """At most `limit` UTF-16 units (at least 1) and `max_entities` spans.

    What is too long ends with an ellipsis at the last line, sentence or word of its second half. A span that would reach over the end
    ends there; surplus spans are dropped from the end, their text stays.
    """
    text = rich.text
    if units(text) > limit:
        end = _fitting(text, limit - 1)
        text = text[: _structural_end(text, end)].rstrip() + ELLIPSIS
    kept = [Span(s.start, min(s.end, len(text)), s.style, s.url) for s in rich.spans if s.start < min(s.end, len(text))]
    return RichText(text, tuple(kept[:max_entities]))


def _styled(text: str, style: str, url: str = "") -> RichText:
    safe = plain(text).text
    return RichText(safe, (Span(0, len(safe), style, url),) if safe.strip() else ())


def _replacement(match: re.Match[str]) -> str:
    found = match.group()
    if "\ud800" <= found <= "\udfff":
        return "\ufffd"
    return " " if found in "\t\r\x0b\x0c\x85" else ""


def _fitting(text: str, limit: int) -> int:
    """How many characters fit into `limit` UTF-16 units; a character of two units is in or out whole."""
    used = 0
    for i, c in enumerate(text):
        used += 2 if c > "\uffff" else 1
        if used > limit:
            return i
    return len(text)


def _structural_end(text: str, end: int) -> int:
    """The best place to stop at or before `end`, not before its half."""
    half = end // 2
    for pattern in _BREAKS:
        places = [m.end() for m in pattern.finditer(text, half, end)]
        if places:
            return places[-1]
    return end
