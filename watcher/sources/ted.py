"""TED: notices of public buyers in the European Union and the European Economic Area, through its search API v3. Anonymous.

Dates and order stand inside the query. Values are maps of languages: of title and text the English is taken where there is one, else that
of the notice itself; where the two then differ in language the entry has none, so that rules take the words of every language in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

from pydantic import model_validator

from watcher.errors import FetchError, FetchReason
from watcher.fetch.exchange import Fetched
from watcher.model import Facts, Source, Stage
from watcher.sources.entry import SUMMARY_LIMIT, TITLE_LIMIT, Entry
from watcher.sources.jsondata import Data
from watcher.sources.register import LONGEST_TOKEN, Page, Register, Token, Window, currency_of, walk
from watcher.sources.resellers import vendor_behind, with_vendor
from watcher.sources.steps import Ask, Situation, Steps
from watcher.sources.written import Texts, codes
from watcher.text import cut, title_text, visible

NAME = "TED"
PER_PAGE = 250  # of at most 10,000 values of fields
FIELDS = (
    "publication-number", "publication-date", "notice-title", "notice-type", "buyer-name", "buyer-country", "classification-cpv",
    "estimated-value-proc", "estimated-value-cur-proc", "total-value", "total-value-cur", "winner-name", "deadline-receipt-request",
    "description-proc",
)  # fmt: skip
_STAGES: tuple[tuple[str, Stage], ...] = (  # by the beginning of a notice's type
    ("can-modif", "amended"), ("can", "award"), ("veat", "award"), ("cn", "tender"), ("subco", "tender"), ("qu-sy", "tender"),
    ("pin", "planning"), ("pmc", "planning"), ("compl", "ended"),
)  # fmt: skip
_LANGUAGES = {
    "bul": "bg", "ces": "cs", "dan": "da", "deu": "de", "ell": "el", "eng": "en", "est": "et", "fin": "fi", "fra": "fr", "gle": "ga",
    "hrv": "hr", "hun": "hu", "isl": "is", "ita": "it", "lav": "lv", "lit": "lt", "mlt": "mt", "nld": "nl", "nor": "no", "pol": "pl",
    "por": "pt", "ron": "ro", "slk": "sk", "slv": "sl", "spa": "es", "swe": "sv",
}  # fmt: skip
_OWN = re.compile(r"\b(sort\s+by|publication-date|PD)\b", re.IGNORECASE)


class TedSource(Source):
    """Notices that hold any of `words`, of any of these CPV codes, bought in these countries; or what an expert `query` finds."""

    kind: Literal["ted"] = "ted"
    url: str = "https://api.ted.europa.eu/v3/notices/search"
    query: str = ""
    words: Texts = ()
    cpv: Annotated[Texts, codes("[0-9]{8}", "a CPV code of eight digits, such as 30211100")] = ()
    countries: Annotated[Texts, codes("[A-Z]{3}", "the three-letter code of a country, such as DEU")] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        asked = bool(self.words or self.cpv or self.countries)
        if bool(self.query) == asked:
            raise ValueError("write either query, or some of words, cpv (eight digits, such as 30211100) and countries (such as DEU)")
        own = _OWN.search(self.query)
        if own:
            raise ValueError(f"leave {own[1]!r} out of query; dates and order are added")
        return self

    @property
    def expert(self) -> str:
        """What is asked for, without dates, in TED's query language."""
        if self.query:
            return f"({self.query})"
        parts = (
            _any(f'FT ~ "{_phrase(word)}"' for word in self.words),
            _any(f"classification-cpv = {code}" for code in self.cpv),
            _any(f"buyer-country = {country}" for country in self.countries),
        )
        return " AND ".join(p for p in parts if p)


def _any(parts: Iterable[str]) -> str:
    joined = " OR ".join(parts)
    return f"({joined})" if joined else ""


def _phrase(word: str) -> str:
    """A phrase between quotes, which it can not end by itself."""
    return " ".join(re.sub(r'["\\]', " ", word).split())


def read(source: TedSource, at: Situation) -> Steps:
    """The notices published since the last reading, the newest first."""

    def ask(window: Window, token: Token) -> Ask:
        start, end = f"{window.start:%Y%m%d}", f"{window.end + timedelta(days=1):%Y%m%d}"  # its days end before ours
        body: dict[str, Any] = {
            "query": f"{source.expert} AND publication-date = ({start} <> {end}) SORT BY publication-date DESC",
            "fields": FIELDS, "limit": PER_PAGE, "scope": "ALL", "paginationMode": "ITERATION", "checkQuerySyntax": False,
        }  # fmt: skip
        if token is not None:
            body["iterationNextToken"] = token
        return Ask(source.url, headers={"content-type": "application/json"}, body=json.dumps(body).encode())

    found = yield from walk(Register(NAME, ask, _page, "look at `query`, or `words`, `cpv` and `countries` of this source"), at)
    return found.reading()


