"""Bluesky's Jetstream: every post of chosen accounts, or every post with chosen words, the moment it is written. Pure.

The first form of its messages is read (`/subscribe`), which newer servers send too. Nothing on the wire is signed: who listens believes
the host, and that the host was reached over TLS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

from pydantic import field_validator, model_validator

from watcher.errors import FetchError, FetchReason
from watcher.model import Source
from watcher.sources.blueskypost import post_of
from watcher.sources.entry import Entry, Parsed
from watcher.sources.jsondata import Data
from watcher.sources.post import named
from watcher.sources.steps import Ask, Reading, Situation, Steps
from watcher.sources.stream import MICROSECONDS, Heard, cursor_at
from watcher.sources.wanted import Wanted

HOSTS = tuple(f"https://jetstream{n}.us-{coast}.bsky.network" for coast in ("east", "west") for n in (2, 1))
DIRECTORY = "https://public.api.bsky.app"  # answers which account a handle is
POSTS = "app.bsky.feed.post"
ACCOUNTS_MOST = 500
MESSAGE_MOST = 1_000_000  # bytes; a record is at most as large
SILENCE = 60.0  # seconds; all of Bluesky is never silent for so long
KEEPS = 36 * 3600.0  # seconds, as Jetstream says
_HANDLE = re.compile(r"@?((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.)+[A-Za-z][A-Za-z0-9-]{0,62})")
_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,200}")
_RKEY = re.compile(r"[A-Za-z0-9._~:-]{1,512}")


class JetstreamSource(Source):
    """Posts as they are written: of `accounts`, in `langs`, with one of `words` in them."""

    kind: Literal["jetstream"] = "jetstream"
    url: str = HOSTS[0]
    directory: str = DIRECTORY
    accounts: tuple[str, ...] = ()
    langs: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @field_validator("url", mode="before")
    @classmethod
    def _http(cls, value: Any) -> Any:
        """A stream's address may be written as people find it, with wss://."""
        return re.sub(r"^ws(s?)://", r"http\1://", value.strip().rstrip("/")) if isinstance(value, str) else value

    @field_validator("accounts")
    @classmethod
    def _accounts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        found = []
        for account in value:
            handle, did = _HANDLE.fullmatch(account.strip()), _DID.fullmatch(account.strip())
            if not handle and not did:
                raise ValueError(f"{account!r} is no account; write a handle such as ec.europa.eu, or a DID such as did:plc:…")
            found.append(handle[1].lower() if handle else account.strip())
        if len(found) > ACCOUNTS_MOST:
            raise ValueError(f"one stream takes {ACCOUNTS_MOST} accounts; write the others into a second source")
        return tuple(dict.fromkeys(found))

    @model_validator(mode="after")
    def _bounded(self) -> JetstreamSource:
        if not self.accounts and not Wanted(self.words):
            raise ValueError("without accounts all of Bluesky would come in; write `accounts:`, or the `words:` that a post has to hold")
        if self.every is not None:
            raise ValueError("a stream is always open and has no `every`; leave it out")
        return self


def read(source: JetstreamSource, at: Situation) -> Steps:
    """Which accounts the handles are, as far as it is not known; what is remembered is all that `wire` needs."""
    known = at.memo.get("dids")
    dids = {h: d for h in source.accounts if isinstance(known, Mapping) and isinstance(d := known.get(h), str)}
    unknown, error = [], None
    for handle in (a for a in source.accounts if not a.startswith("did:") and a not in dids):
        try:
            got = yield Ask(f"{source.directory.rstrip('/')}/xrpc/com.atproto.identity.resolveHandle?{urlencode({'handle': handle})}")
        except FetchError as e:
            if e.status != 400:
                error = e
                break
            unknown.append(handle)
            continue
        did = Data.of(got.body, "Bluesky").text("did")
        if _DID.fullmatch(did):
            dids[handle] = did
        else:
            unknown.append(handle)
    memo = {**at.memo, "dids": dids}
    if source.accounts and not _wanted(source, dids):
        raise error or FetchError(FetchReason.NOT_FOUND, f"Bluesky knows no account {', '.join(unknown[:5])}; check how it is written")
    return Reading(Parsed((), "Bluesky, as it is written", warning=_missing(unknown), sure_ids=True), memo, error=error)


