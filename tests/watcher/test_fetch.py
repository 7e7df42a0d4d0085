"""Fetching: limits hold against every kind of host, and no private address is ever reached."""

from __future__ import annotations

import asyncio
import gzip
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from tests.fakes import feedfaults
from tests.fakes.feedhost import Feed, FeedHost
from watcher.errors import FetchError, FetchReason
from watcher.fetch import Client, Fetched, HostGate, Limits, NotModified, Request, is_public
from watcher.fetch.unpack import Unpacker
from watcher.fetch.waits import asked_wait, retry_after

QUICK = Limits(connect=1, idle=0.5, total=1.0, body=1_000_000)
AGENT = "Concordat/test (+https://example.org)"


@pytest_asyncio.fixture
async def feed() -> AsyncIterator[Feed]:
    """A healthy feed with one entry."""
    async with FeedHost() as host:
        feed = host.feed("press")
        feed.publish("1", "Title")
        yield feed


async def fetch(
    url: str, *, allow: bool = True, etag: str | None = None, last_modified: str | None = None
) -> Fetched | NotModified:
    """One fetch with short limits."""
    async with Client(user_agent=AGENT, allow_private=allow, limits=QUICK) as client:
        return await client.fetch(Request(url, etag, last_modified))


async def test_validators_are_sent_back_and_304_understood(feed: Feed) -> None:
    """What the host gave comes back verbatim, and the second answer has no body."""
    first = await fetch(feed.url)
    assert isinstance(first, Fetched)
    second = await fetch(feed.url, etag=first.headers["etag"], last_modified=first.headers["last-modified"])
    assert isinstance(second, NotModified)
    assert feed.statuses == [200, 304]


async def test_we_say_who_we_are(feed: Feed) -> None:
    """Every request carries our name and an address."""
    await fetch(feed.url)
    assert feed.requests[0].headers["User-Agent"] == AGENT


async def test_packed_answers_are_unpacked(feed: Feed) -> None:
    """gzip is asked for and understood."""
    feed.gzip = True
    got = await fetch(feed.url)
    assert isinstance(got, Fetched)
    assert b"<title>Title</title>" in got.body


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (feedfaults.status(500), FetchReason.HTTP),
        (feedfaults.status(403), FetchReason.BLOCKED),
        (feedfaults.status(404), FetchReason.NOT_FOUND),
        (feedfaults.status(410), FetchReason.GONE),
        (feedfaults.status(429, retry_after=30), FetchReason.RATE_LIMITED),
        (feedfaults.hang(), FetchReason.TIMEOUT),
        (feedfaults.drip(0.2), FetchReason.TIMEOUT),
        (feedfaults.huge(64), FetchReason.TOO_LARGE),
        (feedfaults.gzip_bomb(300), FetchReason.TOO_LARGE),
        (feedfaults.reset_midway(), FetchReason.CONNECTION),
        (feedfaults.redirect("file:///etc/passwd"), FetchReason.BAD_ADDRESS),
    ],
)
async def test_every_fault_is_a_reason(feed: Feed, fault: feedfaults.Fault, reason: FetchReason) -> None:
    """Whatever a host does, the answer is one FetchError with its reason, in bounded time."""
    feed.fault = fault
    begun = time.monotonic()
    with pytest.raises(FetchError) as caught:
        await fetch(feed.url)
    assert caught.value.reason is reason
    assert time.monotonic() - begun < QUICK.total * 5


async def test_endless_redirects_end(feed: Feed) -> None:
    """A loop is left after five hops."""
    feed.fault = feedfaults.redirect(feed.url)
    with pytest.raises(FetchError) as caught:
        await fetch(feed.url)
    assert caught.value.reason is FetchReason.REDIRECTS
    assert len(feed.requests) == 6


async def test_a_bomb_costs_no_memory(feed: Feed) -> None:
    """An answer that would unfold to 300 MB never takes more than a few times its limit."""
    feed.fault = feedfaults.gzip_bomb(300)
    with pytest.raises(FetchError):  # makes the bomb, which the host keeps
        await fetch(feed.url)
    tracemalloc.start()
    try:
        with pytest.raises(FetchError):
            await fetch(feed.url)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * QUICK.body


