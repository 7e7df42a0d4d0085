"""Bluesky on loopback, the AppView and a server for sessions in one: author feeds for everyone, lists and searches for who is signed in.

    async with Bluesky() as bluesky:
        bluesky.post("ec.europa.eu", "The AI Act applies.")
        ...                                  # whatever is tested reads from bluesky.base
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.fakes.service import RefusalError, Service, as_json, whole

FILTERS = {"posts_no_replies", "posts_with_replies", "posts_with_media", "posts_and_author_threads", "posts_with_video"}
SIGN_INS = 30  # within five minutes
START = datetime(2026, 11, 23, 8, tzinfo=UTC)
BAD_LIMIT = {"error": "InvalidRequest", "message": "Error: limit must be an integer between 1 and 100"}


@dataclass
class Account:
    """Someone who posts."""

    handle: str
    did: str
    name: str
    feed: list[dict[str, Any]] = field(default_factory=list)  # newest first


class Bluesky(Service):
    """The server. `handle` and `password` are the operator's own; `expire()` ends every session that is open."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[str, Account] = {}
        self.lists: dict[str, list[str]] = {}  # at-uri: handles
        self.handle, self.password = "watch.example.org", "abcd-efgh-ijkl-mnop"
        self.sign_ins = 0
        self.remaining = "2999"
        self._tokens: set[str] = set()
        self._posts = 0

    def account(self, handle: str, name: str = "") -> Account:
        """The account of that handle, made at the first call."""
        if handle not in self.accounts:
            self.accounts[handle] = Account(handle, f"did:plc:{len(self.accounts):024d}", name)
        return self.accounts[handle]

    def post(
        self, handle: str, text: str, *, at: datetime | None = None, embed: dict[str, Any] | None = None, reply: bool = False, **record: Any
    ) -> dict[str, Any]:
        """Put a post on top of an account's feed, a minute younger than the last; returns its view. `record` adds to its record."""
        who = self.account(handle)
        self._posts += 1
        moment = stamp(at or START + timedelta(minutes=self._posts))
        value = {"$type": "app.bsky.feed.post", "text": text, "createdAt": moment, "langs": ["en"], **record}
        if reply:
            parent = {"uri": "at://did:plc:x/app.bsky.feed.post/1", "cid": "c"}
            value["reply"] = {"root": parent, "parent": parent}
        author = {"did": who.did, "handle": handle, "displayName": who.name}
        uri = f"at://{who.did}/app.bsky.feed.post/3k{self._posts:011d}"
        view = {"uri": uri, "cid": f"c{self._posts}", "author": author, "record": value, "indexedAt": moment, "likeCount": 3}
        if embed is not None:
            view["embed"] = embed
        who.feed.insert(0, {"post": view})
        return view

    def repost(self, handle: str, view: dict[str, Any]) -> None:
        """Let an account repost a post."""
        self._posts += 1
        moment = stamp(START + timedelta(minutes=self._posts))
        self.account(handle).feed.insert(0, {"post": view, "reason": {"$type": "app.bsky.feed.defs#reasonRepost", "indexedAt": moment}})

    def expire(self) -> None:
        """End every session."""
        self._tokens.clear()

    def routes(self) -> list[web.RouteDef]:
        """The methods of the lexicon that are needed here."""
        return [
            web.get("/xrpc/app.bsky.feed.getAuthorFeed", self._author_feed),
            web.get("/xrpc/app.bsky.feed.getListFeed", self._list_feed),
            web.get("/xrpc/app.bsky.feed.searchPosts", self._search),
            web.get("/xrpc/com.atproto.identity.resolveHandle", self._resolve),
            web.post("/xrpc/com.atproto.server.createSession", self._sign_in),
        ]

    async def _author_feed(self, request: web.Request) -> web.Response:
        actor = request.query.get("actor", "")
        who = next((a for a in self.accounts.values() if actor in {a.handle, a.did}), None)
        if who is None:
            raise RefusalError(400, {"error": "InvalidRequest", "message": "Profile not found"})
        wanted = request.query.get("filter", "posts_with_replies")
        if wanted not in FILTERS:
            raise RefusalError(400, {"error": "InvalidRequest", "message": f"Error: filter must be one of {sorted(FILTERS)}"})
        feed = [i for i in who.feed if wanted != "posts_no_replies" or "reply" not in i["post"]["record"]]
        return self._page(request, feed, "feed", 50)

    async def _list_feed(self, request: web.Request) -> web.Response:
        self._signed_in(request)
        members = self.lists.get(request.query.get("list", ""))
        if members is None:
            raise RefusalError(400, {"error": "UnknownList", "message": "List not found"})
        feed = [item for handle in members for item in self.account(handle).feed]
        feed.sort(key=lambda i: str(i["post"]["indexedAt"]), reverse=True)
        return self._page(request, feed, "feed", 50)

    async def _search(self, request: web.Request) -> web.Response:
        self._signed_in(request)
        words = request.query.get("q", "").lower()
        if words.count('"') % 2:
            raise RefusalError(400, {"error": "BadQueryString", "message": "unbalanced quotes"})
        if request.query.get("sort", "latest") not in {"top", "latest"}:
            raise RefusalError(400, {"error": "InvalidRequest", "message": "Error: sort must be top or latest"})
        posts = [i["post"] for a in self.accounts.values() for i in a.feed if "reason" not in i]
        found = [p for p in posts if words.strip('"') in p["record"]["text"].lower()]
        found.sort(key=lambda p: str(p["indexedAt"]), reverse=True)
        return self._page(request, found, "posts", 25)

    def _page(self, request: web.Request, items: list[dict[str, Any]], name: str, default: int) -> web.Response:
        limit = whole(request, "limit", default, 1, 100, BAD_LIMIT)
        start = int(request.query.get("cursor", "0"))
        more = {"cursor": str(start + limit)} if start + limit < len(items) else {}
        headers = {"ratelimit-remaining": self.remaining, "ratelimit-limit": "3000"}
        return as_json({name: items[start : start + limit], **more}, headers)

    async def _resolve(self, request: web.Request) -> web.Response:
        who = self.accounts.get(request.query.get("handle", ""))
        if who is None:
            raise RefusalError(400, {"error": "InvalidRequest", "message": "Unable to resolve handle"})
        return as_json({"did": who.did})

    async def _sign_in(self, request: web.Request) -> web.Response:
        self.sign_ins += 1
        if self.sign_ins > SIGN_INS:
            reset = str(int(datetime.now(UTC).timestamp()) + 300)
            headers = {"ratelimit-limit": "30", "ratelimit-remaining": "0", "ratelimit-reset": reset}
            raise RefusalError(429, {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}, headers)
        given = json.loads(await request.read())
        if request.content_type != "application/json" or set(given) != {"identifier", "password"}:
            raise RefusalError(400, {"error": "InvalidRequest", "message": "Input must have the properties identifier and password"})
        if (given["identifier"], given["password"]) != (self.handle, self.password):
            raise RefusalError(401, {"error": "AuthenticationRequired", "message": "Invalid identifier or password"})
        token = f"access.{self.sign_ins}"
        self._tokens.add(token)
        return as_json({"did": "did:plc:me", "handle": self.handle, "accessJwt": token, "refreshJwt": f"refresh.{self.sign_ins}"})

    def _signed_in(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "")
        if not given:
            raise RefusalError(403, "<html><head><title>403 Forbidden</title></head><body>403 Forbidden</body></html>")
        if given.removeprefix("Bearer ") not in self._tokens:
            raise RefusalError(400, {"error": "ExpiredToken", "message": "Token has expired"})


def stamp(moment: datetime) -> str:
    """A moment as the network writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def facet(text: str, part: str, feature: dict[str, Any]) -> dict[str, Any]:
    """A facet over the first `part` of `text`, counted in bytes as the lexicon says."""
    start = len(text[: text.index(part)].encode())
    return {"index": {"byteStart": start, "byteEnd": start + len(part.encode())}, "features": [feature]}


def link(text: str, part: str, uri: str) -> dict[str, Any]:
    """A facet that makes `part` a link."""
    return facet(text, part, {"$type": "app.bsky.richtext.facet#link", "uri": uri})
