"""Registers of the United States: what their notices become, page by page, and what their errors say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr, ValidationError

from tests.fakes.register import page, redirect, refused
from tests.fakes.registers import FederalRegister, Sam, USAspending
from tests.watcher.reading import NOW, Reader, source_of
from watcher.errors import FetchReason
from watcher.model import Facts, Source
from watcher.sources.steps import Credentials

KEY = "k3y-that-nobody-may-see"
TODAY, YESTERDAY = f"{NOW:%Y-%m-%d}", f"{NOW - timedelta(days=1):%Y-%m-%d}"


def days_ago(days: int) -> str:
    """A day before the one on which tests read."""
    return f"{NOW - timedelta(days=days):%Y-%m-%d}"


@pytest_asyncio.fixture
async def reader() -> AsyncIterator[Reader]:
    """A reader with a key for SAM.gov."""
    async with Reader(Credentials(sam_api_key=SecretStr(KEY))) as reader:
        yield reader


# --- Federal Register ---------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def federal() -> AsyncIterator[FederalRegister]:
    """The Federal Register."""
    async with FederalRegister() as register:
        yield register


def documents(federal: FederalRegister, **keys: Any) -> Source:
    """The source of these keys, at the fake."""
    return source_of("federal_register", url=federal.url, **keys)


async def test_a_document_is_an_item(federal: FederalRegister, reader: Reader) -> None:
    """Title, agencies, type and abstract as text, the page for people, the day of publication."""
    agencies = {"energy-department": "Energy Department", "commerce-department": "Commerce Department"}
    title, abstract = "Agreement on <em>artificial intelligence</em>", "With OpenAI &amp; others."
    told = federal.publish(title, on=YESTERDAY, abstract=abstract, agencies=agencies)
    (entry,) = await reader.entries(documents(federal, term="artificial intelligence", agencies="energy-department", types=["notice"]))
    assert entry.title == "Agreement on artificial intelligence"
    assert entry.summary == "Notice · Energy Department, Commerce Department\nWith OpenAI & others."
    assert (entry.url, entry.entry_id) == (told["html_url"], told["html_url"])
    assert (entry.published, entry.lang, entry.tags) == (datetime(2026, 11, 23, tzinfo=UTC), "en", ("Notice",))
    assert entry.facts == Facts()


async def test_the_filters_are_asked_for(federal: FederalRegister, reader: Reader) -> None:
    """Only what the operator asks for comes; nothing found, where `results` is missing, is no failure."""
    federal.publish("Sunshine Act meeting", on=TODAY)
    assert await reader.entries(documents(federal, term="supercomputer")) == ()
    federal.publish("A rule", on=TODAY, kind="RULE")
    assert [e.title for e in await reader.entries(documents(federal, types="rule"))] == ["A rule"]


async def test_every_page_is_followed(federal: FederalRegister, reader: Reader) -> None:
    """More documents than a page holds all arrive once, however many share a title; a first reading stops at the newest page."""
    source = documents(federal)
    assert await reader.entries(source) == ()
    for _ in range(250):
        federal.publish("Notice of meeting", on=TODAY)
    found = await reader.entries(source)
    assert len({e.entry_id for e in found}) == len(found) == 250
    assert [r.one("page", "1") for r in federal.requests] == ["1", "1", "2", "3"]
    async with Reader() as fresh:
        assert len(await fresh.entries(source)) == 100


async def test_a_bad_agency_is_named(federal: FederalRegister, reader: Reader) -> None:
    """The register's own words, and where to look."""
    federal.publish("x", on=TODAY)
    error = await reader.error(documents(federal, agencies=["departement-of-energy"]))
    assert str(error) == (
        "Federal Register does not take this request (HTTP 400): agencies: is not a known agency slug; look at `term`, `agencies` "
        "(slugs such as energy-department) and `types` of this source"
    )
    assert error.permanent


async def test_a_page_where_json_should_be_is_told(federal: FederalRegister, reader: Reader) -> None:
    """A bot check answers 200 with HTML: that is a failure, not "no news"."""
    federal.faults.append(page("<!doctype html><p>Checking your browser</p>"))
    error = await reader.error(documents(federal))
    assert (error.reason, "web page" in str(error)) == (FetchReason.NOT_A_FEED, True)


# --- USAspending --------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def spending() -> AsyncIterator[USAspending]:
    """USAspending."""
    async with USAspending() as register:
        yield register


def awards(spending: USAspending, **keys: Any) -> Source:
    """The source of these keys, at the fake."""
    return source_of("usaspending", url=spending.url, **{"keywords": ["ChatGPT", "OpenAI"], **keys})


