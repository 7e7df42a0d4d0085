"""Authors, as feedparser puts them together, and other people, who are passed over. Pure."""

from __future__ import annotations

from watcher.sources.strict.passed import LEAF, idle, unwanted
from watcher.sources.strict.values import settled
from watcher.sources.strict.work import Given, Handler, Table, Work


def _author(work: Work, _: Given) -> None:
    work.author = {}
    work.collect(_close_author, _AUTHOR)


def _close_author(work: Work, text: str) -> None:
    work.store("author", settled(text))
    _take_over(work)


def _part_of_author(name: str) -> Handler:
    def close(work: Work, text: str) -> None:
        if not work.author and "@" in work.context.get("author", ""):
            work.unsure()  # feedparser would look for an address in the author before
        _take_over(work)
        work.author[name] = text.strip()

    def start(work: Work, _: Given) -> None:
        work.collect(close, LEAF)

    return start


def _take_over(work: Work) -> None:
    """The author as known so far, by name, with the address behind it."""
    name, email = work.author.get("name"), work.author.get("email")
    if not work.author:
        before = work.context.get("author")
        if before and "@" not in before:
            work.author["name"] = before
    elif name and email:
        work.context["author"] = f"{name} ({email})"
    elif name or email:
        work.context["author"] = name or email


def people(work: Work, _: Given) -> None:
    """People who are not read."""
    work.table = PEOPLE


PEOPLE: Table = {
    **dict.fromkeys(("name", "email", "uri", "url", "homepage", "itunes_name", "itunes_email"), idle), "": unwanted,
}  # fmt: skip
_AUTHOR: Table = {
    **{f"{space}{name}": _part_of_author(name) for name in ("name", "email") for space in ("", "itunes_")},
    **dict.fromkeys(("uri", "url", "homepage"), _part_of_author("href")), "": unwanted,
}  # fmt: skip
AUTHORS: Table = dict.fromkeys(("author", "managingeditor", "dc_author", "dc_creator", "itunes_author"), _author)
