"""The product's errors, all under one root, and the places operators are pointed at.

    ConcordatError
    ├── OperatorError          mistakes in files that people write; carries every Problem with its Place
    ├── SettingsError          a setting is missing, malformed or contradicts another
    ├── RedisError             the bus cannot be reached or started
    ├── StoreError             the database cannot be opened, read or written
    ├── FetchError             a source did not give what was asked for; says why and when to come back
    └── DeliveryError          a channel did not take a message; says whether trying again can help

No class here does I/O. Messages are written for the person who must act on them: what is wrong, then what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class ConcordatError(Exception):
    """Root of everything Concordat raises on purpose."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a file that a person wrote; lines and columns count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake: where it is, what is wrong, and what to write instead."""

    place: Place
    what: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.what}" + (f", {self.fix}" if self.fix else "")


class OperatorError(ConcordatError):
    """Mistakes in operator files, every one of them at once, in the order of their places."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(p) for p in self.problems))


class SettingsError(ConcordatError):
    """A setting cannot be used; the message names it and says what to write."""


class RedisError(ConcordatError):
    """Redis cannot be reached, started or adopted."""


class StoreError(ConcordatError):
    """The database cannot be opened, migrated, read or written."""


class FetchReason(StrEnum):
    """Why a fetch gave nothing; also a metric label, so the set stays small."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"
    DNS = "dns"
    TLS = "tls"
    TOO_LARGE = "too_large"
    REDIRECTS = "redirects"
    PRIVATE_ADDRESS = "private_address"
    RATE_LIMITED = "rate_limited"
    BLOCKED = "blocked"
    GONE = "gone"
    NOT_FOUND = "not_found"
    HTTP = "http"
    NOT_A_FEED = "not_a_feed"
    UNREADABLE = "unreadable"
    BAD_ADDRESS = "bad_address"


class FetchError(ConcordatError):
    """A source did not give what was asked for.

    `permanent` says that asking again cannot help until someone changes the source; `retry_after` is what the host asked for, in
    seconds from now, or None; `status` is the HTTP status where there was one; `said` is what the host wrote with it, JSON or plain
    text of 8 KB at the most, as the interfaces of registers and networks name what was wrong. It is foreign, and never shown as it is.
    """

    def __init__(
        self,
        reason: FetchReason,
        message: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        status: int | None = None,
        said: bytes = b"",
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.permanent = permanent
        self.retry_after = retry_after
        self.status = status
        self.said = said

    def retold(self, message: str, *, reason: FetchReason | None = None, permanent: bool | None = None) -> FetchError:
        """The same refusal in better words, by who knows what the host means with it."""
        known = self.permanent if permanent is None else permanent
        return FetchError(
            reason or self.reason, message, permanent=known, retry_after=self.retry_after, status=self.status, said=self.said
        )


class DeliveryReason(StrEnum):
    """Why a channel did not take a message; also a metric label, so the set stays small."""

    RATE_LIMITED = "rate_limited"
    BLOCKED = "blocked"
    GONE = "gone"
    MOVED = "moved"
    MARKUP = "markup"
    AUTH = "auth"
    REFUSED = "refused"
    SERVER = "server"
    NETWORK = "network"
    UNKNOWN_OUTCOME = "unknown_outcome"


class DeliveryError(ConcordatError):
    """A channel did not take a message.

    `permanent` says that sending the same again cannot help; `retry_after` is the wait the channel asked for, in seconds; `moved_to`
    is the recipient's new address where the channel told one.
    """

    def __init__(
        self,
        reason: DeliveryReason,
        message: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        moved_to: str | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.permanent = permanent
        self.retry_after = retry_after
        self.moved_to = moved_to
