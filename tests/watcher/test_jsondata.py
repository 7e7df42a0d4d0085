"""JSON that cannot be trusted: no answer of an interface, however odd, is more than an empty look or a FetchError."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.errors import FetchError, FetchReason
from watcher.sources.jsondata import Data
from watcher.units import parse_moment

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "nothing"), (b"  \n", "nothing"), (b"<!DOCTYPE html><html>", "a web page"), (b"\xef\xbb\xbf<html>", "a web page"),
        (b"<?xml version='1.0'?><a/>", "XML"), (b'{"a": ', "broken JSON"), (b"[" * 200_000, "broken JSON"),
        (b"\xff\xfe\x00", "something else"), (b'{"a": ' + b"9" * 5_000 + b"}", "broken JSON"), (b"no", "something else"),
    ],
)  # fmt: skip
def test_what_is_no_json_is_named(body: bytes, says: str) -> None:
    """The error says who answered and what came instead."""
    with pytest.raises(FetchError) as caught:
        Data.of(body, "Bluesky")
    assert caught.value.reason is (FetchReason.UNREADABLE if says == "broken JSON" else FetchReason.NOT_A_FEED)
    assert str(caught.value).startswith(f"Bluesky answered with {says}")


def test_a_path_leads_through_objects_and_lists() -> None:
    """Each look gives what is there in its type, and nothing where the type is another."""
    data = Data.of(b'{"a": [{"b": "x", "n": "12.5", "i": 7, "t": true, "l": ["p", " ", 3, null]}], "z": null}', "a test")
    first = data.get("a", 0)
    assert (first.text("b"), first.text("i"), first.text("t"), first.text("l")) == ("x", "7", "", "")
    assert (first.number("n"), first.number("i"), first.number("b"), first.number("t")) == (12.5, 7.0, None, None)
    assert (first.flag("t"), first.flag("i")) == (True, False)
    assert first.words("l") == ("p", "3")
    assert first.words("b") == ("x",)
    assert [d.text("b") for d in data.each("a")] == ["x"]
    assert data.get("a", -1, "b").value == "x"
    assert [data.get(*path).value for path in (("a", 5), ("a", "b"), ("z", "q"))] == [None, None, None]
    assert not data.get("z")


def test_a_refusal_is_read_when_it_is_json() -> None:
    """What came with an error is looked at the same way; a page gives nothing."""
    assert Data.said(FetchError(FetchReason.HTTP, "x", said=b'{"error": "BadQueryString"}')).text("error") == "BadQueryString"
    assert not Data.said(FetchError(FetchReason.HTTP, "x", said=b"Bad Request"))
    assert not Data.said(FetchError(FetchReason.HTTP, "x"))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-01-30T17:00:00Z", datetime(2025, 1, 30, 17, tzinfo=UTC)),
        ("2025-01-30T17:00:00.123456789+02:00", datetime(2025, 1, 30, 15, 0, 0, 123456, tzinfo=UTC)),
        ("2025-01-30", datetime(2025, 1, 30, tzinfo=UTC)), ("2026-08-21+02:00", datetime(2026, 8, 20, 22, tzinfo=UTC)),
        ("2026-08-21Z", datetime(2026, 8, 21, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None), ("2025-02-30", None), ("yesterday", None), ("", None),
    ],
)  # fmt: skip
def test_moments(text: str, moment: datetime | None) -> None:
    """RFC 3339, days with and without a zone, and None for what no calendar has."""
    assert parse_moment(text) == moment


@given(ANY_JSON, st.lists(st.sampled_from(["a", "b", "c", 0, 1, -1]), max_size=4))
def test_no_look_fails(document: Any, path: list[str | int]) -> None:
    """Whatever stands there, each look gives its own type, and text that can be written as UTF-8."""
    data = Data.of(json.dumps(document).encode(), "a test")
    data.text(*path).encode()
    " ".join(data.words(*path)).encode()
    assert isinstance(data.each(*path), list)
    assert isinstance(data.flag(*path), bool)
    assert isinstance(data.number(*path), float | None)
    assert isinstance(data.moment(*path), datetime | None)


@given(st.binary(max_size=200))
def test_no_body_is_worse_than_a_fetch_error(body: bytes) -> None:
    """Random bytes are JSON or a FetchError."""
    try:
        Data.of(body, "a test")
    except FetchError as e:
        assert e.reason in {FetchReason.UNREADABLE, FetchReason.NOT_A_FEED}
