"""Bluesky: the posts of an account through the public AppView, lists and searches through a server that we are signed in at. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

from pydantic import field_validator, model_validator

from watcher.errors import FetchError, FetchReason
from watcher.fetch.exchange import Fetched
from watcher.fetch.waits import used_up
from watcher.model import Source
from watcher.sources.blueskypost import post_of
from watcher.sources.entry import Entry, Parsed
from watcher.sources.jsondata import Data
from watcher.sources.post import PAGES_MOST, TOO_MUCH
from watcher.sources.steps import Ask, Reading, Situation, Steps
from watcher.text import one_line
from watcher.units import parse_moment

PUBLIC, SIGNED_IN = "https://public.api.bsky.app", "https://bsky.social"
FIRST_PAGE, FULL_PAGE = 30, 100
SESSION = 5_400.0  # seconds; a session's token is good for two hours, and 300 sign-ins are granted a day
STALE = frozenset({"ExpiredToken", "InvalidToken"})
CLOSED = frozenset({"AccountTakedown", "AccountDeactivated", "AccountSuspended"})
_HANDLE = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.)+[A-Za-z][A-Za-z0-9-]{0,62}"
_DID = r"did:[a-z]+:[A-Za-z0-9._:%-]{1,200}"
_WHO = re.compile(rf"@?({_HANDLE}|{_DID})")
_PROFILE = re.compile(rf"https?://bsky\.app/profile/({_HANDLE}|{_DID})/?")
_LIST = re.compile(
    rf"(?:at://({_HANDLE}|{_DID})/app\.bsky\.graph\.list/|https?://bsky\.app/profile/({_HANDLE}|{_DID})/lists/)([A-Za-z0-9._~:-]+)/?"
)


class BlueskySource(Source):
    """Posts of one account, of a list, or of a search."""

    kind: Literal["bluesky"] = "bluesky"
    actor: str = ""
    list: str = ""
    search: str = ""
    replies: bool = False
    reposts: bool = False

    @property
    def needs(self) -> tuple[str, ...]:
        """Accounts are read by everyone, lists and searches by who is signed in."""
        return () if self.actor else ("bluesky_handle", "bluesky_password")

    @model_validator(mode="before")
    @classmethod
    def _where(cls, entry: Any) -> Any:
        """Without a `url`: accounts are read where everyone may, the rest at the server of most accounts."""
        if isinstance(entry, dict) and not entry.get("url"):
            return {**entry, "url": PUBLIC if entry.get("actor") else SIGNED_IN}
        return entry

    @field_validator("actor")
    @classmethod
    def _account(cls, value: str) -> str:
        found = _PROFILE.fullmatch(value.strip()) or _WHO.fullmatch(value.strip())
        if value and not found:
            raise ValueError("write a handle such as ec.europa.eu, or a DID such as did:plc:…")
        return found[1] if found else ""

    @field_validator("list")
    @classmethod
    def _list(cls, value: str) -> str:
        found = _LIST.fullmatch(value.strip())
        if value and not found:
            raise ValueError("write the list's address, such as https://bsky.app/profile/name.bsky.social/lists/3k…")
        return f"at://{found[1] or found[2]}/app.bsky.graph.list/{found[3]}" if found else ""

    @model_validator(mode="after")
    def _one(self) -> BlueskySource:
        if sum(map(bool, (self.actor, self.list, self.search.strip()))) != 1:
            raise ValueError("write exactly one of actor, list and search")
        return self


@dataclass(frozen=True, slots=True)
class Session:
    """What signing in brought, and the token in it."""

    answer: Fetched = field(repr=False)
    token: str = field(repr=False)


Query = tuple[str, dict[str, str]]  # an XRPC method, and the parameters that stay the same over its pages


def read(source: BlueskySource, at: Situation) -> Steps:
    """Pages from the newest post back to those of the last reading; the newest only where there was none."""
    session = None if source.actor else (yield from _sign_in(source, at))
    method, fixed = yield from _feed_of(source, at, session)
    mark = parse_moment(str(at.memo.get("newest", "")))
    entries: list[Entry] = []
    cursor, newest, warning, first = "", mark, "", "newest" not in at.memo
    error: FetchError | None = None
    for page in range(PAGES_MOST):
        query = {**fixed, "limit": str(FULL_PAGE if page else FIRST_PAGE), **({"cursor": cursor} if cursor else {})}
        try:
            got, session = yield from _page(source, at, (method, query), session, conditional=page == 0)
        except FetchError as e:
            if page == 0:
                raise
            newest, error = mark, e
            break
        answer = Data.of(got.body, "Bluesky")
        items = answer.each("feed") or answer.each("posts")
        moments = [m for item in items if (m := _moment(item))]
        entries += [entry for item in items if (entry := _entry(item, source))]
        newest = max(filter(None, (newest, *(min(m, at.now) for m in moments))), default=None)
        cursor, before = answer.text("cursor"), cursor
        if not cursor or cursor == before or first or not moments or (mark is not None and min(moments) <= mark):
            break
        if error := used_up(got.headers, at.now):
            newest = mark
            break
    else:
        warning = TOO_MUCH
    title = f"@{source.actor} on Bluesky" if source.actor else f"Bluesky: {source.search}" if source.search else "a list on Bluesky"
    memo = {"newest": newest.isoformat() if newest else "", "list": fixed.get("list", "")}
    return Reading(Parsed(tuple(entries), title, warning=warning, sure_ids=True), memo, error=error)


def _feed_of(source: BlueskySource, at: Situation, session: Session | None) -> Generator[Ask, Fetched, Query]:
    if source.actor:
        replies = "posts_with_replies" if source.replies else "posts_no_replies"
        return "app.bsky.feed.getAuthorFeed", {"actor": source.actor, "filter": replies}
    if source.search:
        return "app.bsky.feed.searchPosts", {"q": source.search, "sort": "latest"}
    who, _, rest = source.list.removeprefix("at://").partition("/")
    known = str(at.memo.get("list", ""))
    if known or who.startswith("did:"):
        return "app.bsky.feed.getListFeed", {"list": known or source.list}
    got, _ = yield from _page(source, at, ("com.atproto.identity.resolveHandle", {"handle": who}), session)
    did = Data.of(got.body, "Bluesky").text("did")
    if not _WHO.fullmatch(did):
        raise FetchError(FetchReason.NOT_FOUND, f"Bluesky knows no account {who}; check the list's address")
    return "app.bsky.feed.getListFeed", {"list": f"at://{did}/{rest}"}


def _page(
    source: BlueskySource, at: Situation, query: Query, session: Session | None, *, conditional: bool = False
) -> Generator[Ask, Fetched, tuple[Fetched, Session | None]]:
    """One answer, and the session that got it: one that ended is begun anew, once."""
    url = f"{source.url.rstrip('/')}/xrpc/{query[0]}?{urlencode(query[1])}"
    for fresh in (False, True):
        headers = {"accept": "application/json", **({"authorization": f"Bearer {session.token}"} if session else {})}
        try:
            got = yield Ask(url, headers, conditional=conditional and session is None)
        except FetchError as e:
            if fresh or session is None or Data.said(e).text("error") not in STALE:
                raise _told(e, source) from None
            session = yield from _sign_in(source, at, session.answer)
        else:
            return got, session
    raise AssertionError("the second answer is returned or raised")


def _sign_in(source: BlueskySource, at: Situation, worn: Fetched | None = None) -> Generator[Ask, Fetched, Session]:
    """The session that all sources of a process share; another than the `worn` one, which has ended."""
    handle, password = at.credentials.bluesky_handle, at.credentials.bluesky_password
    if not handle or password is None:
        what = "lists and searches on Bluesky need CONCORDAT_BLUESKY_HANDLE and CONCORDAT_BLUESKY_PASSWORD (an app password)"
        raise FetchError(FetchReason.BLOCKED, what, permanent=True)
    body = json.dumps({"identifier": handle.lstrip("@"), "password": password.get_secret_value()}).encode()
    url = f"{source.url.rstrip('/')}/xrpc/com.atproto.server.createSession"
    headers = {"content-type": "application/json", "accept": "application/json"}
    try:
        got = yield Ask(url, headers, body, shared=SESSION, worn=worn, confined=True)
    except FetchError as e:
        if e.status not in {400, 401}:
            raise _told(e, source) from None
        if Data.said(e).text("error") == "AuthFactorTokenRequired":
            what = "the account asks for a second factor; put an app password into CONCORDAT_BLUESKY_PASSWORD"
        else:
            what = "Bluesky does not let us in; check CONCORDAT_BLUESKY_HANDLE and CONCORDAT_BLUESKY_PASSWORD"
        raise e.retold(what, reason=FetchReason.BLOCKED, permanent=True) from None
    token = Data.of(got.body, "Bluesky").text("accessJwt")
    if not token:
        raise FetchError(FetchReason.UNREADABLE, "Bluesky let us in without a session; is `url` a Bluesky server?")
    return Session(got, token)


def _told(error: FetchError, source: BlueskySource) -> FetchError:
    """XRPC's `error` and `message` in plain words."""
    said = Data.said(error)
    code, message = one_line(said.text("error"), 60), one_line(said.text("message"), 160)
    if not code:
        if error.status == 403 and source.search:
            return error.retold("Bluesky does not serve searches here (HTTP 403); leave `url` out, or write your account's server")
        return error
    if code in CLOSED:
        return error.retold(f"Bluesky has closed this account, or its owner did ({message or code})", reason=FetchReason.BLOCKED)
    if code in {"BlockedActor", "BlockedByActor"}:
        return error.retold("this account and ours block each other on Bluesky", reason=FetchReason.BLOCKED)
    if "not found" in message.lower() or code in {"UnknownList", "NotFound"}:
        what = f"account {source.actor}" if source.actor else "such list" if source.list else "answer to this search"
        return error.retold(f"Bluesky knows no {what} ({message or code}); check how it is written", reason=FetchReason.NOT_FOUND)
    if code == "BadQueryString":
        return error.retold(f"Bluesky does not understand this search ({message or code}); write it more simply", permanent=True)
    return error.retold(f"{error}; Bluesky says: {message or code}")


def _moment(item: Data) -> datetime | None:
    """Where an item stands in its feed."""
    post = item.get("post") or item
    moments = (item.moment("reason", "indexedAt"), post.moment("indexedAt"), post.moment("record", "createdAt"))
    if moments[0] is not None:
        return moments[0]
    return min((m for m in moments if m is not None), default=None)


def _entry(item: Data, source: BlueskySource) -> Entry | None:
    post = item.get("post") or item
    record = post.get("record")
    if item.text("reason", "$type").endswith("#reasonRepost") and not source.reposts:
        return None
    if record.get("reply") and not source.replies:
        return None
    author, rkey = post.get("author"), post.text("uri").rpartition("/")[2]
    if not rkey or not author.text("did"):
        return None
    embed = post.get("embed") or record.get("embed")
    names = (author.text("did"), author.text("handle"), author.text("displayName"))
    return post_of(*names, rkey, record, embed, post.moment("indexedAt")).entry()
