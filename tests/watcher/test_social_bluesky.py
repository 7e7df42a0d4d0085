"""Bluesky: accounts without a login, lists and searches with one, posts with all that they say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from pydantic import SecretStr, ValidationError

from tests.fakes import bluesky as fake
from tests.fakes.bluesky import Bluesky
from tests.fakes.feedfaults import page, refused, replaced, status
from tests.watcher.reading import NOW, Reader, source_of
from watcher.errors import FetchReason
from watcher.model import Source
from watcher.sources.steps import Credentials

WHO = "ec.europa.eu"


@pytest_asyncio.fixture
async def bluesky() -> AsyncIterator[Bluesky]:
    """The network, with one account."""
    async with Bluesky() as network:
        network.account(WHO, "European Commission")
        yield network


@pytest_asyncio.fixture
async def reader(bluesky: Bluesky) -> AsyncIterator[Reader]:
    """A reader with the operator's handle and password."""
    async with Reader(Credentials(bluesky_handle=bluesky.handle, bluesky_password=SecretStr(bluesky.password))) as reader:
        yield reader


def of(bluesky: Bluesky, **keys: Any) -> Source:
    """The source of these keys, at the fake."""
    return source_of("bluesky", url=bluesky.base, **keys)


async def test_a_post_is_an_item_without_a_title(bluesky: Bluesky, reader: Reader) -> None:
    """Its text, language, author, moment and address on the web are those that people see."""
    bluesky.post(WHO, "Wir fördern KI.", at=NOW, langs=["de", "en"], tags=["KI"])
    (entry,) = await reader.entries(of(bluesky, actor=WHO))
    assert (entry.title, entry.summary, entry.lang, entry.author) == ("", "Wir fördern KI.", "de", "European Commission (@ec.europa.eu)")
    assert entry.url == f"https://bsky.app/profile/{WHO}/post/3k00000000001"
    assert (entry.published, entry.tags) == (NOW, ("KI",))


async def test_links_stand_in_full(bluesky: Bluesky, reader: Reader) -> None:
    """A shortened address is replaced by where it leads, though emoji and accents shift its place in bytes; words keep both."""
    text = "🇪🇺 Überblick: digital-strategy.ec.europa.eu/en/pol… und Details hier"
    facets = [
        fake.link(text, "digital-strategy.ec.europa.eu/en/pol…", "https://digital-strategy.ec.europa.eu/en/policies/ai-act"),
        fake.link(text, "Details hier", "https://example.org/details"),
    ]
    bluesky.post(WHO, text, facets=facets)
    (entry,) = await reader.entries(of(bluesky, actor=WHO))
    assert entry.summary == (
        "🇪🇺 Überblick: https://digital-strategy.ec.europa.eu/en/policies/ai-act und Details hier (https://example.org/details)"
    )


@pytest.mark.parametrize(
    "facets",
    [
        "none", [None], [{"index": {"byteStart": 5, "byteEnd": 2}, "features": [{"uri": "https://a.example/"}]}],
        [{"index": {"byteStart": 0, "byteEnd": 10**9}, "features": [{"uri": "https://a.example/"}]}],
        [{"index": {"byteStart": -3, "byteEnd": 2}, "features": [{"uri": "https://a.example/"}]}],
        [{"index": {"byteStart": "x"}, "features": "y"}],
        [{"index": {"byteStart": 0, "byteEnd": 4}, "features": [{"uri": "javascript:alert(1)"}]}],
    ],
)  # fmt: skip
async def test_nonsense_in_facets_changes_nothing(bluesky: Bluesky, reader: Reader, facets: Any) -> None:
    """Places outside the text, other types and other schemes leave the text as it stands."""
    bluesky.post(WHO, "Text as it stands", facets=facets)
    (entry,) = await reader.entries(of(bluesky, actor=WHO))
    assert entry.summary == "Text as it stands"


async def test_quotes_and_cards_are_kept(bluesky: Bluesky, reader: Reader) -> None:
    """The quoted post stands on a line of its own, marked; the page under a post with its title and address."""
    quoted = bluesky.post("lanl.example", "Venado runs.\nIt is fast.")
    view = {"uri": quoted["uri"], "author": {"handle": "lanl.example"}, "value": quoted["record"]}
    card = {"$type": "app.bsky.embed.external#view", "external": {"uri": "https://lanl.example/venado", "title": "Venado & OpenAI"}}
    bluesky.post(WHO, "See:", embed={"$type": "app.bsky.embed.record#view", "record": view})
    bluesky.post(WHO, "And:", embed={"$type": "app.bsky.embed.recordWithMedia#view", "record": {"record": view}, "media": card})
    both, lone = await reader.entries(of(bluesky, actor=WHO))
    assert lone.summary == "See:\n> @lanl.example: Venado runs.\n> It is fast."
    assert both.summary == lone.summary.replace("See", "And") + "\nVenado & OpenAI https://lanl.example/venado"


