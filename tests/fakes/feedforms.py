"""The four forms in which feeds are published, made from the same entries. Pure: entries in, bytes out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Sequence

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


class Form(StrEnum):
    """A feed format; the value is the media type it is served with."""

    RSS = "application/rss+xml"
    ATOM = "application/atom+xml"
    RDF = "application/rdf+xml"
    JSON = "application/feed+json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed; `summary` and `content` may hold markup, as they do in the wild. `published` is None where
    a feed says nothing.
    """

    id: str
    title: str
    summary: str = ""
    content: str = ""
    url: str = ""
    author: str = ""
    published: datetime | None = None


def render(form: Form, title: str, home: str, entries: Sequence[Entry]) -> bytes:
    """The feed document, entries in the given order; `home` is the address of the feed's site."""
    write = {Form.RSS: _rss, Form.ATOM: _atom, Form.RDF: _rdf, Form.JSON: _json}[form]
    return write(title, home, entries).encode()


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else ""


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _rss(title: str, home: str, entries: Sequence[Entry]) -> str:
    items = [
        f'<item><guid isPermaLink="false">{escape(e.id)}</guid>{_tag("title", e.title)}{_tag("link", e.url)}'
        + _tag("pubDate", format_datetime(e.published) if e.published else "")
        + _tag("description", e.summary)
        + _tag("content:encoded", e.content)
        + _tag("dc:creator", e.author)
        + "</item>"
        for e in entries
    ]
    return (
        f'{DECLARATION}<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>{_tag("title", title)}{_tag("link", home)}'
        f"<description>{escape(title)}</description>\n" + "\n".join(items) + "\n</channel></rss>\n"
    )


def _atom(title: str, home: str, entries: Sequence[Entry]) -> str:
    def entry(e: Entry) -> str:
        dates = (
            f"<published>{_stamp(e.published)}</published><updated>{_stamp(e.published)}</updated>"
            if e.published
            else ""
        )
        link = f"<link href={quoteattr(e.url)}/>" if e.url else ""
        author = f"<author>{_tag('name', e.author)}</author>" if e.author else ""
        content = f'<content type="html">{escape(e.content)}</content>' if e.content else ""
        summary = f'<summary type="html">{escape(e.summary)}</summary>' if e.summary else ""
        return f"<entry>{_tag('id', e.id)}{_tag('title', e.title)}{link}{dates}{author}{summary}{content}</entry>"

    newest = max((e.published for e in entries if e.published), default=datetime(2025, 1, 1, tzinfo=UTC))
    return (
        f'{DECLARATION}<feed xmlns="http://www.w3.org/2005/Atom">{_tag("id", home)}{_tag("title", title)}'
        f"<updated>{_stamp(newest)}</updated><link href={quoteattr(home)}/>\n"
        + "\n".join(entry(e) for e in entries)
        + "\n</feed>\n"
    )


def _rdf(title: str, home: str, entries: Sequence[Entry]) -> str:
    places = "".join(f"<rdf:li rdf:resource={quoteattr(e.url or e.id)}/>" for e in entries)
    items = [
        f"<item rdf:about={quoteattr(e.url or e.id)}>{_tag('title', e.title)}{_tag('link', e.url)}"
        + _tag("description", e.summary)
        + _tag("content:encoded", e.content)
        + _tag("dc:creator", e.author)
        + _tag("dc:identifier", e.id)
        + _tag("dc:date", _stamp(e.published) if e.published else "")
        + "</item>"
        for e in entries
    ]
    return (
        f'{DECLARATION}<rdf:RDF xmlns="http://purl.org/rss/1.0/" '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel rdf:about={quoteattr(home)}>{_tag('title', title)}{_tag('link', home)}"
        f"<description>{escape(title)}</description>"
        f"<items><rdf:Seq>{places}</rdf:Seq></items></channel>\n" + "\n".join(items) + "\n</rdf:RDF>\n"
    )


def _json(title: str, home: str, entries: Sequence[Entry]) -> str:
    def item(e: Entry) -> dict[str, object]:
        known = {
            "id": e.id,
            "title": e.title,
            "url": e.url,
            "summary": e.summary,
            "content_html": e.content or e.summary,
            "date_published": _stamp(e.published) if e.published else "",
            "authors": [{"name": e.author}] if e.author else [],
        }
        return {k: v for k, v in known.items() if v or k == "content_html"}

    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "home_page_url": home,
        "items": [item(e) for e in entries],
    }
    return json.dumps(document, ensure_ascii=False)
