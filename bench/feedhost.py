"""A host of many feeds for `bench.polling`, fast enough not to be what is measured: one process, epoll, bodies made and packed beforehand.

Each feed has a loopback address of its own, so that manners that count by host stand in nobody's way. Feeds are synthetic and seeded:
about 105 KB, 27 entries an hour apart and of the last days, gzip, ETag and Last-Modified. Words on standard input: `advance` puts a new
entry on top of every feed and drops its last; `counts` tells the answers given since it was last asked. Every word is answered by a line
of JSON.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import random
import resource
import select
import socket
import sys
import time
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

SEED = 20250130
ENTRIES = 27
LETTERS = "abcdefghilmnoprstuvw"
START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=60)


def address_of(index: int) -> str:
    """The loopback address of a feed."""
    return f"127.{16 + (index >> 16)}.{index >> 8 & 255}.{index & 255}"


def url_of(index: int, port: int) -> str:
    """The address of a feed's document."""
    return f"http://{address_of(index)}:{port}/feed.xml"


class Writer:
    """Makes feeds out of a stock of made-up paragraphs."""

    def __init__(self) -> None:
        rng = random.Random(SEED)
        self.words = ["".join(rng.choices(LETTERS, k=rng.randint(3, 10))) for _ in range(4_000)]
        self.headlines = [self._sentence(rng, 9) for _ in range(2_000)]
        self.paragraphs = [self._paragraph(rng) for _ in range(2_000)]

    def _sentence(self, rng: random.Random, count: int) -> str:
        return " ".join(rng.choices(self.words, k=count)).capitalize()

    def _paragraph(self, rng: random.Random) -> str:
        words = self._sentence(rng, 72).split(" ")
        words[5] = f'<a href="https://news.example/{words[6]}?id={rng.randint(1, 999)}&amp;x=1">{words[5]}</a>'
        words[20], words[40] = f"<strong>{words[20]}</strong>", "it&#8217;s"
        return f"<p>{' '.join(words)}.</p>"

    def entry(self, feed: int, number: int) -> str:
        """The entry of this number; the same whenever it is asked for."""
        rng = random.Random(feed * 1_000_003 + number)
        when = format_datetime(START + timedelta(hours=number))
        link = f"https://news{feed}.example/{number}/"
        body = "\n".join(rng.choices(self.paragraphs, k=6))
        return (
            f"<item>\n<title>{rng.choice(self.headlines)} {feed}-{number}</title>\n<link>{link}</link>\n"
            f"<dc:creator><![CDATA[{rng.choice(self.words)} {rng.choice(self.words)}]]></dc:creator>\n<pubDate>{when}</pubDate>\n"
            f"<category><![CDATA[{rng.choice(self.words)}]]></category>\n<category><![CDATA[{rng.choice(self.words)}]]></category>\n"
            f'<guid isPermaLink="false">https://news{feed}.example/?p={number}</guid>\n'
            f"<description><![CDATA[<p>{rng.choice(self.paragraphs)[3:250]} [&#8230;]</p>]]></description>\n"
            f"<content:encoded><![CDATA[{body}]]></content:encoded>\n</item>\n"
        )

    def feed(self, feed: int, revision: int) -> bytes:
        """The whole document."""
        entries = "".join(self.entry(feed, n) for n in range(revision + ENTRIES - 1, revision - 1, -1))
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">\n<channel>\n'
            f"<title>News {feed}</title>\n<link>https://news{feed}.example</link>\n<description>All of it</description>\n"
            f"<language>en</language>\n{entries}</channel>\n</rss>\n"
        ).encode()