async def test_a_card_is_not_said_twice(bluesky: Bluesky, reader: Reader) -> None:
    """Where the text holds the page's address already, only its title is added."""
    card = {"$type": "app.bsky.embed.external#view", "external": {"uri": "https://a.example/x?utm_source=bsky", "title": "A page"}}
    bluesky.post(WHO, "Read https://a.example/x", embed=card)
    (entry,) = await reader.entries(of(bluesky, actor=WHO))
    assert entry.summary == "Read https://a.example/x\nA page"


@pytest.mark.parametrize(
    "record",
    [{"$type": "app.bsky.embed.record#viewNotFound", "uri": "at://x", "notFound": True}, {"blocked": True}, None, 3],
)
async def test_a_quoted_post_that_is_gone_is_left_out(bluesky: Bluesky, reader: Reader, record: Any) -> None:
    """Deleted and blocked posts have no text to show."""
    bluesky.post(WHO, "About that:", embed={"$type": "app.bsky.embed.record#view", "record": record})
    (entry,) = await reader.entries(of(bluesky, actor=WHO))
    assert entry.summary == "About that:"


async def test_a_picture_speaks_by_its_description(bluesky: Bluesky, reader: Reader) -> None:
    """A post of pictures alone has what their writer says they show; one without even that is no item."""
    bluesky.post(WHO, "", embed={"$type": "app.bsky.embed.images#view", "images": [{"alt": "A signing ceremony"}, {"alt": ""}]})
    bluesky.post(WHO, "", embed={"$type": "app.bsky.embed.images#view", "images": [{"alt": ""}]})
    assert [e.summary for e in await reader.entries(of(bluesky, actor=WHO))] == ["A signing ceremony"]


async def test_replies_and_reposts_are_left_out_unless_wanted(bluesky: Bluesky, reader: Reader) -> None:
    """Both are off by default, and each has its switch; a repost is the other's post."""
    other = bluesky.post("lanl.example", "Their news")
    bluesky.post(WHO, "Our news")
    bluesky.post(WHO, "Thanks!", reply=True)
    bluesky.repost(WHO, other)
    assert [e.summary for e in await reader.entries(of(bluesky, actor=WHO))] == ["Our news"]
    assert [e.summary for e in await reader.entries(of(bluesky, id="b", actor=WHO, replies=True))] == ["Thanks!", "Our news"]
    reposted, _ = await reader.entries(of(bluesky, id="c", actor=WHO, reposts=True))
    assert (reposted.summary, reposted.author) == ("Their news", "@lanl.example")


async def test_only_as_many_pages_as_needed(bluesky: Bluesky, reader: Reader) -> None:
    """The first reading takes one page; a later one goes back to what was there, and no further."""
    source = of(bluesky, actor=bluesky.account(WHO).did)
    for i in range(60):
        bluesky.post(WHO, f"Old {i}")
    assert len(await reader.entries(source)) == 30
    for i in range(100):
        bluesky.post(WHO, f"New {i}")
    asked = len(bluesky.asked)
    entries = await reader.entries(source)
    assert {f"New {i}" for i in range(100)} <= {e.summary for e in entries}
    assert [q.query.get("cursor") for q in bluesky.asked[asked:]] == [None, "30"]


async def test_what_was_empty_at_first_is_read_whole(bluesky: Bluesky, reader: Reader) -> None:
    """The first posts of a search may be more than a page."""
    source = of(bluesky, search="venado")
    assert await reader.entries(source) == ()
    for i in range(90):
        bluesky.post(WHO, f"Venado {i}")
    assert len(await reader.entries(source)) == 90


async def test_a_flood_ends_and_is_told(bluesky: Bluesky, reader: Reader) -> None:
    """Catching up has a bound, and the operator hears what it cost."""
    source = of(bluesky, actor=WHO)
    bluesky.post(WHO, "Old")
    await reader.entries(source)
    for i in range(700):
        bluesky.post(WHO, f"New {i}")
    reading = await reader.read(source)
    assert len(reading.parsed.entries) == 430
    assert "left out" in reading.parsed.warning


