"""Titles, summaries and contents, as feedparser chooses among them. Pure.

Which of two titles counts depends on their depth; the second description is the content; content is also the summary where there is
none.
"""

from __future__ import annotations

from watcher.sources.strict.values import settled
from watcher.sources.strict.work import Given, Table, Work


def _title(work: Work, given: Given) -> None:
    work.content(given, "text/plain")
    work.collect(_close_title)


def _close_title(work: Work, text: str) -> None:
    value = settled(text)
    if not -1 < work.title_depth <= work.depth:
        work.store("title", value)
        work.note_language("title")
    if value:
        work.title_depth = work.depth


def _media_title(work: Work, given: Given) -> None:
    work.content(given, "text/plain")
    work.collect(_close_media_title)


def _close_media_title(work: Work, text: str) -> None:
    before = work.title_depth
    _close_title(work, text)
    work.title_depth = before


def _description(work: Work, given: Given) -> None:
    if not _second(work, given):
        work.content(given, "text/html")
        work.collect(_close_description)


def _close_description(work: Work, text: str) -> None:
    if work.entry is not None:
        _close_summary(work, text)


def _summary(work: Work, given: Given) -> None:
    if not _second(work, given):
        work.content(given, "text/plain")
        work.collect(_close_summary)


def _second(work: Work, given: Given) -> bool:
    """The second summary is taken for the content."""
    second = "summary" in work.context and not work.has_content
    if second:
        _content(work, given)
    return second


def _close_summary(work: Work, text: str) -> None:
    work.store("summary", settled(text))
    work.note_language("summary")


def _content(work: Work, given: Given) -> None:
    _content_of(work, given, "text/plain")


def _encoded(work: Work, given: Given) -> None:
    _content_of(work, given, "text/html")


def _content_of(work: Work, given: Given, kind: str) -> None:
    work.has_content = True
    work.content(given, kind)
    work.collect(_close_content)


def _close_content(work: Work, text: str) -> None:
    value = settled(text)
    work.context.setdefault("content", []).append({"value": value})
    work.context.setdefault("summary", value)


def idle_text(work: Work, given: Given) -> None:
    """Content that is not read."""
    work.guard(given, "text/plain")


TEXTS: Table = {
    "title": _title, "dc_title": _title, "media_title": _media_title,
    "description": _description, "dc_description": _description, "media_description": _description,
    "summary": _summary, "itunes_summary": _summary, "content": _content, "content_encoded": _encoded, "fullitem": _encoded,
    **dict.fromkeys(("subtitle", "tagline", "itunes_subtitle", "rights", "copyright", "dc_rights", "info"), idle_text),
    "feedburner_browserfriendly": idle_text,
}  # fmt: skip
