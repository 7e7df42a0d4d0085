"""One curl handle, set up once for every request it will make: what it may speak, where it may connect, how much it may bring.

A transfer stops by itself as soon as nothing more of an answer is wanted: at the end of its headers where no body will be read, and
at the byte that breaks a limit. Of a refusal only the reason is wanted, where an interface gives one as JSON or plain text.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import certifi
import pycurl

from watcher.errors import FetchError, FetchReason
from watcher.fetch.guard import is_public
from watcher.fetch.unpack import Unpacker

HEADERS_MOST = 65_536  # bytes of one answer's headers
HEADER_LINES_MOST = 400
REASON_MOST = 8_192  # bytes of what a host says with an error
REASON_TYPES = ("application/json", "application/problem+json", "text/plain")
STOP = 0  # what a callback returns so that curl ends the transfer


@dataclass(frozen=True, slots=True)
class Limits:
    """What one fetch may cost: seconds to connect, between bytes (in whole ones) and in all; bytes after unpacking; hops."""

    connect: float = 10.0
    idle: float = 15.0
    total: float = 30.0
    body: int = 10_000_000
    redirects: int = 5


class Transfer:
    """A handle and what it receives; after a run: `status`, `headers`, `stopped`, `refused`, `failure` and `body()`."""

    def __init__(self, user_agent: str, allow_private: bool, limits: Limits) -> None:
        self._allow_private, self._limits = allow_private, limits
        self.start_over()
        self.curl = c = pycurl.Curl()
        c.setopt(pycurl.NOSIGNAL, 1)
        c.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        c.setopt(pycurl.PROXY, "")  # also none from the environment
        c.setopt(pycurl.NETRC, pycurl.NETRC_IGNORED)
        c.setopt(pycurl.FOLLOWLOCATION, 0)
        c.setopt(pycurl.CAINFO, certifi.where())
        c.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
        c.setopt(pycurl.USERAGENT, user_agent)
        c.setopt(pycurl.CONNECTTIMEOUT_MS, _milliseconds(limits.connect))
        c.setopt(pycurl.LOW_SPEED_LIMIT, 1)
        c.setopt(pycurl.LOW_SPEED_TIME, max(1, round(limits.idle)))
        c.setopt(pycurl.MAXAGE_CONN, 30)
        c.setopt(pycurl.DNS_CACHE_TIMEOUT, 0)  # curl would look through all names that it kept at each request, and hosts rest for minutes
        c.setopt(pycurl.OPENSOCKETFUNCTION, self._open)
        c.setopt(pycurl.HEADERFUNCTION, self._on_header)
        c.setopt(pycurl.WRITEFUNCTION, self._on_body)

    def start_over(self) -> None:
        """Forget the last answer."""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.stopped = False  # on purpose, with all of the answer that is wanted
        self.refused = ""  # the private address that a connection was about to be made to
        self.failure: FetchError | None = None
        self._unpacker: Unpacker | None = None
        self._lines = self._size = 0
        self._complete = False

    def prepare(self, url: str, headers: Sequence[bytes], body: bytes | None, seconds: float) -> None:
        """The next request: GET, or POST where there is a body; `seconds` are what is left for it. Raises ValueError, pycurl.error."""
        self.start_over()
        c = self.curl
        c.setopt(pycurl.URL, url)
        c.setopt(pycurl.HTTPHEADER, headers)
        c.setopt(pycurl.TIMEOUT_MS, _milliseconds(seconds))
        if body is None:
            c.setopt(pycurl.HTTPGET, 1)
        else:
            c.setopt(pycurl.POST, 1)
            c.setopt(pycurl.POSTFIELDS, body)

    def body(self) -> bytes:
        """The whole body, unpacked. Raises FetchError when it was cut short."""
        return self._unpacker.finish() if self._unpacker is not None else b""

    def reason(self) -> bytes:
        """What the host said with an error, as far as it came; empty where it said nothing that is meant to be read by programs."""
        return self._unpacker.so_far() if self._unpacker is not None else b""

    def close(self) -> None:
        """Free the handle."""
        self.curl.close()

    def _open(self, _purpose: int, info: Any) -> Any:
        """Sees the address that will be connected to, after DNS: no name can be rebound between this check and the connection."""
        family, kind, proto, address = info
        host = str(address[0])
        if not self._allow_private and not _public(host):
            self.refused = host
            return pycurl.SOCKET_BAD
        return _Lent(family, kind, proto)

    def _on_header(self, line: bytes) -> int | None:
        if self._complete:
            return None  # trailers
        self._lines += 1
        self._size += len(line)
        if self._size > HEADERS_MOST or self._lines > HEADER_LINES_MOST:
            self.failure = FetchError(FetchReason.TOO_LARGE, "the answer's headers are larger than any feed needs")
            return STOP
        if line.startswith(b"HTTP/"):
            self.status = _status(line)
            self.headers = {}
        elif line in {b"\r\n", b"\n"}:
            return self._headers_end()
        else:
            name, _, value = _text(line).partition(":")
            key = name.strip().lower()
            self.headers[key] = f"{self.headers[key]}, {value.strip()}" if key in self.headers else value.strip()
        return None

    def _headers_end(self) -> int | None:
        if 100 <= self.status < 200 and self.status != 101:
            return None  # the real ones follow
        self._complete = True
        if 200 <= self.status < 300:
            try:
                self._unpacker = Unpacker(self.headers.get("content-encoding", ""), self._limits.body)
            except FetchError as e:
                self.failure = e
                return STOP
        elif self.status >= 400 and self.headers.get("content-type", "").split(";")[0].strip().lower() in REASON_TYPES:
            self._unpacker = _reason_unpacker(self.headers)
        if self._unpacker is None and self.status != 304 and self.headers.get("content-length") != "0":
            self.stopped = True
            return STOP
        return None

    def _on_body(self, data: bytes) -> int | None:
        if self._unpacker is None:
            self.stopped = True
            return STOP
        try:
            self._unpacker.feed(data)
        except FetchError as e:
            if self.status >= 400:
                self.stopped = True  # enough of a reason
            else:
                self.failure = e
            return STOP
        return None


class _Lent(socket.socket):
    """curl works on a copy of the socket that it is given, so this one ends as soon as nobody holds it, and is no forgotten one."""

    def __del__(self) -> None:
        self.close()


def header_lines(headers: Mapping[str, str]) -> list[bytes]:
    """Headers as curl takes them; nothing in a value can begin a line of its own."""
    return [f"{name}: {_flat(value)}".encode() for name, value in headers.items() if value]


def _reason_unpacker(headers: Mapping[str, str]) -> Unpacker | None:
    try:
        return Unpacker(headers.get("content-encoding", ""), REASON_MOST)
    except FetchError:
        return None


def _flat(value: str) -> str:
    return value if value.isprintable() else "".join(c for c in value if c.isprintable() or c == "\t")


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _status(line: bytes) -> int:
    code = line.split(b" ", 2)[1:2]
    return int(code[0]) if code and code[0].strip().isdigit() else 0


def _public(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:
        return False


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
