"""Mastodon: accounts and hashtags, paging by Link headers, closed servers and their feeds."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr, ValidationError

from tests.fakes import mastodon as fake
from tests.fakes.feedfaults import page, refused, replaced, status
from tests.fakes.mastodon import Mastodon
from tests.fakes.service import as_json
from tests.watcher.reading import Reader, source_of
from watcher.errors import FetchReason
from watcher.model import Source
from watcher.sources.steps import Credentials

LONG = (
    '<p>Neu: <a href="https://www.bund.example/themen/ki"><span class="invisible">https://www.</span>'
    '<span class="ellipsis">bund.example/the</span><span class="invisible">men/ki</span></a></p><p>Zweite Zeile &amp; Schluss</p>'
)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Mastodon]:
    """A server with one account."""
    async with Mastodon() as server:
        server.account("bund")
        yield server


@pytest_asyncio.fixture
async def reader() -> AsyncIterator[Reader]:
    """A reader without a token."""
    async with Reader() as reader:
        yield reader


def of(server: Mastodon, **keys: Any) -> Source:
    """The source of these keys, at the fake; the account where none is given."""
    return source_of("mastodon", url=server.base, **({"account": "bund"} if "hashtag" not in keys else {}) | keys)


async def test_a_status_is_an_item_without_a_title(server: Mastodon, reader: Reader) -> None:
    """Visible text with its links in full, hidden parts included; language, author, tags, moment and address."""
    server.post("bund", LONG, tags=[{"name": "ki"}], url="https://social.example/@bund/1")
    (entry,) = await reader.entries(of(server))
    assert (entry.title, entry.summary) == ("", "Neu: https://www.bund.example/themen/ki\nZweite Zeile & Schluss")
    assert (entry.lang, entry.author, entry.tags) == ("de", "Bund (@bund)", ("ki",))
    assert (entry.url, entry.published) == ("https://social.example/@bund/1", fake.START + timedelta(minutes=1))


async def test_what_stands_around_the_text_is_kept(server: Mastodon, reader: Reader) -> None:
    """Content warning above, quoted post marked, card with title and address, below."""
    quoted = {"state": "accepted", "quoted_status": {"content": "<p>Venado &lt;runs&gt;</p>", "account": {"acct": "lanl@a.example"}}}
    card = {"url": "https://a.example/venado", "title": "A <b>page</b>"}
    server.post("bund", "<p>Text<", spoiler_text="Politik", quote=quoted, card=card)
    (entry,) = await reader.entries(of(server))
    assert entry.summary == "Politik\nText<\n> @lanl@a.example: Venado <runs>\nA page https://a.example/venado"


async def test_pictures_without_words_speak_by_their_description(server: Mastodon, reader: Reader) -> None:
    """Where the text is empty, what the writer says the pictures show stands for it."""
    server.post("bund", "", media_attachments=[{"description": "Unterzeichnung"}, {"description": None}])
    assert [e.summary for e in await reader.entries(of(server))] == ["Unterzeichnung"]


async def test_replies_boosts_and_private_posts_are_left_out(server: Mastodon, reader: Reader) -> None:
    """Replies to others and boosts have a switch each; what is for followers only is never an item. Threads go on."""
    other = server.post("lanl", "<p>Theirs</p>")
    server.post("bund", "<p>Ours</p>")
    server.post("bund", "<p>Ours, second part</p>", reply_to=server.account("bund"))
    server.post("bund", "<p>Thanks</p>", reply_to="999")
    server.post("bund", "", boost=other)
    server.post("bund", "<p>Hush</p>", visibility="private")
    assert [e.summary for e in await reader.entries(of(server))] == ["Ours, second part", "Ours"]
    assert [e.summary for e in await reader.entries(of(server, id="r", replies=True))] == ["Thanks", "Ours, second part", "Ours"]
    boosted = (await reader.entries(of(server, id="b", boosts=True)))[0]
    assert (boosted.summary, boosted.author, boosted.url) == ("Theirs", "Lanl (@lanl)", other["url"])


async def test_an_account_is_looked_up_once_and_read_on_from_what_is_known(server: Mastodon, reader: Reader) -> None:
    """The id is remembered; a reading without news is an empty answer, one with many follows the Link headers."""
    source = of(server)
    for i in range(50):
        server.post("bund", f"<p>Old {i}</p>")
    assert len(await reader.entries(source)) == 40
    assert await reader.entries(source) == ()
    for i in range(90):
        server.post("bund", f"<p>New {i}</p>")
    asked = len(server.asked)
    assert [e.summary for e in await reader.entries(source)] == [f"New {i}" for i in reversed(range(90))]
    assert [q.query.get("max_id") for q in server.asked[asked:]] == [None, "101", "61"]
    assert server.paths().count("/api/v1/accounts/lookup") == 1


@pytest.mark.parametrize("keys", [{}, {"hashtag": "ki"}])
async def test_what_was_empty_at_first_is_read_whole(server: Mastodon, reader: Reader, keys: dict[str, str]) -> None:
    """The first posts of an account or a hashtag may be more than a page."""
    source = of(server, **keys)
    assert await reader.entries(source) == ()
    for i in range(90):
        server.post("bund", f"<p>New {i}</p>", tags=[{"name": "ki"}])
    assert len(await reader.entries(source)) == 90


async def test_ids_are_compared_by_length_first(server: Mastodon, reader: Reader) -> None:
    """100 is younger than 99, though as text it would be older."""
    source = of(server)
    server.post("bund", "<p>Old</p>", id="99")
    await reader.entries(source)
    server.post("bund", "<p>New</p>", id="100")
    await reader.entries(source)
    assert await reader.entries(source) == ()
    assert server.asked[-1].query["since_id"] == "100"


async def test_a_hashtag_is_read_with_what_came_late(server: Mastodon, reader: Reader) -> None:
    """Posts of other servers arrive late, under numbers of the past: a whole page is read each time, and further where it must."""
    source = of(server, hashtag="#KI")
    tags = [{"name": "ki"}]
    for i in range(45):
        server.post("a", f"<p>Old {i}</p>", id=str(1000 + 10 * i), tags=tags)
    assert len(await reader.entries(source)) == 40
    server.post("b", "<p>Late</p>", id="1435", tags=tags)
    assert "Late" in {e.summary for e in await reader.entries(source)}
    asked = len(server.asked)
    for i in range(60):
        server.post("a", f"<p>New {i}</p>", id=str(2000 + i), tags=tags)
    assert {f"New {i}" for i in range(60)} <= {e.summary for e in await reader.entries(source)}
    assert len(server.asked) - asked == 2


async def test_a_closed_server_is_read_by_its_feed(server: Mastodon, reader: Reader) -> None:
    """Where strangers get 401, the feeds are read, and the API is left alone for a day; posts keep their ids both ways."""
    source = of(server)
    server.post("bund", LONG, tags=[{"name": "ki"}])
    open_ids = [e.entry_id for e in await reader.entries(of(server, id="open"))]
    server.closed = True
    for expected in (["/api/v1/accounts/lookup", "/@bund.rss"], ["/@bund.rss"]):
        asked = len(server.asked)
        server.post("bund", "<p>More</p>")
        entries = await reader.entries(source)
        assert server.paths()[asked:] == expected
        assert (entries[0].title, entries[0].summary, entries[0].author) == ("", "More", "@bund")
    assert [e.entry_id for e in entries][-1:] == open_ids
    assert entries[-1].summary == "Neu: https://www.bund.example/themen/ki\nZweite Zeile & Schluss"
    reader.now += timedelta(days=1)
    server.closed = False
    await reader.entries(source)
    assert server.paths()[-1].endswith("/statuses")


async def test_a_closed_hashtag_is_read_by_its_feed(server: Mastodon, reader: Reader) -> None:
    """Tags have feeds too."""
    server.post("bund", "<p>KI</p>", tags=[{"name": "ki"}])
    server.closed = True
    assert [e.summary for e in await reader.entries(of(server, hashtag="ki"))] == ["KI"]


async def test_a_server_that_hides_its_posts_is_read_by_its_feed(server: Mastodon, reader: Reader) -> None:
    """An empty list at the first look may be a closed door; an account without posts is just empty."""
    server.hides = True
    assert await reader.entries(of(server, id="empty")) == ()
    server.post("bund", "<p>KI</p>")
    assert [e.summary for e in await reader.entries(of(server))] == ["KI"]


async def test_where_all_doors_are_closed_the_operator_hears_what_to_do(server: Mastodon, reader: Reader) -> None:
    """Without API and feed, a token is what helps."""
    server.closed = server.feeds_closed = True
    error = await reader.error(of(server))
    assert (error.reason, "CONCORDAT_MASTODON_TOKEN" in str(error)) == (FetchReason.BLOCKED, True)


async def test_a_token_opens_the_door_only_where_it_is_meant_to(server: Mastodon) -> None:
    """It is sent with `token: true` and not otherwise, nor to another host that a Link header names."""
    server.closed = True
    server.post("bund", "<p>KI</p>")
    async with Reader(Credentials(mastodon_token=SecretStr(server.token))) as reader:
        assert [e.summary for e in await reader.entries(of(server, token=True))] == ["KI"]
        await reader.entries(of(server, id="stranger"))
        assert "Authorization" not in server.asked[-1].headers
        async with Mastodon() as other:
            link = {"Link": f'<{other.base}/api/v1/accounts/1/statuses?max_id=1>; rel="next"'}

            async def elsewhere(request: Any, healthy: bytes, media: str) -> Any:
                return as_json([{"id": "900", "content": "x", "url": "https://a.example/900"}], link)

            server.faults.append(elsewhere)
            assert len(await reader.entries(of(server, token=True))) == 1
            assert other.asked == []
        server.token = "changed"
        error = await reader.error(of(server, token=True))
    assert (error.reason, error.permanent) == (FetchReason.BLOCKED, True)
    assert "does not accept CONCORDAT_MASTODON_TOKEN (The access token is invalid)" in str(error)


async def test_a_missing_token_is_named(server: Mastodon, reader: Reader) -> None:
    """Nothing is asked without it."""
    source = of(server, token=True)
    error = await reader.error(source)
    assert (error.permanent, "CONCORDAT_MASTODON_TOKEN" in str(error), server.asked) == (True, True, [])
    assert (source.needs, of(server).needs) == (("mastodon_token",), ())


async def test_an_account_that_was_made_anew_is_found_again(server: Mastodon, reader: Reader) -> None:
    """A remembered id that is no more is looked up under the old name."""
    source = of(server)
    await reader.entries(source)
    server.accounts["bund"] = "555"
    server.post("bund", "<p>Back</p>")
    assert [e.summary for e in await reader.entries(source)] == ["Back"]
    del server.accounts["bund"]
    error = await reader.error(source)
    assert (error.reason, error.permanent) == (FetchReason.NOT_FOUND, False)
    assert "knows no account @bund" in str(error)


async def test_limits_are_kept_without_loss(server: Mastodon, reader: Reader) -> None:
    """At the last request that is granted paging ends; so it does at an error; the next reading takes up the rest."""
    source = of(server)
    server.post("bund", "<p>Old</p>")
    await reader.entries(source)
    for i in range(60):
        server.post("bund", f"<p>New {i}</p>")
    server.remaining, server.reset = 0, reader.now + timedelta(seconds=200)
    answer = await reader.answer(source)
    assert answer.reading is not None
    assert answer.error is not None
    assert (len(answer.reading.parsed.entries), answer.error.reason, answer.error.retry_after) == (40, FetchReason.RATE_LIMITED, 200)
    server.remaining = 299
    assert len(await reader.entries(source)) == 60


async def test_a_flood_ends_and_is_told(server: Mastodon, reader: Reader) -> None:
    """Catching up has a bound."""
    source = of(server)
    server.post("bund", "<p>Old</p>")
    await reader.entries(source)
    for i in range(300):
        server.post("bund", f"<p>New {i}</p>")
    reading = await reader.read(source)
    assert (len(reading.parsed.entries), "left out" in reading.parsed.warning) == (200, True)
    assert await reader.entries(source) == ()


@pytest.mark.parametrize(
    ("code", "body", "says", "reason"),
    [
        (429, {"error": "Too many requests"}, "Too many requests", FetchReason.RATE_LIMITED),
        (500, {"error": "boom"}, "HTTP 500; the server says: boom", FetchReason.HTTP),
        (503, None, "HTTP 503", FetchReason.RATE_LIMITED),
    ],
)
async def test_refusals_are_told(server: Mastodon, reader: Reader, code: int, body: Any, says: str, reason: FetchReason) -> None:
    """With the server's own words where it has any."""
    server.fault = refused(code, json.dumps(body).encode(), "application/json")
    error = await reader.error(of(server))
    assert (says in str(error), error.reason) == (True, reason)


