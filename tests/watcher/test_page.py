"""Listing pages: the articles of many newsrooms are found by structure, and a page on which nothing is found says why."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from watcher.errors import FetchError, FetchReason
from watcher.identity import keys_of, known_as
from watcher.sources.entry import Entry, Parsed
from watcher.sources.page import PageSource, parse_page

PAGES = Path(__file__).parent.parent / "data" / "pages"
URL = "https://lab.example/news"
HTML = {"content-type": "text/html"}


def _read(body: bytes | str, url: str = URL, **keys: Any) -> Parsed:
    source = PageSource(id="p", url=URL, **keys)
    return parse_page(body.encode() if isinstance(body, str) else body, HTML, url, source)


def _refused(body: bytes | str, url: str = URL, **keys: Any) -> FetchError:
    with pytest.raises(FetchError) as caught:
        _read(body, url, **keys)
    return caught.value


def _row(path: str, title: str, more: str = "") -> str:
    return f"<li><h3><a href='{path}'>{title}</a></h3>{more}</li>"


def _list(*rows: str, lang: str = "en", head: str = "") -> str:
    head = f"<head><title>News</title>{head}</head>"
    return f"<!doctype html><html lang='{lang}'>{head}<body><main><ul>{''.join(rows)}</ul></main></body></html>"


TWO = (
    _row("/news/venado-agreement-signed", "Laboratory and OpenAI sign an agreement"),
    _row("/news/muon-result-is-out", "Muon result is out at last, and it is good"),
)


@pytest.mark.parametrize("name", sorted(p.stem for p in PAGES.glob("*.html")))
def test_newsrooms_of_many_styles_are_read(name: str) -> None:
    """Without a selector the articles of each golden page are found: all of them, nothing else, with title, day and summary."""
    expected = json.loads((PAGES / f"{name}.json").read_text(encoding="utf-8"))
    source = PageSource(id="p", url=expected["url"])
    parsed = parse_page((PAGES / f"{name}.html").read_bytes(), HTML, expected["url"], source)
    entries = [
        {"url": e.url, "title": e.title, "published": e.published.isoformat() if e.published else None, "summary": e.summary}
        for e in parsed.entries
    ]
    assert entries == expected["entries"]
    assert (parsed.title, parsed.lang) == (expected["title"], expected["lang"])


def test_a_selector_decides_alone() -> None:
    """With `links:` exactly what it selects counts, in a navigation too, on the link or on what is around it."""
    nav = "<nav><p class=n><a href=/a/1>One</a></p><p class=n><a href=/a/2>Two</a></p></nav>"
    body = f"<html><body>{nav}<main><a href=/b>Another</a></main></body></html>"
    assert [e.title for e in _read(body, links=".n a").entries] == ["One", "Two"]
    assert [e.url for e in _read(body, links="p.n").entries] == ["https://lab.example/a/1", "https://lab.example/a/2"]


def test_match_narrows_by_address() -> None:
    """`match:` is searched in the whole address."""
    assert [e.url for e in _read(_list(*TWO), match="/venado").entries] == ["https://lab.example/news/venado-agreement-signed"]


def test_one_article_is_one_entry() -> None:
    """The picture, the title and "Read more" of one article are one entry, named by its title, whatever the tracking of each link."""
    row = (
        "<li><a href='/news/x-y-z-w?utm_source=img'><img alt='A rack'></a>"
        "<h3><a href='/news/x-y-z-w'>Models will run on Venado soon</a></h3>"
        "<a href='https://www.lab.example/news/x-y-z-w/?utm_source=more'>Read more</a></li>"
    )
    (first, _) = _read(_list(row, TWO[1])).entries
    assert first.title == "Models will run on Venado soon"


def test_read_more_takes_the_title_beside_it() -> None:
    """A link that says only that there is more is named by its block's heading, else by what it says to who does not see the page."""
    more = "".join(f"<div class=t><h2>{t}</h2><p>{'Some words on it. ' * 4}</p><a href='/n/{i}'>Read more</a></div>"
                   for i, t in enumerate(["OpenAI comes to Los Alamos", "Venado gets more memory"]))  # fmt: skip
    assert [e.title for e in _read(f"<main>{more}</main>" + "<html>", links=".t a").entries] == [
        "OpenAI comes to Los Alamos",
        "Venado gets more memory",
    ]
    label = "aria-label='Read more about the agreement with OpenAI'"
    unseen = f"<html><main><p><a href=/n/1 {label}>Read more</a></p><p><a href=/n/2>Read more</a></p></main>"
    assert _read(unseen, links="p a").entries[0].title == "the agreement with OpenAI"