async def test_the_wait_that_a_host_asks_for_is_passed_on(feed: Feed) -> None:
    """Retry-After travels with the error."""
    feed.fault = feedfaults.status(503, retry_after=120)
    with pytest.raises(FetchError) as caught:
        await fetch(feed.url)
    assert caught.value.retry_after == 120


@pytest.mark.parametrize(
    ("media", "body", "said"),
    [
        ("application/json; charset=utf-8", b'{"detail": "bad filter"}', b'{"detail": "bad filter"}'),
        ("text/plain", b"x" * 100_000, b"x" * 8_192),
        ("text/html", b"<p>Bad request</p>", b""),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
async def test_what_an_interface_says_with_an_error_is_kept(feed: Feed, media: str, body: bytes, said: bytes, packed: bool) -> None:
    """JSON and plain text up to their limit, packed or not; a page for people is not read."""
    feed.fault = feedfaults.refused(400, body, media, packed=packed)
    with pytest.raises(FetchError) as caught:
        await fetch(feed.url)
    assert (caught.value.reason, caught.value.status, caught.value.said) == (FetchReason.HTTP, 400, said)


async def test_a_reason_that_never_ends_is_a_refusal_all_the_same(feed: Feed) -> None:
    """The status decides, whether or not the body behind it comes to an end."""
    feed.fault = feedfaults.refused(404, b'{"detail": ', "application/json", length=1_000)
    with pytest.raises(FetchError) as caught:
        await fetch(feed.url)
    assert (caught.value.reason, caught.value.said) == (FetchReason.NOT_FOUND, b'{"detail": ')


async def test_a_permanent_move_is_told(feed: Feed) -> None:
    """301 is followed and remembered, 302 only followed."""
    for code, moved in ((301, True), (302, False)):
        feed.faults.append(feedfaults.redirect(feed.url, code))
        got = await fetch(feed.url + "?old=1")
        assert isinstance(got, Fetched)
        assert (got.moved_to == feed.url) is moved


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"])
async def test_no_private_address_is_reached(feed: Feed, host: str) -> None:
    """By address, by name or in disguise: refused before a connection is made, with the way to allow it."""
    port = feed.url.split(":")[2].split("/")[0]
    with pytest.raises(FetchError) as caught:
        await fetch(f"http://{host}:{port}/f/press", allow=False)
    assert caught.value.reason in {FetchReason.PRIVATE_ADDRESS, FetchReason.DNS, FetchReason.BAD_ADDRESS}
    assert feed.requests == []


async def test_no_redirect_leads_inside(feed: Feed) -> None:
    """The check is on every connection, hence on every hop: nothing is reached by way of another host."""
    feed.fault = feedfaults.redirect("http://127.0.0.1:1/")
    with pytest.raises(FetchError) as caught:
        await fetch(feed.url, allow=False)
    assert caught.value.reason is FetchReason.PRIVATE_ADDRESS


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2606:4700::1111", True), ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False),
        ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("::1", False),
        ("fe80::1%eth0", False), ("fc00::1", False), ("::ffff:10.0.0.1", False), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False),
        ("ff02::1", False), ("255.255.255.255", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:
    """Private ranges are known in every wrapping."""
    assert is_public(address) is public


async def test_one_request_at_a_time_to_a_host(feed: Feed) -> None:
    """Ten requests to one host never overlap."""
    gate = HostGate()
    feed.fault = feedfaults.drip(0.001, size=500)

    async def one(client: Client) -> None:
        async with gate.turn(feed.url):
            await client.fetch(Request(feed.url))

    async with Client(user_agent=AGENT, allow_private=True) as client:
        await asyncio.gather(*(one(client) for _ in range(10)))
    assert feed.most_at_once == 1
    assert len(feed.requests) == 10


async def test_a_host_that_stalls_gives_its_turn_up() -> None:
    """One hanging address does not silence the others of its host."""
    gate = HostGate(patience=0.05)
    held = asyncio.Event()
    passed = asyncio.Event()

    async def stalls() -> None:
        async with gate.turn("http://h.example/a"):
            held.set()
            await passed.wait()

    async def waits() -> None:
        await held.wait()
        async with gate.turn("http://h.example/b"):
            passed.set()

    async with asyncio.timeout(5):
        await asyncio.gather(stalls(), waits())
    assert passed.is_set()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120), ("Mon, 23 Nov 2026 12:05:00 GMT", 300), ("Mon, 23 Nov 2026 11:00:00 GMT", 0), ("999999999", 86_400),
        ("soon", None), (None, None),
    ],
)  # fmt: skip
def test_retry_after_in_both_forms(value: str | None, seconds: float | None) -> None:
    """Seconds or an HTTP date, a day at the most; nonsense is no wait."""
    assert retry_after(value, datetime(2026, 11, 23, 12, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"x-rate-limit-reset": "1795435500"}, 300), (429, {"x-ratelimit-reset": "2026-11-23T12:05:00.123Z"}, 300.123),
        (429, {"ratelimit-reset": "1795435500"}, 300), (429, {"x-ratelimit-reset": "87.0"}, 87),
        (429, {"x-ratelimit-reset": "1795435100"}, 0),
        (429, {"ratelimit-reset": "99999999"}, 86_400), (429, {"x-ratelimit-reset": "87, 87"}, 87),
        (429, {"retry-after": "5", "ratelimit-reset": "300"}, 5), (429, {"retry-after": "soon", "ratelimit-reset": "300"}, 300),
        (429, {"ratelimit-reset": "-3"}, None), (429, {"ratelimit-reset": "nan"}, None), (429, {"ratelimit-reset": "1e99"}, None),
        (429, {"ratelimit-reset": "later"}, None), (503, {"ratelimit-reset": "300"}, None), (429, {}, None),
    ],
)  # fmt: skip
def test_how_interfaces_say_when_to_come_back(status: int, headers: dict[str, str], seconds: float | None) -> None:
    """Retry-After first; behind a 429 the end of the counting period, as a span, a Unix time or a date; nonsense counts as nothing."""
    assert asked_wait(status, headers, datetime(2026, 11, 23, 12, tzinfo=UTC)) == pytest.approx(seconds)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw", "two members"])
