"""Foreign text made harmless: markup to visible text, invisible characters out, lengths bounded. Pure.

Nothing here decides what may be shown: whatever leaves this module is plain text, and every channel escapes or quotes it again.
"""

from __future__ import annotations

import html
import re

from lxml import etree
from lxml import html as lxml_html

_SPACE = re.compile(r"[ \t\r\f\v\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_LINES = re.compile(r" ?\n[ \n]*")
# controls, bidirectional overrides and isolates, zero-width space, byte-order mark, private markers, lone surrogates
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_TAG = re.compile(r"<[a-zA-Z/!?][^>]*>")
_TAG_OPENS = re.compile(r"<[a-zA-Z/!?]")
_LONG_NUMBER = re.compile(r"&#\d{4000,};?")  # longer than Python turns into a number
_BLOCK_NAMES = """address article aside blockquote br dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li
main nav ol p pre section summary table td th tr ul"""
_HIDDEN_NAMES = """script style template noscript head title iframe object embed svg math select option textarea"""
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_HIDDEN = frozenset(_HIDDEN_NAMES.split())


def clean(text: str, limit: int | None = None) -> str:
    """Text without invisible characters and with single spaces and line breaks; cut at `limit` characters, at a word where possible."""
    if not text.isascii() or not text.isprintable():
        text = _INVISIBLE.sub("", text)
    text = _LINES.sub("\n", _SPACE.sub(" ", text)).strip()
    return text if limit is None or len(text) <= limit else cut(text, limit)


def one_line(text: str, limit: int | None = None) -> str:
    """As `clean`, with line breaks turned into spaces."""
    return clean(" ".join(text.split()), limit)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, ended with … where something was left out, at a space when one is near."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    space = head.rfind(" ", int(limit * 0.8))
    return (head[:space] if space > 0 else head).rstrip() + "…"


def visible(markup: str, limit: int | None = None) -> str:
    """What a reader would see of an HTML fragment, or of text that only looks like one; never raises."""
    if "<" not in markup or not _has_tag(markup):
        return clean(_unescaped(markup), limit)
    try:
        root = lxml_html.fragment_fromstring(_INVISIBLE.sub("", markup), create_parent="div")
    except (etree.LxmlError, ValueError, AssertionError):
        closed = markup.rfind(">") + 1  # behind it no tag ends, however often one begins
        return clean(_unescaped(_TAG.sub(" ", markup[:closed]) + markup[closed:]), limit)
    return visible_in(root, limit)


def _has_tag(text: str) -> bool:
    """Whether `_TAG` is found anywhere, without looking for its end from each place where one begins."""
    opens = _TAG_OPENS.search(text)
    return opens is not None and text.rfind(">") >= opens.end()


def _unescaped(text: str) -> str:
    """Text with its references resolved."""
    if "&" not in text:
        return text
    try:
        return html.unescape(text)
    except ValueError:
        return html.unescape(_LONG_NUMBER.sub("\ufffd", text))


def visible_in(root: lxml_html.HtmlElement, limit: int | None = None) -> str:
    """As `visible`, of an element that is parsed already."""
    parts: list[str] = []
    _collect(root, parts)
    return clean("".join(parts), limit)


def _collect(root: lxml_html.HtmlElement, parts: list[str]) -> None:
    """Visible text in document order, without recursion: hostile nesting is deep."""
    hidden = 0
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event in {"comment", "pi"}:
            if not hidden and node.tail:
                parts.append(node.tail)
            continue
        if event == "start":
            hidden += node.tag in _HIDDEN
            if node.tag in _BLOCKS:
                parts.append("\n")
            if not hidden and node.text:
                parts.append(node.text)
            continue
        hidden -= node.tag in _HIDDEN
        if node.tag in _BLOCKS and node.tag != "br":
            parts.append("\n")
        if not hidden and node.tail and node is not root:
            parts.append(node.tail)


def title_text(raw: str, limit: int) -> str:
    """A headline as plain text on one line.

    Publishers write `&amp;lt;` and `<b>` in titles alike; a `<` that opens no known-looking tag is kept as a character.
    """
    return one_line(visible(raw), limit)
