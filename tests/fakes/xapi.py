"""X's API, version 2, on loopback: recent search, timelines and lookups behind a bearer token, and a meter of what it would charge for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.fakes.service import RefusalError, Service, as_json

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
FIRST_ID = 1_900_000_000_000_000_000
COMMON = {"max_results", "since_id", "until_id", "start_time", "end_time", "tweet.fields", "expansions", "user.fields", "media.fields"}
SEARCH = COMMON | {"query", "next_token", "sort_order"}
TIMELINE = COMMON | {"exclude", "pagination_token"}
PROBLEM = "https://api.twitter.com/2/problems/"


class X(Service):
    """The API. `charged` counts the posts that it gave; `oldest_searched` is the least `since_id` that the search takes."""

    def __init__(self) -> None:
        super().__init__()
        self.token = "AAAAAAAAAAAAAAAAAAAAAx-bearer-token"
        self.users: dict[str, dict[str, str]] = {}  # id: user
        self.tweets: list[dict[str, Any]] = []  # newest first
        self.charged = 0
        self.oldest_searched = 0
        self.remaining = 400

    def user(self, username: str, name: str = "") -> str:
        """The id of a user, made at the first call."""
        for number, user in self.users.items():
            if user["username"].lower() == username.lower():
                return number
        number = str(1000 + len(self.users))
        self.users[number] = {"id": number, "username": username, "name": name or username}
        return number

    def tweet(self, username: str, text: str, *, quotes: str = "", reposts: str = "", replies_to: str = "", **more: Any) -> str:
        """Put a post on top, a minute younger than the last; the relations take ids. Returns its id."""
        count = len(self.tweets) + 1
        relations = [{"type": t, "id": i} for t, i in (("quoted", quotes), ("retweeted", reposts), ("replied_to", replies_to)) if i]
        tweet = {
            "id": str(FIRST_ID + count), "text": text, "author_id": self.user(username), "lang": "en",
            "created_at": (START + timedelta(minutes=count)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            **({"referenced_tweets": relations} if relations else {}), **more,
        }  # fmt: skip
        self.tweets.insert(0, tweet)
        return str(tweet["id"])

    def routes(self) -> list[web.RouteDef]:
        """The methods that are needed here."""
        return [
            web.get("/2/tweets/search/recent", self._search),
            web.get("/2/users/by/username/{name}", self._user),
            web.get("/2/users/{id}/tweets", self._timeline),
        ]

    def _enter(self, request: web.Request, known: set[str]) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            raise RefusalError(401, {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"})
        for name in set(request.query) - known:
            raise _invalid(f"The query parameter [{name}] is not one of {sorted(known)}")

    async def _user(self, request: web.Request) -> web.Response:
        self._enter(request, {"user.fields", "expansions", "tweet.fields"})
        name = request.match_info["name"]
        user = next((u for u in self.users.values() if u["username"].lower() == name.lower()), None)
        if user is None:
            detail = f"Could not find user with username: [{name}]."
            return as_json({"errors": [{"title": "Not Found Error", "detail": detail, "type": f"{PROBLEM}resource-not-found"}]})
        return as_json({"data": user})

    async def _search(self, request: web.Request) -> web.Response:
        self._enter(request, SEARCH)
        query = request.query.get("query", "")
        if not query or len(query) > 512:
            raise _invalid("query must have between 1 and 512 characters")
        if int(request.query.get("since_id", self.oldest_searched)) < self.oldest_searched:
            raise _invalid("'since_id' must be a tweet id created after the last 7 days")
        words = [w.strip('("').rstrip(')"').lower() for w in query.split() if not w.startswith("-") and w not in {"OR", "AND"}]
        found = [t for t in self.tweets if any(w in t["text"].lower() for w in words)]
        return self._page(request, _without(found, retweets="-is:retweet" in query, replies="-is:reply" in query), 10, "next_token")

    async def _timeline(self, request: web.Request) -> web.Response:
        self._enter(request, TIMELINE)
        left_out = request.query.get("exclude", "").split(",")
        found = [t for t in self.tweets if t["author_id"] == request.match_info["id"]]
        return self._page(request, _without(found, retweets="retweets" in left_out, replies="replies" in left_out), 5, "pagination_token")

    def _page(self, request: web.Request, found: list[dict[str, Any]], least: int, token: str) -> web.Response:
        size = request.query.get("max_results", "10")
        if not size.isdecimal() or not least <= int(size) <= 100:
            raise _invalid(f"The `max_results` query parameter value [{size}] is not between {least} and 100")
        since, start = int(request.query.get("since_id", "0")), int(request.query.get(token, "0"))
        rest = [t for t in found if int(t["id"]) > since]
        page = rest[start : start + int(size)]
        meta: dict[str, Any] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}
        if start + int(size) < len(rest):
            meta["next_token"] = str(start + int(size))
        wanted = {r["id"] for t in page for r in t.get("referenced_tweets", ())}
        others = [t for t in self.tweets if t["id"] in wanted] if "referenced_tweets.id" in request.query.get("expansions", "") else []
        self.charged += len(page) + len(others)
        people = [self.users[i] for i in dict.fromkeys(t["author_id"] for t in (*page, *others))]
        body = {"data": page, "includes": {"users": people, "tweets": others}, "meta": meta} if page else {"meta": meta}
        limits = {"x-rate-limit-limit": "450", "x-rate-limit-remaining": str(self.remaining)}
        return as_json(body, limits | {"x-rate-limit-reset": str(int(datetime.now(UTC).timestamp()) + 600)})


def _without(tweets: list[dict[str, Any]], *, retweets: bool, replies: bool) -> list[dict[str, Any]]:
    left_out = {"retweeted"} if retweets else set()
    left_out |= {"replied_to"} if replies else set()
    return [t for t in tweets if not left_out & {r["type"] for r in t.get("referenced_tweets", ())}]


def _invalid(message: str) -> RefusalError:
    detail = "One or more parameters to your request was invalid."
    body = {"errors": [{"message": message}], "title": "Invalid Request", "detail": detail, "type": f"{PROBLEM}invalid-request"}
    return RefusalError(400, body)
