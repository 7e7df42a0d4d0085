"""Registers of the United Kingdom and the European Union: what their notices become, page by page, and what their errors say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from pydantic import ValidationError

from tests.fakes.register import refused
from tests.fakes.tenders import ContractsFinder, FindATender, Ocds, Ted
from tests.watcher.reading import NOW, Reader, source_of
from watcher.errors import FetchReason
from watcher.fetch.exchange import Fetched
from watcher.model import Facts, Source
from watcher.sources import find_a_tender
from watcher.sources.jsondata import Data
from watcher.sources.ocds import SPACING, entry
from watcher.sources.steps import Ask, Situation, advance

EARLIER = f"{NOW - timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}"
TODAY = f"{NOW:%Y-%m-%d}"


@pytest_asyncio.fixture
async def reader() -> AsyncIterator[Reader]:
    """A reader without credentials."""
    async with Reader() as reader:
        yield reader


# --- OCDS ---------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(params=["find_a_tender", "contracts_finder"])
async def tenders(request: pytest.FixtureRequest) -> AsyncIterator[Ocds]:
    """Either of the two British registers."""
    async with FindATender() if request.param == "find_a_tender" else ContractsFinder() as register:
        yield register


def releases(tenders: Ocds, **keys: Any) -> Source:
    """The source of these keys, at the fake."""
    return source_of("find_a_tender" if isinstance(tenders, FindATender) else "contracts_finder", url=tenders.url, **keys)


def an_award(number: str, amount: float | None, *suppliers: str, currency: str = "GBP", **other: Any) -> dict[str, Any]:
    """An award of a release."""
    value = {"value": {"amount": amount, "currency": currency}} if amount is not None else {}
    return {"id": number, "status": "active", "suppliers": [{"id": s, "name": s} for s in suppliers], **value, **other}


async def test_an_award_is_an_item_with_its_facts(tenders: Ocds, reader: Reader) -> None:
    """Title, essentials, description, the page for people, and the facts in fields."""
    told = tenders.publish(
        "AI assistant for caseworkers", at=EARLIER, tag=["award", "contract"], buyer="Home Office",
        tender={"description": "<p>Licences for ChatGPT Enterprise &amp; support.</p>"},
        awards=[an_award("1", 750_000, "Softcat plc")],
    )  # fmt: skip
    (item,) = await reader.entries(releases(tenders))
    assert (item.title, item.lang, item.entry_id) == ("AI assistant for caseworkers", "en", f"{told['ocid']} {told['id']}")
    about = "Licences for ChatGPT Enterprise & support."
    assert item.summary == f"Contract by Home Office, supplier Softcat plc (OpenAI), 750,000 GBP.\n{about}"
    assert item.published == NOW - timedelta(hours=3)
    assert item.facts == Facts(750_000, "GBP", "Home Office", "Softcat plc", "OpenAI", f"{told['ocid']}/1", "contract")
    assert item.url in {
        "https://www.find-tender.service.gov.uk/Notice/000001-2026",
        "https://www.contractsfinder.service.gov.uk/Notice/df8d0f63-9018-4d89-9008-000000000001",
    }


async def test_words_are_looked_for_here(tenders: Ocds, reader: Reader) -> None:
    """The registers cannot search: notices without the words are passed over, and how many is said."""
    tenders.publish("Platform for ARTIFICIAL INTELLIGENCE", at=EARLIER)
    tenders.publish("Said in Maine: paint", at=EARLIER, tender={"description": "Nothing of that kind"})
    tenders.publish("Data services", at=EARLIER, tender={"items": [{"id": "1", "description": "An AI model"}]})
    reading = await reader.read(releases(tenders, words=["AI", "artificial intelligence"], stages=["tender", "award"]))
    assert [e.title for e in reading.parsed.entries] == ["Platform for ARTIFICIAL INTELLIGENCE", "Data services"]
    assert reading.parsed.warning == "1 of 3 notices do not hold the words"
    assert tenders.requests[0].one("stages") == "tender,award"


async def test_cursors_are_followed_with_a_pause(reader: Reader) -> None:
    """More releases than a page holds arrive once each; the second page is asked for two seconds after the first."""
    async with FindATender() as tenders:
        source = releases(tenders)
        await reader.entries(source)
        for n in range(130):
            tenders.publish(f"Notice {n}", at=f"{NOW + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}")
        found = await reader.entries(source)
        assert len({e.entry_id for e in found}) == len(found) == 130
        assert [bool(r.one("cursor")) for r in tenders.requests] == [False, False, True]


def test_the_next_page_waits_and_stays_at_home() -> None:
    """Two seconds before each further page, and never at another address than the operator's."""
    steps = find_a_tender.read(find_a_tender.FindATenderSource(id="x"), Situation(NOW, first=False))
    first = advance(steps, None)
    body = b'{"releases": [], "links": {"next": "http://127.0.0.1:22/other/path?cursor=abc"}}'
    assert isinstance(first, Ask)
    second = advance(steps, Fetched(first.url, 200, {}, body))
    assert isinstance(second, Ask)
    assert (first.pause, second.pause) == (0.0, SPACING)
    assert second.url == "https://www.find-tender.service.gov.uk/api/1.0/ocdsReleasePackages?cursor=abc"