def packed(data: bytes) -> bytes:
    """As gzip."""
    packer = zlib.compressobj(3, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


@dataclass(slots=True)
class Visitor:
    """A connection: whose feed it asks for, what came, and what is still to be sent."""

    socket: socket.socket
    feed: int
    request: bytes = b""
    answer: memoryview = field(default_factory=lambda: memoryview(b""))


class Host:
    """Answers until its standard input ends."""

    def __init__(self, feeds: int, latency: tuple[float, float]) -> None:
        self._writer = Writer()
        self._rng = random.Random(SEED)
        self._latency = latency
        self._revision = -1
        self._answers: list[tuple[bytes, bytes, bytes]] = []  # validators in bytes, then the answers with and without a body
        self._counts = {"200": 0, "304": 0, "bytes": 0}
        self._poll = select.epoll()
        self._visitors: dict[int, Visitor] = {}
        self._waiting: list[tuple[float, int]] = []
        self._feeds = feeds
        self._listeners: dict[int, tuple[socket.socket, int]] = {}
        self.port = self._listen()

    def _listen(self) -> int:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        if self._feeds + 500 > hard:
            raise SystemExit(f"{self._feeds} feeds need {self._feeds + 500} open files, and {hard} are allowed; see ulimit -n")
        port = 0
        for index in range(self._feeds):
            listener = socket.create_server((address_of(index), port), backlog=8)
            listener.setblocking(False)  # noqa: FBT003
            port = port or listener.getsockname()[1]
            self._listeners[listener.fileno()] = (listener, index)
            self._poll.register(listener, select.EPOLLIN)
        return port

    def advance(self) -> None:
        """Make the next edition of every feed."""
        self._revision += 1
        date = format_datetime(START + timedelta(hours=self._revision), usegmt=True)
        self._answers = [self._edition(i, date) for i in range(self._feeds)]

    def _edition(self, index: int, date: str) -> tuple[bytes, bytes, bytes]:
        body = packed(self._writer.feed(index, self._revision))
        tag = f'"{index}-{self._revision}"'
        head = f"ETag: {tag}\r\nLast-Modified: {date}\r\n"
        kind = "Content-Type: application/rss+xml; charset=utf-8\r\nContent-Encoding: gzip\r\n"
        full = f"HTTP/1.1 200 OK\r\n{kind}{head}Content-Length: {len(body)}\r\n\r\n"
        return tag.encode(), full.encode() + body, f"HTTP/1.1 304 Not Modified\r\n{head}\r\n".encode()

    def run(self) -> None:
        """Serve."""
        self.advance()
        self._say({"port": self.port, "bytes": len(self._writer.feed(0, 0)), "packed": len(self._answers[0][1])})
        self._poll.register(sys.stdin, select.EPOLLIN)
        while True:
            wait = max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else None
            for fd, event in self._poll.poll(wait):
                if fd in self._listeners:
                    self._welcome(*self._listeners[fd])
                elif fd in self._visitors:
                    self._serve(self._visitors[fd], event)
                elif fd == sys.stdin.fileno() and not self._obey(sys.stdin.readline().strip()):
                    return
            now = time.monotonic()
            while self._waiting and self._waiting[0][0] <= now:
                self._answer(heapq.heappop(self._waiting)[1])

    def _obey(self, word: str) -> bool:
        if word == "advance":
            self.advance()
            self._say({"revision": self._revision})
        elif word == "counts":
            self._say(self._counts)
            self._counts = dict.fromkeys(self._counts, 0)
        return bool(word)

    @staticmethod
    def _say(words: dict[str, int]) -> None:
        print(json.dumps(words), flush=True)

    def _welcome(self, listener: socket.socket, feed: int) -> None:
        connection, _ = listener.accept()
        connection.setblocking(False)  # noqa: FBT003
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._visitors[connection.fileno()] = Visitor(connection, feed)
        self._poll.register(connection, select.EPOLLIN)

    def _serve(self, visitor: Visitor, event: int) -> None:
        if event & select.EPOLLOUT:
            self._send(visitor)
            return
        try:
            data = visitor.socket.recv(65_536)
        except OSError:
            data = b""
        if not data:
            self._poll.unregister(visitor.socket)
            del self._visitors[visitor.socket.fileno()]
            visitor.socket.close()
            return
        visitor.request += data
        if b"\r\n\r\n" in visitor.request:
            low, high = self._latency
            pause = math.exp(self._rng.uniform(math.log(low), math.log(high))) if high else 0.0
            heapq.heappush(self._waiting, (time.monotonic() + pause, visitor.socket.fileno()))

    def _answer(self, fd: int) -> None:
        visitor = self._visitors.get(fd)
        if visitor is None:
            return
        tag, full, unchanged = self._answers[visitor.feed]
        same = b"\r\nif-none-match: " + tag in visitor.request.lower()
        visitor.request = b""
        self._counts["304" if same else "200"] += 1
        self._counts["bytes"] += len(unchanged if same else full)
        visitor.answer = memoryview(unchanged if same else full)
        self._send(visitor)

    def _send(self, visitor: Visitor) -> None:
        try:
            sent = visitor.socket.send(visitor.answer)
        except BlockingIOError:
            sent = 0
        except OSError:
            return
        visitor.answer = visitor.answer[sent:]
        self._poll.modify(visitor.socket, select.EPOLLIN | (select.EPOLLOUT if visitor.answer else 0))


def main() -> None:
    """`python -m bench.feedhost --feeds 200`; started by `bench.polling`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--latency", type=float, nargs=2, default=(0.005, 0.2), metavar=("LOW", "HIGH"))
    args = parser.parse_args()
    Host(args.feeds, (args.latency[0], args.latency[1])).run()


if __name__ == "__main__":
    main()
