"""YouTube's feeds on loopback: the fifteen newest videos of a channel or a playlist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

from aiohttp import web

from tests.fakes.service import RefusalError, Service

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
NEWEST = 15
NAMES = 'xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom"'


@dataclass(frozen=True, slots=True)
class Video:
    """A video as its channel describes it."""

    id: str
    title: str
    description: str
    moment: datetime


class YouTube(Service):
    """The feeds; ids of channels and playlists share one table."""

    def __init__(self) -> None:
        super().__init__()
        self.videos: dict[str, list[Video]] = {}
        self._count = 0

    def upload(self, where: str, title: str, description: str = "") -> Video:
        """Put a video on top of a channel or playlist."""
        self._count += 1
        video = Video(f"vid{self._count:08d}", title, description, START + timedelta(minutes=self._count))
        self.videos.setdefault(where, []).insert(0, video)
        return video

    def routes(self) -> list[web.RouteDef]:
        """The one feed."""
        return [web.get("/feeds/videos.xml", self._feed)]

    async def _feed(self, request: web.Request) -> web.Response:
        if len(request.query) != 1 or not set(request.query) <= {"channel_id", "playlist_id"}:
            raise RefusalError(400, "<html><body>Error 400</body></html>")
        where = next(iter(request.query.values()))
        if where not in self.videos:
            raise RefusalError(404, "<html><body>Error 404 (Not Found)</body></html>")
        entries = "".join(_entry(v) for v in self.videos[where][:NEWEST])
        head = f"<id>yt:channel:{where}</id><title>A channel</title><author><name>A channel</name></author>"
        text = f'<?xml version="1.0" encoding="UTF-8"?><feed {NAMES}>{head}{entries}</feed>'
        return web.Response(text=text, content_type="text/xml", headers={"Cache-Control": "private, max-age=0"})


def _entry(video: Video) -> str:
    moment = video.moment.isoformat()
    return (
        f"<entry><id>yt:video:{video.id}</id><yt:videoId>{video.id}</yt:videoId><title>{escape(video.title)}</title>"
        f'<link rel="alternate" href="https://www.youtube.com/watch?v={video.id}"/><author><name>A channel</name></author>'
        f"<published>{moment}</published><updated>{moment}</updated><media:group><media:title>{escape(video.title)}</media:title>"
        f'<media:content url="https://www.youtube.com/v/{video.id}" type="application/x-shockwave-flash" width="640" height="390"/>'
        f"<media:description>{escape(video.description)}</media:description></media:group></entry>"
    )
