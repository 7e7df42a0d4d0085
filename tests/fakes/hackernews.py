"""Hacker News' search on loopback: by date, with numeric filters, and no more than a thousand hits a query, whatever the page."""

from __future__ import annotations

import operator
import re
from typing import Any

from aiohttp import web

from tests.fakes.service import RefusalError, Service, as_json

START = 1_795_420_000  # Unix seconds
MOST = 1_000  # hits of one query
KNOWN = {"query", "tags", "numericFilters", "hitsPerPage", "page"}
OPERATORS = {">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le, "=": operator.eq}
FILTER = re.compile(r"(created_at_i|points|num_comments)(>=|<=|>|<|=)(\d+)")


class HackerNews(Service):
    """The search; `stories` may be changed at will."""

    def __init__(self) -> None:
        super().__init__()
        self.stories: list[dict[str, Any]] = []

    def story(self, title: str, *, points: int = 1, at: int | None = None, **more: Any) -> dict[str, Any]:
        """Add a story, a minute younger than the last unless `at` says when."""
        count = len(self.stories) + 1
        hit = {
            "objectID": str(40_000_000 + count), "title": title, "url": f"https://news.example/{count}", "author": "pg", "points": points,
            "num_comments": 2, "created_at_i": START + 60 * count if at is None else at, "story_text": None, "_tags": ["story"], **more,
        }  # fmt: skip
        self.stories.append(hit)
        return hit

    def routes(self) -> list[web.RouteDef]:
        """The one method."""
        return [web.get("/api/v1/search_by_date", self._search)]

    async def _search(self, request: web.Request) -> web.Response:
        if unknown := set(request.query) - KNOWN:
            raise RefusalError(400, {"message": f"Unknown parameter: {unknown.pop()}", "status": 400})
        size, page = int(request.query.get("hitsPerPage", "20")), int(request.query.get("page", "0"))
        if not 1 <= size <= MOST:
            raise RefusalError(400, {"message": "hitsPerPage must be between 1 and 1000", "status": 400})
        words = request.query.get("query", "").lower().split()
        found = [s for s in self.stories if all(w in s["title"].lower() for w in words)]
        for text in filter(None, request.query.get("numericFilters", "").split(",")):
            match = FILTER.fullmatch(text)
            if match is None:
                raise RefusalError(400, {"message": f"invalid numeric filter {text!r}", "status": 400})
            found = [s for s in found if OPERATORS[match[2]](s[match[1]], int(match[3]))]
        found.sort(key=lambda s: int(s["created_at_i"]), reverse=True)
        hits = found[:MOST][page * size : (page + 1) * size]
        pages = -(-min(len(found), MOST) // size)
        return as_json({"hits": hits, "nbHits": len(found), "nbPages": pages, "page": page, "hitsPerPage": size})
