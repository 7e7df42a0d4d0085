"""SAM.gov: contract opportunities and award notices of the United States, through Get Opportunities v2.

It needs a key (CONCORDAT_SAM_API_KEY), which stands in the address of a request and therefore nowhere else: not in a message, not in what
is stored. An ordinary key may ask about ten times a day; requests are counted by UTC day, and when they are used up nothing is asked.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from watcher.errors import FetchError, FetchReason
from watcher.fetch.exchange import Fetched
from watcher.model import Facts, Source, Stage
from watcher.sources.entry import SUMMARY_LIMIT, TITLE_LIMIT, Entry, Hints, Parsed
from watcher.sources.jsondata import Data
from watcher.sources.register import Page, Register, Token, Window, day, walk, with_query, words_of
from watcher.sources.resellers import vendor_behind, with_vendor
from watcher.sources.steps import Ask, Reading, Situation, Steps
from watcher.sources.wanted import Wanted
from watcher.sources.written import Many, Texts, codes
from watcher.text import clean, cut, title_text
from watcher.urls import absolute, host_of

NAME = "SAM.gov"
SETTING = "CONCORDAT_SAM_API_KEY"
PER_PAGE = 1000
_PTYPES = {
    "justification": "u", "presolicitation": "p", "award": "a", "sources_sought": "r", "special_notice": "s", "solicitation": "o",
    "surplus": "g", "combined": "k", "bundle": "i",
}  # fmt: skip
_STAGES: dict[str, Stage] = {
    "award notice": "award", "justification": "award", "solicitation": "tender", "combined synopsis/solicitation": "tender",
    "presolicitation": "planning", "sources sought": "planning", "special notice": "planning",
    "intent to bundle requirements (dod-funded)": "planning",
}  # fmt: skip
SamType = Literal[
    "justification", "presolicitation", "award", "sources_sought", "special_notice", "solicitation", "surplus", "combined", "bundle"
]


class SamSource(Source):
    """Notices whose title, organisation or awardee holds any of `words`, of these types, NAICS codes and of one organisation.

    A lone type, NAICS code or word is searched for by SAM.gov; of several, all notices are read and the rest is passed over.
    """

    kind: Literal["sam"] = "sam"
    url: str = "https://api.sam.gov/opportunities/v2/search"
    words: Texts = ()
    types: Annotated[tuple[SamType, ...], Many] = ()
    naics: Annotated[Texts, codes("[0-9]{2,6}", "a NAICS code of two to six digits, such as 541715")] = ()
    organization: str = ""
    daily_requests: Annotated[int, Field(ge=1, le=1000)] = 8

    @property
    def needs(self) -> tuple[str, ...]:
        """SAM.gov tells nothing without a key."""
        return ("sam_api_key",)


def read(source: SamSource, at: Situation) -> Steps:
    """The notices posted since the last reading, as far as the day's requests go."""
    key = at.credentials.sam_api_key
    if key is None:
        what = f"SAM.gov wants a key: set {SETTING} (sam.gov, Account Details, Public API Key)"
        raise FetchError(FetchReason.BLOCKED, what, permanent=True)
    today = day(at.now)
    used = at.memo.get("used", 0) if at.memo.get("day") == today else 0
    left = source.daily_requests - used
    if left <= 0:
        return Reading(_used_up(source, at.now))
    found = yield from walk(_register(source, key), at, pages=left)
    if found.error is not None and _says_nothing_found(found.error):
        found.error = found.token = None
    if found.error is not None:
        found.error = _explained(found.error, key, at.now)
    return replace(found.reading(), memo={**(found.memo() or at.memo), "day": today, "used": used + found.asked})


def _used_up(source: SamSource, now: datetime) -> Parsed:
    said = f"the {source.daily_requests} requests of this day (UTC) are used up; it is asked again tomorrow, and nothing is left out"
    return Parsed((), NAME, hints=Hints(ttl=_to_midnight(now) / 60), warning=said, sure_ids=True)


def _to_midnight(now: datetime) -> float:
    """Seconds until the next day begins."""
    return (datetime.combine(now.date() + timedelta(days=1), time(0, 1), now.tzinfo) - now).total_seconds()


def _register(source: SamSource, key: SecretStr) -> Register:
    wanted, naics, types = Wanted(source.words), frozenset(source.naics), frozenset(source.types)

    def ask(window: Window, token: Token) -> Ask:
        query: dict[str, Any] = {
            "api_key": key.get_secret_value(), "postedFrom": f"{window.start:%m/%d/%Y}", "postedTo": f"{window.end:%m/%d/%Y}",
            "limit": PER_PAGE, "offset": token if isinstance(token, int) else 0,  # an index of pages, not of rows
        }  # fmt: skip
        alone = {"title": source.words, "ncode": source.naics, "ptype": tuple(_PTYPES[t] for t in source.types)}
        query |= {name: given[0] for name, given in alone.items() if len(given) == 1}
        if source.organization:
            query["organizationName"] = source.organization
        return Ask(with_query(source.url, query), confined=True)

    def page(got: Fetched, token: Token) -> Page:
        answer = Data.of(got.body, NAME)
        notices = answer.each("opportunitiesData")
        number = token if isinstance(token, int) else 0
        read = [(n, e) for n in notices if (e := _entry(n)) is not None]
        kept = [e for n, e in read if _asked_for(n, e, wanted, naics, types)]
        size = answer.number("limit") or PER_PAGE  # it may allow less than was asked for
        more = bool(notices) and (number + 1) * size < (answer.number("totalRecords") or 0)
        return Page(kept, number + 1 if more else None, len(notices) - len(read), len(read) - len(kept))

    advice = "look at `words`, `types`, `naics` and `organization` of this source"
    return Register(NAME, ask, page, advice, first=timedelta(days=1), overlap=timedelta(hours=12), pause=0.5)


