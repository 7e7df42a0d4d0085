"""Posts as text: links, quotes and cards; and what their networks say in headers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.errors import FetchReason
from watcher.fetch.waits import used_up
from watcher.sources.blueskypost import record_text
from watcher.sources.entry import CONTENT_LIMIT, SUMMARY_LIMIT
from watcher.sources.jsondata import Data
from watcher.sources.post import Card, Post, Quote, link_in_full, named, post_text
from watcher.text import language
from watcher.urls import linked, origin_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shown", "address", "written"),
    [
        ("energy.gov/ai…", "https://energy.gov/ai/venado", "https://energy.gov/ai/venado"), ("https://t.co/x", "https://a.example/", "https://a.example/"),
        ("https://www.a.example/x/", "http://a.example/x", "http://a.example/x"), ("read more", "https://a.example/", "read more (https://a.example/)"),
        ("", "https://a.example/", "https://a.example/"), ("click", "javascript:alert(1)", "click"), ("a.example", "", "a.example"),
        ("v. 2.0 here", "https://a.example/", "v. 2.0 here (https://a.example/)"),
    ],
)  # fmt: skip
def test_links_in_full(shown: str, address: str, written: str) -> None:
    """A shortened address is replaced, words keep their place, and no other scheme is ever written."""
    assert link_in_full(shown, address) == written


def test_each_piece_is_made_visible_by_itself() -> None:
    """Markup that one piece leaves open hides nothing of the next."""
    quotes = [Quote("A <b>", "Q <!-- x -->"), Quote("", "<p></p>"), Quote("B", "two\nlines")]
    text = post_text("Text <script>", quotes, [Card("Page <style>", "https://a.example/")])
    assert text == "Text\n> A: Q\n> B: two\n> lines\nPage https://a.example/"


def test_long_posts_are_cut_like_articles() -> None:
    """What goes beyond a summary is the content, and what goes beyond that is cut."""
    entry = Post("1", "https://a.example/", "word " * 20_000).entry()
    assert entry is not None
    assert SUMMARY_LIMIT * 0.8 < len(entry.summary) <= SUMMARY_LIMIT < len(entry.content) <= CONTENT_LIMIT


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("en", "en"), ("pt-BR", "pt-BR"), ("zh-Hant-TW", "zh-Hant-TW"), ("und", ""), ("zxx", ""), ("qme", ""),
        ("<b>", ""), ("e" * 40, ""), ("", ""),
    ],
)  # fmt: skip
def test_languages(code: str, said: str) -> None:
    """Tags as they are; networks' words for none are none."""
    assert language(code) == said


@pytest.mark.parametrize(
    ("name", "handle", "shown"),
    [
        ("Energy", "@ENERGY", "Energy (@ENERGY)"), ("", "a.b", "@a.b"), ("Only", "", "Only"), ("same", "same", "same"), ("", "", ""),
        ("<i>N</i>", "n", "N (@n)"),
    ],
)  # fmt: skip
def test_writers_are_named(name: str, handle: str, shown: str) -> None:
    """Name and handle, as much as is known."""
    assert named(name, handle) == shown


SPANS = st.lists(st.tuples(st.integers(-3, 60), st.integers(-3, 60), st.sampled_from(["https://a.example/x", "no", ""])), max_size=5)


@given(st.text(max_size=30), SPANS)
def test_facets_never_lose_text(text: str, spans: list[tuple[int, int, str]]) -> None:
    """Wherever spans lie, over each other and across characters, everything outside of them stands as it was."""
    facets = [{"index": {"byteStart": a, "byteEnd": b}, "features": [{"uri": uri}]} for a, b, uri in spans]
    written = record_text(Data({"text": text, "facets": facets}))
    raw = text.encode("utf-8", "replace")
    good = [(a, b) for a, b, uri in spans if uri and 0 <= a < b <= len(raw)]
    start, end = min((a for a, _ in good), default=len(raw)), max((b for _, b in good), default=0)
    if not good:
        assert written == Data(text).text()
    assert written.startswith(raw[:start].decode(errors="ignore"))
    assert written.endswith(raw[end:].decode(errors="ignore"))


LINK = '<https://a.example/s?max_id=1>; rel="next", <https://a.example/s?min_id=9>; rel="prev"'


@pytest.mark.parametrize(
    ("header", "rel", "address"),
    [
        (LINK, "next", "https://a.example/s?max_id=1"), (LINK, "prev", "https://a.example/s?min_id=9"), (LINK, "last", ""),
        ("</s?page=2>; title=\"a, b\"; rel=next", "next", "https://a.example/s?page=2"), ("<s>; rel=\"first NEXT\"", "next", "https://a.example/s"),
        ("<javascript:x>; rel=next", "next", ""), ("", "next", ""), ("<<>>;;rel=", "next", ""),
    ],
)  # fmt: skip
def test_link_headers(header: str, rel: str, address: str) -> None:
    """The address of a relation, resolved; none for what is no link to a page."""
    assert linked(header, rel, "https://a.example/x") == address


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://A.example/x?y", "https://a.example"), ("https://a.example:443/", "https://a.example"),
        ("http://a.example:8080", "http://a.example:8080"), ("https://user:pw@a.example/", "https://a.example"),
        ("https://[2001:db8::1]/x", "https://[2001:db8::1]"), ("ftp://a.example/", ""), ("x", ""), ("https://a.example:99999/", ""),
    ],
)  # fmt: skip
def test_origins(url: str, origin: str) -> None:
    """Scheme, host and port, without what a browser would not compare."""
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "87"}, 87.0),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "1795521900"}, 300.0),
        ({"x-rate-limit-remaining": "0"}, None),
    ],
)  # fmt: skip
def test_the_last_request_is_known(headers: dict[str, str], wait: float | None) -> None:
    """A good answer may say that no other follows for now, and until when."""
    error = used_up(headers, NOW)
    assert error is not None
    assert (error.reason, error.status, error.retry_after) == (FetchReason.RATE_LIMITED, None, wait)


@pytest.mark.parametrize("left", ["12", "many", "nan", ""])
def test_more_requests_may_follow(left: str) -> None:
    """Room, silence and nonsense stop nobody."""
    assert used_up({"x-ratelimit-remaining": left}, NOW) is None
    assert used_up({}, NOW) is None
