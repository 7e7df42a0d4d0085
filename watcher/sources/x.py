"""X, through version 2 of its API: a search of the last seven days, or an account's posts. Nothing is read without a token. Pure.

X charges for each post that it gives, quoted ones included, so reads are counted: the count of a UTC day is kept with the source, and at
`daily_posts` the source rests until the next day.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlencode

from pydantic import Field, field_validator, model_validator

from watcher.errors import FetchError, FetchReason
from watcher.fetch.exchange import Fetched
from watcher.fetch.waits import used_up
from watcher.model import Source
from watcher.sources.entry import Entry, Parsed
from watcher.sources.jsondata import Data
from watcher.sources.post import PAGES_MOST, TOO_MUCH, Found, Post, Quote, link_in_full, named
from watcher.sources.steps import Ask, Reading, Situation, Steps
from watcher.text import one_line

WEB = "https://x.com"
SPENT = "the posts that may be read in a day are read"
QUERY_LIMIT = 512  # characters
LEAST, MOST = 10, 100  # posts of one page, by the search's limits; a timeline would take 5
FIELDS = {
    "tweet.fields": "created_at,author_id,lang,entities,referenced_tweets,note_tweet",
    "expansions": "author_id,referenced_tweets.id,referenced_tweets.id.author_id",
    "user.fields": "username,name",
}
_USER = re.compile(r"(?:@|https?://(?:www\.)?(?:x|twitter)\.com/)?(\w{1,15})/?", re.ASCII)


class XSource(Source):
    """Posts of one account, or of a search in X's own language."""

    kind: Literal["x"] = "x"
    url: str = "https://api.x.com"
    user: str = ""
    search: str = ""
    replies: bool = False
    reposts: bool = False
    daily_posts: Annotated[int, Field(ge=2 * LEAST, le=100_000)] = 100

    aside: ClassVar[frozenset[str]] = frozenset({"daily_posts"})  # another budget is no reason to forget what was read of it

    @field_validator("user")
    @classmethod
    def _who(cls, value: str) -> str:
        found = _USER.fullmatch(value.strip())
        if value and not found:
            raise ValueError("write the account's name, such as ENERGY")
        return found[1] if found else ""

    @model_validator(mode="after")
    def _one(self) -> XSource:
        if bool(self.user) == bool(self.search.strip()):
            raise ValueError("write either user or search")
        if self.search and len(self.query) > QUERY_LIMIT:
            raise ValueError(f"the search is longer than X takes, {QUERY_LIMIT} characters with what leaves replies and reposts out")
        return self

    @property
    def needs(self) -> tuple[str, ...]:
        """X lets nobody read without one."""
        return ("x_bearer_token",)

    @property
    def query(self) -> str:
        """The search as X is asked it."""
        leave_out = (("" if self.reposts else " -is:retweet"), ("" if self.replies else " -is:reply"))
        return f"({self.search.strip()}){''.join(leave_out)}"


