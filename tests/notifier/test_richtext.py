"""Promises of notifier.richtext: what Telegram is given always fits, and no character or style is torn."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from notifier.richtext import ELLIPSIS, RichText, bold, bold_link, cut, italic, join, link, marked, one_line, plain, units

TEXTS = st.text(st.sampled_from("aé 火🚀👩\u200d🔬\n.。<b>&") | st.characters(), max_size=200)
RUNS = st.one_of(
    TEXTS.map(plain), TEXTS.map(bold), TEXTS.map(italic), TEXTS.map(lambda t: link(t, "https://a.org")), TEXTS.map(lambda t: bold_link(t, "https://a.org"))
)
RICH = st.lists(RUNS, max_size=12).map(lambda runs: join(runs, " "))


def sliced(text: str, offset: int, length: int) -> str:
    """The part of a text that Telegram styles; raises UnicodeDecodeError where a character is torn."""
    return text.encode("utf-16-le")[offset * 2 : (offset + length) * 2].decode("utf-16-le")


@given(RICH)
def test_entities_cover_what_was_styled(rich: RichText) -> None:
    """Offsets in UTF-16 units name the same characters as the spans."""
    spans = [s for s in rich.spans if s.end > s.start]
    for span, entity in zip(spans, rich.entities(), strict=True):
        assert sliced(rich.text, entity.offset, entity.length) == rich.text[span.start : span.end]


@given(RICH, st.lists(st.text(max_size=6), max_size=8))
def test_marked_words_are_there(rich: RichText, words: list[str]) -> None:
    """Marking changes no text and keeps every style; each mark lies on words that were asked for, and no two overlap."""
    found = marked(rich, words)
    assert found.text == rich.text
    assert [s for s in found.spans if s.style != "underline"] == sorted(rich.spans, key=lambda s: s.start)
    marks = [s for s in found.spans if s.style == "underline"]
    assert all(any(w and w in rich.text[m.start : m.end] for w in words) for m in marks)
    assert all(a.end < b.start for a, b in pairwise(marks))


@given(RICH, st.integers(1, 400), st.integers(0, 5))
def test_a_cut_text_fits(rich: RichText, limit: int, most: int) -> None:
    """Within limit and number of entities, nothing torn, nothing styled beyond the end; what fits is left as it is."""
    short = cut(rich, limit, most)
    assert units(short.text) <= limit
    assert len(short.entities()) <= most
    for entity in short.entities():
        assert entity.length > 0
        assert entity.offset + entity.length <= units(short.text)
        sliced(short.text, entity.offset, entity.length)
    if units(rich.text) <= limit:
        assert short.text == rich.text
    else:
        assert short.text.endswith(ELLIPSIS)
        assert rich.text.startswith(short.text.removesuffix(ELLIPSIS))


@given(st.text())
def test_what_is_sent_can_be_sent(text: str) -> None:
    """Whatever a feed holds becomes text that UTF-8 can carry, without controls."""
    safe = plain(text).text
    safe.encode()
    assert not any(ord(c) < 32 and c != "\n" for c in safe)
    assert "\n" not in one_line(text)


def test_structure_is_where_it_is_cut() -> None:
    """A cut falls behind a line, else a sentence, else a word."""
    assert cut(plain("one\ntwo three"), 10).text == "one" + ELLIPSIS or cut(plain("one\ntwo three"), 10).text == "one\ntwo" + ELLIPSIS
    assert cut(plain("alpha beta gamma"), 12).text == "alpha beta" + ELLIPSIS
    assert cut(plain("Es ist so. Und dann"), 14).text == "Es ist so." + ELLIPSIS


def test_only_the_web_is_linked() -> None:
    """A link that is none of the web's stays words."""
    for url in ("javascript:alert(1)", "tg://user?id=1", "https://a.org/x y", "", "file:///etc/passwd"):
        assert link("here", url).spans == ()
    assert link("here", "https://a.org").spans[0].url == "https://a.org"
