"""Reddit's Atom feeds on loopback: the newest of a subreddit, and a search in it; a reader without a name of its own is sent away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

from aiohttp import web

from tests.fakes.service import RefusalError, Service

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
KNOWN = {"limit", "q", "restrict_sr", "sort", "t"}


@dataclass(frozen=True, slots=True)
class Submission:
    """A post; `link` is what a link post is about, `html` the text of a text post."""

    id: str
    title: str
    html: str
    link: str
    moment: datetime


class Reddit(Service):
    """The feeds. A subreddit that is `private` refuses; one that does not exist leads to a search for subreddits, as on the site."""

    def __init__(self) -> None:
        super().__init__()
        self.subreddits: dict[str, list[Submission]] = {}
        self.private: set[str] = set()
        self.crowded = False  # too many readers at our address, whoever they are
        self._count = 0

    def submit(self, subreddit: str, title: str, *, html: str = "", link: str = "") -> Submission:
        """Put a post on top."""
        self._count += 1
        post = Submission(f"t3_{self._count:06x}", title, html, link, START + timedelta(minutes=self._count))
        self.subreddits.setdefault(subreddit, []).insert(0, post)
        return post

    def routes(self) -> list[web.RouteDef]:
        """The two feeds, and where unknown names lead."""
        return [
            web.get("/r/{name}/new/.rss", self._new),
            web.get("/r/{name}/search.rss", self._search),
            web.get("/subreddits/search", self._subreddits),
        ]

    def _posts(self, request: web.Request) -> list[Submission]:
        assert set(request.query) <= KNOWN, f"no parameters of a feed: {set(request.query) - KNOWN}"
        agent = request.headers.get("User-Agent", "")
        if self.crowded or not agent or agent.startswith(("curl", "python", "Mozilla")):
            limits = {"x-ratelimit-reset": "120", "x-ratelimit-remaining": "0.0"}
            raise RefusalError(429, "<html><body>Too Many Requests</body></html>", limits)
        names = request.match_info["name"].split("+")
        if self.private.intersection(names):
            raise RefusalError(403, "<html><body>private</body></html>")
        if not any(n in self.subreddits for n in names):
            raise web.HTTPFound(f"/subreddits/search?q={names[0]}")
        return sorted((p for n in names for p in self.subreddits.get(n, ())), key=lambda p: p.moment, reverse=True)

    async def _new(self, request: web.Request) -> web.Response:
        return self._feed(request, self._posts(request))

    async def _search(self, request: web.Request) -> web.Response:
        posts = self._posts(request)
        assert request.query.get("restrict_sr") == "on", "without it, the search is of all Reddit"
        words = request.query["q"].lower().split()
        return self._feed(request, [p for p in posts if all(w in p.title.lower() for w in words)])

    async def _subreddits(self, request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><html><body>search results</body></html>", content_type="text/html")

    def _feed(self, request: web.Request, posts: list[Submission]) -> web.Response:
        shown = posts[: min(int(request.query.get("limit", "25")), 100)]
        name = request.match_info["name"]
        entries = "".join(self._entry(name, p) for p in shown)
        text = (
            '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">'
            f'<category term="{name}" label="r/{name}"/><id>/r/{name}/new/.rss</id>'
            f"<title>newest submissions : {name}</title>{entries}</feed>"
        )
        return web.Response(text=text, content_type="application/atom+xml")

    def _entry(self, name: str, post: Submission) -> str:
        page = f"https://www.reddit.com/r/{name}/comments/{post.id.removeprefix('t3_')}/slug/"
        body = f'<!-- SC_OFF --><div class="md">{post.html}</div><!-- SC_ON --> &#32; ' if post.html else ""
        body += 'submitted by &#32; <a href="https://www.reddit.com/user/someone"> /u/someone </a> <br/> '
        body += f'<span><a href="{escape(post.link or page)}">[link]</a></span> &#32; <span><a href="{page}">[comments]</a></span>'
        moment = post.moment.isoformat()
        return (
            f"<entry><author><name>/u/someone</name><uri>https://www.reddit.com/user/someone</uri></author>"
            f'<category term="{name}" label="r/{name}"/><content type="html">{escape(body)}</content><id>{post.id}</id>'
            f'<link href="{page}"/><updated>{moment}</updated><published>{moment}</published><title>{escape(post.title)}</title></entry>'
        )