def test_bodies_arrive_in_pieces(coding: str) -> None:
    """However a body was packed and cut on the wire, it comes out whole."""
    text = b"partnership " * 1000
    raw = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(text), "deflate": zlib.compress(text), "raw": raw.compress(text) + raw.flush(),
        "two members": gzip.compress(text[:6000]) + gzip.compress(text[6000:]),
    }[coding]  # fmt: skip
    unpacker = Unpacker("deflate" if coding in {"deflate", "raw"} else "gzip", 1_000_000)
    for start in range(0, len(packed), 7):
        unpacker.feed(packed[start : start + 7])
    assert unpacker.finish() == text


def test_a_body_cut_short_is_noticed() -> None:
    """Half a packed answer is no answer."""
    unpacker = Unpacker("gzip", 1_000_000)
    unpacker.feed(gzip.compress(b"x" * 10_000)[:-12])
    with pytest.raises(FetchError, match="cut short"):
        unpacker.finish()


async def test_a_site_that_asked_for_a_pause_is_asked_nothing() -> None:
    """Whoever waits for its turn there is told how long the pause still is; other sites go on, and so does this one afterwards."""
    gate = HostGate()
    gate.pause("lab.example", 0.2)
    with pytest.raises(FetchError, match=r"lab\.example asked for a pause") as caught:
        async with gate.turn("https://news.lab.example/feed"):
            pass
    assert caught.value.reason is FetchReason.RATE_LIMITED
    assert 0 < (caught.value.retry_after or 0) <= 0.2
    async with gate.turn("https://agency.example/feed"):
        pass
    gate.pause("lab.example", -1.0)
    async with asyncio.timeout(5):
        while True:
            try:
                async with gate.turn("https://lab.example/feed"):
                    break
            except FetchError:
                await asyncio.sleep(0.01)