async def test_an_award_is_an_item_with_its_facts(spending: USAspending, reader: Reader) -> None:
    """Sum, buyer, supplier, whose product it is, number and stage, in fields and in words."""
    spending.award("W9124P26F0001", "CARAHSOFT TECHNOLOGY CORP", "CHATGPT ENTERPRISE LICENSES", 12_345_678.9, changed=YESTERDAY)
    (entry,) = await reader.entries(awards(spending))
    assert entry.title == "CARAHSOFT TECHNOLOGY CORP: CHATGPT ENTERPRISE LICENSES"
    assert entry.summary == (
        "Department of Defense (Department of the Army): DELIVERY ORDER W9124P26F0001, 12,345,679 USD obligated, "
        "to CARAHSOFT TECHNOLOGY CORP (OpenAI), signed 2026-11-23, changed 2026-11-23.\nCHATGPT ENTERPRISE LICENSES"
    )
    assert entry.url == "https://www.usaspending.gov/award/CONT_AWD_W9124P26F0001_9700_-NONE-_-NONE-"
    assert entry.published == datetime(2026, 11, 23, tzinfo=UTC)
    buyer = "Department of Defense (Department of the Army)"
    assert entry.facts == Facts(12_345_678.9, "USD", buyer, "CARAHSOFT TECHNOLOGY CORP", "OpenAI", "W9124P26F0001", "award")


async def test_a_rise_is_a_new_entry_and_a_corrected_cent_is_not(spending: USAspending, reader: Reader) -> None:
    """The same award has the same id until its sum moves by about a tenth; long after its signing it is amended."""
    source = awards(spending)
    ids = []
    for amount in (1_000_000.0, 1_000_000.5, 1_040_000.0, 2_000_000.0):
        spending.award("W1", "OPENAI", "x", amount, changed=TODAY, **{"Base Obligation Date": days_ago(200)})
        (entry,) = await reader.entries(source)
        ids.append(entry.entry_id)
    assert len(set(ids)) == 2
    assert ids[0] == ids[1] == ids[2]
    assert entry.facts.stage == "amended"


async def test_one_group_of_awards_is_asked_for_at_a_time(spending: USAspending, reader: Reader) -> None:
    """Contracts, then grants, each to its last page: the interface refuses a mixture."""
    for n in range(130):
        spending.award(f"C{n}", "OPENAI", "a contract", 10.0 + n, changed=TODAY)
    spending.award("G1", "A university", "Study of ChatGPT", 5e6, changed=TODAY, code="04", generated_internal_id="ASST_NON_G1")
    spending.award("L1", "OpenAI Hardware", "A loan", 0, changed=TODAY, code="07", **{"Loan Value": 9e6, "Award Type": "DIRECT LOAN"})
    found = await reader.entries(awards(spending, awards=["contracts", "grants", "loans"]))
    assert len(found) == 132
    assert [f.amount for e in found[-2:] for f in (e.facts,)] == [5e6, 9e6]
    asked = [(r.body["filters"]["award_type_codes"][0], r.body["page"]) for r in spending.requests]
    assert asked == [("A", 1), ("A", 2), ("02", 1), ("07", 1)]


async def test_all_filters_reach_the_register(spending: USAspending, reader: Reader) -> None:
    """Agencies, recipients and the least sum are asked for as it wants them."""
    spending.award("1", "OPENAI", "ChatGPT", 5e5, changed=TODAY)
    spending.award("2", "OPENAI", "ChatGPT", 5e6, changed=TODAY)
    spending.award("3", "Another", "ChatGPT", 5e6, changed=TODAY)
    spending.award("4", "OPENAI", "ChatGPT", 5e6, changed=TODAY, **{"Awarding Agency": "Department of Energy"})
    found = await reader.entries(awards(spending, min_amount=1e6, recipients="openai", agencies=["Department of Defense"]))
    assert [e.facts.award_id for e in found] == ["2"]


async def test_what_is_shown_late_is_found_and_has_no_date(spending: USAspending, reader: Reader) -> None:
    """Defence contracts appear under a date ninety days old: once a day they are looked for, and they are no old news then."""
    source = awards(spending)
    spending.award("OLD", "OPENAI", "ChatGPT", 1e6, changed=days_ago(80))
    (old,) = await reader.entries(source)
    assert old.published is not None  # it was there before the source was
    spending.award("LATE", "OPENAI", "ChatGPT for the Navy", 2e6, changed=days_ago(90))
    assert await reader.entries(source) == ()  # the second reading of the day looks at the last days only
    reader.now += timedelta(days=1)
    late = {e.facts.award_id: e for e in await reader.entries(source)}["LATE"]
    assert late.published is None
    assert f"changed {days_ago(90)}" in late.summary


