"""USAspending: contracts, grants and other awards of the United States, through its search API v2. No key, no stated quota.

An award is one record that its agency changes for years. It is a new entry each time the sum obligated moves by about a tenth, so that a
rise is news and a corrected cent is not: the first two digits of the sum are part of the entry's id.

Defence contracts are shown ninety days late, under their old dates. Therefore all that changed within LATE is listed again once a day, and
what turns up in it belatedly is given without a date: the register does not say when it made it public.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

from pydantic import Field, field_validator, model_validator

from watcher.fetch.exchange import Fetched
from watcher.model import Facts, Source, Stage
from watcher.sources.entry import SUMMARY_LIMIT, TITLE_LIMIT, Entry
from watcher.sources.jsondata import Data
from watcher.sources.register import Page, Register, Token, Window, day, walk
from watcher.sources.resellers import vendor_behind, with_vendor
from watcher.sources.steps import Ask, Situation, Steps
from watcher.sources.written import Many, Texts
from watcher.text import clean, cut, title_text, visible

NAME = "USAspending"
PER_PAGE = 100
LATE = timedelta(days=100)
PROMPT = timedelta(days=2)  # a change shown later than this was shown late
AMENDED = timedelta(days=60)  # a change so long after the award is one of the award, not its registration
GROUPS: dict[str, tuple[str, ...]] = {  # one group a request: the interface refuses a mixture
    "contracts": ("A", "B", "C", "D"),
    "idvs": ("IDV_A", "IDV_B", "IDV_B_A", "IDV_B_B", "IDV_B_C", "IDV_C", "IDV_D", "IDV_E"),
    "grants": ("02", "03", "04", "05"),
    "direct_payments": ("06", "10"),
    "loans": ("07", "08"),
    "other": ("09", "11"),
}
_FIELDS = (
    "Award ID", "Recipient Name", "Start Date", "End Date", "Awarding Agency", "Awarding Sub Agency", "Contract Award Type", "Award Type",
    "Description", "Last Modified Date", "Base Obligation Date", "generated_internal_id",
)  # fmt: skip
Group = Literal["contracts", "idvs", "grants", "direct_payments", "loans", "other"]
_SITE = "https://www.usaspending.gov/award/"


class USAspendingSource(Source):
    """Awards that hold any of `keywords`, of these agencies (awarding, by full name), to these recipients, from `min_amount` dollars on."""

    kind: Literal["usaspending"] = "usaspending"
    url: str = "https://api.usaspending.gov/api/v2/search/spending_by_award/"
    keywords: Texts = ()
    agencies: Texts = ()
    recipients: Texts = ()
    min_amount: float | None = Field(None, ge=0)
    awards: Annotated[tuple[Group, ...], Many] = ("contracts",)

    @field_validator("keywords")
    @classmethod
    def _long_enough(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        short = next((w for w in words if len(w.strip()) < 3), None)
        if short is not None:
            raise ValueError(f"USAspending searches for three letters or more; write {short!r} out, such as artificial intelligence")
        return words

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not (self.keywords or self.agencies or self.recipients):
            raise ValueError("write keywords, agencies or recipients; everything the United States spend is too much to read")
        if not self.awards:
            raise ValueError(f"awards is empty; write some of {', '.join(GROUPS)}, or leave it out for contracts")
        return self


def read(source: USAspendingSource, at: Situation) -> Steps:
    """The awards changed since the last reading; once a day, and at first, all of the last hundred days."""
    today, whole = f"{at.now:%Y-%m-%d}", at.memo.get("whole")
    going_on = at.memo.get("next") is not None
    deep = bool(at.memo.get("deep")) if going_on else whole != today
    late = at.now - PROMPT if whole else None  # before all was seen once, old dates are simply old

    def ask(window: Window, token: Token) -> Ask:
        group, page = _place(token, len(source.awards))
        body = json.dumps(_body(source, source.awards[group], window, page)).encode()
        return Ask(source.url, headers={"content-type": "application/json"}, body=body)

    def page(got: Fetched, token: Token) -> Page:
        group, number = _place(token, len(source.awards))
        answer = Data.of(got.body, NAME)
        results = answer.each("results")
        entries = [e for e in (_entry(r, source.awards[group], late) for r in results) if e is not None]
        more = [group, number + 1] if answer.flag("page_metadata", "hasNext") else [group + 1, 1]
        return Page(entries, more if more[0] < len(source.awards) else None, len(results) - len(entries))

    advice = "look at `keywords`, `agencies` (full names such as Department of Defense), `recipients` and `min_amount` of this source"
    register = Register(NAME, ask, page, advice, first=LATE, overlap=timedelta(days=3), first_pages=10, pause=0.5)
    found = yield from walk(register, at, start=at.now - LATE if deep else None)
    reached = found.memo() or at.memo
    return replace(found.reading(), memo={**reached, "deep": deep, "whole": today if deep and found.complete else whole})


def _place(token: Token, groups: int) -> tuple[int, int]:
    """Which group of awards, and which page of it, counting from 1."""
    if isinstance(token, list) and len(token) == 2 and all(isinstance(n, int) for n in token) and 0 <= token[0] < groups:
        return token[0], max(token[1], 1)
    return 0, 1


def _body(source: USAspendingSource, group: str, window: Window, page: int) -> dict[str, Any]:
    period = {"start_date": day(window.start), "end_date": day(window.end), "date_type": "last_modified_date"}
    filters: dict[str, Any] = {"award_type_codes": GROUPS[group], "time_period": [period]}
    if source.keywords:
        filters["keywords"] = source.keywords
    if source.agencies:
        filters["agencies"] = [{"type": "awarding", "tier": "toptier", "name": name} for name in source.agencies]
    if source.recipients:
        filters["recipient_search_text"] = source.recipients
    if source.min_amount is not None:
        filters["award_amounts"] = [{"lower_bound": source.min_amount}]
    return {
        "filters": filters, "fields": [*_FIELDS, _amount_field(group)], "limit": PER_PAGE, "page": page, "sort": "Last Modified Date",
        "order": "desc", "subawards": False,
    }  # fmt: skip


def _amount_field(group: str) -> str:
    return "Loan Value" if group == "loans" else "Award Amount"


def _entry(award: Data, group: str, late: datetime | None) -> Entry | None:
    key = clean(award.text("generated_internal_id"), 300)
    recipient, description = title_text(award.text("Recipient Name"), 200), visible(award.text("Description"), SUMMARY_LIMIT)
    number = title_text(award.text("Award ID"), 100)
    if not key or not (recipient or description):
        return None
    amount = award.number(_amount_field(group))
    signed, changed = award.moment("Base Obligation Date"), award.moment("Last Modified Date")
    stage: Stage = "amended" if signed and changed and changed - signed > AMENDED else "award"
    buyer = _agency(award)
    kind = title_text(award.text("Contract Award Type") or award.text("Award Type"), 100)
    vendor = vendor_behind(recipient, description)
    head = [
        f"{buyer}: {kind or group} {number}".strip(" :"), f"{amount:,.0f} USD obligated" if amount is not None else "",
        f"to {with_vendor(recipient, vendor)}" if recipient else "",
        f"signed {day(signed)}" if signed else "", f"changed {day(changed)}" if changed else "",
    ]  # fmt: skip
    what = title_text(description, 300) or f"{kind or group} {number}"
    return Entry(
        entry_id=f"{key} {amount:.1e}" if amount is not None else key,
        url=_SITE + quote(key, safe=""),
        title=cut(f"{recipient}: {what}" if recipient else what, TITLE_LIMIT),
        summary=cut(", ".join(h for h in head if h) + f".\n{description}", SUMMARY_LIMIT),
        published=None if late and changed and changed < late else changed,
        lang="en",
        facts=Facts(
            amount=amount, currency="USD" if amount is not None else None, buyer=buyer or None, supplier=recipient or None,
            vendor=vendor, award_id=number or None, stage=stage,
        ),
    )  # fmt: skip


def _agency(award: Data) -> str:
    top, sub = (title_text(award.text(name), 200) for name in ("Awarding Agency", "Awarding Sub Agency"))
    return f"{top} ({sub})" if top and sub and top != sub else top or sub