async def test_retry_after_is_passed_on(tenders: Ocds, reader: Reader) -> None:
    """429 is no loss: the wait that is asked for reaches the manners, and the window is read afterwards."""
    tenders.faults.append(refused(429, "Too many requests", retry_after=120))
    error = await reader.error(releases(tenders))
    assert (error.reason, error.retry_after) == (FetchReason.RATE_LIMITED, 120)
    tenders.publish("Here all the time", at=EARLIER)
    assert len(await reader.entries(releases(tenders))) == 1


async def test_a_bad_request_is_one_line(tenders: Ocds, reader: Reader) -> None:
    """Their plain text, and where to look."""
    error = await reader.error(source_of(releases(tenders).kind, url=f"{tenders.url}?size=500"))
    assert "does not take this request (HTTP 400): Incorrect request [size]; look at `stages` and `url`" in str(error)


@pytest.mark.parametrize(
    ("parts", "facts"),
    [
        ({"awards": [an_award("a", 10, "A"), an_award("b", 5, "B", "A")]}, Facts(15, "GBP", "Buyer", "A, B", None, "o-1", "award")),
        ({"awards": [an_award("o-1-a", 10, "A"), an_award("b", 5, "B", status="cancelled")]},
         Facts(10, "GBP", "Buyer", "A", None, "o-1-a", "award")),
        ({"awards": [an_award("a", 10, "A"), an_award("b", 5, "B", currency="EUR")]},
         Facts(None, None, "Buyer", "A, B", None, "o-1", "award")),
        ({"awards": [an_award("a", None, "A")], "contracts": [{"value": {"amountGross": 8, "currency": "gbp"}}]},
         Facts(8, "GBP", "Buyer", "A", None, "o-1/a", "award")),
        ({"tag": ["tender"], "tender": {"title": "T", "value": {"amount": "99.5", "currency": "GBP"}}},
         Facts(99.5, "GBP", "Buyer", None, None, None, "tender")),
        ({"tag": ["contractAmendment"]}, Facts(None, None, "Buyer", None, None, None, "amended")),
        ({"tag": ["awardUpdate"], "awards": [an_award("a", 0, "A")]}, Facts(0, "GBP", "Buyer", "A", None, "o-1/a", "amended")),
        ({"tag": ["tender", "tenderCancellation"]}, Facts(None, None, "Buyer", None, None, None, "ended")),
        ({"tag": ["planning"], "buyer": {}, "parties": [{"name": "From parties", "roles": ["buyer"]}]},
         Facts(None, None, "From parties", None, None, None, "planning")),
        ({"tag": ["compiled"]}, Facts(None, None, "Buyer", None, None, None, None)),
        ({"awards": [{"id": "a", "suppliers": []}], "parties": [{"name": "Party", "roles": ["supplier"]}]},
         Facts(None, None, "Buyer", "Party", None, "o-1/a", "award")),
    ],
)  # fmt: skip
def test_what_a_release_states(parts: dict[str, Any], facts: Facts) -> None:
    """Several awards: suppliers together, sums of one currency added; what was called off does not count; the tag gives the stage."""
    release = {"ocid": "o-1", "id": "1", "tag": ["award"], "tender": {"title": "T"}, "buyer": {"name": "Buyer"}, **parts}
    read = entry(Data(release), lambda _: "")
    assert read is not None
    assert read.facts == facts


