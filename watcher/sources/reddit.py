"""Reddit, by its Atom feeds: the newest posts of a subreddit, or of a search in it. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal
from urllib.parse import urlencode, urlsplit

from pydantic import field_validator

from watcher.errors import FetchError, FetchReason
from watcher.model import Source
from watcher.sources.entry import Entry, Parsed
from watcher.sources.feed import parse_feed
from watcher.sources.steps import Ask, Reading, Situation, Steps
from watcher.urls import absolute, host_of, registrable

PAGE = 100  # posts, the most that a feed gives
_SUBREDDIT = re.compile(r"(?:https?://(?:www\.|old\.)?reddit\.com)?/?(?:r/)?(\w{2,21}(?:\+\w{2,21})*)/?", re.ASCII)
_LINK = re.compile(r'<a href="([^"<>]+)">\s*\[link\]')
_TAIL = re.compile(r"\s*submitted by\s+/?u/\S+(?:\s+to\s+/?r/\S+)?\s*(?:\[link\])?\s*(?:\[comments\])?\s*$")
_ID = re.compile(r"<id>\s*([^<\s]+)\s*</id>")


class RedditSource(Source):
    """A subreddit, or several as `a+b`; with `search`, what is found there."""

    kind: Literal["reddit"] = "reddit"
    url: str = "https://www.reddit.com"
    subreddit: str
    search: str = ""

    @field_validator("subreddit")
    @classmethod
    def _name(cls, value: str) -> str:
        found = _SUBREDDIT.fullmatch(value.strip())
        if not found:
            raise ValueError("write the subreddit's name, such as MachineLearning, or several as one+two")
        return found[1]


def read(source: RedditSource, _: Situation) -> Steps:
    """One conditional request."""
    folder = f"/r/{source.subreddit}"
    query = {"q": source.search, "restrict_sr": "on", "sort": "new", "limit": str(PAGE)} if source.search else {"limit": str(PAGE)}
    path = f"{folder}/{'search' if source.search else 'new/'}.rss"
    try:
        got = yield Ask(f"{source.url.rstrip('/')}{path}?{urlencode(query)}", conditional=True)
    except FetchError as e:
        raise _told(e, source) from None
    if not urlsplit(got.url).path.lower().startswith(folder.lower()):
        raise FetchError(FetchReason.NOT_FOUND, f"Reddit has no subreddit {source.subreddit}; it sent us elsewhere")
    try:
        parsed = parse_feed(got.body, got.headers, got.url)
    except FetchError as e:
        if b"<html" not in got.body[:2_000].lower():
            raise
        raise e.retold("Reddit sent a page for people, as it does when it takes a reader for a bot; it is asked again later",
                       reason=FetchReason.BLOCKED) from None  # fmt: skip
    return Reading(_as_posts(parsed, _links(got.body)))


def _told(error: FetchError, source: RedditSource) -> FetchError:
    if error.status == 403:
        return error.retold("Reddit refuses us (HTTP 403): the subreddit is private, or Reddit has had too many readers from this address")
    if error.status == 429:
        return error.retold("Reddit asks us to slow down (HTTP 429); it counts all readers of an address together")
    if error.reason is FetchReason.NOT_FOUND:
        return error.retold(f"Reddit has no subreddit {source.subreddit}, or has closed it; check its name")
    return error


def _links(body: bytes) -> Mapping[str, str]:
    """By the post's id, the page that it is a link to; Reddit has it in the markup of its text only."""
    found = {}
    for part in body.decode(errors="replace").split("<entry>")[1:]:
        number, link = _ID.search(part), _LINK.search(html.unescape(part))
        if number and link:
            found[number[1]] = html.unescape(link[1])
    return found


def _as_posts(parsed: Parsed, links: Mapping[str, str]) -> Parsed:
    return replace(parsed, entries=tuple(_as_post(e, links) for e in parsed.entries))


def _as_post(entry: Entry, links: Mapping[str, str]) -> Entry:
    """Without the words that Reddit puts under each text, with the address that a link post is about.

    Its id is no address, though the feed reader takes it for the end of one.
    """
    number = entry.entry_id.rpartition("/")[2]
    text = _TAIL.sub("", entry.content or entry.summary)
    address = absolute(links.get(number, ""), "")
    if address and registrable(host_of(address)) != registrable(host_of(entry.url)) and address not in text:
        text = f"{text}\n{address}".strip()
    return replace(entry, entry_id=number, summary=text, content="", author=entry.author.removeprefix("/u/"))