@dataclass(slots=True)
class _Budget:
    """The posts that may still be read on this UTC day. X charges a post once a day, so this counts at least what it charges."""

    day: str
    read: int
    most: int

    @classmethod
    def of(cls, source: XSource, at: Situation) -> _Budget:
        day, read = at.now.date().isoformat(), at.memo.get("read")
        return cls(day, read if at.memo.get("day") == day and isinstance(read, int) else 0, source.daily_posts)

    @property
    def page(self) -> int:
        """The largest page that cannot break the limit, were each of its posts to bring one that it quotes; 0 when there is none."""
        size = min((self.most - self.read) // 2, MOST)
        return size if size >= LEAST else 0

    def spend(self, answer: Data) -> None:
        self.read += len(answer.each("data")) + len(answer.each("includes", "tweets"))


def read(source: XSource, at: Situation) -> Steps:
    """The posts since the last reading, as far as the day's budget goes; the first reading takes the smallest page there is."""
    headers = _headers(at)
    budget = _Budget.of(source, at)
    title = f"@{source.user} on X" if source.user else f"X: {source.search}"
    if not budget.page:  # no fault of anybody's, so it is none of the source's either
        return Reading(Parsed((), title, warning=f"{SPENT}; it goes on at 00:00 UTC, and `daily_posts: {source.daily_posts}` sets it"))
    user = str(at.memo.get("user", "")) or (yield from _look_up(source, headers))
    found = yield from _posts(source, at, user, headers, budget)
    memo = {"user": user, "since": found.newest, "day": budget.day, "read": budget.read}
    return Reading(Parsed(tuple(found.entries), title, warning=found.warning, sure_ids=True), memo, error=found.error)


def _headers(at: Situation) -> dict[str, str]:
    token = at.credentials.x_bearer_token
    if token is None:
        what = "X is read with CONCORDAT_X_BEARER_TOKEN only, which is not set; X charges for each post that is read"
        raise FetchError(FetchReason.BLOCKED, what, permanent=True)
    return {"accept": "application/json", "authorization": f"Bearer {token.get_secret_value()}"}


def _look_up(source: XSource, headers: dict[str, str]) -> Generator[Ask, Fetched, str]:
    """The account's number, which costs a read of its own; empty for a search."""
    if not source.user:
        return ""
    try:
        got = yield Ask(f"{source.url.rstrip('/')}/2/users/by/username/{source.user}", headers)
    except FetchError as e:
        raise _told(e) from None
    answer = Data.of(got.body, "X")
    number = answer.text("data", "id")
    if not number.isdecimal():
        why = one_line(answer.text("errors", 0, "detail") or answer.text("errors", 0, "title"), 160)
        raise FetchError(FetchReason.NOT_FOUND, f"X knows no account @{source.user}; check its name" + (f" (X says: {why})" if why else ""))
    return number


def _posts(source: XSource, at: Situation, user: str, headers: dict[str, str], budget: _Budget) -> Generator[Ask, Fetched, Found]:
    """The posts since the last reading, newest first. What a failure behind the first page leaves was paid for, and is kept."""
    since, token, first = str(at.memo.get("since", "")), "", "since" not in at.memo
    found = Found(since)
    for _ in range(PAGES_MOST):
        if not budget.page:
            return replace(found, warning=f"{SPENT}, and some that came since the last reading are left out")
        try:
            got = yield Ask(_url(source, user, LEAST if first else budget.page, since, token), headers)
        except FetchError as e:
            if since and not token and e.status == 400 and source.search:  # older than the week that X searches
                since, found.newest, first = "", "", True
                continue
            if not token:
                raise _told(e) from None
            return replace(found, newest=since, error=_told(e))
        answer = Data.of(got.body, "X")
        budget.spend(answer)
        found.entries += _entries(answer, source)
        found.newest = max((found.newest, _number(answer.text("meta", "newest_id"))), key=lambda n: (len(n), n))
        token = answer.text("meta", "next_token")
        if not token or first:
            return found
        if error := used_up(got.headers, at.now):
            return replace(found, newest=since, error=error)
    return replace(found, warning=TOO_MUCH)


def _number(text: str) -> str:
    return text if text.isascii() and text.isdecimal() and len(text) <= 24 else ""


def _url(source: XSource, user: str, size: int, since: str, token: str) -> str:
    query = {**FIELDS, "max_results": str(size), **({"since_id": since} if since else {})}
    base = source.url.rstrip("/")
    if source.search:
        more = {"next_token": token} if token else {}
        return f"{base}/2/tweets/search/recent?{urlencode({'query': source.query, **query, **more})}"
    left_out = ",".join(w for w, wanted in (("retweets", source.reposts), ("replies", source.replies)) if not wanted)
    more = {**({"exclude": left_out} if left_out else {}), **({"pagination_token": token} if token else {})}
    return f"{base}/2/users/{user}/tweets?{urlencode({**query, **more})}"


def _told(error: FetchError) -> FetchError:
    """X's two ways of naming a problem, in plain words."""
    said = Data.said(error)
    kind = said.text("type").rpartition("/")[2]
    why = one_line(said.text("detail") or said.text("errors", 0, "message") or said.text("title"), 200)
    says = f" (X says: {why})" if why else ""
    if error.status == 401:
        return error.retold(f"X does not accept CONCORDAT_X_BEARER_TOKEN{says}", permanent=True)
    if kind == "usage-capped" or error.status == 402:
        what = f"the X account has no posts or credits left for now{says}; see the developer portal"
        return error.retold(what, reason=FetchReason.BLOCKED)
    if error.status == 403:
        return error.retold(f"X does not let this token read here{says}; see what its project may use in the developer portal")
    if error.status == 400:
        return error.retold(f"X does not understand the question{says}; check the source's `search`")
    return error.retold(f"{error}{says}") if why else error


def _entries(answer: Data, source: XSource) -> list[Entry]:
    users = {u.text("id"): u for u in answer.each("includes", "users")}
    others = {t.text("id"): t for t in answer.each("includes", "tweets")}
    posts = (_post(tweet, users, others, source) for tweet in answer.each("data"))
    return [e for post in posts if post is not None and (e := post.entry())]


def _post(tweet: Data, users: dict[str, Data], others: dict[str, Data], source: XSource) -> Post | None:
    relations = {r.text("type"): r.text("id") for r in tweet.each("referenced_tweets")}
    number, author = tweet.text("id"), users.get(tweet.text("author_id"), Data())
    if not number:
        return None
    handle = author.text("username") or source.user
    reposted = others.get(relations.get("retweeted", ""))
    quoted = others.get(relations.get("quoted", ""))
    quotes = [Quote(_author(o, users), _text(o)) for o in (reposted, quoted) if o]
    return Post(
        id=number,
        url=f"{WEB}/{handle or 'i'}/status/{number}",
        text="" if reposted else _text(tweet),  # a repost's own text is the other's, cut short
        author=named(author.text("name"), handle),
        published=tweet.moment("created_at"),
        lang=tweet.text("lang"),
        tags=tuple(t for tag in tweet.each("entities", "hashtags") if (t := tag.text("tag"))),
        quotes=tuple(quotes),
    )


def _author(tweet: Data, users: dict[str, Data]) -> str:
    return named("", users.get(tweet.text("author_id"), Data()).text("username"))


def _text(tweet: Data) -> str:
    """A post's text, the long form where there is one, with X's short links replaced by where they lead."""
    whole = tweet.get("note_tweet") or tweet
    text = whole.text("text")
    for link in whole.each("entities", "urls") or tweet.each("entities", "urls"):
        short, address = link.text("url"), link.text("unwound_url") or link.text("expanded_url")
        if short.startswith(("http://", "https://")) and address:
            picture = link.text("display_url").startswith("pic.")
            text = text.replace(short, "" if picture else link_in_full(short, address))
    return text
