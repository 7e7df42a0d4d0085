"""The registers on loopback refuse what the real ones refuse, so that a wrong request cannot pass for a right one."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from tests.fakes.offices import offices
from tests.fakes.tenders import Query

JSON = {"Accept": "application/json"}
FTS = {"updatedFrom": "2026-11-01T00:00:00", "updatedTo": "2026-11-23T00:00:00"}
SAM = {"api_key": "k", "postedFrom": "11/01/2026", "postedTo": "11/23/2026", "limit": "10"}
SPENT: dict[str, Any] = {"filters": {"award_type_codes": ["A"]}, "fields": ["Award ID"]}
FOUND: dict[str, Any] = {"query": "buyer-country = DEU", "fields": ["notice-title"], "limit": 10, "paginationMode": "ITERATION"}


@pytest.mark.parametrize(
    ("register", "query", "status", "said"),
    [
        ("federal", {"conditions[term]": "x"}, 200, "count"), ("federal", {"term": "x"}, 400, "not a valid parameter"),
        ("federal", {"conditions[type][]": "LAW"}, 400, "document type"), ("federal", {"per_page": "5000"}, 400, "errors"),
        ("federal", {"conditions[publication_date][gte]": "23.11.2026"}, 400, "valid date"), ("federal", {"fields[]": "body"}, 400, "body"),
        ("sam", SAM, 404, "No Data found"), ("sam", {**SAM, "api_key": "x"}, 403, "invalid api_key"),
        ("sam", {k: v for k, v in SAM.items() if k != "api_key"}, 404, "No api_key was supplied"),
        ("sam", {**SAM, "postedFrom": "2026-11-01"}, 400, "MM/dd/yyyy"), ("sam", {**SAM, "postedFrom": "11/01/2024"}, 400, "1 year"),
        ("sam", {**SAM, "limit": "1001"}, 400, "0-1000"), ("sam", {**SAM, "keyword": "x"}, 400, "not a valid parameter"),
        ("sam", {"api_key": "k", "limit": "10"}, 400, "mandatory"),
        ("tenders", FTS, 200, "releases"), ("tenders", {**FTS, "limit": "101"}, 400, "Incorrect request"),
        ("tenders", {**FTS, "publishedFrom": "x"}, 400, "publishedFrom"), ("finder", FTS, 400, "updatedFrom"),
        ("tenders", {**FTS, "updatedFrom": "2026-11-01"}, 400, "must be a date"), ("tenders", {**FTS, "stages": "sale"}, 400, "sale"),
    ],
)  # fmt: skip
async def test_registers_that_are_asked_with_a_query(register: str, query: dict[str, str], status: int, said: str) -> None:
    """Unknown parameters, bad values and missing ones get the documented answer."""
    async with offices("k") as world, aiohttp.ClientSession(headers=JSON) as session:
        world.federal.publish("A notice", on="2026-11-23")
        answer = await session.get(getattr(world, register).url, params=query)
        assert (answer.status, said in await answer.text()) == (status, True)


@pytest.mark.parametrize(
    ("register", "body", "status", "said"),
    [
        ("spending", SPENT, 200, "hasNext"), ("spending", {"fields": ["Award ID"]}, 422, "award_type_codes"),
        ("spending", {**SPENT, "filters": {"award_type_codes": ["A", "02"]}}, 422, "one group"),
        ("spending", {**SPENT, "filters": {"award_type_codes": ["A"], "keywords": ["AI"]}}, 422, "keywords"),
        ("spending", {**SPENT, "sort": "Description"}, 422, "Sort value"), ("spending", {**SPENT, "limit": 500}, 422, "limit"),
        ("spending", {**SPENT, "q": 1}, 400, "Unknown"), ("spending", {**SPENT, "fields": []}, 422, "fields"),
        ("ted", FOUND, 200, "iterationNextToken"), ("ted", {**FOUND, "sortField": "ND"}, 400, "Unrecognized field"),
        ("ted", {**FOUND, "fields": ["buyer"]}, 400, "unsupported value (buyer)"), ("ted", {**FOUND, "limit": 251}, 400, "limit"),
        ("ted", {**FOUND, "query": "buyer-country is DEU"}, 400, "QUERY_SYNTAX_ERROR"),
        ("ted", {**FOUND, "iterationNextToken": "old"}, 400, "expired"), ("ted", {**FOUND, "scope": "NEW"}, 400, "scope"),
    ],
)  # fmt: skip
async def test_registers_that_are_asked_with_a_body(register: str, body: dict[str, Any], status: int, said: str) -> None:
    """As above, for those that take JSON."""
    async with offices("k") as world, aiohttp.ClientSession(headers=JSON) as session:
        answer = await session.post(getattr(world, register).url, json=body)
        assert (answer.status, said in await answer.text()) == (status, True)


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ('FT ~ "rechner"', True), ("buyer-country = DEU AND classification-cpv = 1", False),
        ("(buyer-country = DEU OR buyer-country = FRA) AND publication-date = (20261101 <> 20261130)", True),
        ("publication-date = (20261201 <> 20261230) SORT BY publication-date DESC", False),
        ("buyer-country = FRA AND buyer-country = FRA OR buyer-country = DEU", True),
    ],
)  # fmt: skip
def test_queries_of_ted_mean_what_they_say(query: str, holds: bool) -> None:
    """AND binds closer than OR, brackets closer still; days count at both ends."""
    notice = {"notice-title": {"deu": "Rechner"}, "publication-date": "2026-11-23+01:00", "buyer-country": ["DEU"]}
    assert Query(query).holds(notice) is holds


async def test_a_key_has_its_quota() -> None:
    """The eleventh request of a key is refused."""
    async with offices("k") as world, aiohttp.ClientSession(headers=JSON) as session:
        statuses = []
        for _ in range(11):
            async with session.get(world.sam.url, params=SAM) as answer:
                statuses.append(answer.status)
        assert statuses == [404] * 10 + [429]