def _missing(unknown: Sequence[str]) -> str:
    return f"Bluesky knows no account {', '.join(unknown[:5])}; the others are listened to" if unknown else ""


def _wanted(source: JetstreamSource, dids: Mapping[str, str]) -> dict[str, str]:
    """The accounts to listen to, each with the handle that it was written by."""
    found = {a: "" for a in source.accounts if a.startswith("did:")}
    return found | {dids[a]: a for a in source.accounts if a in dids}


class JetstreamWire:
    """What is sent to and heard from a Jetstream."""

    keeps = KEEPS

    def __init__(self, source: JetstreamSource, memo: Mapping[str, Any]) -> None:
        dids = memo.get("dids")
        self._accounts = _wanted(source, dids if isinstance(dids, Mapping) else {})
        self._all = not source.accounts
        self._langs = frozenset(lang.lower().split("-")[0] for lang in source.langs)
        self._words = Wanted(source.words)
        self._hosts = HOSTS if source.url == HOSTS[0] else (source.url,)
        self.silence = SILENCE if self._all else None

    def address(self, cursor: int | None, attempt: int) -> str:
        """One of the hosts, another after each failure; cursors are moments, which all of them understand."""
        query: list[tuple[str, str | int]] = [("wantedCollections", POSTS), *(("wantedDids", did) for did in self._accounts)]
        query += [("maxMessageSizeBytes", MESSAGE_MOST), *([("cursor", cursor)] if cursor is not None else [])]
        parts = urlsplit(self._hosts[attempt % len(self._hosts)])
        path = parts.path if parts.path.endswith("/subscribe") else f"{parts.path}/subscribe"
        return f"{'ws' if parts.scheme == 'http' else 'wss'}://{parts.netloc}{path}?{urlencode(query, safe=':')}"

    def hear(self, message: str | bytes, now: datetime) -> Heard:
        """A post that was created is an entry; edits, removals and news of accounts only move the cursor, and rubbish not even that."""
        try:
            event = Data.of(message.encode("utf-8", "replace") if isinstance(message, str) else message, "Jetstream")
        except FetchError:
            return Heard()
        at = event.get("time_us").value
        if not isinstance(at, int) or isinstance(at, bool) or not 0 < at <= cursor_at(now) + 60 * MICROSECONDS:
            return Heard()
        at = min(at, cursor_at(now))  # a clock that runs ahead must not carry us past what we did not hear
        commit = event.get("commit")
        if event.text("kind") != "commit" or commit.text("operation") != "create" or commit.text("collection") != POSTS:
            return Heard(at)
        return Heard(at, self._entry(event.text("did"), commit, at))

    def _entry(self, did: str, commit: Data, at: int) -> Entry | None:
        rkey, record = commit.text("rkey"), commit.get("record")
        if not _DID.fullmatch(did) or not _RKEY.fullmatch(rkey) or not (self._all or did in self._accounts) or not self._speaks(record):
            return None
        entry = post_of(did, "", "", rkey, record, record.get("embed"), datetime.fromtimestamp(at / MICROSECONDS, UTC)).entry()
        if entry is None or not self._words.within(entry.summary, entry.content):
            return None
        handle = self._accounts.get(did)
        return replace(entry, author=named("", handle)) if handle else entry

    def _speaks(self, record: Data) -> bool:
        """Whether the post is in a wanted language; one that does not say its language may be."""
        said = {lang.lower().split("-")[0] for lang in record.words("langs")}
        return not self._langs or not said or bool(said & self._langs)

