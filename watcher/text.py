"""Foreign text made harmless: markup to visible text, invisible characters out, lengths bounded. Pure.

Nothing here decides what may be shown: whatever leaves this module is plain text, and every channel escapes or quotes it again.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import Any, NamedTuple

from lxml import etree

_SPACE = re.compile(r"[ \t\r\f\v\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_LINES = re.compile(r" ?\n[ \n]*")
# controls, bidirectional overrides and isolates, zero-width space, byte-order mark, private markers, lone surrogates
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_CONTROLS = bytes(i for i in (*range(32), 127) if i not in b"\t\n\r")  # those of them that are ASCII
_TAG = re.compile(r"<[a-zA-Z/!?][^>]*>")
_PAGE = re.compile(r"\s*<(?:html|!doctype)", re.IGNORECASE)
_PARSER = etree.HTMLParser()
_TAG_OPENS = re.compile(r"<[a-zA-Z/!?]")
_ESCAPED = 3  # times that markup may be escaped and is still taken for markup
_LONG_NUMBER = re.compile(r"&#\d{4000,};?")  # longer than Python turns into a number
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_NO_LANGUAGE = frozenset({"und", "zxx", "mul", "mis", "qam", "qct", "qht", "qme", "qst", "art"})  # unknown, none, or no words at all
_BLOCK_NAMES = """address article aside blockquote br dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li
main nav ol p pre section summary table td th tr ul"""
_HIDDEN_NAMES = """script style template noscript head title iframe object embed svg math select option textarea"""
_OTHER_NAMES = """a abbr address applet area audio b base basefont bdi bdo bgsound big body button canvas caption center cite code col
colgroup data datalist del dfn dialog dir em embed fieldset font form frame frameset hgroup html i image img input ins isindex kbd label
legend link map mark marquee menu meta meter object optgroup output param picture plaintext progress q rp rt ruby s samp search slot small
source span strike strong sub summary sup tbody tfoot thead time track tt u var video wbr xmp"""
_LONGEST_PLAIN = 100_000  # characters
_ATTRIBUTES = re.compile(r"[a-z-]+=\"[^\"<>]*\"(?: [a-z-]+=\"[^\"<>]*\")*(?: ?/)?")
_EVERYDAY_REFERENCE = re.compile(
    r"amp|lt|gt|quot|nbsp|[lr][sd]quo|[nm]dash|hellip|[aeiou](?:acute|grave|circ|uml)|#(?:1[6-9]\d|[2-9]\d\d|[1-9]\d{3}|[1-4]\d{4})"
)
_LONGEST_EVERYDAY = 6  # characters of such a reference
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_HIDDEN = frozenset(_HIDDEN_NAMES.split())
_VOID, _HEADINGS = frozenset({"br", "img"}), frozenset({f"h{i}" for i in range(1, 7)})
_BOXES = frozenset({"", "div", "blockquote"})  # the first is the fragment itself
_INLINE = frozenset({"b", "strong", "i", "em", "a", "span", "u", "small", "sub", "sup", "code"})
_LISTS, _HOLD_TEXT = frozenset({"ul", "ol"}), _BOXES | _HEADINGS | {"p", "li"}
_MAY_STAND_IN = {  # without a parser closing anything by itself
    **{name: (_HOLD_TEXT | _INLINE) - {name} for name in _INLINE | _VOID}, **dict.fromkeys(_HEADINGS, _BOXES), "li": _LISTS,
    **dict.fromkeys({"div", "blockquote", "ul", "ol", "p"}, _BOXES | {"li"}),
}  # fmt: skip
# what a browser would act on: a tag of HTML, anything with attributes, a comment or a declaration; `<runs>` is only a word
_ACTIVE = re.compile(
    rf"<(?=/?(?:{'|'.join(sorted(_BLOCKS | _HIDDEN | set(_OTHER_NAMES.split())))})(?![a-z0-9-])|[!?]|/?[a-z][^<>=]*=)", re.IGNORECASE
)


def clean(text: str, limit: int | None = None) -> str:
    """Text without invisible characters and with single spaces and line breaks; cut at `limit` characters, at a word where possible."""
    text = _tidied(text) if _harmless(text) else _LINES.sub("\n", _SPACE.sub(" ", _INVISIBLE.sub("", text))).strip()
    return text if limit is None or len(text) <= limit else cut(text, limit)


def _harmless(text: str) -> bool:
    """Whether spaces and line breaks are all that could be too many in it, which is quickly seen and as quickly mended (`_tidied`)."""
    if text.isascii():
        return len(text.encode().translate(None, _CONTROLS)) == len(text)
    return text.replace("\n", " ").replace("\t", " ").replace("\r", " ").replace("\u00a0", " ").isprintable()


def _tidied(text: str) -> str:
    lines = text.replace("\t", " ").replace("\r", " ").replace("\u00a0", " ").split("\n")
    text = "\n".join([tight for line in lines if (tight := line.strip(" "))])
    return "\n".join([" ".join(line.split()) for line in text.split("\n")]) if "  " in text else text


def _without_invisible(text: str) -> str:
    if text.isascii() and len(text.encode().translate(None, _CONTROLS)) == len(text):
        return text
    return _INVISIBLE.sub("", text)


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
    """What a reader would see of an HTML fragment, or of text that only looks like one; never raises.

    What comes out as markup again, because it was escaped more than once, is read again. A `<` that still stands before what would be a
    tag is kept apart from it, so that nobody who forgets to escape shows markup.
    """
    text = _everyday(markup)
    if text is not None:
        return text if limit is None else cut(text, limit)
    text = _seen(markup)
    for _ in range(_ESCAPED - 1):
        if "<" not in text or not _ACTIVE.search(text) or not _has_tag(text):
            break
        text = _seen(text)
    return clean(inert(text), limit)


def inert(text: str) -> str:
    """Text in which no browser sees a tag, because the `<` of each stands by itself."""
    return _ACTIVE.sub("< ", _without_invisible(text)) if "<" in text else text


def _everyday(markup: str) -> str | None:
    """All that `visible` would do, for markup in which there is nothing unusual; None for any other."""
    if not _harmless(markup):
        return None
    text = _plainly(markup) if "<" in markup else _resolved(markup)
    return None if text is None or "<" in text else _tidied(text)


def _seen(markup: str) -> str:
    if "<" not in markup or not _has_tag(markup):
        return _unescaped(markup)
    markup = _without_invisible(markup)
    plain = _plainly(markup)
    return _parsed(markup) if plain is None else plain


def _plainly(markup: str) -> str | None:
    """What a parser would find in everyday markup, properly nested; None for any other. Five times as fast."""
    if "\r" in markup or len(markup) > _LONGEST_PLAIN:
        return None
    first, *rest = markup.split("<")
    within, parts = [""], [first]
    for piece in rest:
        tag, end, text = piece.partition(">")
        kind = _BARE_TAGS.get(tag) or _kind_of(tag)
        if kind is None or not end:
            return None
        closes, name, stands_in, holds, breaks = kind
        if closes:
            if within.pop() != name:
                return None
        elif within[-1] not in stands_in:
            return None
        elif holds:
            within.append(name)
        if breaks:
            parts.append("\n")
        parts.append(text)
    return _resolved("".join(parts)) if len(within) == 1 else None


class _Kind(NamedTuple):
    """An everyday tag: whether it is an end, what it may stand in, whether something may stand in it, whether it breaks the line."""

    closes: bool
    name: str
    stands_in: frozenset[str]
    holds: bool
    breaks: bool


_BARE_TAGS = {
    slash + name + end: _Kind(bool(slash), name, _MAY_STAND_IN[name], name not in _VOID, name in _BLOCKS)
    for name in _MAY_STAND_IN
    for slash, end in (("", ""), ("/", ""), *((("", "/"), ("", " /")) if name in _VOID else ()))
}


def _kind_of(tag: str) -> _Kind | None:
    """The kind of a tag that has attributes, by what stands between its brackets."""
    name, _, given = tag.partition(" ")
    kind = _BARE_TAGS.get(name)
    if kind is None or not _ATTRIBUTES.fullmatch(given) or (kind.holds and given.endswith("/")):
        return None
    return kind


def _resolved(text: str) -> str | None:
    """Text with its references resolved, where they are everyday ones and whole; else None. Three times as fast."""
    if "&" not in text:
        return text
    first, *rest = text.split("&")
    parts = [first]
    for piece in rest:
        end = piece.find(";", 0, _LONGEST_EVERYDAY + 1)
        meant = _meaning(piece[:end]) if end > 0 else None
        if meant is None:
            return None
        parts += (meant, piece[end + 1 :])
    return "".join(parts)


@lru_cache(maxsize=500)
def _meaning(reference: str) -> str | None:
    """What a reference is to be read as, where it is an everyday one and no invisible character."""
    meant = html.unescape(f"&{reference};") if _EVERYDAY_REFERENCE.fullmatch(reference) else ""
    return meant if meant and _harmless(meant) else None


def _parsed(markup: str) -> str:
    body = _body(markup)
    if body is None:
        closed = markup.rfind(">") + 1  # behind it no tag ends, however often one begins
        return _unescaped(_TAG.sub(" ", markup[:closed]) + markup[closed:])
    if any(len(hidden) for hidden in body.iter(*_HIDDEN)):
        return _text_in(body)
    for block in body.iter(*_BLOCKS):
        block.text, block.tail = f"\n{block.text or ''}", f"\n{block.tail or ''}"
    etree.strip_elements(body, *_HIDDEN, etree.Comment, etree.PI, with_tail=False)
    return str(etree.tostring(body, method="text", encoding="unicode", with_tail=False))


def _body(markup: str) -> Any:
    """The fragment as the body of a page, or None where it is none."""
    try:
        page = etree.fromstring(markup if _PAGE.match(markup) else f"<html><body>{markup}</body></html>", _PARSER)
    except (etree.LxmlError, ValueError):
        return None
    bodies = [part for part in page if part.tag == "body"] if page is not None and page.tag == "html" else []
    return bodies[0] if len(bodies) == 1 else None


def _has_tag(text: str) -> bool:
    """Whether `_TAG` is found anywhere, without looking for its end from each place where one begins."""
    opens = _TAG_OPENS.search(text)
    return opens is not None and text.rfind(">") >= opens.end()


def _unescaped(text: str) -> str:
    """Text with its references resolved."""
    resolved = _resolved(text)
    if resolved is not None:
        return resolved
    try:
        return html.unescape(text)
    except ValueError:
        return html.unescape(_LONG_NUMBER.sub("\ufffd", text))


def visible_in(root: Any, limit: int | None = None) -> str:
    """As `visible`, of an element that is parsed already."""
    return clean(inert(_text_in(root)), limit)


def _text_in(root: Any) -> str:
    parts: list[str] = []
    _collect(root, parts)
    return "".join(parts)


def _collect(root: Any, parts: list[str]) -> None:
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

    Publishers write `&amp;lt;` and `<b>` in titles alike; a `<` that opens no tag is kept as a character.
    """
    if len(raw) <= limit and raw.isprintable() and "<" not in raw and "&" not in raw and "  " not in raw:
        return raw.strip(" ")  # as all below would
    return one_line(visible(raw), limit)


def language(code: str) -> str:
    """A language tag such as `en` or `pt-BR`, also where it is written `pt_BR`; empty for what is none, or says that none is known."""
    code = code.strip().replace("_", "-")
    return code if len(code) <= 16 and _LANGUAGE.fullmatch(code) and code.lower() not in _NO_LANGUAGE else ""
