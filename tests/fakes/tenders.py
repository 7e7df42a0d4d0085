"""Registers of tenders on loopback: Contracts Finder and Find a Tender (OCDS release packages) and TED (search API v3).

They are strict: a parameter, a field or a query that the real one refuses gets the error that it documents.
"""

from __future__ import annotations

import base64
import re
from abc import abstractmethod
from typing import Any, ClassVar

from tests.fakes.register import Asked, Refusal, Register, as_date, query_of

STAGES = {"planning", "tender", "award", "implementation"}


class Ocds(Register):
    """Releases by date, a page at a time, with a cursor in the link to the next."""

    BETWEEN: ClassVar[tuple[str, str]]
    PREFIX: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.releases: list[dict[str, Any]] = []

    @abstractmethod
    def release_id(self, number: int) -> str:
        """The id of the n-th release."""

    def publish(self, title: str, *, at: str, tag: list[str] | None = None, buyer: str = "Cabinet Office", **parts: Any) -> dict[str, Any]:
        """Put a release in; `tender` among the parts is merged into its tender."""
        number = len(self.releases) + 1
        tender = {"id": f"T-{number}", "title": title, "status": "active", **parts.pop("tender", {})}
        release = {
            "ocid": f"{self.PREFIX}-{number:06x}", "id": self.release_id(number), "date": at, "tag": tag or ["tender"], "language": "en",
            "initiationType": "tender", "tender": tender, "buyer": {"id": "GB-1", "name": buyer},
            "parties": [{"id": "GB-1", "name": buyer, "roles": ["buyer"]}], **parts,
        }  # fmt: skip
        self.releases.append(release)
        return release

    def answer(self, asked: Asked) -> object:
        """The package asked for; `links.next` where there is more."""
        unknown = set(asked.query) - {*self.BETWEEN, "limit", "stages", "cursor"}
        size = asked.one("limit", "100")
        if unknown or not size.isdecimal() or not 1 <= int(size) <= 100:
            raise Refusal(400, f"Incorrect request [{', '.join(sorted(unknown)) or 'limit must be between 1 and 100'}]")
        start, end = (asked.one(name) for name in self.BETWEEN)
        if any(as_date(text, "%Y-%m-%dT%H:%M:%S") is None for text in (start, end)):
            raise Refusal(400, f"Incorrect request [{self.BETWEEN[0]} must be a date such as 2026-11-23T00:00:00]")
        stages = {s for s in asked.one("stages").split(",") if s}
        if stages - STAGES:
            raise Refusal(400, {"message": f"Incorrect request [unknown stage {', '.join(sorted(stages - STAGES))}]"})
        found = [r for r in self.releases if start <= r["date"][:19] <= end]
        found = [r for r in found if not stages or any(tag.startswith(tuple(stages)) for tag in r["tag"])]
        first = int(base64.b64decode(asked.one("cursor"))) if asked.one("cursor") else 0
        last = first + int(size)
        cursor = base64.b64encode(str(last).encode()).decode()
        links = {"next": f"{self.url}?{query_of(asked, cursor=cursor)}"} if last < len(found) else {}
        return {
            "uri": self.url, "publishedDate": end, "publisher": {"name": "Crown Commercial Service"}, "version": "1.1", "links": links,
            "license": "http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/", "releases": found[first:last],
        }  # fmt: skip


class ContractsFinder(Ocds):
    """`Published/Notices/OCDS/Search`."""

    path = "/Published/Notices/OCDS/Search"
    BETWEEN = ("publishedFrom", "publishedTo")
    PREFIX = "ocds-b5fd17"

    def release_id(self, number: int) -> str:
        """A notice's id and a count of its releases."""
        return f"df8d0f63-9018-4d89-9008-{number:012x}-{800_000 + number}"


class FindATender(Ocds):
    """`api/1.0/ocdsReleasePackages`."""

    path = "/api/1.0/ocdsReleasePackages"
    BETWEEN = ("updatedFrom", "updatedTo")
    PREFIX = "ocds-h6vhtk"

    def release_id(self, number: int) -> str:
        """The number of a notice in its year."""
        return f"{number:06d}-2026"


