"""What goes out to a host and what comes back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask for; the validators are those the host gave last time, verbatim. A `body` makes it a POST.

    A `confined` request is redirected to no other origin: its address or body holds a secret.
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    confined: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer with a body. `moved_to` is set when every redirect on the way was permanent."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """304: what we have still stands."""

    headers: Mapping[str, str]
