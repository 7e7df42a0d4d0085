"""A web site on loopback: pages, articles and sitemaps that a test puts up, changes and takes down.

    async with Site() as site:
        site.article("/news/venado", "OpenAI signs with Los Alamos", "The models will run on Venado. " * 20)
        site.listing("/news", ["/news/venado"])
        site.sitemap("/sitemap.xml", ["/news/venado"])
        ...                                  # whatever is tested reads site.base + "/news"

Each page has an ETag and is answered with 304 when it is asked for again unchanged, unless `etag` is false.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from aiohttp import web

from tests.fakes.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"


@dataclass
class Put:
    """What is answered at one path; `wait` is for how many seconds the answer is held back."""

    body: bytes
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0
    etag: bool = True


@dataclass(frozen=True, slots=True)
class Story:
    """One entry of a news sitemap."""

    path: str
    title: str
    published: datetime
    lang: str = "en"


class Site(Server):
    """The server; `base` is its address once entered, `asked` the paths in the order in which they were asked for."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        super().__init__()
        self.pages: dict[str, Put] = {}
        self.titles: dict[str, str] = {}
        self.asked: list[str] = []
        self.statuses: list[int] = []
        self.most_at_once = 0
        self.host, self._now = host, 0

    def put(self, path: str, body: bytes | str, kind: str = "text/html; charset=utf-8", *, status: int = 200, wait: float = 0.0,
            headers: Mapping[str, str] | None = None, etag: bool = True) -> str:  # fmt: skip
        """Answer with this at `path` from now on; its address."""
        data = body if isinstance(body, bytes) else body.encode()
        self.pages[path] = Put(data, kind, status, headers or {}, wait, etag)
        return self.base + path

    def article(self, path: str, title: str, text: str, *, published: str = "", lang: str = "en", head: str = "", wait: float = 0.0) -> str:
        """An article as newspapers put it up: with Open Graph, a navigation and a footer around it; its address."""
        self.titles[path] = title
        dated = f'<meta property="article:published_time" content="{published}">' if published else ""
        paragraphs = "".join(f"<p>{escape(p)}</p>" for p in text.split("\n"))
        head = f'<title>{escape(title)} | The Site</title><meta property="og:title" content="{escape(title)}">{dated}{head}'
        nav = '<nav><ul><li><a href="/">Home</a></li><li><a href="/about">About us and our history</a></li></ul></nav>'
        body = f"{nav}<main><article><h1>{escape(title)}</h1>{paragraphs}</article></main><footer><p>Copyright and imprint.</p></footer>"
        return self.put(path, f'<!doctype html><html lang="{lang}"><head>{head}</head><body>{body}</body></html>', wait=wait)

    def listing(self, path: str, articles: Iterable[str]) -> str:
        """A page that lists articles, each with its title where the site has it; its address."""
        rows = "".join(
            f'<li><article><h3><a href="{a}">{escape(self.titles.get(a, a))}</a></h3><p>What it is about, in a few words of its own.</p>'
            f'<a href="{a}">Read more</a></article></li>'
            for a in articles
        )
        return self.put(
            path,
            f"""<!doctype html><html lang="en"><head><title>News</title></head><body><nav><a href="/about">About</a></nav>
<main><h1>News</h1><ul>{rows}</ul></main></body></html>""",
        )

    def sitemap(self, path: str, pages: Iterable[str], *, lastmod: Mapping[str, str] | None = None, packed: bool = False) -> str:
        """A plain sitemap (sitemaps.org); gzipped where `packed`, as a file and not as an encoding; its address."""
        rows = "".join(
            f"<url><loc>{self.base}{p}</loc>{f'<lastmod>{lastmod[p]}</lastmod>' if lastmod and p in lastmod else ''}</url>" for p in pages
        )
        return self._xml(path, f'<urlset xmlns="{SITEMAP}">{rows}</urlset>', packed=packed)

    def news_sitemap(self, path: str, stories: Iterable[Story]) -> str:
        """A sitemap with Google's news extension; its address."""
        rows = "".join(
            f"<url><loc>{self.base}{s.path}</loc><news:news><news:publication><news:name>The Site</news:name><news:language>{s.lang}"
            f"</news:language></news:publication><news:publication_date>{s.published.isoformat()}</news:publication_date>"
            f"<news:title>{escape(s.title)}</news:title></news:news></url>"
            for s in stories
        )
        return self._xml(path, f'<urlset xmlns="{SITEMAP}" xmlns:news="{NEWS}">{rows}</urlset>')

    def index(self, path: str, children: Mapping[str, str]) -> str:
        """A sitemap index: child paths, each with its lastmod or an empty string; its address."""
        rows = "".join(f"<sitemap><loc>{self.base}{p}</loc>{f'<lastmod>{m}</lastmod>' if m else ''}</sitemap>" for p, m in children.items())
        return self._xml(path, f'<sitemapindex xmlns="{SITEMAP}">{rows}</sitemapindex>')

    def count(self, path: str) -> int:
        """How often this path was asked for."""
        return self.asked.count(path)

    def application(self) -> web.Application:
        """Every path."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        return app

    def _xml(self, path: str, document: str, *, packed: bool = False) -> str:
        data = ('<?xml version="1.0" encoding="UTF-8"?>' + document).encode()
        return self.put(path, gzip.compress(data) if packed else data, "application/gzip" if packed else "application/xml")

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        self.changed()
        try:
            answer = await self._page(request)
        finally:
            self._now -= 1
        self.statuses.append(answer.status)
        return answer

    async def _page(self, request: web.Request) -> web.Response:
        page = self.pages.get(request.path)
        if page is None:
            return web.Response(status=404, text="no such page")
        if page.wait:
            await asyncio.sleep(page.wait)
        headers = {"Content-Type": page.kind, **page.headers}
        if page.etag:
            headers["ETag"] = f'"{hashlib.sha256(page.body).hexdigest()[:16]}"'
            if request.headers.get("If-None-Match") == headers["ETag"] and page.status == 200:
                return web.Response(status=304, headers={"ETag": headers["ETag"]})
        return web.Response(status=page.status, body=page.body, headers=headers)
