"""Addresses, ids, dates and categories, as feedparser takes them. Pure."""

from __future__ import annotations

import re

from watcher.sources.strict.passed import LEAF
from watcher.sources.strict.values import fixed, joined, moment_of, settled
from watcher.sources.strict.work import TYPES, Given, Table, Work

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_MEDIA_SCHEME, _ITUNES_SCHEME = "http://search.yahoo.com/mrss/category_schema", "http://www.itunes.com/"
_REFERENCE = re.compile("&([A-Za-z0-9_]+);")


def _link(work: Work, given: Given) -> None:
    rel = given.get("rel", "alternate")
    kind = given.get("type", "application/atom+xml" if rel == "self" else "text/html")
    href = given.get("url", given.get("uri", given.get("href"))) or given.get("href")
    link = {"rel": rel}
    work.context.setdefault("links", []).append(link)
    if href is None:
        work.collect(_close_link, LEAF)
        return
    link["href"] = joined(work.base, href)
    if rel == "alternate" and TYPES.get(kind, kind) in _HTML:
        work.context["link"] = link["href"]


def _close_link(work: Work, text: str) -> None:
    value = text.strip()
    value = fixed(joined(work.base, value) if value else "")
    if work.entry is not None:
        value = value.replace("&amp;", "&")
    value = _REFERENCE.sub(r"&\1", value)
    work.context["link"] = work.context["links"][-1]["href"] = value


def _identifier(work: Work, given: Given) -> None:
    work.permalink = given.get("ispermalink", "true") == "true"
    work.collect(_close_identifier, LEAF)


def _close_identifier(work: Work, text: str) -> None:
    value = text.strip()
    value = fixed(joined(work.base, value) if value and work.permalink else value)
    work.store("id", value)
    if work.permalink:
        work.context.setdefault("link", value)


def _published(work: Work, _: Given) -> None:
    work.collect(_close_published, LEAF)


def _close_published(work: Work, text: str) -> None:
    work.context["published_parsed"] = moment_of(settled(text))


def _updated(work: Work, _: Given) -> None:
    work.collect(_close_updated, LEAF)


def _close_updated(work: Work, text: str) -> None:
    work.context["updated_parsed"] = moment_of(settled(text))


def _category(work: Work, given: Given) -> None:
    work.add_tag(given.get("term"), given.get("scheme", given.get("domain")), given.get("label"))
    work.collect(_close_category, LEAF)


def _media_category(work: Work, given: Given) -> None:
    _category(work, {"scheme": _MEDIA_SCHEME, **given})


def _itunes_category(work: Work, given: Given) -> None:
    work.add_tag(given.get("text"), _ITUNES_SCHEME, None)
    work.collect(_close_category, LEAF)


def _close_category(work: Work, text: str) -> None:
    value = settled(text)
    tags = work.context.get("tags")
    if value and tags and not tags[-1]["term"]:
        tags[-1]["term"] = value
    elif value:
        work.add_tag(value, None, None)


def _itunes_keywords(work: Work, given: Given) -> None:
    if given:
        work.unsure()
    work.collect(_close_itunes_keywords, LEAF)


def _close_itunes_keywords(work: Work, text: str) -> None:
    for term in settled(text).split(","):
        if term.strip():
            work.add_tag(term.strip(), _ITUNES_SCHEME, None)


def _media_keywords(work: Work, given: Given) -> None:
    if given:
        work.unsure()
    work.collect(_close_media_keywords, LEAF)


def _close_media_keywords(work: Work, text: str) -> None:
    for term in settled(text).split(","):
        if term.strip():
            work.add_tag(term.strip(), None, None)


ADDRESSES: Table = {"link": _link, "guid": _identifier, "id": _identifier}
DATES: Table = {
    **dict.fromkeys(("published", "issued", "pubdate", "dcterms_issued"), _published),
    **dict.fromkeys(("updated", "modified", "lastbuilddate", "dc_date", "dcterms_modified"), _updated),
}
CATEGORIES: Table = {
    "category": _category, "keywords": _category, "dc_subject": _category, "media_category": _media_category,
    "itunes_category": _itunes_category, "itunes_keywords": _itunes_keywords, "media_keywords": _media_keywords,
}  # fmt: skip