def test_addresses_are_resolved_and_harmless() -> None:
    """Relative to `<base>`, http(s) only, never to the page itself, its fragments or its other pages."""
    rows = (*TWO, _row("javascript:alert(1)", "A script that pretends to be news"), _row("mailto:a@b.example", "Write to the press office"),
            _row("#top", "Back to the top of this long page"), _row("?page=2", "Older articles of the last year"))  # fmt: skip
    urls = [e.url for e in _read(_list(*rows, head="<base href='https://www.lab.example/x/'>")).entries]
    assert urls == ["https://www.lab.example/news/venado-agreement-signed", "https://www.lab.example/news/muon-result-is-out"]


@pytest.mark.parametrize(
    ("more", "lang", "day"),
    [
        ("<time datetime='2026-11-24T23:30:00-05:00'>x</time>", "en", "2026-11-25T04:30:00+00:00"),
        ("<p>Posted: 24 November 2026</p>", "en", "2026-11-24T00:00:00+00:00"),
        ("<p><span>24</span> <span>Nov</span> <span>2026</span></p>", "en", "2026-11-24T00:00:00+00:00"),
        ("<p>3/4/2026</p>", "en", None),
        ("<p>3/4/2026</p>", "en-US", "2026-03-04T00:00:00+00:00"),
        ("<p>3/4/2026</p>", "fr", "2026-04-03T00:00:00+00:00"),
        ("<p>The programme began on 1 March 2019 and has since given a thousand grants to researchers.</p>", "en", None),
        ("<p>31 February 2026</p>", "en", None),
    ],
)
def test_a_day_is_read_where_it_is_certain(more: str, lang: str, day: str | None) -> None:
    """From `<time>`, from a short line, in the page's own order; one that could be two days, or none, is left out."""
    entry = _read(_list(_row("/news/venado-agreement-signed", "Laboratory and OpenAI sign", more), TWO[1], lang=lang)).entries[0]
    assert entry.published == (datetime.fromisoformat(day) if day else None)


@pytest.mark.parametrize(
    ("body", "reason", "said"),
    [
        ("<html><body><p>Hello</p></body></html>", FetchReason.UNREADABLE, "no list of articles"),
        ("<html><body><div id=root></div><script src=a.js></script></body></html>", FetchReason.UNREADABLE, "without its scripts"),
        ("<html><nav><a href=/a/b-c-d-e>About us and our long history</a><a href=/f/g-h-i-j>Contact for journalists</a></nav></html>",
         FetchReason.UNREADABLE, "write `links:`"),
        ("<html><title>Just a moment...</title><script>window._cf_chl_opt={}</script></html>", FetchReason.BLOCKED, "no robot"),
        ("<html><body><form><input name=u><input type=password></form></body></html>", FetchReason.BLOCKED, "login"),
        ("<?xml version='1.0'?><rss version='2.0'><channel/></rss>", FetchReason.NOT_A_FEED, "kind: feed"),
        ("", FetchReason.NOT_A_FEED, "no web page|empty"),
        (b"%PDF-1.7 \x00\x01", FetchReason.NOT_A_FEED, "no web page"),
    ],
)  # fmt: skip
def test_nothing_found_is_a_failure_with_a_reason(body: bytes | str, reason: FetchReason, said: str) -> None:
    """Never "no news": each page without articles says what it looks like, or what to try."""
    error = _refused(body)
    assert error.reason is reason
    assert any(part in str(error) for part in said.split("|")), str(error)


def test_a_login_behind_a_redirect_is_no_news() -> None:
    """A page that was asked for and led to a login is refused, whatever the login page lists."""
    assert "login" in str(_refused(_list(*TWO), "https://lab.example/login?next=/news"))


def test_long_pages_may_speak_of_challenges() -> None:
    """A page full of news that loads a captcha for its contact form is no challenge."""
    body = _list(
        *(_row(f"/news/a-b-c-{i}", f"The laboratory has a story for today, number {i}", "<p>Words about it. " * 5) for i in range(30))
    )
    assert len(_read(body.replace("</main>", "<script src='https://www.google.com/recaptcha/api.js'></script></main>")).entries) == 30


def test_a_selector_that_finds_nothing_says_so() -> None:
    """At first it is a mistake of who wrote it; later it is the page that was rebuilt."""
    assert "`links: .gone a` finds no link" in str(_refused(_list(*TWO), links=".gone a"))
    with pytest.raises(FetchError, match="was rebuilt"):
        parse_page(_list(*TWO).encode(), HTML, URL, PageSource(id="p", url=URL, links=".gone a"), first=False)