class Ted(Register):
    """`v3/notices/search`. `timed_out` makes it give up on a search, as the real one does on wide ones."""

    path = "/v3/notices/search"
    FIELDS: ClassVar = {
        "publication-number", "publication-date", "notice-title", "notice-type", "buyer-name", "buyer-country", "classification-cpv",
        "estimated-value-proc", "estimated-value-cur-proc", "total-value", "total-value-cur", "winner-name", "winner-identifier",
        "contract-conclusion-date", "deadline-receipt-request", "description-proc", "links",
    }  # fmt: skip
    BODY: ClassVar = {"query", "fields", "page", "limit", "scope", "checkQuerySyntax", "paginationMode", "iterationNextToken"}

    def __init__(self) -> None:
        super().__init__()
        self.notices: list[dict[str, Any]] = []
        self.tokens: dict[str, tuple[str, int]] = {}
        self.timed_out = False

    def publish(self, title: dict[str, str], *, on: str, kind: str = "cn-standard", **fields: Any) -> dict[str, Any]:
        """Put a notice in; `on` is its day, underscores in further fields are hyphens."""
        notice = {
            "publication-number": f"{len(self.notices) + 700_001}-2026", "publication-date": f"{on}+01:00", "notice-title": title,
            "notice-type": kind, "buyer-name": {"deu": ["Bundesamt für Beispiele"]}, "buyer-country": ["DEU"],
            "classification-cpv": ["72000000"], **{name.replace("_", "-"): value for name, value in fields.items()},
        }  # fmt: skip
        self.notices.append(notice)
        return notice

    def answer(self, asked: Asked) -> object:
        """The notices asked for, a page at a time; a token leads on, after the last page too."""
        body = self._checked(asked)
        start, query = 0, body["query"]
        if token := body.get("iterationNextToken"):
            if self.tokens.get(token, ("",))[0] != query:
                raise Refusal(400, {"message": "The iteration token is not valid or has expired"})
            start = self.tokens[token][1]
        wanted = Query(query)
        found = [n for n in self.notices if wanted.holds(n)]
        found.sort(key=lambda n: n["publication-date"], reverse=query.endswith("SORT BY publication-date DESC"))
        shown = found[start : start + body["limit"]]
        token = base64.b64encode(f"{len(self.tokens)}".encode()).decode()
        self.tokens[token] = (query, start + len(shown))
        notices = [{k: v for k, v in n.items() if k in body["fields"]} for n in shown]
        return {"notices": notices, "totalNoticeCount": len(found), "iterationNextToken": token, "timedOut": self.timed_out}

    def _checked(self, asked: Asked) -> dict[str, Any]:
        body: dict[str, Any] = asked.body or {}
        unknown = sorted(set(body) - self.BODY)
        if unknown:
            raise Refusal(400, {"message": f'Unrecognized field "{unknown[0]}"', "error": {"type": "BAD_REQUEST"}})
        fields = sorted(set(body.get("fields", ())) - self.FIELDS)
        if fields or not body.get("fields"):
            raise Refusal(400, {"message": f"Parameter 'fields' contains unsupported value ({', '.join(fields)})"})
        limit = body.get("limit", 10)
        if limit > 250 or limit * len(body["fields"]) > 10_000 or body.get("paginationMode") not in {"PAGE_NUMBER", "ITERATION"}:
            raise Refusal(400, {"message": "Parameter 'limit' or 'paginationMode' is not valid"})
        if body.get("scope", "ALL") not in {"ACTIVE", "LATEST", "ALL"}:
            raise Refusal(400, {"message": "Parameter 'scope' is not valid"})
        return body


class Query:
    """The part of TED's query language that tests need: `FT ~ "…"`, `field = value`, a span of days, AND, OR, brackets."""

    TOKEN = re.compile(r'\s*(FT ~ "[^"]*"|publication-date = \(\d{8} <> \d{8}\)|[a-z-]+ = [A-Z0-9]+|AND\b|OR\b|[()])')

    def __init__(self, query: str) -> None:
        text = query.split(" SORT BY ", maxsplit=1)[0].strip()
        self._tokens: list[str] = []
        at = 0
        while at < len(text):
            match = self.TOKEN.match(text, at)
            if match is None:
                error = {"type": "QUERY_SYNTAX_ERROR", "location": {"beginColumn": at + 1}}
                raise Refusal(400, {"message": f"Syntax error near '{text[at : at + 20]}'", "error": error})
            self._tokens.append(match[1])
            at = match.end()

    def holds(self, notice: dict[str, Any]) -> bool:
        """Whether a notice is found."""
        self._rest = list(self._tokens)
        return self._any(notice)

    def _any(self, notice: dict[str, Any]) -> bool:
        held = self._all(notice)
        while self._rest[:1] == ["OR"]:
            self._rest.pop(0)
            held = self._all(notice) or held
        return held

    def _all(self, notice: dict[str, Any]) -> bool:
        held = self._term(notice)
        while self._rest[:1] == ["AND"]:
            self._rest.pop(0)
            held = self._term(notice) and held
        return held

    def _term(self, notice: dict[str, Any]) -> bool:
        token = self._rest.pop(0)
        if token == "(":
            held = self._any(notice)
            assert self._rest.pop(0) == ")"
            return held
        if token.startswith("FT ~ "):
            return token[6:-1].lower() in str(notice).lower()
        if days := re.fullmatch(r"publication-date = \((\d{8}) <> (\d{8})\)", token):
            return bool(days[1] <= notice["publication-date"][:10].replace("-", "") <= days[2])
        name, _, value = token.partition(" = ")
        values: list[str] = notice.get(name, [])
        return value in values