# --- TED ----------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def ted() -> AsyncIterator[Ted]:
    """TED."""
    async with Ted() as register:
        yield register


def found(ted: Ted, **keys: Any) -> Source:
    """The source of these keys, at the fake."""
    return source_of("ted", url=ted.url, **(keys or {"words": ["KI", "artificial intelligence"]}))


async def test_a_notice_is_an_item_with_its_facts(ted: Ted, reader: Reader) -> None:
    """English where there is English; sum, buyer, winner and stage in fields; the page for people."""
    told = ted.publish(
        {"deu": "Deutschland – Software – KI-Assistent", "eng": "Germany – Software – KI-Assistent"}, on=TODAY, kind="can-standard",
        winner_name={"deu": ["Bechtle AG", "Bechtle AG"]}, total_value=["1200000.50"], total_value_cur=["EUR"],
        description_proc={"eng": "Licences for Microsoft Copilot", "deu": "Lizenzen für Microsoft Copilot"},
        buyer_name={"deu": ["Bundesamt"], "eng": ["Federal Office"]},
    )  # fmt: skip
    (item,) = await reader.entries(found(ted))
    number = told["publication-number"]
    assert (item.title, item.lang) == ("Germany – Software – KI-Assistent", "en")
    assert item.summary == "Federal Office · → Bechtle AG (Microsoft) · 1,200,000 EUR · CPV 72000000\nLicences for Microsoft Copilot"
    assert (item.entry_id, item.url) == (number, f"https://ted.europa.eu/en/notice/-/detail/{number}")
    assert item.published == datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert item.facts == Facts(1_200_000.5, "EUR", "Federal Office", "Bechtle AG", "Microsoft", number, "award")
    assert item.tags == ("can-standard", "DEU")


@pytest.mark.parametrize(
    ("title", "about", "shown", "lang"),
    [
        ({"fra": "IA"}, {"fra": ["Assistant"]}, "IA", "fr"),
        ({"deu": "KI", "eng": "AI"}, {"deu": ["Für das KI-Amt"]}, "AI", ""),
        ({"eng": "KI"}, None, "KI", "en"),
        ({"xyz": "KI"}, None, "KI", ""),
        ({"ell": "Τεχνητή νοημοσύνη KI"}, None, "Τεχνητή νοημοσύνη KI", "el"),
        ("KI without a map", None, "KI without a map", ""),
    ],
)  # fmt: skip
async def test_the_language_is_that_of_the_text(ted: Ted, reader: Reader, title: Any, about: Any, shown: str, lang: str) -> None:
    """Title and text in one language: that one. In two, or in one that is not known: none, and rules try all."""
    ted.publish(title, on=TODAY, **({"description_proc": about} if about else {}))
    (item,) = await reader.entries(found(ted, countries=["DEU"]))
    assert (item.title, item.lang) == (shown, lang)


@pytest.mark.parametrize(
    ("kind", "stage"),
    [("cn-standard", "tender"), ("pin-only", "planning"), ("can-social", "award"), ("can-modif", "amended"), ("veat", "award"),
     ("compl", "ended"), ("corr", None)],
)  # fmt: skip
async def test_the_type_of_a_notice_is_its_stage(ted: Ted, reader: Reader, kind: str, stage: str | None) -> None:
    """From the first announcement to the completion; the value thought of counts while there is none agreed."""
    ted.publish({"eng": "KI"}, on=TODAY, kind=kind, estimated_value_proc="500000", estimated_value_cur_proc="EUR")
    (item,) = await reader.entries(found(ted))
    assert (item.facts.stage, item.facts.amount, item.facts.currency) == (stage, 500_000, "EUR")
    assert (item.facts.award_id is not None) is (stage in {"award", "amended"})


