"""What stands between hosts and libcurl: redirects carry nothing away, headers are bounded, and nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from watcher.errors import FetchError, FetchReason
from watcher.fetch import Client, Fetched, Limits, NotModified, Request
from watcher.fetch.multi import ENDED_MOST

AGENT = "Concordat/test (+https://example.org)"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Answers = Callable[[bytes], bytes]


@asynccontextmanager
async def host(answer: Answers, asked: list[bytes] | None = None) -> AsyncIterator[str]:
    """A server that hands each request, head and body, to `answer`, and sends what comes back; yields its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next((int(v.split(b":")[1]) for v in head.split(b"\r\n") if v.lower().startswith(b"content-length")), 0)
                request = head + await reader.readexactly(length)
                if asked is not None:
                    asked.append(request)
                writer.write(answer(request))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def client(limits: Limits | None = None) -> Client:
    """A client with short limits."""
    return Client(user_agent=AGENT, allow_private=True, limits=limits or Limits(connect=1, idle=2, total=5))


def to(url: str, code: int) -> Answers:
    """Answers that send the caller to `url`."""
    return lambda _: f"HTTP/1.1 {code} Moved\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n".encode()


async def test_another_host_is_told_neither_secrets_nor_validators() -> None:
    """What was meant for one host does not travel with a redirect to another; what says who we are does."""
    asked: list[bytes] = []
    async with host(lambda _: OK, asked) as other, host(to(other, 302)) as first, client() as c:
        await c.fetch(Request(first, '"tag"', "Mon, 23 Nov 2026 12:05:00 GMT", headers={"Authorization": "Bearer secret"}))
    head = asked[0].lower()
    assert b"secret" not in head
    assert b"if-none-match" not in head
    assert b"if-modified-since" not in head
    assert AGENT.lower().encode() in head


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_request_with_a_password_goes_to_one_host_only(code: int) -> None:
    """A confined request follows its own host and no redirect to another, which hears nothing at all."""
    asked: list[bytes] = []
    async with host(lambda _: OK, asked) as other, host(to(other, code)) as first, client() as c:
        with pytest.raises(FetchError) as caught:
            await c.fetch(Request(first, body=b"password=secret", confined=True))
    assert (caught.value.reason, asked) == (FetchReason.REDIRECTS, [])


@pytest.mark.parametrize(("code", "method"), [(307, b"POST"), (308, b"POST"), (303, b"GET"), (302, b"GET"), (301, b"GET")])
async def test_what_becomes_of_a_post(code: int, method: bytes) -> None:
    """307 and 308 keep it, the others make it a GET without a body, as browsers do."""
    asked: list[bytes] = []
    async with host(lambda _: OK, asked) as other, host(to(other, code)) as first, client() as c:
        await c.fetch(Request(first, headers={"Content-Type": "application/json"}, body=b'{"q": 1}'))
        await c.fetch(Request(other))
    assert asked[0].startswith(method)
    assert (b'{"q": 1}' in asked[0]) is (method == b"POST")
    assert asked[1].startswith(b"GET"), "a handle that posted before posts no more"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(1_000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 90_000 + b"\r\n\r\n",
        b"HTTP/1.1 103 Early\r\nX: y\r\n\r\n" * 1_000,
    ],
    ids=["many", "long", "early"],
)
async def test_headers_are_bounded(answer: bytes) -> None:
    """No answer fills the memory with headers."""
    async with host(lambda _: answer) as url, client() as c:
        with pytest.raises(FetchError) as caught:
            await c.fetch(Request(url))
    assert caught.value.reason is FetchReason.TOO_LARGE