def test_a_match_that_fits_nothing_says_so() -> None:
    """With one of the addresses that it does not fit, so that it can be corrected."""
    said = str(_refused(_list(*TWO), match="/press/"))
    assert "none of the 2 links" in said
    assert "/news/venado-agreement-signed" in said


@pytest.mark.parametrize(("key", "value", "said"), [("links", "a[", "no CSS selector"), ("match", "(", "RE2"), ("match", r"(?=x)", "RE2")])
def test_mistakes_of_an_operator_are_told(key: str, value: str, said: str) -> None:
    """What cannot be used is told when it is loaded, with an example."""
    with pytest.raises(ValidationError, match=f"{said}.*write one such as"):
        PageSource.model_validate({"id": "p", "url": URL, key: value})


def _known(*entries: Entry) -> dict[bytes, int]:
    return {key: number for number, keys in enumerate(keys_of(entries)) for key in keys.all()}


def test_an_edited_title_is_no_news() -> None:
    """An article of a listing is known by its address, whatever its title becomes and however the address is decorated."""
    known = _known(*_read(_list(*TWO)).entries)
    edited = (
        _row("/news/venado-agreement-signed/?utm_campaign=x", "UPDATE: laboratory and OpenAI sign"),
        _row("/news/new-story-of-today", "A new story of today, with a title"),
        TWO[1],
    )
    entries = _read(_list(*edited)).entries
    fresh = [e.title for e, keys in zip(entries, keys_of(entries), strict=True) if known_as(keys, known) is None]
    assert fresh == ["A new story of today, with a title"]


def test_deep_and_large_pages_are_bounded() -> None:
    """A hundred thousand levels of nesting, or a million elements, end in an answer or a reason."""
    assert "no list" in str(_refused(b"<html><body>" + b"<div>" * 100_000 + b"<a href=/x>hello</a>"))
    assert _refused(b"<html>" + b"<i></i>" * 500_000).reason is FetchReason.TOO_LARGE
    assert _refused(b"<html>" + b" " * 5_000_000).reason is FetchReason.TOO_LARGE


@pytest.mark.parametrize(
    ("charset", "header"), [("utf-8", True), ("shift_jis", True), ("shift_jis", False), ("euc-jp", False), ("utf-16", False)]
)
def test_charsets_are_found(charset: str, header: bool) -> None:
    """In the header, in the page, or by its first bytes."""
    meta = "" if header else f"<meta charset={charset}>"
    title = "富岳で生成AIの共同研究を開始しました"
    body = f"<!doctype html><html lang=ja>{meta}<main><article><h2><a href='/n/1-2-3'>{title}</a></h2></article></main></html>"
    headers = {"content-type": f"text/html; charset={charset}" if header else "text/html"}
    assert [e.title for e in parse_page(body.encode(charset), headers, URL, PageSource(id="p", url=URL)).entries] == [title]


@pytest.mark.parametrize("label", ["zip", "rot13", "punycode", "idna", "unicode_escape", "hex", "nonsense", "\u00e9"])
def test_strange_charsets_are_not_believed(label: str) -> None:
    """A page cannot choose a codec that is none of the web's."""
    source = PageSource(id="p", url=URL)
    assert len(parse_page(_list(*TWO).encode(), {"content-type": f"text/html; charset={label}"}, URL, source).entries) == 2


GOOD = (PAGES / "drupal.html").read_bytes()


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD)), st.integers(0, 200), st.binary(max_size=40))
def test_damaged_pages_give_entries_or_a_reason(at: int, gone: int, put: bytes) -> None:
    """Whatever is cut out of a page or put into it: entries with a title and a web address, or a reason."""
    try:
        parsed = _read(GOOD[:at] + put + GOOD[at + gone :])
    except FetchError as e:
        assert str(e)
        return
    assert parsed.entries
    assert all(e.title and e.url.startswith(("http://", "https://")) for e in parsed.entries)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_no_markup_is_carried_through(text: str) -> None:
    """Titles are text: what was a tag in the page is gone, what was written as characters stays."""
    row = _row(
        "/news/venado-agreement-signed", f"<b onclick=x>Deal</b> of the laboratory <script>alert(1)</script>{text.replace('<', '&lt;')}"
    )
    titles = [e.title for e in _read(_list(row, *TWO[1:])).entries]
    assert all("alert(1)" not in t or "alert(1)" in text for t in titles)
    assert all("onclick=x" not in t or "onclick=x" in text for t in titles)
