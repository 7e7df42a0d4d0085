"""Alerts as a feed, so that any reader can follow them: `/feed.atom` and `/feed.json`, whole or of one topic with `?topic=`.

Stories that rang nobody are in none. An entry keeps its id for good, and its date moves as the story does. Text of others is text here too.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from lxml import etree
from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from notifier import stories as reading
from notifier.asdata import moment, story_data
from notifier.model import Story
from notifier.render import alert_body
from notifier.richtext import one_line, web_address
from rules.tables import stories
from watcher.errors import StoreError
from watcher.store import Store

ENTRIES = 60
_LOOKED_AT = 600  # stories among which those of a topic are sought
_ATOM = "http://www.w3.org/2005/Atom"
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)  # of a feed in which nothing stands yet


def routes(store: Store, public_url: str) -> list[Route]:
    """`/feed.atom` and `/feed.json`."""

    async def atom(request: Request) -> Response:
        return await _answer(store, request, public_url, "application/atom+xml")

    async def as_json(request: Request) -> Response:
        return await _answer(store, request, public_url, "application/feed+json")

    return [Route("/feed.atom", atom, methods=["GET"]), Route("/feed.json", as_json, methods=["GET"])]


def lately(conn: Connection, topic: str) -> list[tuple[Story, datetime]]:
    """The newest stories that rang, of one topic where one is named, each with when it last changed; the newest change first."""
    s = stories.c
    query = select(s.id, s.topics, s.updated_at).where(s.rung_at.is_not(None)).order_by(s.updated_at.desc(), s.id.desc())
    rows = [r for r in conn.execute(query.limit(_LOOKED_AT)) if not topic or topic in r.topics][:ENTRIES]
    found = reading.load(conn, [r.id for r in rows])
    return [(found[r.id], r.updated_at) for r in rows if r.id in found]


def atom_feed(told: list[tuple[Story, datetime]], base: str, topic: str) -> bytes:
    """An Atom feed (RFC 4287)."""
    feed = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})
    here = _address(base, "/feed.atom", topic)
    _add(feed, "id", _id(here))
    _add(feed, "title", _title(topic))
    _add(feed, "updated", moment(told[0][1] if told else _EPOCH) or "")
    etree.SubElement(feed, f"{{{_ATOM}}}link", rel="self", href=here)
    for story, updated in told:
        entry = etree.SubElement(feed, f"{{{_ATOM}}}entry")
        _add(entry, "id", _id(f"{base}/story/{story.id}"))
        _add(entry, "title", one_line(story.title) or "…")
        _add(entry, "updated", moment(updated) or "")
        _add(entry, "published", moment(story.created_at) or "")
        _add(etree.SubElement(entry, f"{{{_ATOM}}}author"), "name", ", ".join(map(one_line, story.outlets)) or "Concordat")
        if web_address(story.url):
            etree.SubElement(entry, f"{{{_ATOM}}}link", href=story.url)
        for term in (*story.topics, story.severity):
            etree.SubElement(entry, f"{{{_ATOM}}}category", term=term)
        _add(entry, "summary", alert_body(story).text)
    return bytes(etree.tostring(feed, xml_declaration=True, encoding="utf-8"))


def json_feed(told: list[tuple[Story, datetime]], base: str, topic: str) -> bytes:
    """A JSON Feed (version 1.1); what its words have no name for stands under `_concordat`."""
    items = [
        {
            "id": _id(f"{base}/story/{story.id}"), **({"url": story.url} if web_address(story.url) else {}),
            "title": one_line(story.title), "content_text": alert_body(story).text, "date_published": moment(story.created_at),
            "date_modified": moment(updated), "tags": [*story.topics, story.severity],
            "authors": [{"name": one_line(o)} for o in story.outlets], "_concordat": story_data(story),
        }
        for story, updated in told
    ]  # fmt: skip
    feed = {
        "version": "https://jsonfeed.org/version/1.1", "title": _title(topic), "feed_url": _address(base, "/feed.json", topic),
        "items": items,
    }  # fmt: skip
    return json.dumps(feed, ensure_ascii=False).encode()


async def _answer(store: Store, request: Request, public_url: str, kind: str) -> Response:
    topic = one_line(request.query_params.get("topic", ""))[:60].lower()
    try:
        told = await store.read(lately, topic)
    except StoreError:
        return Response(status_code=503, headers={"Retry-After": "60"})
    base = public_url or str(request.base_url).rstrip("/")
    body = (atom_feed if "atom" in kind else json_feed)(told, base, topic)
    mark = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = {"ETag": mark, "Cache-Control": "max-age=60", "X-Content-Type-Options": "nosniff"}
    if request.headers.get("if-none-match", "").removeprefix("W/") == mark:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers)


def _address(base: str, path: str, topic: str) -> str:
    return f"{base}{path}" + (f"?topic={quote(topic)}" if topic else "")


def _title(topic: str) -> str:
    return "Concordat" + (f": {topic}" if topic else "")


def _id(name: str) -> str:
    return uuid5(NAMESPACE_URL, name).urn


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{_ATOM}}}{name}").text = text