def _page(got: Fetched, _: Token) -> Page:
    answer = Data.of(got.body, NAME)
    if answer.flag("timedOut"):
        raise FetchError(FetchReason.TIMEOUT, "TED's own search took too long; ask for fewer words at once if this lasts")
    notices = answer.each("notices")
    entries = [e for e in map(_entry, notices) if e is not None]
    token = answer.text("iterationNextToken") if notices else ""  # it gives a token after the last page too
    if len(token) > LONGEST_TOKEN:
        raise FetchError(FetchReason.UNREADABLE, "TED's token for the next page is longer than any")
    return Page(entries, token or None, len(notices) - len(entries))


def _entry(notice: Data) -> Entry | None:
    number = title_text(notice.text("publication-number"), 100)
    title, title_lang = _spoken(notice.get("notice-title"))
    about, lang = _spoken(notice.get("description-proc"))
    if not number or not (title or about):
        return None
    facts = _facts(notice, number, f"{title} {about}")
    until = _until(notice)
    cpv = list(dict.fromkeys(_texts(notice.get("classification-cpv"))))[:6]
    said = [
        facts.buyer or "", f"→ {with_vendor(facts.supplier, facts.vendor)}" if facts.supplier else "",
        f"{facts.amount:,.0f} {facts.currency or ''}".strip() if facts.amount else "",
        f"⏱ {until:%Y-%m-%d}" if until and facts.stage == "tender" else "",
        title_text(" ".join(["CPV", *cpv]), 100) if cpv else "",
    ]  # fmt: skip
    spoken = {code for text, code in ((title, title_lang), (about, lang)) if text}
    return Entry(
        entry_id=number,
        url=f"https://ted.europa.eu/en/notice/-/detail/{quote(number, safe='')}",
        title=title_text(title, TITLE_LIMIT) or cut(title_text(about, TITLE_LIMIT), 160),
        summary=cut("\n".join(x for x in (" · ".join(s for s in said if s), visible(about, SUMMARY_LIMIT)) if x), SUMMARY_LIMIT),
        published=notice.moment("publication-date"),
        lang=spoken.pop() if len(spoken) == 1 else "",
        tags=tuple(t for tag in (notice.text("notice-type"), *_texts(notice.get("buyer-country"))[:3]) if (t := title_text(tag, 80))),
        facts=facts,
    )


def _facts(notice: Data, number: str, text: str) -> Facts:
    kind = notice.text("notice-type").casefold()
    stage = next((stage for start, stage in _STAGES if kind.startswith(start)), None)
    until = _until(notice) if stage == "tender" else None
    amount, currency = _amount(notice, "total-value", "total-value-cur")
    if amount is None:
        amount, currency = _amount(notice, "estimated-value-proc", "estimated-value-cur-proc")
    suppliers = dict.fromkeys(_names(notice.get("winner-name")))
    supplier = ", ".join(suppliers) or None
    return Facts(
        amount=amount, currency=currency, buyer=", ".join(dict.fromkeys(_names(notice.get("buyer-name")))) or None, supplier=supplier,
        vendor=vendor_behind(supplier or "", text), award_id=number if stage in {"award", "amended"} else None, stage=stage,
        deadline=until.isoformat() if until else None,
    )  # fmt: skip


def _until(notice: Data) -> datetime | None:
    return notice.moment("deadline-receipt-request") or notice.moment("deadline-receipt-request", 0)


def _amount(notice: Data, value: str, currency: str) -> tuple[float | None, str | None]:
    """The value of the notice; the largest where it states several in one currency (the whole and its lots), none in several."""
    found = notice.get(value)
    numbers = [n for d in ([found, *found.each()]) if (n := d.number()) is not None]
    codes = {code for text in _texts(notice.get(currency)) if (code := currency_of(text))}
    return (max(numbers), codes.pop() if codes else None) if numbers and len(codes) <= 1 else (None, None)


def _spoken(value: Data) -> tuple[str, str]:
    """A text and the code of its language: the English one where there is one, else the first with a language that we know."""
    if not isinstance(value.value, dict):
        return " ".join(_texts(value)), ""
    texts = {code: text for code in value.value if isinstance(code, str) and (text := "\n".join(dict.fromkeys(_texts(value.get(code)))))}
    if not texts:
        return "", ""
    code = next((c for c in ("eng", *texts) if c in texts and c.lower() in _LANGUAGES), next(iter(texts)))
    return texts[code], _LANGUAGES.get(code.lower(), "")


def _names(value: Data) -> list[str]:
    """Names, in English where a map of languages has them, else in the first language that it has."""
    if isinstance(value.value, dict):
        value = value.get("eng") or next((v for c in value.value if (v := value.get(str(c)))), Data())
    return [name for text in _texts(value) if (name := title_text(text, 300))]


def _texts(value: Data) -> list[str]:
    """The texts of a value that may be one text or a list of them."""
    return [text for d in (value.each() or [value]) if (text := d.text().strip())]