async def test_a_page_that_fails_leaves_no_gap(bluesky: Bluesky, reader: Reader) -> None:
    """What was read before stands, and the next reading goes back as far as this one should have."""
    source = of(bluesky, actor=WHO)
    bluesky.post(WHO, "Old")
    await reader.entries(source)
    for i in range(50):
        bluesky.post(WHO, f"New {i}")
    bluesky.faults.extend([_pass(bluesky), status(500)])
    answer = await reader.answer(source)
    assert answer.reading is not None
    assert (len(answer.reading.parsed.entries), answer.error is not None) == (30, True)
    assert len(await reader.entries(source)) == 51


def _pass(bluesky: Bluesky) -> Any:
    """The fake's own answer, so that the fault behind it meets the second page."""

    async def fault(request: Any, healthy: bytes, media: str) -> Any:
        return await bluesky._author_feed(request)

    return fault


async def test_the_limit_of_requests_is_kept(bluesky: Bluesky, reader: Reader) -> None:
    """Where the network has no request left for us, no further page is asked for, and nothing is lost."""
    source = of(bluesky, actor=WHO)
    bluesky.post(WHO, "Old")
    await reader.entries(source)
    for i in range(50):
        bluesky.post(WHO, f"New {i}")
    bluesky.remaining = "0"
    asked = len(bluesky.asked)
    answer = await reader.answer(source)
    assert answer.reading is not None
    assert answer.error is not None
    assert (len(answer.reading.parsed.entries), answer.error.reason, len(bluesky.asked) - asked) == (30, FetchReason.RATE_LIMITED, 1)
    bluesky.remaining = "2999"
    assert len(await reader.entries(source)) == 51


async def test_a_writer_cannot_date_into_the_future_or_stop_us(bluesky: Bluesky, reader: Reader) -> None:
    """`createdAt` is a claim: the network's own moment bounds it, and a false one hides no later post."""
    source = of(bluesky, actor=WHO)
    view = bluesky.post(WHO, "From the future", createdAt="2099-01-01T00:00:00Z")
    view["indexedAt"] = fake.stamp(NOW)
    (entry,) = await reader.entries(source)
    assert entry.published == NOW
    del view["indexedAt"]
    await reader.entries(source)
    for i in range(40):
        bluesky.post(WHO, f"New {i}", at=NOW + timedelta(days=1, minutes=i))
    assert len(await reader.entries(source)) == 41


async def test_lists_and_searches_share_one_session(bluesky: Bluesky, reader: Reader) -> None:
    """Twenty sources at once sign in one time; the token is used again at the next reading, and renewed when it ends."""
    bluesky.post(WHO, "OpenAI and us")
    bluesky.lists[f"at://{bluesky.account(WHO).did}/app.bsky.graph.list/3k"] = [WHO]
    searches = [of(bluesky, id=f"s{i}", search="openai") for i in range(20)]
    a_list = of(bluesky, id="list", list=f"https://bsky.app/profile/{WHO}/lists/3k")
    for turn, sign_ins in enumerate((1, 1, 2)):
        if turn == 2:
            bluesky.expire()
        answers = await reader.many(*searches, a_list)
        assert [a.error for a in answers if a.error] == []
        assert {e.summary for a in answers if a.reading for e in a.reading.parsed.entries} == {"OpenAI and us"}
        assert bluesky.sign_ins == sign_ins
    assert bluesky.paths().count("/xrpc/com.atproto.identity.resolveHandle") == 1


async def test_a_wrong_password_is_tried_once(bluesky: Bluesky, reader: Reader) -> None:
    """All sources hear the one refusal, which names the settings and not the password."""
    bluesky.password = "another"
    answers = await reader.many(*(of(bluesky, id=f"s{i}", search="x") for i in range(20)))
    assert bluesky.sign_ins == 1
    for answer in answers:
        assert answer.error is not None
        assert (answer.error.reason, answer.error.permanent) == (FetchReason.BLOCKED, True)
        assert "CONCORDAT_BLUESKY_PASSWORD" in str(answer.error)
        assert "abcd" not in str(answer.error)


async def test_without_credentials_nothing_is_asked(bluesky: Bluesky) -> None:
    """The error names what to set; accounts need nothing."""
    source = of(bluesky, search="x")
    assert (source.needs, of(bluesky, actor=WHO).needs) == (("bluesky_handle", "bluesky_password"), ())
    async with Reader() as reader:
        error = await reader.error(source)
    assert (error.reason, error.permanent, bluesky.asked) == (FetchReason.BLOCKED, True, [])
    assert "CONCORDAT_BLUESKY_HANDLE" in str(error)


async def test_a_password_stays_at_its_server(bluesky: Bluesky, reader: Reader) -> None:
    """A server that sends us elsewhere is not followed with a password in hand."""
    async with Bluesky() as other:

        async def away(request: Any, healthy: bytes, media: str) -> Any:
            raise web.HTTPTemporaryRedirect(other.base + request.path)

        bluesky.fault = away
        error = await reader.error(of(bluesky, search="x"))
    assert (error.reason, other.asked) == (FetchReason.REDIRECTS, [])