@pytest.mark.parametrize(
    "answer", [b"hello\r\n\r\n", b"HTTP/9.9 abc\r\n\r\n", b"\x00" * 100, b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"]
)
async def test_what_is_no_http_is_a_connection_that_failed(answer: bytes) -> None:
    """A host that speaks something else is told apart from one that answers."""
    async with host(lambda _: answer) as url, client() as c:
        with pytest.raises(FetchError) as caught:
            await c.fetch(Request(url))
    assert caught.value.reason in {FetchReason.CONNECTION, FetchReason.HTTP}


async def test_no_header_of_ours_can_begin_another() -> None:
    """A validator with a line break in it stays one line."""
    asked: list[bytes] = []
    async with host(lambda _: OK, asked) as url, client() as c:
        await c.fetch(Request(url, "x\r\nEvil: 1"))
    assert b"\r\nEvil" not in asked[0]


async def test_addresses_in_other_scripts() -> None:
    """They go out percent-encoded; names as IDNA has them, and one that no host can have is a bad address."""
    asked: list[bytes] = []
    async with host(lambda _: OK, asked) as url, client() as c:
        await c.fetch(Request(url + "actualité?q=é&a=%20"))
        with pytest.raises(FetchError) as caught:
            await c.fetch(Request("http://\u2603\ufffd.example:99999/"))
    assert asked[0].startswith(b"GET /actualit%C3%A9?q=%C3%A9&a=%20 ")
    assert caught.value.reason is FetchReason.BAD_ADDRESS


async def test_a_cancelled_fetch_is_gone() -> None:
    """The connection ends with whoever waited for it, and the client goes on."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.set()
        await reader.read(-1)
        ended.set()
        writer.close()

    server = await asyncio.start_server(hangs, "127.0.0.1", 0)
    async with server, asyncio.timeout(5), host(lambda _: OK) as good, client() as c:
        task = asyncio.create_task(c.fetch(Request(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await ended.wait()
        assert isinstance(await c.fetch(Request(good)), Fetched)


async def test_a_client_that_closes_ends_what_is_under_way() -> None:
    """Nobody waits for ever for a client that is gone."""
    begun = asyncio.Event()

    async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.set()
        await reader.read(-1)
        writer.close()

    server = await asyncio.start_server(hangs, "127.0.0.1", 0)
    async with server, asyncio.timeout(5):
        async with client() as c:
            task = asyncio.create_task(c.fetch(Request(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")))
            await begun.wait()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_answers_that_come_together_wait_outside() -> None:
    """A hundred hosts answer at one moment: a few answers at a time are in our memory, and all of them come."""
    count, asked, turn = 100, asyncio.Semaphore(0), 0
    everybody = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.release()
        await everybody.wait()
        writer.write(OK)
        writer.close()

    async def turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    async def one(c: Client, url: str) -> int:
        assert isinstance(await c.fetch(Request(url)), Fetched)
        return turn

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=count)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, client(Limits(connect=5, idle=10, total=20)) as c:
        fetches = [asyncio.create_task(one(c, url)) for _ in range(count)]
        for _ in range(count):
            await asyncio.wait_for(asked.acquire(), 20)
        counting = asyncio.create_task(turns())
        everybody.set()
        at = await asyncio.gather(*fetches)
        counting.cancel()
    assert max(Counter(at).values()) <= ENDED_MOST


async def test_two_thousand_requests_leave_nothing_behind() -> None:
    """Answered, refused, cut short or cancelled: file descriptors and memory are back where they were."""
    kinds = (
        OK, b"HTTP/1.1 304 Not Modified\r\n\r\n", b"HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nno.",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Encoding: gzip\r\n\r\nnot gzip!",
    )  # fmt: skip

    async def one(c: Client, url: str, i: int) -> None:
        try:
            async with asyncio.timeout(0 if i % 10 == 9 else 30):
                got = await c.fetch(Request(f"{url}{i % len(kinds)}"))
        except (FetchError, TimeoutError):
            return
        assert isinstance(got, Fetched | NotModified)

    async def many(url: str, count: int) -> None:
        async with client() as c:
            for start in range(0, count, 50):
                await asyncio.gather(*(one(c, url, i) for i in range(start, start + 50)))

    async with host(lambda r: kinds[int(r.split(b" ")[1][1:])]) as url:
        await many(url, 200)
        await settled(lambda: True)
        before = files_open()
        tracemalloc.start()
        try:
            await many(url, 200)
            gc.collect()
            small, _ = tracemalloc.get_traced_memory()
            await many(url, 1_800)
            gc.collect()
            large, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        await settled(lambda: files_open() > before)
    assert files_open() <= before
    assert large - small < 500_000


def files_open() -> int:
    """How many file descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def settled(busy: Callable[[], object]) -> None:
    """Let the server's side of closed connections end."""
    for _ in range(100):
        await asyncio.sleep(0)
        if not busy():
            return