async def test_a_refused_filter_is_told(spending: USAspending, reader: Reader) -> None:
    """422 with `detail` becomes one line."""
    spending.faults.append(refused(422, {"detail": "Invalid value in 'filters|agencies|name'"}))
    error = await reader.error(awards(spending))
    said = "USAspending does not take this request (HTTP 422): Invalid value in 'filters|agencies|name'; look at `keywords`"
    assert str(error).startswith(said)


@pytest.mark.parametrize(
    ("keys", "said"),
    [({"keywords": ["AI"]}, "three letters or more"), ({"keywords": []}, "write keywords, agencies or recipients"),
     ({"awards": []}, "awards is empty"), ({"awards": "contract"}, "'contracts'"), ({"min_amount": -1}, "greater than or equal")],
)  # fmt: skip
def test_mistakes_in_a_source_are_told_when_it_is_written(keys: dict[str, Any], said: str) -> None:
    """What the register would refuse is refused in the file, with what to write."""
    with pytest.raises(ValidationError, match=said):
        source_of("usaspending", **{"keywords": ["OpenAI"], **keys})


# --- SAM.gov ------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def sam() -> AsyncIterator[Sam]:
    """SAM.gov, which gives two notices on a page."""
    async with Sam(KEY, quota=100, most=2) as register:
        yield register


def notices(sam: Sam, **keys: Any) -> Source:
    """The source of these keys, at the fake."""
    return source_of("sam", url=sam.url, **keys)


async def test_an_award_notice_is_an_item_with_its_facts(sam: Sam, reader: Reader) -> None:
    """The sum comes as text and becomes a number; the page for people is kept, the addresses that want the key are not."""
    award = {"date": TODAY, "number": "W1", "amount": "2500000.00", "awardee": {"name": "Four Points Technology, L.L.C.", "ueiSAM": "X"}}
    told = sam.publish("Claude for Government seats", on=TODAY, kind="a", award=award, responseDeadLine="2026-12-01T16:00:00-05:00")
    (entry,) = await reader.entries(notices(sam))
    assert (entry.entry_id, entry.title, entry.url) == (told["noticeId"], "Claude for Government seats", told["uiLink"])
    assert entry.summary == (
        "Award Notice by DEPT OF DEFENSE, DEPT OF THE ARMY, AMC, awarded to Four Points Technology, L.L.C. (Anthropic), 2,500,000 USD, "
        "award W1, solicitation SOL-0, NAICS 541715, responses until 2026-12-01T16:00:00-05:00."
    )
    buyer = "DEPT OF DEFENSE, DEPT OF THE ARMY, AMC"
    assert entry.facts == Facts(2.5e6, "USD", buyer, "Four Points Technology, L.L.C.", "Anthropic", "W1", "award")
    assert entry.published == datetime(2026, 11, 24, tzinfo=UTC)
    assert "noticedesc" not in repr(entry)


@pytest.mark.parametrize(("kind", "stage"), [("o", "tender"), ("k", "tender"), ("r", "planning"), ("p", "planning"), ("u", "award")])
async def test_the_type_of_a_notice_is_its_stage(sam: Sam, reader: Reader, kind: str, stage: str) -> None:
    """From a request for information to an award."""
    sam.publish("Supercomputer", on=TODAY, kind=kind)
    (entry,) = await reader.entries(notices(sam))
    assert (entry.facts.stage, entry.facts.amount, entry.facts.supplier) == (stage, None, None)


async def test_pages_are_counted_by_their_index(sam: Sam, reader: Reader) -> None:
    """`offset` is the number of a page, not of a row, and a page may be smaller than what was asked for."""
    source = notices(sam)
    sam.publish("Before", on=TODAY)
    assert len(await reader.entries(source)) == 1
    for n in range(4):
        sam.publish(f"Notice {n}", on=TODAY)
    found = await reader.entries(source)
    assert len({e.entry_id for e in found}) == len(found) == 5
    assert [r.one("offset") for r in sam.requests] == ["0", "0", "1", "2"]


async def test_lone_filters_are_asked_for_and_several_are_applied_here(sam: Sam, reader: Reader) -> None:
    """SAM.gov takes one word, type and code; of more, the notices that hold none are passed over, and that is said."""
    sam.publish("AI assistant", on=TODAY, kind="a")
    sam.publish("Main gate repair", on=TODAY, kind="a")
    one = await reader.entries(notices(sam, words="AI assistant", types="award", naics=541715, organization="army"))
    assert [e.title for e in one] == ["AI assistant"]
    asked = sam.requests[-1]
    assert [asked.one(n) for n in ("title", "ptype", "ncode", "organizationName")] == ["AI assistant", "a", "541715", "army"]
    reading = await reader.read(notices(sam, id="more", words=["AI", "supercomputer"], types=["award", "solicitation"], naics=[5417, 5415]))
    assert [e.title for e in reading.parsed.entries] == ["AI assistant"]
    assert reading.parsed.warning == "1 of 2 notices do not hold the words"


