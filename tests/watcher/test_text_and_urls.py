"""Foreign text made harmless, and addresses compared."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from watcher.text import _MAY_STAND_IN, _TAG, _has_tag, _parsed, _plainly, clean, cut, title_text, visible
from watcher.urls import WHOLE, absolute, canonical, host_of, outlet_of, registrable


@pytest.mark.parametrize(
    ("markup", "seen"),
    [
        ("<p>Hello <b>world</b></p>", "Hello world"),
        ("one<br>two", "one\ntwo"),
        ("<script>alert(1)</script>safe<style>p{}</style>", "safe"),
        ("AT&amp;T &lt;3", "AT&T <3"),
        ("5 < 6 and 7 > 2", "5 < 6 and 7 > 2"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<a href='javascript:x'>click</a>", "click"),
        ("<!-- hidden -->shown", "shown"),
        ("say &lt;runs&gt; &amp;lt;b&amp;gt;loud&amp;lt;/b&amp;gt;", "say <runs> &lt;b&gt;loud&lt;/b&gt;"),
        ("&lt;b&gt;bold&lt;/b&gt; &lt;script&gt;x&lt;/script&gt;", "bold"),
        ("&lt;img src=x onerror=y", "< img src=x onerror=y"),
        ("&lt;x onclick=y&gt;z", "z"),
        ("a &lt;!-- b", "a < !-- b"),
        ("un\u202edo \u200bzero\x00", "undo zero"),
    ],
)
def test_only_what_a_reader_sees_is_kept(markup: str, seen: str) -> None:
    """Tags, scripts, comments and invisible characters go; characters stay."""
    assert visible(markup) == seen


def test_a_title_is_one_line_of_text() -> None:
    """Markup in titles goes whether it was escaped once or not at all."""
    assert title_text("<b>Big</b>\n news", 100) == "Big news"


@given(st.text(max_size=300))
def test_visible_never_raises_and_never_gives_controls(text: str) -> None:
    """Whatever comes in, plain printable text comes out."""
    seen = visible(text)
    assert not any(ord(c) < 32 and c != "\n" for c in seen)
    assert seen == seen.encode("utf-8").decode("utf-8")


def test_hostile_nesting_is_read_in_no_time() -> None:
    """A hundred thousand open tags neither recurse nor hang."""
    assert visible("<div>" * 100_000 + "deep") in {"deep", ""}


def test_tags_that_never_end_are_read_in_no_time() -> None:
    """Half a million of them are looked through once, and a number that no character has is none."""
    assert visible("<z" * 500_000, 10) == "<z<z<z<z<…"
    assert visible("<a" * 500_000, 10) == "< a< a< a…"
    assert visible("<z " * 300_000, 10).startswith("<z <z")
    assert visible("><!" + "<a" * 500_000, 10).startswith(">")
    assert visible("a&#" + "1" * 5_000 + ";b") == "a\ufffdb"


@given(st.text("<>ab/! &#1;", max_size=60))
def test_a_tag_is_one_that_ends(text: str) -> None:
    """The quick look for tags finds what the pattern finds."""
    assert _has_tag(text) == bool(_TAG.search(text))


@given(st.text(max_size=200), st.integers(2, 50))
def test_a_cut_keeps_its_limit(text: str, limit: int) -> None:
    """`cut` never gives more than it may, and marks what it left out."""
    short = cut(text, limit)
    assert len(short) <= limit
    assert short == text or short.endswith("…")
    assert len(clean(text, limit)) <= limit


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://www.example.com/a/", "http://example.com/a"),
        ("https://example.com/a?utm_source=x&id=2", "https://example.com/a?id=2#part"),
        ("https://example.com:443/a//b", "https://example.com/a/b"),
        ("https://example.com/index.html", "https://example.com"),
        ("https://example.com/?b=1&a=2", "https://EXAMPLE.com/?a=2&b=1"),
    ],
)
def test_two_spellings_of_one_page(one: str, other: str) -> None:
    """What does not tell pages apart does not count."""
    assert canonical(one) == canonical(other)


def test_other_pages_stay_apart() -> None:
    """A parameter that may choose the page counts, and so does the port."""
    assert canonical("https://e.org/?id=1") != canonical("https://e.org/?id=2")
    assert canonical("https://e.org:8443/") != canonical("https://e.org/")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "ftp://h/x", "https://", "//[bad"])
def test_only_web_addresses_pass(url: str) -> None:
    """No other scheme is ever followed or shown."""
    assert absolute(url, "") == ""


def test_who_is_speaking() -> None:
    """The registrable domain by the public suffix list; addresses stand for themselves."""
    assert registrable("newscenter.lbl.gov") == "lbl.gov"
    assert registrable("www.bbc.co.uk") == "bbc.co.uk"
    assert outlet_of("https://news.example.com/x", "s") == "example.com"
    assert outlet_of("", "my-source") == "my-source"
    assert registrable("127.0.0.1") == "127.0.0.1"


@given(st.from_regex(r"https?://[a-z0-9.:-]{0,12}(/[A-Za-z0-9._~%+,=!@;:#/-]{0,12})?(\?[a-z=&;#:]{0,6})?", fullmatch=True),
       st.sampled_from(("", "https://h.example/a/b?c", "http://h.example")))  # fmt: skip
def test_addresses_that_are_taken_as_they_stand_are_whole(url: str, base: str) -> None:
    """What is passed through without being taken apart would come out the same."""
    if WHOLE.fullmatch(url):
        assert urljoin(base, url) == url
        assert urlsplit(url).hostname


@given(st.text(" ab\n\t\r\x0b\x0c\x1c\x85\xa0\u1680\u2003\u2028\u200b\u3000é.", max_size=40))
def test_white_space_is_one_space_or_one_line_break(text: str) -> None:
    """However it is made; and what is clean stays as it is."""
    seen = clean(text)
    assert not re.search(r"[ \t\u00a0\u2003\u3000]{2}|\n\n| \n|\n ", seen)
    assert seen == seen.strip()
    assert clean(seen) == seen
    letters = re.compile(r"[ab.é]")
    assert letters.findall(seen) == letters.findall(text)


@given(st.from_regex(r"https?://(www\.)?[a-z0-9.-]{1,8}(:80)?(/(index\.html?|[A-Za-z0-9._/%-]{0,6})){0,3}/?([?#]x)?", fullmatch=True))
def test_everyday_addresses_are_compared_as_all_are(url: str) -> None:
    """The quick way gives what taking them apart gives."""
    assume(host_of(url).strip("."))
    taken_apart = url.replace("http", "HTTP", 1)  # which no quick way takes
    assert canonical(url) == canonical(taken_apart)
    assert host_of(url) == host_of(taken_apart)


NAMES = sorted(_MAY_STAND_IN)


def fragments(inside: str = "", depth: int = 0) -> st.SearchStrategy[str]:
    """Everyday markup, properly nested, for the inside of this element."""
    fitting = [name for name in NAMES if inside in _MAY_STAND_IN[name]]
    some_text = st.sampled_from(("", " ", "x", "y z", "\n", "&amp;", "&#8217;", "&lt;p&gt;", "&nbsp;", "a > b", "é"))
    if not fitting or depth > 3:
        return some_text
    void = st.sampled_from(("<br>", "<br/>", "<img src=\"x\" />") if inside not in {"ul", "ol"} else ("",))
    element = st.sampled_from(fitting).flatmap(
        lambda name: void if name in {"br", "img"} else fragments(name, depth + 1).map(lambda i: f"<{name} class=\"c\">{i}</{name}>")
    )
    return st.lists(st.one_of(some_text, element), max_size=4).map("".join)


@given(fragments())
def test_everyday_markup_is_read_as_the_parser_reads_it(markup: str) -> None:
    """The quick way through what is properly nested sees the same text and the same lines."""
    plain = _plainly(markup)
    assert plain is not None
    assert clean(plain) == clean(_parsed(markup))


TAGS = [tag for name in NAMES for tag in (f"<{name}>", f"</{name}>")]


@given(st.lists(st.sampled_from((*TAGS, "x", " ", "<p/>", "<", "&copy;", "&#128;")), max_size=9))
def test_other_markup_is_left_to_the_parser(pieces: list[str]) -> None:
    """Whatever a parser would mend is either left to it, or comes out the same."""
    markup = "".join(pieces)
    plain = _plainly(markup)
    assert plain is None or clean(plain) == clean(_parsed(markup))
