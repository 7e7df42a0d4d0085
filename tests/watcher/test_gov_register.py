"""Registers are read window by window: nothing between two readings is left out, and no link or error leads astray."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.errors import FetchError, FetchReason
from watcher.fetch.exchange import Fetched
from watcher.sources.entry import Entry
from watcher.sources.register import Page, Register, Token, Walk, Window, at_query, explained, next_query, walk, with_query, words_of
from watcher.sources.steps import Ask, Situation

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Answer = Token | FetchError


class Archive:
    """A register whose pages are told in advance: after each page the token to the next, or an error in its place."""

    def __init__(self, *answers: Answer, pages: int = 3, first_pages: int = 1) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[Window, Token]] = []
        self.register = Register(
            "Archive", self.ask, self.page, "look at `words`", overlap=2 * HOUR, first=24 * HOUR, pages=pages, first_pages=first_pages
        )

    def ask(self, window: Window, token: Token) -> Ask:
        """One request."""
        self.asked.append((window, token))
        return Ask("https://register.example/")

    def page(self, got: Fetched, _: Token) -> Page:
        """One notice, and the token that was told."""
        return Page([Entry(got.url)], json.loads(got.body))

    def read(self, at: Situation, pages: int | None = None) -> Walk:
        """A whole walk."""
        steps = walk(self.register, at, pages=pages)
        try:
            next(steps)
            for number, answer in enumerate(self.answers):
                if isinstance(answer, FetchError):
                    steps.throw(answer)
                else:
                    steps.send(Fetched(f"n{number}", 200, {}, json.dumps(answer).encode()))
        except StopIteration as end:
            found: Walk = end.value
            del self.answers[: found.asked]
            return found
        raise AssertionError("it asked for more than was told")


def later(found: Walk, before: Situation, hours: float = 1) -> Situation:
    """The situation of the next reading, in which is remembered what this one wants to be, or else what was."""
    return Situation(NOW + hours * HOUR, first=False, memo=json.loads(json.dumps(found.memo() or before.memo)))


READ = Situation(NOW, first=False, memo={"since": (NOW - HOUR).isoformat()})


def test_a_first_reading_is_one_page() -> None:
    """It looks back a while, takes what is newest, and leaves the rest where it is: that was there before."""
    archive = Archive("2")
    found = archive.read(Situation(NOW))
    assert archive.asked == [(Window(NOW - 24 * HOUR, NOW), None)]
    assert found.memo() == {"since": NOW.isoformat(), "begun": NOW.isoformat()}


def test_windows_overlap_and_leave_no_gap() -> None:
    """The next window begins before the last one ended, also after days without an answer."""
    archive = Archive(None, None, None)
    first = Situation(NOW)
    second = later(archive.read(first), first, 100)
    archive.read(later(archive.read(second), second, 101))
    assert [window for window, _ in archive.asked[1:]] == [
        Window(NOW, NOW + 100 * HOUR),  # what is older than the source would ring, though it was there before
        Window(NOW + 98 * HOUR, NOW + 101 * HOUR),
    ]


def test_what_does_not_fit_into_a_reading_is_read_in_the_next() -> None:
    """After its number of pages a reading ends, says so, and the next goes on in the same window; then time moves on."""
    archive = Archive("2", "3", "4", "5", None, None)
    found = archive.read(READ)
    assert [token for _, token in archive.asked] == [None, "2", "3"]
    assert "there are more pages" in found.reading().parsed.warning
    found = archive.read(later(found, READ))
    assert [token for _, token in archive.asked[3:]] == ["4", "5"]
    assert {window for window, _ in archive.asked} == {Window(NOW - 3 * HOUR, NOW)}
    archive.read(later(found, READ, 2))
    assert archive.asked[-1] == (Window(NOW - 2 * HOUR, NOW + 2 * HOUR), None)


def test_an_error_keeps_the_place() -> None:
    """What was read before stands, the error is the outcome, and the next reading asks for the page that failed."""
    slow = FetchError(FetchReason.RATE_LIMITED, "slow down", retry_after=60, status=429)
    archive = Archive("2", slow, None)
    found = archive.read(READ)
    reading = found.reading()
    assert (len(reading.parsed.entries), reading.error and reading.error.retry_after) == (1, 60)
    archive.read(later(found, READ))
    assert archive.asked[-1] == (Window(NOW - 3 * HOUR, NOW), "2")


def test_an_error_at_once_moves_nothing() -> None:
    """A window that could not be asked for is asked for again, whole."""
    archive = Archive(FetchError(FetchReason.TIMEOUT, "no answer"), None)
    found = archive.read(READ)
    assert found.memo() == {}
    archive.read(later(found, READ))
    assert archive.asked[-1] == (Window(NOW - 3 * HOUR, NOW + HOUR), None)


@pytest.mark.parametrize(
    "answer",
    [FetchError(FetchReason.HTTP, "bad", status=400), FetchError(FetchReason.HTTP, "down", status=500),
     FetchError(FetchReason.UNREADABLE, "no JSON")],
)  # fmt: skip
def test_a_place_that_is_not_known_any_more_is_begun_again(answer: FetchError) -> None:
    """Cursors end, and pages break: where a remembered one is not given, the window is read from its start, and up to now."""
    archive = Archive(answer, None)
    memo = {"since": (NOW - HOUR).isoformat(), "until": NOW.isoformat(), "next": "old"}
    before = Situation(NOW, first=False, memo=memo)
    found = archive.read(before)
    assert archive.asked[0][1] == "old"
    archive.read(later(found, before))
    assert archive.asked[1][1] is None
    assert archive.asked[1][0].start <= NOW - HOUR


def test_pages_in_a_circle_are_left() -> None:
    """A register that leads back to a page it gave is not followed for ever, and that is said."""
    archive = Archive("2", "3", "2", pages=9)
    found = archive.read(Situation(NOW, first=False, memo={"since": NOW.isoformat()}))
    assert len(archive.asked) == 3
    assert found.memo() == {"since": NOW.isoformat()}
    assert "circle" in found.reading().parsed.warning


@given(
    st.dictionaries(
        st.sampled_from(["since", "until", "next"]), st.none() | st.text(max_size=30) | st.integers() | st.just("2026-11-20T00:00:00+00:00")
    )
)
def test_any_memory_gives_a_window(memo: dict[str, Any]) -> None:
    """What is remembered may be of an older version or damaged: a window that ends by now comes of it, and is not endless."""
    archive = Archive(None)
    archive.read(Situation(NOW, first=False, memo=memo))
    window, _ = archive.asked[0]
    assert window.end <= NOW or memo.get("until") is not None
    assert NOW - window.start <= timedelta(days=200) or memo.get("until") is not None


@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_no_moment_is_left_out(working: Sequence[bool]) -> None:
    """Whatever fails on the way, the windows that were read to their end cover all the time between the first and the last."""
    covered = NOW
    memo: dict[str, Any] = {"since": NOW.isoformat()}
    for hour, works in enumerate(working, 1):
        archive = Archive(None if works else FetchError(FetchReason.TIMEOUT, "no answer"))
        found = archive.read(Situation(NOW + hour * HOUR, first=False, memo=memo))
        memo = json.loads(json.dumps(found.memo() or memo))
        if works:
            assert found.window.start <= covered
            covered = found.window.end
    assert memo["since"] <= covered.isoformat()


def test_only_the_query_of_a_link_is_followed() -> None:
    """The next page is asked for where the first was: a link elsewhere cannot lead there."""
    query = next_query("http://169.254.169.254/latest/?cursor=abc%3D&limit=100")
    assert query == "cursor=abc%3D&limit=100"
    assert at_query("https://register.example/search?old=1", query) == "https://register.example/search?cursor=abc%3D&limit=100"
    assert next_query("") is None


@pytest.mark.parametrize("link", ["https://register.example/", "//[", "?a=" + "x" * 5_000, "?a=b c", "?a=\u202e", "?a=b\r\nHost: x"])
def test_a_link_that_no_register_writes_is_an_error(link: str) -> None:
    """Without a query, endless, or with characters that belong in no address: not followed, and not passed over in silence."""
    with pytest.raises(FetchError, match="next page cannot be followed"):
        next_query(link)


def test_queries_are_added_to_whatever_address_there_is() -> None:
    """A mirror may have a query of its own; values are encoded, lists repeat their name."""
    assert with_query("https://m.example/?k=1#x", {"a[]": ["ä b", "&"], "n": 2}) == "https://m.example/?k=1&a%5B%5D=%C3%A4+b&a%5B%5D=%26&n=2"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b'{"detail": "Invalid value in \'filters\'"}', "Invalid value in 'filters'"),
        (b'{"message": "Syntax error.", "code": 4}', "Syntax error"),
        (b'{"errors": {"agencies": "is not a known slug"}}', "agencies: is not a known slug"),
        (b'{"errors": ["a", "b"]}', "a; b"),
        (b'{"error": {"code": "X", "message": "Bad key"}}', "Bad key"),
        (b"Date range must be 1 year(s) apart", "Date range must be 1 year(s) apart"),
        (b'{"detail": [{"loc": ["page"], "msg": "too high"}]}', "too high"),
        (b"[[[[[[1]]]]]]", ""),
        (b"", ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b'{"message": "<b>no</b><script>x</script>"}', "no"),
    ],
)
def test_what_a_register_says_is_one_plain_line(said: bytes, words: str) -> None:
    """In whatever shape an error comes: its text, on one line, without markup."""
    assert words_of(FetchError(FetchReason.HTTP, "x", status=400, said=said)) == words


@given(st.binary(max_size=300) | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda v: json.dumps(v).encode()))
def test_whatever_a_register_says_is_short(said: bytes) -> None:
    """Bytes or any JSON: a line of at most 200 characters."""
    words = words_of(FetchError(FetchReason.HTTP, "x", status=400, said=said))
    assert len(words) <= 200
    assert "\n" not in words


def test_errors_say_what_to_do() -> None:
    """A request that is not taken names the reason and where to look, and is not worth repeating; the rest keeps its meaning."""
    answer = FetchError(FetchReason.HTTP, "the host answered HTTP 400", status=400, said=b'{"message": "No such field"}')
    bad = explained(answer, "TED", "look at `query`")
    assert (str(bad), bad.permanent) == ("TED does not take this request (HTTP 400): No such field; look at `query`", True)
    slow = explained(FetchError(FetchReason.RATE_LIMITED, "slow down", status=429, retry_after=9, said=b"Too many"), "TED", "")
    assert (str(slow), slow.retry_after, slow.permanent) == ("slow down: Too many", 9, False)
    down = FetchError(FetchReason.HTTP, "the host answered HTTP 500", status=500, said=b"java.lang.NullPointerException")
    assert explained(down, "TED", "") is down
