"""Odd answers of registers: fields of another type, of another size, or missing. Nothing breaks, and nothing but text comes through."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from tests.fakes.registers import FederalRegister, Sam, USAspending
from tests.fakes.tenders import FindATender, Ted
from tests.watcher.reading import NOW, source_of
from watcher.errors import FetchError, FetchReason
from watcher.fetch.exchange import Fetched
from watcher.sources.entry import SUMMARY_LIMIT, TITLE_LIMIT
from watcher.sources.kinds import KINDS
from watcher.sources.steps import Ask, Credentials, Reading, Situation, advance

TODAY = f"{NOW:%Y-%m-%d}"
AT = Situation(NOW, credentials=Credentials(sam_api_key=SecretStr("k")))
KEYS: dict[str, dict[str, Any]] = {"usaspending": {"keywords": ["OpenAI"]}, "ted": {"words": ["AI"]}}


def good_answers() -> dict[str, Any]:
    """One good answer of each register, as its fake gives it."""
    award = {"number": "W1", "amount": "2500000.00", "awardee": {"name": "Carahsoft", "ueiSAM": "X"}}
    value = {"amount": 5, "currency": "GBP"}
    fts, ted = FindATender(), Ted()
    given = {"id": "1", "value": value, "suppliers": [{"id": "1", "name": "Softcat"}]}
    release = fts.publish("AI", at=f"{TODAY}T08:00:00Z", awards=[given])
    notice = ted.publish({"eng": "AI", "deu": "KI"}, on=TODAY, total_value=["5"], total_value_cur=["EUR"], winner_name={"eng": ["Bechtle"]},
                         description_proc={"deu": ["x"]}, deadline_receipt_request=[TODAY])  # fmt: skip
    document = FederalRegister().publish("AI", on=TODAY, abstract="x", agencies={"energy-department": "Energy"})
    spent = USAspending().award("W1", "Carahsoft", "ChatGPT", 5.5, changed=TODAY)
    posted = Sam("k").publish("AI", on=TODAY, kind="a", award=award)
    return {
        "federal_register": {"count": 1, "results": [document], "next_page_url": "https://x.example/?page=2"},
        "usaspending": {"results": [spent], "page_metadata": {"page": 1, "hasNext": True}},
        "sam": {"totalRecords": 5, "limit": 1, "offset": 0, "opportunitiesData": [posted]},
        "contracts_finder": {"releases": [release], "links": {"next": "https://x.example/?cursor=1"}},
        "find_a_tender": {"releases": [release], "links": {}},
        "ted": {"notices": [notice], "totalNoticeCount": 1, "iterationNextToken": "t", "timedOut": False},
    }


GOOD = good_answers()
ODD: list[Any] = [
    None, True, -1, 0, 1e308, 10**400, "", " ", "x" * 5_000, "<script>alert(1)</script><b>x</b>", "\u202ereversed\x00", "NaN",
    "2026-02-31", "9999-12-31T23:59:59+14:00", "javascript:alert(1)", "http://127.0.0.1/", "//[", [], {}, [None], [[[]]], {"eng": None},
    {"": ""}, ["a", 1], [{"name": "x"}], {"name": ["y"]},
]  # fmt: skip


def places(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a document."""
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, part in inner for place in places(part, (*at, key)))]


def read(kind: str, body: bytes) -> Reading:
    """The reading of a first page with this body, and of no other."""
    steps = KINDS[kind].read(source_of(kind, **KEYS.get(kind, {})), AT)
    asked = advance(steps, None)
    assert isinstance(asked, Ask)
    step = advance(steps, Fetched(asked.url, 200, {}, body))
    if isinstance(step, Ask):
        step = advance(steps, FetchError(FetchReason.TIMEOUT, "no answer"))
    assert isinstance(step, Reading)
    return step


@pytest.mark.parametrize("kind", list(GOOD))
def test_the_good_answers_are_good(kind: str) -> None:
    """What is made odd below is an entry before."""
    reading = read(kind, json.dumps(GOOD[kind]).encode())
    assert len(reading.parsed.entries) == 1
    assert reading.parsed.entries[0].published is not None
    assert kind == "federal_register" or reading.parsed.entries[0].facts.supplier


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(GOOD)), st.integers(min_value=0), st.sampled_from(ODD))
def test_an_odd_field_costs_an_entry_at_most(kind: str, number: int, junk: Any) -> None:
    """Any one value replaced by another: entries with an id and a text, or one error; no markup, no address but of the web."""
    answer = copy.deepcopy(GOOD[kind])
    every = places(answer)
    *path, last = every[1:][number % (len(every) - 1)]
    spot = answer
    for step in path:
        spot = spot[step]
    spot[last] = junk
    reading = read(kind, json.dumps(answer).encode())
    assert json.dumps(reading.memo)
    for entry in reading.parsed.entries:
        assert entry.entry_id
        assert entry.title or entry.summary
        shown = f"{entry.title} {entry.summary} {entry.author} {entry.facts.as_dict()}"
        assert not any(bad in shown for bad in ("<script", "<b>", "\u202e", "\x00"))
        assert entry.url.startswith(("https://", "http://")) or not entry.url
        assert len(entry.title) <= TITLE_LIMIT
        assert len(entry.summary) <= SUMMARY_LIMIT
        assert entry.facts.amount is None or math.isfinite(entry.facts.amount)


@given(st.sampled_from(list(GOOD)), st.binary(max_size=200))
def test_any_bytes_are_a_reading(kind: str, body: bytes) -> None:
    """What is no JSON is an error of the reading, and nothing of the reader."""
    reading = read(kind, body)
    assert reading.error is not None or not reading.parsed.entries
