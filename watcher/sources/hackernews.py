"""Hacker News, through Algolia's search: stories by words, by points, or both. Pure."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import Field, model_validator

from watcher.fetch.exchange import Fetched
from watcher.model import Source
from watcher.sources.entry import CONTENT_LIMIT, SUMMARY_LIMIT, TITLE_LIMIT, Entry, Parsed
from watcher.sources.jsondata import Data
from watcher.sources.steps import Ask, Reading, Situation, Steps
from watcher.text import one_line, title_text, visible
from watcher.units import from_timestamp
from watcher.urls import absolute

ITEM = "https://news.ycombinator.com/item?id="
PAGE = 100  # hits; a query gives a thousand at the most, however many pages are asked for
REQUESTS_MOST = 15
RIPENS = 2 * 86_400  # seconds in which a story may still gain the points that are asked for
LATE = 3_600  # seconds that the search may be behind the site


class HackerNewsSource(Source):
    """Stories that have the words of `search`, at least `points` points, or both."""

    kind: Literal["hackernews"] = "hackernews"
    url: str = "https://hn.algolia.com"
    search: str = ""
    points: Annotated[int, Field(ge=0, le=100_000)] = 0

    @model_validator(mode="after")
    def _something(self) -> HackerNewsSource:
        if not self.search.strip() and not self.points:
            raise ValueError("write search, points or both; all stories would be too many")
        return self


def read(source: HackerNewsSource, at: Situation) -> Steps:
    """The newest hits, back to a little before the last reading; of stories that must gain points first, the last two days each time."""
    known = at.memo.get("newest")
    since = max(known - (RIPENS if source.points else LATE), 0) if isinstance(known, int) else None
    hits, warning = yield from _hits(source, since)
    newest = max([known or 0, *(min(t, int(at.now.timestamp())) for hit in hits if (t := _time(hit)))])
    entries = tuple(e for hit in hits if (e := _entry(hit)))
    name = "Hacker News: " + (source.search.strip() or f"{source.points} points")
    parsed = Parsed(entries, name, "en", dropped=len(hits) - len(entries), warning=warning, sure_ids=True)
    return Reading(parsed, {"newest": newest})


def _hits(source: HackerNewsSource, since: int | None) -> Generator[Ask, Fetched, tuple[list[Data], str]]:
    """Hits, newest first. A further page is asked for by its time and not by its number: pages end at a thousand hits, time does not."""
    found: dict[str, Data] = {}
    until: int | None = None
    for _ in range(REQUESTS_MOST):
        got = yield Ask(_url(source, since, until), {"accept": "application/json"})
        page = Data.of(got.body, "Hacker News").each("hits")
        fresh = {i: hit for hit in page if (i := hit.text("objectID")) and i not in found}
        found |= fresh
        times = [t for hit in page if (t := _time(hit))]
        if since is None or not fresh or len(page) < PAGE or not times:
            return list(found.values()), ""
        until = min(times)
    return list(found.values()), f"more stories came than {REQUESTS_MOST} requests bring; the oldest are left out"


def _url(source: HackerNewsSource, since: int | None, until: int | None) -> str:
    filters = [
        *([f"created_at_i>{since}"] if since is not None else []),
        *([f"created_at_i<={until}"] if until is not None else []),
        *([f"points>={source.points}"] if source.points else []),
    ]
    query = {"query": source.search.strip(), "tags": "story", "hitsPerPage": str(PAGE), "page": "0"}
    return f"{source.url.rstrip('/')}/api/v1/search_by_date?{urlencode(query | ({'numericFilters': ','.join(filters)} if filters else {}))}"


def _time(hit: Data) -> int:
    seconds: Any = hit.number("created_at_i")
    return int(seconds) if seconds is not None and 0 < seconds < 1e11 else 0


def _entry(hit: Data) -> Entry | None:
    """The story: its address is the page that it is about; where people talk about it stands in its text."""
    number, title = hit.text("objectID"), title_text(hit.text("title"), TITLE_LIMIT)
    if not number.isdecimal() or not title:
        return None
    page = absolute(hit.text("url"), "")
    text = visible(hit.text("story_text"), CONTENT_LIMIT)
    whole = "\n".join(t for t in (text, f"{ITEM}{number}" if page else "") if t)
    return Entry(
        entry_id=f"{ITEM}{number}",
        url=page or f"{ITEM}{number}",
        title=title,
        summary=whole[:SUMMARY_LIMIT],
        content=whole if len(whole) > SUMMARY_LIMIT else "",
        published=from_timestamp(_time(hit)) if _time(hit) else hit.moment("created_at"),
        lang="en",
        author=one_line(hit.text("author"), 200),
    )
