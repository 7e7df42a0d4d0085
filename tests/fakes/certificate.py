"""A self-signed certificate for loopback, made afresh for each test run, with the standard library alone.

An ECDSA key on P-256 and the smallest X.509 certificate that clients accept for 127.0.0.1 and localhost. For tests
only: the arithmetic takes no care of side channels.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

# The curve P-256 (FIPS 186-4, D.1.2.3): the field, the order, and the base point.
FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
BASE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
Point = tuple[int, int] | None

EC_PUBLIC_KEY = "1.2.840.10045.2.1"
P256 = "1.2.840.10045.3.1.7"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"
COMMON_NAME = "2.5.4.3"
BASIC_CONSTRAINTS = "2.5.29.19"
ALTERNATIVE_NAMES = "2.5.29.17"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, both as PEM."""

    certificate: str
    key: str

    def server(self) -> ssl.SSLContext:
        """The context a server serves with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "server.pem")
            file.write_text(self.certificate + self.key)
            context.load_cert_chain(file)
        return context

    def client(self) -> ssl.SSLContext:
        """The context of a client that trusts this certificate and no other."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.certificate)
        return context


def make_certificate() -> Certificate:
    """A certificate for localhost and 127.0.0.1, valid from yesterday to tomorrow."""
    secret = secrets.randbelow(ORDER - 1) + 1
    public = _point(_times(secret, BASE))
    algorithm = _sequence(_oid(ECDSA_SHA256))
    name = _sequence(_der(0x31, _sequence(_oid(COMMON_NAME), _der(0x0C, b"localhost"))))
    now = datetime.now(UTC)
    valid = _sequence(*(_der(0x17, f"{now + timedelta(days=d):%y%m%d%H%M%SZ}".encode()) for d in (-1, 1)))
    subject_key = _sequence(_sequence(_oid(EC_PUBLIC_KEY), _oid(P256)), _bits(public))
    names = _sequence(_der(0x82, b"localhost"), _der(0x87, bytes([127, 0, 0, 1])))
    extensions = _sequence(
        _sequence(_oid(BASIC_CONSTRAINTS), _der(0x01, b"\xff"), _der(0x04, _sequence(_der(0x01, b"\xff")))),
        _sequence(_oid(ALTERNATIVE_NAMES), _der(0x04, names)),
    )
    serial = _integer(secrets.randbits(64))
    version = _der(0xA0, _integer(2))
    body = _sequence(version, serial, algorithm, name, valid, name, subject_key, _der(0xA3, extensions))
    private = _sequence(_integer(1), _der(0x04, secret.to_bytes(32)), _der(0xA0, _oid(P256)), _der(0xA1, _bits(public)))
    signed = _sequence(body, algorithm, _bits(_sign(secret, body)))
    return Certificate(_pem("CERTIFICATE", signed), _pem("EC PRIVATE KEY", private))


def _sign(secret: int, message: bytes) -> bytes:
    digest = int.from_bytes(hashlib.sha256(message).digest())
    while True:
        once = secrets.randbelow(ORDER - 1) + 1
        point = _times(once, BASE)
        r = point[0] % ORDER if point else 0
        s = pow(once, -1, ORDER) * (digest + r * secret) % ORDER
        if r and s:
            return _sequence(_integer(r), _integer(s))


def _times(factor: int, point: Point) -> Point:
    total: Point = None
    while factor:
        if factor & 1:
            total = _plus(total, point)
        point = _plus(point, point)
        factor >>= 1
    return total


def _plus(a: Point, b: Point) -> Point:
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % FIELD == 0:
        return None
    rise, run = (3 * a[0] * a[0] - 3, 2 * a[1]) if a == b else (b[1] - a[1], b[0] - a[0])
    slope = rise * pow(run, -1, FIELD) % FIELD
    x = (slope * slope - a[0] - b[0]) % FIELD
    return x, (slope * (a[0] - x) - a[1]) % FIELD


def _point(point: Point) -> bytes:
    assert point is not None
    return b"\x04" + point[0].to_bytes(32) + point[1].to_bytes(32)


def _der(tag: int, body: bytes) -> bytes:
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + body


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, b"".join(parts))


def _integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def _bits(body: bytes) -> bytes:
    return _der(0x03, b"\0" + body)


def _oid(dotted: str) -> bytes:
    first, second, *rest = (int(n) for n in dotted.split("."))
    body = bytes([first * 40 + second])
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7F)
        body += bytes(reversed(groups))
    return _der(0x06, body)


def _pem(what: str, body: bytes) -> str:
    text = base64.b64encode(body).decode()
    lines = "\n".join(text[i : i + 64] for i in range(0, len(text), 64))
    return f"-----BEGIN {what}-----\n{lines}\n-----END {what}-----\n"