@pytest.mark.parametrize(
    ("code", "body", "says", "reason"),
    [
        (400, {"error": "InvalidRequest", "message": "Profile not found"}, "knows no account ec.europa.eu", FetchReason.NOT_FOUND),
        (400, {"error": "AccountTakedown", "message": "Account is suspended"}, "closed this account", FetchReason.BLOCKED),
        (400, {"error": "BlockedActor"}, "block each other", FetchReason.BLOCKED),
        (400, {"error": "Odd", "message": "a <b>strange</b> thing"}, "Bluesky says: a <b>strange</b> thing", FetchReason.HTTP),
        (502, {"error": "UpstreamFailure"}, "HTTP 502; Bluesky says: UpstreamFailure", FetchReason.HTTP),
        (429, {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}, "slow down", FetchReason.RATE_LIMITED),
        (500, ["odd"], "HTTP 500", FetchReason.HTTP),
    ],
)  # fmt: skip
async def test_refusals_are_told_in_plain_words(
    bluesky: Bluesky, reader: Reader, code: int, body: Any, says: str, reason: FetchReason
) -> None:
    """XRPC's error and message become a sentence, with the reason that decides what follows."""
    bluesky.fault = refused(code, json.dumps(body).encode(), "application/json")
    error = await reader.error(of(bluesky, actor=WHO))
    assert says in str(error)
    assert error.reason is reason


async def test_a_search_that_is_not_understood_is_the_operators(bluesky: Bluesky, reader: Reader) -> None:
    """A bad query is told as one, and asking again does not help."""
    error = await reader.error(of(bluesky, search='"open'))
    assert (error.permanent, "does not understand this search" in str(error)) == (True, True)


@pytest.mark.parametrize(
    "fault",
    [
        page(), replaced(b"", "application/json"), replaced(b"[" * 100_000, "application/json"), replaced(b'{"feed": ', "application/json"),
        replaced(b"\xff\xfe" * 500, "application/json"),
    ],
)  # fmt: skip
async def test_what_is_no_json_is_named(bluesky: Bluesky, reader: Reader, fault: Any) -> None:
    """Pages, nothing, depth without end and broken text are told by who sent them."""
    bluesky.fault = fault
    error = await reader.error(of(bluesky, actor=WHO))
    assert error.reason in {FetchReason.UNREADABLE, FetchReason.NOT_A_FEED}
    assert str(error).startswith("Bluesky answered with")


@pytest.mark.parametrize(
    "body",
    [
        b"null", b"3", b"[]", b'{"feed": {}}', b'{"feed": [null, 3, [], {"post": 1}], "cursor": 9}',
        b'{"feed": [{"post": {"uri": 7, "author": [], "record": "x"}}]}',
    ],
)  # fmt: skip
async def test_odd_json_gives_nothing(bluesky: Bluesky, reader: Reader, body: bytes) -> None:
    """Other types than the documented ones are passed over."""
    bluesky.fault = replaced(body, "application/json")
    assert await reader.entries(of(bluesky, actor=WHO)) == ()


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "exactly one of actor, list and search"), ({"actor": WHO, "search": "x"}, "exactly one"), ({"search": "  "}, "exactly one"),
        ({"actor": "not a handle"}, "write a handle"), ({"list": "3k123"}, "write the list's address"),
        ({"actor": WHO, "replys": True}, "Extra inputs"),
    ],
)  # fmt: skip
def test_mistakes_say_what_to_write(keys: dict[str, Any], says: str) -> None:
    """An operator reads what is wrong in the source's own words."""
    with pytest.raises(ValidationError, match=says):
        source_of("bluesky", **keys)


def test_what_operators_paste_is_understood() -> None:
    """Handles with @, profile and list addresses; accounts default to the public AppView, the rest to a server with sessions."""
    for actor in ("@ec.europa.eu", "https://bsky.app/profile/ec.europa.eu", " ec.europa.eu "):
        source = source_of("bluesky", actor=actor)
        assert (source.model_dump()["actor"], source.url) == (WHO, "https://public.api.bsky.app")
    assert source_of("bluesky", search="x").url == "https://bsky.social"
    given = source_of("bluesky", list="https://bsky.app/profile/did:plc:abc/lists/3k", url="https://pds.example")
    assert (given.model_dump()["list"], given.url) == ("at://did:plc:abc/app.bsky.graph.list/3k", "https://pds.example")
