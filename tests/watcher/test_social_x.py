"""X: nothing without a token, no post beyond the day's budget, and posts with all that they say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr, ValidationError

from tests.fakes import xapi as fake
from tests.fakes.feedfaults import page, refused, replaced, status
from tests.fakes.xapi import X
from tests.watcher.reading import Reader, source_of
from watcher.errors import FetchReason
from watcher.model import Source
from watcher.sources.steps import Credentials


@pytest_asyncio.fixture
async def x() -> AsyncIterator[X]:
    """The API, with one account."""
    async with X() as x:
        x.user("ENERGY", "U.S. Department of Energy")
        yield x


@pytest_asyncio.fixture
async def reader(x: X) -> AsyncIterator[Reader]:
    """A reader with the token."""
    async with Reader(Credentials(x_bearer_token=SecretStr(x.token))) as reader:
        yield reader


def of(x: X, **keys: Any) -> Source:
    """The source of these keys, at the fake; the account where no search is given."""
    return source_of("x", url=x.base, **({"user": "ENERGY"} if "search" not in keys else {}) | keys)


async def test_without_a_token_nothing_is_asked(x: X) -> None:
    """The error names the setting; the kind says that it needs one."""
    async with Reader() as reader:
        error = await reader.error(of(x))
    assert (error.reason, error.permanent, x.asked) == (FetchReason.BLOCKED, True, [])
    assert "CONCORDAT_X_BEARER_TOKEN" in str(error)
    assert of(x).needs == ("x_bearer_token",)


async def test_a_post_is_an_item_without_a_title(x: X, reader: Reader) -> None:
    """Escapes resolved, short links replaced by where they lead, pictures' links left out; language, author, tags, moment, address."""
    urls = [
        {"url": "https://t.co/a", "expanded_url": "https://energy.gov/venado", "display_url": "energy.gov/venado"},
        {"url": "https://t.co/b", "expanded_url": "https://x.com/ENERGY/status/1/photo/1", "display_url": "pic.x.com/b"},
    ]
    entities = {"urls": urls, "hashtags": [{"tag": "AI"}]}
    number = x.tweet("ENERGY", "R&amp;D: Venado &lt;runs&gt; https://t.co/a https://t.co/b", entities=entities)
    (entry,) = await reader.entries(of(x))
    assert (entry.title, entry.summary) == ("", "R&D: Venado <runs> https://energy.gov/venado")
    assert (entry.lang, entry.author, entry.tags) == ("en", "U.S. Department of Energy (@ENERGY)", ("AI",))
    assert (entry.url, entry.published) == (f"https://x.com/ENERGY/status/{number}", fake.START + timedelta(minutes=1))


async def test_long_posts_quotes_and_reposts_are_whole(x: X, reader: Reader) -> None:
    """The long form counts, the quoted post is marked, and a repost has the other's text, which its own cuts short."""
    other = x.tweet("LosAlamos", "Venado is the machine that " + "x" * 300 + " end")
    x.tweet("ENERGY", "cut…", note_tweet={"text": "A long post that goes on"}, lang="zxx")
    x.tweet("ENERGY", "Look:", quotes=other)
    x.tweet("ENERGY", "RT @LosAlamos: Venado is…", reposts=other)
    whole = "> @LosAlamos: Venado is the machine that " + "x" * 300 + " end"
    quoting, long = await reader.entries(of(x))
    assert (quoting.summary, long.summary, long.lang) == (f"Look:\n{whole}", "A long post that goes on", "")
    assert (await reader.entries(of(x, id="r", reposts=True)))[0].summary == whole


async def test_replies_and_reposts_are_left_out_unless_wanted(x: X, reader: Reader) -> None:
    """In timelines and in searches alike, and the network does not even send, and charge, them."""
    other = x.tweet("LosAlamos", "Venado news")
    x.tweet("ENERGY", "Our Venado")
    x.tweet("ENERGY", "Thanks, Venado", replies_to=other)
    x.tweet("ENERGY", "RT Venado", reposts=other)
    assert [e.summary for e in await reader.entries(of(x))] == ["Our Venado"]
    assert x.charged == 1
    assert [e.summary for e in await reader.entries(of(x, id="s", search="venado"))] == ["Our Venado", "Venado news"]
    both = await reader.entries(of(x, id="b", search="venado", replies=True, reposts=True))
    assert [e.summary for e in both] == ["> @LosAlamos: Venado news", "Thanks, Venado", "Our Venado", "Venado news"]


