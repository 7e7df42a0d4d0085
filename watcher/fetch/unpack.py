"""Bodies as they arrive, unpacked piece by piece, so that a small answer is stopped before it becomes a large one. Pure."""

from __future__ import annotations

import zlib

from watcher.errors import FetchError, FetchReason

_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's names for the three wrappings


class Unpacker:
    """Takes the chunks of one body; never holds more than `limit` bytes of it.

    `feed` and `finish` raise FetchError: too large, damaged, cut short, or packed in a way that was not asked for.
    """

    def __init__(self, coding: str, limit: int) -> None:
        self._coding = coding.strip().lower()
        if self._coding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise FetchError(FetchReason.UNREADABLE, f"the answer is packed as {self._coding[:40]!r}, which was not asked for")
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._inflate = None if self._coding in {"", "identity"} else zlib.decompressobj(_ZLIB if self._coding == "deflate" else _GZIP)
        self._started = False

    def feed(self, chunk: bytes) -> None:
        """The next bytes from the wire."""
        if self._inflate is None:
            self._keep(chunk)
            return
        while chunk:
            if self._inflate.eof:  # gzip allows several members one after the other
                self._inflate = zlib.decompressobj(_GZIP)
            data = self._inflated(chunk)
            self._keep(data)
            chunk = self._inflate.unconsumed_tail or self._inflate.unused_data

    def finish(self) -> bytes:
        """The whole body."""
        if self._inflate is not None and self._started and not self._inflate.eof:
            raise FetchError(FetchReason.UNREADABLE, "the answer was cut short")
        return b"".join(self._parts)

    def so_far(self) -> bytes:
        """What has arrived until now, or the first `limit` bytes of it."""
        return b"".join(self._parts)

    def _inflated(self, chunk: bytes) -> bytes:
        assert self._inflate is not None
        room = self._limit + 1 - self._size
        try:
            data = self._inflate.decompress(chunk, room)
        except zlib.error:
            if self._started or self._coding != "deflate":
                raise FetchError(FetchReason.UNREADABLE, "the answer is damaged: it cannot be unpacked") from None
            self._inflate = zlib.decompressobj(_RAW)  # some servers send deflate without its wrapping
            try:
                data = self._inflate.decompress(chunk, room)
            except zlib.error:
                raise FetchError(FetchReason.UNREADABLE, "the answer is damaged: it cannot be unpacked") from None
        self._started = True
        return data

    def _keep(self, data: bytes) -> None:
        self._parts.append(data[: max(self._limit - self._size, 0)])
        self._size += len(data)
        if self._size > self._limit:
            raise FetchError(FetchReason.TOO_LARGE, f"the answer is larger than {self._limit / 1_000_000:g} MB")
