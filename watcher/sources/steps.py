"""How a kind of source is read, without I/O: a generator that says what to ask next and is handed what came back. Pure.

    def read(source: FeedSource, at: Situation) -> Steps:
        got = yield Ask(source.url, conditional=True)
        return Reading(parse_feed(got.body, got.headers, got.url))

A failed request is raised at the `yield` as FetchError, so that a kind can try another way; what it does not catch is the poll's
outcome. One `Ask` of a reading may be conditional: where nothing changed since the last good reading, the reading ends there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from watcher.errors import FetchError
from watcher.fetch.exchange import Fetched
from watcher.sources.entry import Parsed


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. A `body` makes it a POST; `pause` is waited before it, in seconds, where an interface asks for spacing.

    A `shared` answer may be one that another reading of this process was given for the same request, so many seconds ago at the most:
    a sign-in, which all sources of a network need and networks count. It is kept in memory only; `worn` is one that proved to be of no more
    use, and is not given again. A `confined` request holds a secret in
    its address or body, and is redirected to no other origin. A `quick` answer is read on the event loop, whatever comes: its kind leaves
    what takes long for `Reading.rest`.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    conditional: bool = False
    pause: float = 0.0
    shared: float = 0.0
    worn: Fetched | None = field(default=None, repr=False)
    confined: bool = False
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """What some interfaces want before they answer; each unset until the operator gives it. Never printed: the fields are secrets."""

    sam_api_key: SecretStr | None = None
    x_bearer_token: SecretStr | None = None
    bluesky_handle: str = ""
    bluesky_password: SecretStr | None = None
    mastodon_token: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What a reading may know: the moment, whether the source was ever read, and what its kind remembered at the last good reading.

    `memo` is plain data that survives as JSON; `seen` is what the feed reader knows of the last answer.
    """

    now: datetime
    first: bool = True
    memo: Mapping[str, Any] = field(default_factory=dict)
    seen: bytes = b""
    credentials: Credentials = field(default_factory=Credentials)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reading found, and what to remember for the next; None keeps what is remembered.

    `error` is what ended it early: what was found before stands, and the source is doing as badly as the error says. `rest` is the
    reading itself, where it takes so long that it is to be done in a thread; it may raise FetchError.
    """

    parsed: Parsed
    memo: Mapping[str, Any] | None = None
    seen: bytes | None = None
    error: FetchError | None = None
    rest: Callable[[], Reading] | None = None


Steps = Generator[Ask, Fetched, Reading]


def advance(steps: Steps, got: Fetched | FetchError | None) -> Ask | Reading:
    """Go on to the next request, or to the end; `got` answers the last request, and is None at the start.

    Raises FetchError when the kind gives up.
    """
    try:
        if got is None:
            return next(steps)
        return steps.throw(got) if isinstance(got, FetchError) else steps.send(got)
    except StopIteration as end:
        reading = end.value
        assert isinstance(reading, Reading), "a reading ends with `return Reading(…)`"
        return reading
