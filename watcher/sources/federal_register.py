"""The Federal Register of the United States: rules, notices and presidential documents, through its API v1. No key, no stated quota."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from watcher.fetch.exchange import Fetched
from watcher.model import Source
from watcher.sources.entry import SUMMARY_LIMIT, TITLE_LIMIT, Entry
from watcher.sources.jsondata import Data
from watcher.sources.register import Page, Register, Token, Window, at_query, day, next_query, walk, with_query
from watcher.sources.steps import Ask, Situation, Steps
from watcher.sources.written import Many, Texts
from watcher.text import cut, title_text, visible
from watcher.urls import absolute

NAME = "Federal Register"
FIELDS = ("document_number", "title", "type", "subtype", "abstract", "excerpts", "html_url", "publication_date", "agencies")
PER_PAGE = 100
_CODES = {"rule": "RULE", "proposed_rule": "PRORULE", "notice": "NOTICE", "presidential_document": "PRESDOCU"}


class FederalRegisterSource(Source):
    """Documents that hold `term`, of these agencies and types; what is left out is not asked for."""

    kind: Literal["federal_register"] = "federal_register"
    url: str = "https://www.federalregister.gov/api/v1/documents.json"
    term: str = ""
    agencies: Texts = ()
    types: Annotated[tuple[Literal["rule", "proposed_rule", "notice", "presidential_document"], ...], Many] = ()


def read(source: FederalRegisterSource, at: Situation) -> Steps:
    """The documents published since the last reading; the newest on the first."""

    def ask(window: Window, token: Token) -> Ask:
        if token is not None:
            return Ask(at_query(source.url, str(token)))
        query: dict[str, Any] = {
            "conditions[term]": [source.term] if source.term else [],
            "conditions[agencies][]": source.agencies,
            "conditions[type][]": [_CODES[t] for t in source.types],
            "conditions[publication_date][gte]": day(window.start),
            "conditions[publication_date][lte]": day(window.end + timedelta(days=1)),
            "fields[]": FIELDS,
            "order": "newest" if at.first else "oldest",
            "per_page": PER_PAGE,
        }
        return Ask(with_query(source.url, query))

    advice = "look at `term`, `agencies` (slugs such as energy-department) and `types` of this source"
    found = yield from walk(Register(NAME, ask, _page, advice), at)
    return found.reading()


def _page(got: Fetched, _: Token) -> Page:
    answer = Data.of(got.body, NAME)
    documents = answer.each("results")  # absent where nothing was found
    entries = [e for e in map(_entry, documents) if e is not None]
    return Page(entries, next_query(answer.text("next_page_url")), len(documents) - len(entries))


def _entry(document: Data) -> Entry | None:
    url = absolute(document.text("html_url"), "")
    title = title_text(document.text("title"), TITLE_LIMIT)
    if not url or not title:
        return None
    agencies = [name for a in document.each("agencies") if (name := title_text(a.text("name") or a.text("raw_name"), 200))]
    abstract = visible(document.text("abstract") or document.text("excerpts"), SUMMARY_LIMIT)
    head = " · ".join(x for x in (document.text("type"), ", ".join(agencies)) if x)
    return Entry(
        entry_id=url,  # document numbers were used twice before 2016
        url=url,
        title=title,
        summary=cut("\n".join(x for x in (title_text(head, 500), abstract) if x), SUMMARY_LIMIT),
        published=document.moment("publication_date"),
        lang="en",
        author=cut(", ".join(agencies), 200),
        tags=tuple(t for t in (title_text(document.text("type"), 80),) if t),
    )