async def test_what_is_asked_for_stands_in_the_query(ted: Ted, reader: Reader) -> None:
    """Words, codes and countries become the query, dates and order are added; quotes of a word end nothing."""
    ted.publish({"eng": "KI-Rechner"}, on=TODAY, classification_cpv=["30211100"])
    ted.publish({"eng": "KI-Rechner"}, on=TODAY, classification_cpv=["30211100"], buyer_country=["FRA"])
    ted.publish({"eng": "KI-Rechner"}, on=TODAY)
    hostile = found(ted, id="hostile", words=['KI" OR FT ~ "x'], cpv=30211100, countries=["DEU", "AUT"])
    assert await reader.entries(hostile) == ()
    items = await reader.entries(found(ted, words="ki", cpv=[30211100], countries=["DEU", "AUT"]))
    assert len(items) == 1
    assert ted.requests[-1].body["query"] == (
        '(FT ~ "ki") AND (classification-cpv = 30211100) AND (buyer-country = DEU OR buyer-country = AUT) AND '
        "publication-date = (20261117 <> 20261125) SORT BY publication-date DESC"
    )
    assert len(await reader.entries(found(ted, id="expert", query="buyer-country = FRA OR classification-cpv = 72000000"))) == 2


async def test_iteration_is_followed_to_its_end(ted: Ted, reader: Reader) -> None:
    """More notices than a page holds arrive once each; a first reading stops at the newest page."""
    source = found(ted)
    await reader.entries(source)
    for n in range(260):
        ted.publish({"eng": f"KI {n}"}, on=TODAY)
    items = await reader.entries(source)
    assert len({i.entry_id for i in items}) == len(items) == 260


async def test_a_token_that_ended_costs_nothing(ted: Ted, reader: Reader) -> None:
    """Where the place in a search is forgotten between two readings, the window is read again from its start."""
    source = found(ted)
    await reader.entries(source)
    for n in range(260):
        ted.publish({"eng": f"KI {n}"}, on=TODAY)
    ted.faults += [lambda a: _answer(ted, a), refused(503, retry_after=1)]
    part = await reader.answer(source)
    assert part.error is not None
    assert part.reading is not None
    assert len(part.reading.parsed.entries) == 250
    ted.tokens.clear()
    assert "iteration token" in str(await reader.error(source))
    assert len(await reader.entries(source)) == 260


def _answer(ted: Ted, asked: Any) -> Any:
    return web.json_response(ted.answer(asked))


async def test_errors_of_ted_are_one_line(ted: Ted, reader: Reader) -> None:
    """A query that it cannot read, and a search that took it too long."""
    error = await reader.error(found(ted, query="FT ? broken"))
    assert str(error).startswith("TED does not take this request (HTTP 400): Syntax error near 'FT ? broken")
    assert str(error).endswith("look at `query`, or `words`, `cpv` and `countries` of this source")
    ted.timed_out = True
    assert (await reader.error(found(ted))).reason is FetchReason.TIMEOUT


@pytest.mark.parametrize(
    ("keys", "said"),
    [({}, "write either query"), ({"query": "x", "words": "y"}, "write either query"), ({"cpv": 302}, "eight digits"),
     ({"countries": "DE"}, "such as DEU"), ({"query": "x SORT BY y"}, "leave 'SORT BY' out"),
     ({"query": "PD >= 20260101"}, "leave 'PD' out")],
)  # fmt: skip
def test_mistakes_in_a_source_are_told_when_it_is_written(keys: dict[str, Any], said: str) -> None:
    """What TED would refuse, or what would take its dates away, is refused in the file."""
    with pytest.raises(ValidationError, match=said):
        source_of("ted", **keys)
