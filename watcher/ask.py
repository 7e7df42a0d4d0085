"""One reading of a source over the network: what its kind asks for, one request after the other, each at its host's turn.

The kinds decide (`watcher.sources`), this module only carries: requests out, answers and errors back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b

import structlog

from watcher.apart import SMALL
from watcher.errors import FetchError, FetchReason
from watcher.fetch import Client, Fetched, HostGate, NotModified, Request
from watcher.model import Source
from watcher.shared import SharedAnswers
from watcher.sources.kinds import KINDS
from watcher.sources.steps import Ask, Credentials, Reading, Situation, Steps, advance
from watcher.state import SourceState
from watcher.urls import site_of

log = structlog.get_logger("watcher")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one reading brought: entries, or nothing new, or an error, or both; with the validators for the next time."""

    source: Source
    reading: Reading | None = None
    error: FetchError | None = None
    headers: Mapping[str, str] | None = None  # of the conditional request, else of the last one
    body_hash: bytes | None = None
    moved_to: str | None = None  # where permanent redirects led
    push: int | None = None  # the delivery of a hub that this is; then nobody asked


@dataclass(frozen=True, slots=True)
class Reach:
    """What readings are carried by."""

    client: Client
    gate: HostGate
    credentials: Credentials = field(default_factory=Credentials)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    shared: SharedAnswers = field(default_factory=SharedAnswers)
    heed: Callable[[str, str, FetchError], Awaitable[None]] | None = None  # hears of source, site and error before anybody else asks there

    async def fetch(self, source_id: str, request: Request) -> Fetched | NotModified:
        """One request, when its site has its turn. Raises FetchError, after the site was heeded."""
        async with self.gate.turn(request.url):
            try:
                return await self.client.fetch(request)
            except FetchError as e:
                await self.heard(source_id, request.url, e)
                raise

    async def heard(self, source_id: str, url: str, error: FetchError) -> None:
        """The site of `url` answered so, to what was asked for this source."""
        if self.heed is not None:
            await self.heed(source_id, site_of(url), error)


async def ask(source: Source, state: SourceState, reach: Reach) -> Answer:
    """One reading; never raises for anything that a source does."""
    situation = Situation(reach.now(), state.first_ok_at is None, state.memo or {}, state.seen or b"", reach.credentials)
    steps = KINDS[source.kind].read(source, situation)
    try:
        return await _carry(source, state, steps, reach)
    except FetchError as e:
        return Answer(source, error=e)
    except Exception as e:
        log.exception("a source broke its reader", source=source.id)
        return Answer(source, error=FetchError(FetchReason.UNREADABLE, f"the answer cannot be read ({type(e).__name__})"))
    finally:
        steps.close()


async def _carry(source: Source, state: SourceState, steps: Steps, reach: Reach) -> Answer:
    headers: Mapping[str, str] = {}
    body_hash = moved_to = None
    step = advance(steps, None)
    while isinstance(step, Ask):
        try:
            got = await _get(source, step, state, reach)
        except FetchError as e:
            step = advance(steps, e)
            continue
        if isinstance(got, NotModified):
            return Answer(source, headers=got.headers)
        if step.conditional or body_hash is None:
            headers = got.headers
        if step.conditional:
            moved_to = got.moved_to
            body_hash = blake2b(got.body, digest_size=16).digest()
            if body_hash == state.body_hash:
                return Answer(source, headers=headers, body_hash=body_hash, moved_to=moved_to)
        here = step.quick or len(got.body) <= SMALL
        step = advance(steps, got) if here else await asyncio.to_thread(advance, steps, got)
    if step.rest is not None:
        step = await asyncio.to_thread(step.rest)
    return Answer(source, reading=step, error=step.error, headers=headers, body_hash=body_hash, moved_to=moved_to)


async def _get(source: Source, step: Ask, state: SourceState, reach: Reach) -> Fetched | NotModified:
    if not step.shared:
        return await _send(source, step, state, reach)

    async def send() -> Fetched:
        got = await _send(source, step, state, reach)
        assert isinstance(got, Fetched), "a shared request is never conditional"
        return got

    return await reach.shared.get(step, send)


async def _send(source: Source, step: Ask, state: SourceState, reach: Reach) -> Fetched | NotModified:
    validators = state.validators(reach.now()) if step.conditional else (None, None)
    url = state.learned if state.learned and step.conditional and step.url == source.url else step.url
    if step.pause:
        await asyncio.sleep(step.pause)
    return await reach.fetch(source.id, Request(url, *validators, step.headers, step.body, step.confined))