@pytest.mark.parametrize("fault", [page(), replaced(b"", "application/json"), replaced(b'{"odd": 1}', "application/json")])
async def test_what_is_no_mastodon_is_named(server: Mastodon, reader: Reader, fault: Any) -> None:
    """A page, nothing, and another interface's JSON."""
    server.fault = fault
    error = await reader.error(of(server))
    assert error.reason in {FetchReason.UNREADABLE, FetchReason.NOT_A_FEED}
    assert server.base in str(error)


async def test_odd_statuses_are_passed_over(server: Mastodon, reader: Reader) -> None:
    """Other types than the documented ones cost no more than themselves."""
    odd: list[Any] = [None, 3, [], {}, {"id": 7}, {"id": "8", "content": ["x"], "account": "y", "tags": {"a": 1}, "card": [], "quote": "z"}]
    good = {"id": 9, "content": "<p>Good</p>", "url": "https://a.example/9", "created_at": "yesterday", "language": None}
    body = json.dumps([*odd, good]).encode()
    server.faults.extend([replaced(b'{"id": "1"}', "application/json"), replaced(body, "application/json")])
    (entry,) = await reader.entries(of(server))
    assert (entry.summary, entry.published, entry.lang, entry.author) == ("Good", None, "", "")
    server.fault = status(404)
    assert (await reader.error(of(server))).reason is FetchReason.NOT_FOUND


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "either account or hashtag"), ({"account": "a", "hashtag": "b"}, "either account or hashtag"),
        ({"account": "a b"}, "write the account's name"), ({"hashtag": "two words"}, "write one hashtag"),
    ],
)  # fmt: skip
def test_mistakes_say_what_to_write(keys: dict[str, Any], says: str) -> None:
    """An operator reads what is wrong in the source's own words."""
    with pytest.raises(ValidationError, match=says):
        source_of("mastodon", url="https://social.example", **keys)