async def test_the_account_is_looked_up_once_and_read_on(x: X, reader: Reader) -> None:
    """The first reading takes the smallest page; later ones take what came since, and pay for nothing twice."""
    source = of(x)
    for i in range(40):
        x.tweet("ENERGY", f"Old {i}")
    assert len(await reader.entries(source)) == 10
    assert await reader.entries(source) == ()
    for i in range(30):
        x.tweet("ENERGY", f"New {i}")
    assert [e.summary for e in await reader.entries(source)] == [f"New {i}" for i in reversed(range(30))]
    assert (x.charged, x.paths().count("/2/users/by/username/ENERGY")) == (40, 1)


async def test_a_search_that_found_nothing_at_first_misses_nothing_later(x: X, reader: Reader) -> None:
    """The first reading takes a small page of what stood there, not the first that brings something."""
    source = of(x, search="venado", daily_posts=1000)
    assert await reader.entries(source) == ()
    for i in range(150):
        x.tweet("ENERGY", f"Venado {i}")
    assert len(await reader.entries(source)) == 150


@pytest.mark.parametrize("daily", [20, 37, 100, 250])
async def test_no_more_is_read_in_a_day_than_may_be(x: X, reader: Reader, daily: int) -> None:
    """Whatever is posted, quotes included, the meter stays within `daily_posts`; the next UTC day it goes on."""
    source = of(x, daily_posts=daily)
    reader.now = datetime.fromisoformat("2026-11-24T00:10:00+00:00")
    first = x.tweet("ENERGY", "First")
    await reader.entries(source)
    while reader.now.day == 24:
        for i in range(40):
            x.tweet("ENERGY", f"Flood {i}", quotes=first)
        reading = await reader.read(source)
    assert daily / 2 - 20 < x.charged <= daily
    assert "it goes on at 00:00 UTC" in reading.parsed.warning
    asked = len(x.asked)
    assert await reader.entries(source) != ()
    assert len(x.asked) > asked


def test_another_budget_is_the_same_source() -> None:
    """Raising it neither forgets what was read that day nor makes what comes next ring nobody."""
    one, two = source_of("x", user="a", daily_posts=50), source_of("x", user="a", daily_posts=500)
    assert one.address == two.address != source_of("x", user="b", daily_posts=50).address


async def test_a_day_that_is_used_up_asks_nothing_and_alarms_nobody(x: X, reader: Reader) -> None:
    """The reading is a good one without entries, and its warning says until when."""
    source = of(x, daily_posts=20)
    for i in range(30):
        x.tweet("ENERGY", f"Post {i}")
    await reader.entries(source)
    asked = len(x.asked)
    reading = await reader.read(source)
    assert (reading.parsed.entries, reading.memo, len(x.asked)) == ((), None, asked)
    assert "daily_posts: 20" in reading.parsed.warning


async def test_what_a_failure_leaves_was_paid_for(x: X, reader: Reader) -> None:
    """Behind a first page that came, an error keeps its posts and the count of them, and the next reading closes the gap."""
    source = of(x, daily_posts=1000)
    x.tweet("ENERGY", "Old")
    await reader.entries(source)
    for i in range(150):
        x.tweet("ENERGY", f"New {i}")

    async def first(request: Any, healthy: bytes, media: str) -> Any:
        return await x._timeline(request)

    x.faults.extend([first, status(503)])
    answer = await reader.answer(source)
    assert answer.reading is not None
    assert answer.error is not None
    assert (len(answer.reading.parsed.entries), answer.error.status) == (100, 503)
    assert (answer.reading.memo or {})["read"] == x.charged == 101
    assert len(await reader.entries(source)) == 150


async def test_the_rate_limit_is_kept(x: X, reader: Reader) -> None:
    """X says in its own headers when to come back, with an answer as with a refusal."""
    source = of(x, daily_posts=1000)
    x.tweet("ENERGY", "Old")
    await reader.entries(source)
    for i in range(150):
        x.tweet("ENERGY", f"New {i}")
    x.remaining = 0
    error = (await reader.answer(source)).error
    assert error is not None
    assert (error.reason, error.status) == (FetchReason.RATE_LIMITED, None)


