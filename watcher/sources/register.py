"""How every register of notices is read: a window of time, page by page, nothing between two readings left out. Pure.

A window reaches from the end of the last one, less an overlap (registers publish late), to now, and never behind the first reading: what
was there before a source was rings nobody. Where its pages are more than one reading may ask for, or an error ends it, the place is
remembered and the next reading goes on from there, in the same window.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from watcher.errors import FetchError, FetchReason
from watcher.fetch.exchange import Fetched
from watcher.sources.entry import Entry, Hints, Parsed
from watcher.sources.jsondata import Data
from watcher.sources.steps import Ask, Reading, Situation
from watcher.text import clean, one_line, visible
from watcher.units import parse_moment

PAGES = 10  # of one reading, where the kind does not say otherwise
LONGEST = timedelta(days=180)  # no outage is longer; interfaces refuse windows of years
LONGEST_TOKEN = 4_000  # characters; what leads to the next page is kept, and shorter everywhere

Token = Any  # what leads to the next page, as it survives in JSON; None: there is none


@dataclass(frozen=True, slots=True)
class Window:
    """The time that a walk is about, both ends in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """One page, read. `dropped` notices could not be used, `passed` did not hold the words that were asked for."""

    entries: list[Entry]
    token: Token = None
    dropped: int = 0
    passed: int = 0


@dataclass(frozen=True, slots=True)
class Register:
    """What is particular to one interface: its name, how a page is asked for and read, and the times that suit it.

    `advice` is what to look at when it does not take a request; `first` is the time that a first reading looks back on, for `first_pages`
    pages at the most; `pause` are seconds between two pages.
    """

    name: str
    ask: Callable[[Window, Token], Ask]
    page: Callable[[Fetched, Token], Page]
    advice: str
    first: timedelta = timedelta(days=7)
    overlap: timedelta = timedelta(days=2)
    pages: int = PAGES
    first_pages: int = 1
    pause: float = 1.0


