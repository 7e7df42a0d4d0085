"""Mastodon, and what speaks its language: an account's posts or a hashtag's, through the API, or by RSS where that is closed. Pure."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from pydantic import field_validator, model_validator

from watcher.errors import FetchError, FetchReason
from watcher.fetch.exchange import Fetched
from watcher.fetch.waits import used_up
from watcher.model import Source
from watcher.sources.entry import Entry, Parsed
from watcher.sources.feed import parse_feed
from watcher.sources.jsondata import Data
from watcher.sources.post import PAGES_MOST, TOO_MUCH, Card, Found, Post, Quote, named
from watcher.sources.steps import Ask, Reading, Situation, Steps
from watcher.text import one_line
from watcher.units import parse_moment
from watcher.urls import linked, origin_of

NUMBER_MOST = 64  # characters of a post's number
PAGE = 40  # posts, the most that servers give
CLOSED = frozenset({401, 403, 422})  # how servers say that strangers are not served
RSS_FOR = timedelta(days=1)  # a closed API is tried again after this long
SHOWN = frozenset({"public", "unlisted", ""})  # what is for followers only is not for alerts, though a token shows it
_ACCOUNT = re.compile(r"@?([\w.-]{1,64}(?:@[\w.-]{1,255})?)")
_HASHTAG = re.compile(r"#?([\w·]{1,200})")


class MastodonSource(Source):
    """Posts of an account, or with a hashtag, as the server at `url` knows them."""

    kind: Literal["mastodon"] = "mastodon"
    account: str = ""
    hashtag: str = ""
    replies: bool = False
    boosts: bool = False
    token: bool = False

    aside: ClassVar[frozenset[str]] = frozenset({"token"})

    @field_validator("account")
    @classmethod
    def _who(cls, value: str) -> str:
        found = _ACCOUNT.fullmatch(value.strip())
        if value and not found:
            raise ValueError("write the account's name, such as EUCommission, or name@server for one of another server")
        return found[1] if found else ""

    @field_validator("hashtag")
    @classmethod
    def _tag(cls, value: str) -> str:
        found = _HASHTAG.fullmatch(value.strip())
        if value and not found:
            raise ValueError("write one hashtag, a single word")
        return found[1] if found else ""

    @model_validator(mode="after")
    def _one(self) -> MastodonSource:
        if bool(self.account) == bool(self.hashtag):
            raise ValueError("write either account or hashtag")
        return self

    @property
    def needs(self) -> tuple[str, ...]:
        """A token where the operator wants one used."""
        return ("mastodon_token",) if self.token else ()

    @property
    def server(self) -> str:
        """The server's address without a path."""
        return origin_of(self.url)

    @property
    def name(self) -> str:
        """As people write it."""
        return f"@{self.account}" if self.account else f"#{self.hashtag}"


def read(source: MastodonSource, at: Situation) -> Steps:
    """The posts since the last reading through the API, else the server's feed."""
    until = parse_moment(str(at.memo.get("rss_until", "")))
    if until is not None and at.now < until and not source.token:
        return (yield from _rss(source, dict(at.memo)))
    try:
        reading = yield from _api(source, at)
    except FetchError as e:
        if e.status not in CLOSED or source.token:
            raise _told(e, source) from None
        try:
            return (yield from _rss(source, {"rss_until": (at.now + RSS_FOR).isoformat()}))
        except FetchError:
            what = "this server shows posts to its members only; with an account there write `token: true` and set CONCORDAT_MASTODON_TOKEN"
            raise e.retold(what, reason=FetchReason.BLOCKED) from None
    if at.first and not reading.parsed.entries and not source.token:
        return (yield from _rss_instead(source, at, reading))
    return reading


def _api(source: MastodonSource, at: Situation) -> Steps:
    headers = _headers(source, at)
    account = str(at.memo.get("account", ""))
    since = str(at.memo["since"]) if "since" in at.memo else None
    remembered = bool(account)
    if source.account and not account:
        account = yield from _look_up(source, headers)
    try:
        found = yield from _timeline(source, at, account, since, headers)
    except FetchError as e:
        if e.reason not in {FetchReason.NOT_FOUND, FetchReason.GONE} or not remembered:
            raise
        account = yield from _look_up(source, headers)  # made anew under the same name
        found = yield from _timeline(source, at, account, None, headers)
    title = f"{source.name} on {source.server.partition('://')[2]}"
    parsed = Parsed(tuple(found.entries), title, warning=found.warning, sure_ids=True)
    return Reading(parsed, {"account": account, "since": found.newest}, error=found.error)


def _headers(source: MastodonSource, at: Situation) -> dict[str, str]:
    headers = {"accept": "application/json"}
    if source.token:
        if at.credentials.mastodon_token is None:
            raise FetchError(FetchReason.BLOCKED, "`token: true` needs CONCORDAT_MASTODON_TOKEN, which is not set", permanent=True)
        headers["authorization"] = f"Bearer {at.credentials.mastodon_token.get_secret_value()}"
    return headers


def _look_up(source: MastodonSource, headers: dict[str, str]) -> Generator[Ask, Fetched, str]:
    """The account's number on this server."""
    try:
        got = yield Ask(f"{source.server}/api/v1/accounts/lookup?{urlencode({'acct': source.account})}", headers)
    except FetchError as e:
        if e.reason in {FetchReason.NOT_FOUND, FetchReason.GONE}:
            what = f"{source.server} knows no account {source.name}; check the name, and `url`, which is a Mastodon server"
            raise e.retold(what, reason=FetchReason.NOT_FOUND, permanent=False) from None
        raise
    number = Data.of(got.body, source.server).text("id")
    if not number:
        raise FetchError(FetchReason.UNREADABLE, f"{source.server} gave no account; is it a Mastodon server?")
    return number


