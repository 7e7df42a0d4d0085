"""Notices in the Open Contracting Data Standard (1.1), as Contracts Finder and Find a Tender give them: releases into entries. Pure.

One release is one entry. Where it holds several awards their suppliers are named together, and their sums are added when all are in one
currency; otherwise no sum is stated. Awards that were called off do not count while others stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from watcher.fetch.exchange import Fetched
from watcher.model import Facts, Source, Stage
from watcher.sources.entry import SUMMARY_LIMIT, TITLE_LIMIT, Entry
from watcher.sources.jsondata import Data
from watcher.sources.register import Page, Register, Token, Window, at_query, currency_of, next_query, walk, with_query
from watcher.sources.resellers import vendor_behind, with_vendor
from watcher.sources.steps import Ask, Situation, Steps
from watcher.sources.wanted import Wanted
from watcher.sources.written import Many, Texts
from watcher.text import clean, cut, one_line, title_text, visible

PER_PAGE = 100
OVERLAP = timedelta(hours=3)  # moments are to the second here; this is for late comers, and for an hour of summer time
SPACING = 2.0  # seconds between two pages, with which both services go on answering
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_VOID = frozenset({"cancelled", "unsuccessful", "withdrawn"})
_STAGES: dict[str, Stage] = {  # by tag of the release, the one that says most first
    "tenderCancellation": "ended", "awardCancellation": "ended", "contractTermination": "ended", "contractAmendment": "amended",
    "contractUpdate": "amended", "awardUpdate": "amended", "implementation": "contract", "implementationUpdate": "contract",
    "contract": "contract", "award": "award", "tender": "tender", "tenderAmendment": "tender", "tenderUpdate": "tender",
    "planning": "planning", "planningUpdate": "planning",
}  # fmt: skip


class OcdsSource(Source):
    """Notices that hold any of `words`, of these stages; the services cannot search, so all are read and the rest is passed over."""

    words: Texts = ()
    stages: Annotated[tuple[Literal["planning", "tender", "award", "implementation"], ...], Many] = ()


def releases(
    source: OcdsSource, at: Situation, name: str, between: tuple[str, str], page_of: Callable[[str], str]
) -> Steps:  # fmt: skip
    """The releases since the last reading; `between` are the names of the window's ends, `page_of` gives a release's page for people."""
    wanted = Wanted(source.words)

    def ask(window: Window, token: Token) -> Ask:
        if token is not None:
            return Ask(at_query(source.url, str(token)))
        ends = dict(zip(between, (f"{moment:%Y-%m-%dT%H:%M:%S}" for moment in (window.start, window.end)), strict=True))
        query: Mapping[str, Any] = {**ends, "limit": PER_PAGE, **({"stages": ",".join(source.stages)} if source.stages else {})}
        return Ask(with_query(source.url, query))

    def page(got: Fetched, _: Token) -> Page:
        package = Data.of(got.body, name)
        found = package.each("releases")
        read = [(r, e) for r in found if (e := entry(r, page_of)) is not None]
        kept = [e for r, e in read if wanted.within(e.title, e.summary, e.facts.buyer or "", *_things(r))]
        return Page(kept, next_query(package.text("links", "next")), len(found) - len(read), len(read) - len(kept))

    advice = "look at `stages` and `url` of this source"
    walked = yield from walk(Register(name, ask, page, advice, first=timedelta(days=1), overlap=OVERLAP, pause=SPACING), at)
    return walked.reading()


def entry(release: Data, page_of: Callable[[str], str]) -> Entry | None:
    """A release as an entry; None where it has no id or says nothing."""
    ocid, key = clean(release.text("ocid"), 200), clean(release.text("id"), 200)
    awards = _standing(release.each("awards"))
    title = next((t for t in (title_text(d.text("title"), TITLE_LIMIT) for d in (release.get("tender"), *awards)) if t), "")
    about = next((t for t in (visible(d.text("description"), SUMMARY_LIMIT) for d in (release.get("tender"), *awards)) if t), "")
    if not ocid or not key or not (title or about):
        return None
    facts = _facts(release, ocid, awards, f"{title} {about}")
    return Entry(
        entry_id=f"{ocid} {key}",
        url=page_of(key),
        title=title or cut(one_line(about), 160),
        summary=cut("\n".join(x for x in (_head(release, facts), about) if x), SUMMARY_LIMIT),
        published=release.moment("date"),
        lang=language if _LANGUAGE.fullmatch(language := release.text("language")) else "en",
        facts=facts,
    )


def _standing(awards: Sequence[Data]) -> list[Data]:
    return [a for a in awards if a.text("status") not in _VOID] or list(awards)


def _facts(release: Data, ocid: str, awards: Sequence[Data], text: str) -> Facts:
    supplier = ", ".join(_suppliers(release, awards)) or None
    amount, currency = _amount(release, awards)
    number = title_text(awards[0].text("id"), 100) if len(awards) == 1 else ""
    ocid = title_text(ocid, 100)
    award_id = number if number.startswith(ocid) else f"{ocid}/{number}" if number else ocid if awards else None
    return Facts(
        amount=amount, currency=currency, buyer=_buyer(release) or None, supplier=supplier,
        vendor=vendor_behind(supplier or "", text), award_id=award_id, stage=_stage(release),
        deadline=until.isoformat() if (until := _until(release)) else None,
    )  # fmt: skip


def _until(release: Data) -> datetime | None:
    """The last moment for offers, while they are asked for."""
    return release.moment("tender", "tenderPeriod", "endDate") if _stage(release) == "tender" else None


def _buyer(release: Data) -> str:
    return title_text(release.text("buyer", "name"), 300) or next(iter(_parties(release, "buyer")), "")


def _parties(release: Data, role: str) -> list[str]:
    return [name for p in release.each("parties") if role in p.words("roles") and (name := title_text(p.text("name"), 300))]


def _suppliers(release: Data, awards: Sequence[Data]) -> list[str]:
    named = [title_text(s.text("name"), 300) for award in awards for s in award.each("suppliers")]
    return list(dict.fromkeys(n for n in named if n)) or (_parties(release, "supplier") if awards else [])


def _amount(release: Data, awards: Sequence[Data]) -> tuple[float | None, str | None]:
    """What the awards come to, else their contracts, else what the tender is thought to be worth; nothing in several currencies."""
    for values in ([a.get("value") for a in awards], [c.get("value") for c in release.each("contracts")], [release.get("tender", "value")]):
        sums = [(_sum(v), currency_of(v.text("currency"))) for v in values]
        known = [(amount, currency) for amount, currency in sums if amount is not None]
        if known:
            currencies = {currency for _, currency in known}
            return (sum(a for a, _ in known), currencies.pop() or None) if len(currencies) == 1 else (None, None)
    return None, None


def _sum(value: Data) -> float | None:
    net = value.number("amount")
    return net if net is not None else value.number("amountGross")


def _stage(release: Data) -> Stage | None:
    tags = release.words("tag")
    return next((stage for tag, stage in _STAGES.items() if tag in tags), None)


def _head(release: Data, facts: Facts) -> str:
    """The essentials in a line, from which a reader knows what kind of notice this is."""
    what = {"ended": "called off or ended", "amended": "changed contract"}.get(facts.stage or "", facts.stage or "notice")
    until = _until(release)
    supplier = with_vendor(facts.supplier or "", facts.vendor)
    said = [
        f"{what} by {facts.buyer}" if facts.buyer else what, f"supplier {supplier}" if supplier else "",
        f"{facts.amount:,.0f} {facts.currency or ''}".strip() if facts.amount else "", f"offers until {until:%Y-%m-%d}" if until else "",
    ]  # fmt: skip
    head = ", ".join(s for s in said if s)
    return f"{head[:1].upper()}{head[1:]}."


def _things(release: Data) -> list[str]:
    """Further texts in which the words of an operator may stand."""
    items = [*release.each("tender", "items"), *release.each("tender", "lots")]
    return [t for thing in (*release.each("awards"), *items) for name in ("title", "description") if (t := thing.text(name))]
