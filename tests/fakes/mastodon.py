"""A Mastodon server on loopback: account and hashtag timelines with Link paging, the accounts' feeds, and closed doors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Any

from aiohttp import web

from tests.fakes.service import RefusalError, Service, as_json, whole

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
TIMELINE = {"limit", "max_id", "since_id", "min_id", "exclude_replies", "exclude_reblogs", "only_media", "tagged", "local"}


class Mastodon(Service):
    """The server. `closed` serves members only (with `token`); `hides` answers strangers with empty lists, as newer servers may."""

    def __init__(self) -> None:
        super().__init__()
        self.token = "mastodon-token-1234567890"
        self.closed = self.hides = self.feeds_closed = False
        self.remaining, self.reset = 299, datetime.now(UTC) + timedelta(seconds=200)
        self.accounts: dict[str, str] = {}  # name: id
        self.statuses: list[dict[str, Any]] = []  # newest first

    def account(self, name: str) -> str:
        """The id of an account, made at the first call."""
        return self.accounts.setdefault(name, str(100 + len(self.accounts)))

    def post(
        self, name: str, content: str, *, id: str = "", reply_to: str = "", boost: dict[str, Any] | None = None, **more: Any  # noqa: A002
    ) -> dict[str, Any]:
        """Put a status on top, a minute younger than the last; `reply_to` is an account's id."""
        count = len(self.statuses) + 1
        number = id or str(count)
        moment = START + timedelta(minutes=count)
        url = f"https://social.example/@{name}/{number}"
        account = {"id": self.account(name), "acct": name, "display_name": name.title(), "url": f"https://social.example/@{name}"}
        status = {
            "id": number, "created_at": moment.isoformat().replace("+00:00", "Z"), "url": url, "uri": url, "content": content,
            "spoiler_text": "", "language": "de", "visibility": "public", "reblog": boost, "in_reply_to_id": "1" if reply_to else None,
            "in_reply_to_account_id": reply_to or None, "tags": [], "mentions": [], "media_attachments": [], "card": None,
            "account": account, **more,
        }  # fmt: skip
        self.statuses.insert(0, status)
        self.statuses.sort(key=lambda s: int(s["id"]), reverse=True)
        return status

    def routes(self) -> list[web.RouteDef]:
        """The API's methods and the feeds."""
        return [
            web.get("/api/v1/accounts/lookup", self._lookup),
            web.get("/api/v1/accounts/{id}/statuses", self._account_timeline),
            web.get("/api/v1/timelines/tag/{tag}", self._tag_timeline),
            web.get("/@{name}.rss", self._account_feed),
            web.get("/tags/{tag}.rss", self._tag_feed),
        ]

    def _enter(self, request: web.Request) -> None:
        given = request.headers.get("Authorization")
        if given is not None and given != f"Bearer {self.token}":
            raise RefusalError(401, {"error": "The access token is invalid"})
        if given is None and self.closed:
            raise RefusalError(401, {"error": "This method requires an authenticated user"})

    async def _lookup(self, request: web.Request) -> web.Response:
        self._enter(request)
        name = request.query.get("acct", "")
        if name not in self.accounts:
            raise RefusalError(404, {"error": "Record not found"})
        return as_json({"id": self.accounts[name], "acct": name, "username": name.partition("@")[0]})

    async def _account_timeline(self, request: web.Request) -> web.Response:
        self._enter(request)
        number = request.match_info["id"]
        if number not in self.accounts.values():
            raise RefusalError(404, {"error": "Record not found"})
        found = [s for s in self.statuses if s["account"]["id"] == number]
        if request.query.get("exclude_replies") == "true":
            found = [s for s in found if s["in_reply_to_account_id"] in {None, number}]
        if request.query.get("exclude_reblogs") == "true":
            found = [s for s in found if s["reblog"] is None]
        return self._page(request, found)

    async def _tag_timeline(self, request: web.Request) -> web.Response:
        self._enter(request)
        tag = request.match_info["tag"].lower()
        return self._page(request, [s for s in self.statuses if tag in {t["name"] for t in s["tags"]}])

    def _page(self, request: web.Request, found: list[dict[str, Any]]) -> web.Response:
        unknown = set(request.query) - TIMELINE
        assert not unknown, f"no parameters of a timeline: {unknown}"
        limit = min(whole(request, "limit", 20, 1, 10_000, {"error": "limit is no number"}), 40)
        since, below = int(request.query.get("since_id", "0")), int(request.query.get("max_id", "0")) or float("inf")
        rest = [s for s in found if since < int(s["id"]) < below]
        page = [] if self.hides and "Authorization" not in request.headers else rest[:limit]
        headers = {
            "X-RateLimit-Limit": "300", "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": self.reset.isoformat().replace("+00:00", "Z"),
        }  # fmt: skip
        if page:
            query = "&".join(f"{k}={v}" for k, v in request.query.items() if k not in {"max_id", "min_id", "since_id"})
            url = f"{self.base}{request.path}?{query}"
            after = f"&since_id={since}" if since else ""
            links = [f'<{url}{after}&max_id={page[-1]["id"]}>; rel="next"'] if len(page) == limit else []
            headers["Link"] = ", ".join([*links, f'<{url}&min_id={page[0]["id"]}>; rel="prev"'])
        return as_json(page, headers)

    async def _account_feed(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self.accounts:
            raise RefusalError(404, {"error": "Record not found"})
        return self._feed(f"@{name}", [s for s in self.statuses if s["account"]["id"] == self.accounts[name] and s["reblog"] is None])

    async def _tag_feed(self, request: web.Request) -> web.Response:
        tag = request.match_info["tag"].lower()
        return self._feed(f"#{tag}", [s for s in self.statuses if tag in {t["name"] for t in s["tags"]}])

    def _feed(self, title: str, statuses: list[dict[str, Any]]) -> web.Response:
        if self.feeds_closed:
            raise RefusalError(401, {"error": "This method requires an authenticated user"})
        items = "".join(
            f'<item><guid isPermaLink="true">{s["url"]}</guid><link>{s["url"]}</link>'
            f"<pubDate>{format_datetime(datetime.fromisoformat(s['created_at']))}</pubDate>"
            f"<description>{escape(s['content'])}</description></item>"
            for s in statuses[:20]
        )
        channel = f"<title>{title}</title><link>{self.base}</link>{items}"
        text = f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>{channel}</channel></rss>'
        return web.Response(text=text, content_type="application/rss+xml")