def _timeline(
    source: MastodonSource, at: Situation, account: str, since: str | None, headers: dict[str, str]
) -> Generator[Ask, Fetched, Found]:
    """The posts from the newest back to number `since`, which is empty where there were none; without it, one page.

    An account's posts come in order, so the server may leave out the known ones. Posts with a hashtag arrive late from other servers, under
    numbers of the past: there a whole page is read each time, and the store knows which of it are new.
    """
    known, below = since or "", ""
    found = Found(known)
    for page in range(PAGES_MOST):
        try:
            got = yield Ask(_url(source, account, known, below), headers)
        except FetchError as e:
            if page == 0:
                raise
            return replace(found, newest=known, error=_told(e, source))
        answer = Data.of(got.body, source.server)
        if not isinstance(answer.value, list):
            raise FetchError(FetchReason.UNREADABLE, f"{source.server} gave no list of posts; is it a Mastodon server?")
        numbers = [n for status in answer.each() if 0 < len(n := status.text("id")) <= NUMBER_MOST]
        found.newest = max((found.newest, *numbers), key=_age)
        found.entries += [entry for status in answer.each() if (entry := _entry(status, source))]
        below = _below(linked(got.headers.get("link", ""), "next", got.url))
        if since is None or not numbers or not below or _age(min(numbers, key=_age)) <= _age(known):
            return found
        if error := used_up(got.headers, at.now):
            return replace(found, newest=known, error=error)
    return replace(found, warning=TOO_MUCH)


def _url(source: MastodonSource, account: str, since: str, below: str) -> str:
    query = {"limit": str(PAGE), **({"max_id": below} if below else {})}
    if source.hashtag:
        return f"{source.server}/api/v1/timelines/tag/{quote(source.hashtag, safe='')}?{urlencode(query)}"
    query |= {"exclude_replies": _word(not source.replies), "exclude_reblogs": _word(not source.boosts)}
    query |= {"since_id": since} if since else {}
    return f"{source.server}/api/v1/accounts/{quote(account, safe='')}/statuses?{urlencode(query)}"


def _below(link: str) -> str:
    """The number that the next page ends before. Nothing else of the link is believed: no host chooses where a token is told."""
    return parse_qs(urlsplit(link).query).get("max_id", [""])[-1][:NUMBER_MOST]


def _word(value: bool) -> str:
    return "true" if value else "false"


def _age(number: str) -> tuple[int, str]:
    """Numbers are strings, and the longer one is the younger."""
    return len(number), number


def _entry(status: Data, source: MastodonSource) -> Entry | None:
    boosted = status.get("reblog")
    if boosted and not source.boosts:
        return None
    status = boosted or status
    answers = status.text("in_reply_to_account_id")
    if answers and answers != status.text("account", "id") and not source.replies:
        return None
    if status.text("visibility") not in SHOWN:
        return None
    return _post(status).entry()


def _post(status: Data) -> Post:
    author, card = status.get("account"), status.get("card")
    quoted = status.get("quote", "quoted_status") or status.get("quote")
    pictures = "\n".join(t for media in status.each("media_attachments") if (t := media.text("description")))
    return Post(
        id=status.text("url") or status.text("uri"),
        url=status.text("url") or status.text("uri"),
        text=status.text("content") or pictures,
        heading=status.text("spoiler_text"),
        author=named(author.text("display_name"), author.text("acct")),
        published=status.moment("created_at"),
        lang=status.text("language"),
        tags=tuple(t for tag in status.each("tags") if (t := tag.text("name"))),
        quotes=(Quote(named("", quoted.text("account", "acct")), quoted.text("content")),) if quoted.text("content") else (),
        cards=(Card(card.text("title"), card.text("url")),) if card else (),
    )


def _rss(source: MastodonSource, memo: dict[str, Any]) -> Steps:
    """The server's own feed of the same posts: no replies, no boosts, about twenty of them."""
    path = f"/@{quote(source.account)}.rss" if source.account else f"/tags/{quote(source.hashtag, safe='')}.rss"
    got = yield Ask(source.server + path, conditional=True)
    parsed = parse_feed(got.body, got.headers, got.url)
    entries = tuple(_like_the_api(parsed.entries, source))
    return Reading(replace(parsed, entries=entries, title=parsed.title or source.name, sure_ids=True), memo)


def _like_the_api(entries: Iterable[Entry], source: MastodonSource) -> Iterable[Entry]:
    """Known by the same name both ways: a post's address is its id."""
    for entry in entries:
        author = entry.author or (f"@{source.account}" if source.account else "")
        yield replace(entry, entry_id=entry.url or entry.entry_id, title="", summary=entry.summary or entry.title, author=author)


def _rss_instead(source: MastodonSource, at: Situation, reading: Reading) -> Steps:
    """Some servers answer strangers with an empty list, where their feed has the posts."""
    try:
        fed = yield from _rss(source, {"rss_until": (at.now + RSS_FOR).isoformat()})
    except FetchError:
        return reading
    return fed if fed.parsed.entries else reading


def _told(error: FetchError, source: MastodonSource) -> FetchError:
    """What the server says with its refusal, in a sentence."""
    said = one_line(Data.said(error).text("error"), 160)
    if error.status in CLOSED and source.token:
        what = f"{source.server} does not accept CONCORDAT_MASTODON_TOKEN ({said or error})"
        return error.retold(what, reason=FetchReason.BLOCKED, permanent=error.status == 401)
    return error.retold(f"{error}; the server says: {said}") if said else error