def _asked_for(notice: Data, entry: Entry, wanted: Wanted, naics: frozenset[str], types: frozenset[str]) -> bool:
    codes = {notice.text("naicsCode"), *notice.words("naicsCodes")}
    if len(naics) > 1 and not any(code.startswith(n) for code in codes for n in naics):
        return False
    if len(types) > 1 and _type_of(notice.text("type")) not in types:
        return False
    return wanted.within(entry.title, entry.facts.buyer or "", entry.facts.supplier or "")


def _type_of(name: str) -> str:
    """The name of a notice's type in our files."""
    plain = name.casefold()
    known = (("combined", "combined"), ("award", "award"), ("justif", "justification"), ("presol", "presolicitation"),
             ("sources", "sources_sought"), ("special", "special_notice"), ("solicit", "solicitation"), ("surplus", "surplus"),
             ("bundle", "bundle"))  # fmt: skip
    return next((ours for part, ours in known if part in plain), "")


def _entry(notice: Data) -> Entry | None:
    key, title = clean(notice.text("noticeId"), 200), title_text(notice.text("title"), TITLE_LIMIT)
    if not key or not title:
        return None
    kind = title_text(notice.text("type"), 80)
    buyer = ", ".join(part.strip() for part in title_text(notice.text("fullParentPathName"), 400).split(".")[:3] if part.strip())
    award = notice.get("award")
    supplier, amount = title_text(award.text("awardee", "name"), 300), award.number("amount")
    number = title_text(award.text("number"), 100)
    vendor = vendor_behind(supplier, title)
    stage, until = _STAGES.get(kind.casefold()), notice.moment("responseDeadLine")
    said = [
        f"{kind} by {buyer}" if buyer else kind, f"awarded to {with_vendor(supplier, vendor)}" if supplier else "",
        f"{amount:,.0f} USD" if amount else "", f"award {number}" if number else "",
        _labelled("solicitation", notice.text("solicitationNumber")), _labelled("NAICS", notice.text("naicsCode")),
        _labelled("responses until", notice.text("responseDeadLine")), _labelled("set aside:", notice.text("typeOfSetAsideDescription")),
    ]  # fmt: skip
    return Entry(
        entry_id=key,
        url=_page_of(notice, key),
        title=title,
        summary=cut(", ".join(s for s in said if s) + ".", SUMMARY_LIMIT),
        published=notice.moment("postedDate"),
        lang="en",
        tags=(kind,) if kind else (),
        facts=Facts(
            amount=amount or None, currency="USD" if amount else None, buyer=buyer or None, supplier=supplier or None,
            vendor=vendor, award_id=number or None, stage=stage, deadline=until.isoformat() if stage == "tender" and until else None,
        ),
    )  # fmt: skip


def _labelled(label: str, text: str) -> str:
    return f"{label} {shown}" if (shown := title_text(text, 120)) else ""


def _page_of(notice: Data, key: str) -> str:
    """The page for people; the other addresses of a notice want the key, and are not kept."""
    given = absolute(notice.text("uiLink"), "").partition("?")[0]
    ours = host_of(given) == "sam.gov" or host_of(given).endswith(".sam.gov")
    return given if ours else f"https://sam.gov/opp/{key}/view" if key.isalnum() else ""


def _says_nothing_found(error: FetchError) -> bool:
    """404 is how SAM.gov says that no notice is there, with a word of its own; without one the address is wrong."""
    said = words_of(error).casefold()
    return error.status == 404 and bool(said) and not _about_the_key(said)


def _about_the_key(said: str) -> bool:
    return "api_key" in said or "api key" in said


def _explained(error: FetchError, key: SecretStr, now: datetime) -> FetchError:
    """Bad keys and used-up days in words of ours; the key itself out of whatever SAM.gov repeats."""
    said = words_of(error).casefold()
    if error.status in {401, 403} or _about_the_key(said):
        what = f"SAM.gov does not take the key in {SETTING}; make a new one under Account Details on sam.gov (a key lasts 90 days)"
        return FetchError(FetchReason.BLOCKED, what, permanent=True, status=error.status)
    if error.status == 429:
        wait = error.retry_after or (_to_midnight(now) if "quota" in said or "throttled" in said else None)
        what = f"SAM.gov allows this key no more requests now (HTTP 429); set `daily_requests` lower where several sources share {SETTING}"
        return FetchError(error.reason, what, retry_after=wait, status=429)
    return error.retold(str(error).replace(key.get_secret_value(), "***"))
