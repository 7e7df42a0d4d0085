"""What feedparser makes of the elements that feeds are written in, by the place where they stand. Pure.

Each function does what feedparser's handler of that element does to the values that we read, quirks included. Whatever no table here
knows makes the entry, or the head of the feed, unsure.
"""

from __future__ import annotations

from collections.abc import Mapping

from watcher.sources.strict.fields import ADDRESSES, CATEGORIES, DATES
from watcher.sources.strict.passed import CONTENT, INNER, LEAF, TEXT, XHTML, idle, impossible, inner, unwanted
from watcher.sources.strict.people import AUTHORS, people
from watcher.sources.strict.texts import TEXTS, idle_text
from watcher.sources.strict.values import settled
from watcher.sources.strict.work import Given, Table, Tables, Whole, Work

ROOTS: Mapping[str, frozenset[str]] = {  # with the namespaces of which one must be declared for feedparser to know the version
    "rss": frozenset(),
    "rdf_rdf": frozenset({"http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/"}),
    "feed": frozenset({"http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#"}),
}


def _transparent(work: Work, _: Given) -> None:
    work.table = _ENTRY


def _source(work: Work, _: Given) -> None:
    work.title_depth = -1
    work.table = LEAF


def _picture(work: Work, _: Given) -> None:
    work.title_depth = -1
    work.table = _PICTURE


def _picture_title(work: Work, given: Given) -> None:
    work.content(given, "text/plain")
    work.collect(_close_picture_title)


def _close_picture_title(work: Work, text: str) -> None:
    if text.strip():
        work.title_depth = work.depth


def _channel(work: Work, given: Given) -> None:
    if work.begun or work.has_channel or "lastmod" in given or "href" in given:
        raise Whole
    work.has_channel = True
    work.table = _HEAD


def _language(work: Work, _: Given) -> None:
    work.collect(_close_language, LEAF)


def _close_language(work: Work, text: str) -> None:
    work.feed["language"] = settled(text)


def _head_text(work: Work, given: Given) -> None:
    if given:
        work.feed[work.tag] = str(given)
    else:
        work.collect(_close_head_text, LEAF)


def _close_head_text(work: Work, text: str) -> None:
    work.feed[work.tag] = settled(text)


def _head_enclosure(work: Work, given: Given) -> None:
    work.feed.setdefault("links", []).append({"rel": "enclosure", "href": given.get("url") or given.get("uri") or given.get("href")})


def _head_category(work: Work, _: Given) -> None:
    work.table = _CATEGORY


_PICTURE: Table = {
    "title": _picture_title, "description": idle_text, **dict.fromkeys(("link", "url", "href", "width", "height", "name"), idle),
    "": unwanted,
}  # fmt: skip
_CATEGORY: Table = {"itunes_category": _head_category, "": inner}
_TOP: Table = {"channel": _channel, "image": _picture, "textinput": _picture, "": impossible}
_HEAD: Table = {
    **TEXTS, **ADDRESSES, **dict.fromkeys((*AUTHORS, "contributor", "itunes_owner"), people), **dict.fromkeys(DATES, idle),
    **dict.fromkeys(CATEGORIES, _head_category), "image": _picture, "textinput": _picture, "enclosure": _head_enclosure,
    "language": _language, "dc_language": _language, **dict.fromkeys(("ttl", "sy_updateperiod", "sy_updatefrequency"), _head_text),
    "": inner,
}  # fmt: skip
_LATE: Table = {**_HEAD, **dict.fromkeys((*CONTENT, "image", "textinput"), impossible)}
_ENTRY: Table = {
    **TEXTS, **ADDRESSES, **AUTHORS, "contributor": people, **DATES, **CATEGORIES,
    "media_group": _transparent, "media_content": _transparent, "source": _source, "": inner,
}  # fmt: skip
TABLES = Tables(_TOP, _HEAD, _LATE, _ENTRY, INNER, TEXT, XHTML)