@dataclass(slots=True)
class Walk:
    """What a walk brought: as `Reading`, once it is over."""

    name: str
    window: Window
    token: Token = None
    entries: list[Entry] = field(default_factory=list)
    dropped: int = 0
    passed: int = 0
    asked: int = 0
    error: FetchError | None = None
    begun: str | None = None  # the moment of the first reading: what is older was there before the source was, and rings nobody
    lost: bool = False  # the place that was remembered cannot be found any more
    notes: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether the window was read to its end."""
        return self.token is None and self.error is None

    def memo(self) -> dict[str, Any]:
        """Where the next reading begins; nothing where this one got nowhere, so that what was known stays."""
        begun = {"begun": self.begun} if self.begun else {}
        if self.complete:
            return {"since": self.window.end.isoformat(), **begun}
        if self.token is None:
            return {"since": self.window.start.isoformat(), **begun} if self.lost else {}
        return {"since": self.window.start.isoformat(), "until": self.window.end.isoformat(), "next": self.token, **begun}

    def reading(self, *, hints: Hints | None = None) -> Reading:
        """The outcome."""
        notes = list(self.notes)
        if self.passed:
            notes.insert(0, f"{self.passed} of {self.passed + len(self.entries)} notices do not hold the words")
        if self.token is not None and self.error is None:
            notes.append("there are more pages, which are read next")
        parsed = Parsed(
            tuple(self.entries), self.name, hints=hints or Hints(), dropped=self.dropped, warning="; ".join(notes), sure_ids=True
        )
        return Reading(parsed, memo=self.memo() or None, error=self.error)


def walk(register: Register, at: Situation, *, pages: int | None = None, start: datetime | None = None) -> Generator[Ask, Fetched, Walk]:
    """Ask for the pages of the window in turn, `pages` at the most; `start` replaces its usual beginning."""
    window, token = _resumed(at.memo) or (Window(start or _start(register, at), at.now), None)
    found = Walk(register.name, window, token, begun=at.now.isoformat() if at.first else at.memo.get("begun"))
    most = register.first_pages if at.first else register.pages
    seen: list[Token] = [token]
    for _ in range(min(most, pages) if pages is not None else most):
        found.asked += 1
        try:
            asked = register.ask(window, found.token)
            headers = {"accept": "application/json", **asked.headers}  # some give XML to whoever would take it
            got = yield replace(asked, headers=headers, pause=register.pause if found.asked > 1 else 0.0)
            page = register.page(got, found.token)
        except FetchError as e:
            found.error = explained(e, register.name, register.advice)
            if token is not None and found.asked == 1 and _place_lost(e):
                found.token, found.lost = None, True  # and the window is begun again, up to now
            return found
        found.entries += page.entries
        found.dropped += page.dropped
        found.passed += page.passed
        found.token = page.token
        if page.token in seen and page.token is not None:
            found.notes.append("its pages lead in a circle, which was left")
            found.token = None
        seen.append(page.token)
        if found.token is None:
            break
    if at.first and register.first_pages == 1:
        found.token = None  # what lies further back was there before this source was
    return found


def _place_lost(error: FetchError) -> bool:
    """Whether a remembered page is not to be had any more: the answer is neither the page nor a request for patience."""
    return error.reason in {FetchReason.HTTP, FetchReason.NOT_FOUND, FetchReason.GONE, FetchReason.UNREADABLE}


def _resumed(memo: Mapping[str, Any]) -> tuple[Window, Token] | None:
    since, until = _moment(memo.get("since")), _moment(memo.get("until"))
    return (Window(since, until), memo["next"]) if since and until and memo.get("next") is not None else None


def _start(register: Register, at: Situation) -> datetime:
    since, begun = _moment(at.memo.get("since")), _moment(at.memo.get("begun"))
    if since is None:
        return at.now - register.first
    start = max(min(since, at.now) - register.overlap, at.now - LONGEST)
    return max(start, begun) if begun is not None and begun <= since else start


def _moment(text: Any) -> datetime | None:
    return parse_moment(text) if isinstance(text, str) else None


def day(moment: datetime) -> str:
    """`2026-11-23`, the form in which most interfaces want days and people read them."""
    return f"{moment:%Y-%m-%d}"


def currency_of(text: str) -> str:
    """The code of a currency (ISO 4217) as it should be written; empty for anything that cannot be one."""
    code = text.strip().upper()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else ""


def with_query(url: str, query: Mapping[str, Any] | list[tuple[str, Any]] | str) -> str:
    """`url` with more query; a list repeats a name, text is added as it is."""
    parts = urlsplit(url)
    more = query if isinstance(query, str) else urlencode(query, doseq=True)
    return urlunsplit(parts._replace(query="&".join(q for q in (parts.query, more) if q), fragment=""))


def next_query(link: str) -> str | None:
    """What to ask the same address for the next page: the query of the link that an interface gave, and nothing else of it.

    A link of another host, or of another path, can so lead nowhere. Raises FetchError for one that no interface would write.
    """
    if not link:
        return None
    try:
        query = urlsplit(link).query
    except ValueError:
        query = ""
    if not query or len(query) > LONGEST_TOKEN or not query.isascii() or not query.isprintable() or " " in query:
        raise FetchError(FetchReason.UNREADABLE, "the link to the next page cannot be followed")
    return query


def at_query(url: str, query: str) -> str:
    """`url` with this query in place of its own."""
    return urlunsplit(urlsplit(url)._replace(query=query, fragment=""))


def explained(error: FetchError, name: str, advice: str) -> FetchError:
    """The error with what the interface said of it, in one line, and what to do."""
    said = words_of(error)
    if error.status in {400, 404, 405, 409, 415, 422}:
        what = f": {said}" if said else ""
        return error.retold(f"{name} does not take this request (HTTP {error.status}){what}; {advice}", permanent=True)
    if not said or error.status is None or error.status >= 500:
        return error
    return error.retold(f"{error}: {said}")


_SAYING = ("message", "msg", "detail", "error_description", "errorMessage", "description", "title", "error", "errors", "messages")


def words_of(error: FetchError) -> str:
    """What an interface wrote with an error, as one short line of visible text; empty when it wrote nothing of use."""
    said = Data.said(error)
    text = _saying(said.value, 3) if said else error.said.decode("utf-8", "replace")
    return one_line(visible(text), 200).rstrip(" .;:")


def _saying(value: Any, depth: int) -> str:
    """The first text that says something, in the shapes that interfaces wrap their errors in."""
    if isinstance(value, str):
        return clean(value)
    if not depth:
        return ""
    if isinstance(value, list):
        return "; ".join(t for v in value[:3] if (t := _saying(v, depth - 1)))
    if not isinstance(value, dict):
        return ""
    named = next((t for key in _SAYING if (t := _saying(value.get(key), depth - 1))), "")
    return named or "; ".join(f"{key}: {t}" for key, v in list(value.items())[:3] if (t := _saying(v, depth - 1)))