async def test_a_search_goes_on_after_a_week_of_silence(x: X, reader: Reader) -> None:
    """A number older than what X searches is left out, and the search begins anew."""
    source = of(x, search="venado")
    x.tweet("ENERGY", "Venado, old")
    await reader.entries(source)
    x.oldest_searched = fake.FIRST_ID + 2
    x.tweet("ENERGY", "Nothing of note")
    x.tweet("ENERGY", "Venado, new")
    assert [e.summary for e in await reader.entries(source)] == ["Venado, new", "Venado, old"]


async def test_or_binds_as_the_operator_means_it(x: X, reader: Reader) -> None:
    """The search stands in brackets, so that what leaves replies out holds for all of it."""
    await reader.entries(of(x, search='OpenAI OR "Los Alamos"'))
    assert x.asked[0].query["query"] == '(OpenAI OR "Los Alamos") -is:retweet -is:reply'


@pytest.mark.parametrize(
    ("code", "body", "says", "reason", "permanent"),
    [
        (401, {"title": "Unauthorized", "detail": "Unauthorized"}, "does not accept CONCORDAT_X_BEARER_TOKEN", FetchReason.BLOCKED, True),
        (402, {"title": "CreditsDepleted", "detail": "no credits"}, "no posts or credits left", FetchReason.BLOCKED, False),
        (429, {"type": f"{fake.PROBLEM}usage-capped", "detail": "cap"}, "no posts or credits left", FetchReason.BLOCKED, False),
        (429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, "Rate limit exceeded", FetchReason.RATE_LIMITED, False),
        (403, {"title": "Forbidden", "detail": "not enrolled"}, "does not let this token read here", FetchReason.BLOCKED, False),
        (400, {"detail": "bad"}, "does not understand the question (X says: bad)", FetchReason.HTTP, False),
        (500, None, "HTTP 500", FetchReason.HTTP, False),
    ],
)  # fmt: skip
async def test_refusals_are_told_in_plain_words(
    x: X, reader: Reader, code: int, body: Any, says: str, reason: FetchReason, permanent: bool
) -> None:
    """Both forms of X's problems become a sentence, and none holds the token."""
    x.fault = refused(code, json.dumps(body).encode(), "application/json")
    error = await reader.error(of(x, search="x"))
    assert says in str(error)
    assert (error.reason, error.permanent) == (reason, permanent)
    assert x.token not in str(error)


async def test_an_unknown_account_is_told(x: X, reader: Reader) -> None:
    """X answers 200 with an error in it."""
    error = await reader.error(of(x, user="nobody_here"))
    assert (error.reason, "X knows no account @nobody_here" in str(error)) == (FetchReason.NOT_FOUND, True)


@pytest.mark.parametrize("fault", [page(), replaced(b"", "application/json"), replaced(b'{"data": ', "application/json")])
async def test_what_is_no_json_is_named(x: X, reader: Reader, fault: Any) -> None:
    """Pages, nothing and broken text."""
    x.fault = fault
    error = await reader.error(of(x, search="x"))
    assert error.reason in {FetchReason.UNREADABLE, FetchReason.NOT_A_FEED}
    assert str(error).startswith("X answered with")


@pytest.mark.parametrize(
    "body",
    [
        b"null", b"[]", b'{"data": 3, "meta": []}',
        b'{"data": [null, {}, {"id": 3, "text": []}], "includes": {"users": {}, "tweets": [1]}}',
        b'{"data": [{"id": "1", "text": "", "entities": {"urls": [{"url": "", "expanded_url": "https://a.example"}]}}], "meta": 1}',
    ],
)  # fmt: skip
async def test_odd_json_gives_nothing(x: X, reader: Reader, body: bytes) -> None:
    """Other types than the documented ones are passed over."""
    x.fault = replaced(body, "application/json")
    assert await reader.entries(of(x, search="x")) == ()


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "either user or search"), ({"user": "a", "search": "b"}, "either user or search"),
        ({"user": "a b"}, "write the account's name"), ({"search": "x" * 500}, "longer than X takes"),
        ({"user": "a", "daily_posts": 5}, "greater than or equal to 20"),
    ],
)  # fmt: skip
def test_mistakes_say_what_to_write(keys: dict[str, Any], says: str) -> None:
    """An operator reads what is wrong in the source's own words."""
    with pytest.raises(ValidationError, match=says):
        source_of("x", **keys)