async def test_no_notice_is_no_failure(sam: Sam, reader: Reader) -> None:
    """404 is how SAM.gov says that nothing was posted."""
    reading = await reader.read(notices(sam))
    assert (reading.parsed.entries, reading.memo and reading.memo["since"]) == ((), NOW.isoformat())


async def test_the_requests_of_a_day_are_counted(sam: Sam, reader: Reader) -> None:
    """When they are used up nothing is asked until the day ends; then it goes on where it stood, and misses nothing."""
    source = notices(sam, daily_requests=3)
    await reader.read(source)  # one request, 404
    for n in range(9):
        sam.publish(f"Notice {n}", on=TODAY)
    found = [e for _ in range(3) for e in await reader.entries(source)]
    assert len(sam.requests) == 3
    reading = await reader.read(source)
    assert reading.parsed.warning == "the 3 requests of this day (UTC) are used up; it is asked again tomorrow, and nothing is left out"
    assert 60 < (reading.parsed.hints.ttl or 0) < 24 * 60
    reader.now += timedelta(days=1)
    found += await reader.entries(source)
    assert {e.title for e in found} == {f"Notice {n}" for n in range(9)}
    assert len(sam.requests) == 6


async def test_failed_requests_count_too(sam: Sam, reader: Reader) -> None:
    """SAM.gov counts what it answers with an error as well."""
    source = notices(sam, daily_requests=2)
    sam.faults += [refused(500), refused(500)]
    await reader.error(source)
    await reader.error(source)
    assert "used up" in (await reader.read(source)).parsed.warning
    assert len(sam.requests) == 2


@pytest.mark.parametrize(
    ("fault", "reason", "said"),
    [
        (refused(404, "No api_key was supplied"), FetchReason.BLOCKED, "does not take the key in CONCORDAT_SAM_API_KEY"),
        (refused(403, {"error": {"message": "An invalid api_key was supplied"}}), FetchReason.BLOCKED, "make a new one"),
        (refused(400, "Date range must be 1 year(s) apart"), FetchReason.HTTP, "(HTTP 400): Date range must be 1 year(s) apart; look at"),
        (refused(400, f"Bad request /search?api_key={KEY}&limit=0"), FetchReason.BLOCKED, "does not take the key"),
        (refused(400, f"What is {KEY}?"), FetchReason.HTTP, "What is ***?"),
        (refused(429, {"message": "Message throttled out", "description": "quota"}), FetchReason.RATE_LIMITED, "no more requests now"),
        (page("<p>Not found</p>", 404), FetchReason.NOT_FOUND, "does not take this request (HTTP 404); look at"),
    ],
)
async def test_errors_of_sam_say_what_to_do(sam: Sam, reader: Reader, fault: Any, reason: FetchReason, said: str) -> None:
    """A bad key, a bad parameter, a used-up key: each in a line of its own, and the key in none of them."""
    sam.faults.append(fault)
    error = await reader.error(notices(sam))
    assert error.reason is reason
    assert said in str(error)
    assert KEY not in str(error)
    assert (error.retry_after or 0) > 3600 if reason is FetchReason.RATE_LIMITED else error.retry_after is None


async def test_without_a_key_the_setting_is_named(sam: Sam) -> None:
    """Nothing is asked, and the operator learns what to set."""
    async with Reader() as keyless:
        error = await keyless.error(notices(sam))
    assert (error.reason, error.permanent, sam.requests) == (FetchReason.BLOCKED, True, [])
    assert "set CONCORDAT_SAM_API_KEY" in str(error)


async def test_the_key_is_kept_nowhere(sam: Sam, reader: Reader) -> None:
    """Not in an entry, in what is remembered, or in the address of a source; a link with the key in it is not believed."""
    source = notices(sam)
    sam.publish("x", on=TODAY, uiLink=f"https://sam.gov/opp/1/view?api_key={KEY}")
    sam.publish("y", on=TODAY, uiLink=f"https://evil.example/{KEY}")
    reading = await reader.read(source)
    assert KEY not in repr(reading)
    assert KEY not in json.dumps(dict(reader.state(source).memo or {})) + source.address
    assert [e.url for e in reading.parsed.entries] == ["https://sam.gov/opp/1/view", f"https://sam.gov/opp/{2:032x}/view"]


async def test_the_key_leaves_for_nowhere(sam: Sam, federal: FederalRegister, reader: Reader) -> None:
    """A redirect to another host is not followed, for the key stands in the address."""
    sam.faults.append(redirect(f"{federal.url}?stolen=1"))
    error = await reader.error(notices(sam))
    assert federal.requests == []
    assert KEY not in str(error)
