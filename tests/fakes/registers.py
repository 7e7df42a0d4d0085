"""Registers of the United States on loopback: the Federal Register, USAspending and SAM.gov, in the shapes that they document.

    async with FederalRegister() as register:
        register.publish("Notice of an agreement", on="2026-11-23", agencies={"energy-department": "Energy Department"})
        ...                                   # whatever is tested reads register.url

They are strict: a parameter that the real one does not know, or a value it refuses, gets the error that it documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tests.fakes.register import Asked, Refusal, Register, as_date, known, query_of


class FederalRegister(Register):
    """`documents.json` of API v1."""

    path = "/api/v1/documents.json"
    FIELDS: ClassVar = {
        "document_number", "title", "type", "subtype", "abstract", "html_url", "pdf_url", "public_inspection_pdf_url", "publication_date",
        "agencies", "excerpts",
    }  # fmt: skip
    TYPES: ClassVar = {"RULE": "Rule", "PRORULE": "Proposed Rule", "NOTICE": "Notice", "PRESDOCU": "Presidential Document"}

    def __init__(self) -> None:
        super().__init__()
        self.documents: list[dict[str, Any]] = []

    def publish(
        self, title: str, *, on: str, abstract: str | None = None, agencies: Mapping[str, str] | None = None, kind: str = "NOTICE",
        **other: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """Put a document in; `agencies` are names by slug."""
        number = f"2026-{len(self.documents) + 10_001}"
        document = {
            "document_number": number, "title": title, "type": self.TYPES[kind], "abstract": abstract, "publication_date": on,
            "html_url": f"https://www.federalregister.gov/documents/{on.replace('-', '/')}/{number}/a-document",
            "agencies": [{"name": name, "raw_name": name.upper(), "slug": slug} for slug, name in (agencies or {}).items()], **other,
        }  # fmt: skip
        self.documents.append(document)
        return document

    def answer(self, asked: Asked) -> object:
        """The documents asked for, a page at a time."""
        names = ("term", "agencies][", "type][", "publication_date][gte", "publication_date][lte")
        known(asked, {f"conditions[{name}]" for name in names} | {"fields[]", "order", "per_page", "page"})
        found = [d for d in self.documents if self._wanted(asked, d)]
        found.sort(key=lambda d: d["publication_date"], reverse=asked.one("order", "newest") == "newest")
        size, number = int(asked.one("per_page", "20")), int(asked.one("page", "1"))
        fields = asked.query.get("fields[]", [])
        if size > 1000 or set(fields) - self.FIELDS:
            raise Refusal(400, {"errors": {"fields": f"unknown: {', '.join(sorted(set(fields) - self.FIELDS))}"}})
        shown = found[(number - 1) * size : number * size]
        answer: dict[str, Any] = {"count": len(found), "description": "Documents", "total_pages": -(-len(found) // size)}
        if not found:
            return answer
        more = number * size < len(found)
        return {
            **answer, "next_page_url": f"{self.url}?{query_of(asked, page=number + 1)}" if more else None,
            "results": [{k: v for k, v in d.items() if not fields or k in fields} for d in shown],
        }  # fmt: skip

    def _wanted(self, asked: Asked, document: dict[str, Any]) -> bool:
        kinds = [self.TYPES.get(code) for code in asked.query.get("conditions[type][]", [])]
        slugs = set(asked.query.get("conditions[agencies][]", []))
        if None in kinds:
            raise Refusal(400, {"errors": {"type": "is not a document type"}})
        if slugs - {"energy-department", "defense-department", "commerce-department", "general-services-administration"}:
            raise Refusal(400, {"errors": {"agencies": "is not a known agency slug"}})
        start, end = (asked.one(f"conditions[publication_date][{bound}]") for bound in ("gte", "lte"))
        if any(text and as_date(text) is None for text in (start, end)):
            raise Refusal(400, {"errors": {"publication_date": "is not a valid date"}})
        text = f"{document['title']} {document['abstract']}".lower()
        return (
            asked.one("conditions[term]").lower() in text and (not kinds or document["type"] in kinds)
            and (not slugs or bool(slugs & {a["slug"] for a in document["agencies"]}))
            and (start or "0") <= document["publication_date"] <= (end or "9")
        )  # fmt: skip


class USAspending(Register):
    """`spending_by_award` of API v2."""

    path = "/api/v2/search/spending_by_award/"
    GROUPS: ClassVar = (
        {"A", "B", "C", "D"}, {"IDV_A", "IDV_B", "IDV_B_A", "IDV_B_B", "IDV_B_C", "IDV_C", "IDV_D", "IDV_E"}, {"02", "03", "04", "05"},
        {"06", "10"}, {"07", "08"}, {"09", "11"},
    )  # fmt: skip
    FIELDS: ClassVar = {
        "Award ID", "Recipient Name", "Start Date", "End Date", "Award Amount", "Loan Value", "Awarding Agency", "Awarding Sub Agency",
        "Funding Agency", "Contract Award Type", "Award Type", "Description", "Last Modified Date", "Base Obligation Date",
        "generated_internal_id", "recipient_id", "def_codes",
    }  # fmt: skip
    BODY: ClassVar = {
        "filters", "fields", "limit", "page", "sort", "order", "subawards", "last_record_unique_id", "last_record_sort_value"
    }

    def __init__(self) -> None:
        super().__init__()
        self.awards: list[dict[str, Any]] = []

    def award(
        self, number: str, recipient: str, description: str, amount: float, *, changed: str, code: str = "D", **other: Any
    ) -> dict[str, Any]:  # fmt: skip
        """Put an award in, or change the one of that number."""
        row = {
            "code": code, "Award ID": number, "Recipient Name": recipient, "Description": description, "Award Amount": amount,
            "Awarding Agency": "Department of Defense", "Awarding Sub Agency": "Department of the Army", "Last Modified Date": changed,
            "Base Obligation Date": changed, "Start Date": changed, "End Date": None, "Contract Award Type": "DELIVERY ORDER",
            "generated_internal_id": f"CONT_AWD_{number}_9700_-NONE-_-NONE-", **other,
        }  # fmt: skip
        self.awards = [a for a in self.awards if a["Award ID"] != number] + [row]
        return row

    def answer(self, asked: Asked) -> object:
        """The awards asked for, a page at a time."""
        if asked.method != "POST":
            raise Refusal(405, {"detail": f'Method "{asked.method}" not allowed.'})
        body, filters = asked.body, self._filters(asked.body)
        if not body.get("fields"):
            raise Refusal(422, {"detail": "Missing value: 'fields' is a required field"})
        if body.get("limit", 10) > 100 or set(body["fields"]) - self.FIELDS or body.get("sort", body["fields"][0]) not in body["fields"]:
            raise Refusal(422, {"detail": "Sort value not found in requested fields, or limit above 100"})
        found = [a for a in self.awards if self._wanted(filters, a)]
        found.sort(key=lambda a: a[body.get("sort", body["fields"][0])], reverse=body.get("order") == "desc")
        size, page = body.get("limit", 10), body.get("page", 1)
        shown = found[(page - 1) * size : page * size]
        return {
            "spending_level": "awards", "limit": size,
            "results": [{"internal_id": n, **{k: a.get(k) for k in body["fields"]}} for n, a in enumerate(shown)],
            "page_metadata": {"page": page, "hasNext": page * size < len(found), "last_record_unique_id": None},
            "messages": ["For searches, time period start and end dates are currently limited to an earliest date of 2007-10-01."],
        }  # fmt: skip

    def _filters(self, body: dict[str, Any]) -> dict[str, Any]:
        if set(body) - self.BODY:
            raise Refusal(400, {"detail": f"Unknown: {sorted(set(body) - self.BODY)}"})
        filters: dict[str, Any] = body.get("filters") or {}
        codes = set(filters.get("award_type_codes", ()))
        if not codes:
            raise Refusal(422, {"detail": "Missing value: 'filters|award_type_codes' is a required field"})
        if not any(codes <= group for group in self.GROUPS):
            raise Refusal(422, {"detail": "'award_type_codes' array must contain types codes from one group"})
        if any(len(word) < 3 for word in filters.get("keywords", ())):
            raise Refusal(422, {"detail": "Field 'filters|keywords' is below minimum '3' items"})
        for period in filters.get("time_period", ()):
            if as_date(period["start_date"]) is None or as_date(period["end_date"]) is None:
                raise Refusal(422, {"detail": "Invalid value in 'filters|time_period'"})
        return filters

    def _wanted(self, filters: dict[str, Any], award: dict[str, Any]) -> bool:
        text = f"{award['Recipient Name']} {award['Description']}".lower()
        names = {a["name"] for a in filters.get("agencies", ())}
        bounds = filters.get("award_amounts") or [{}]
        keywords, recipients = filters.get("keywords", ()), filters.get("recipient_search_text", ())
        return (
            award["code"] in filters["award_type_codes"] and (not keywords or any(w.lower() in text for w in keywords))
            and (not names or award["Awarding Agency"] in names) and award["Award Amount"] >= bounds[0].get("lower_bound", 0)
            and (not recipients or any(r.lower() in award["Recipient Name"].lower() for r in recipients))
            and all(p["start_date"] <= award["Last Modified Date"] <= p["end_date"] for p in filters.get("time_period", ()))
        )  # fmt: skip


class Sam(Register):
    """`opportunities/v2/search`. `quota` is how often a day its key may ask, `most` how many notices it gives on a page."""

    path = "/opportunities/v2/search"
    PARAMETERS: ClassVar = {
        "api_key", "postedFrom", "postedTo", "limit", "offset", "ptype", "solnum", "noticeid", "title", "organizationCode",
        "organizationName", "state", "zip", "ncode", "ccode", "typeOfSetAside", "rdlfrom", "rdlto",
    }  # fmt: skip
    TYPES: ClassVar = {
        "u": "Justification", "p": "Presolicitation", "a": "Award Notice", "r": "Sources Sought", "s": "Special Notice",
        "o": "Solicitation", "k": "Combined Synopsis/Solicitation",
    }  # fmt: skip

    def __init__(self, key: str = "a-good-key", quota: int = 10, most: int = 1000) -> None:
        super().__init__()
        self.key, self.quota, self.most = key, quota, most
        self.notices: list[dict[str, Any]] = []

    def publish(self, title: str, *, on: str, kind: str = "o", award: dict[str, Any] | None = None, **other: Any) -> dict[str, Any]:
        """Put a notice in; `award` is its number, amount (as text) and awardee."""
        key = f"{len(self.notices) + 1:032x}"
        api = f"{self.base}/opportunities"
        notice = {
            "noticeId": key, "title": title, "solicitationNumber": f"SOL-{len(self.notices)}", "postedDate": on, "type": self.TYPES[kind],
            "baseType": self.TYPES[kind], "fullParentPathName": "DEPT OF DEFENSE.DEPT OF THE ARMY.AMC", "naicsCode": "541715",
            "naicsCodes": ["541715"], "active": "Yes", "department": None, "subTier": None, "office": None, "responseDeadLine": None,
            "award": award, "description": f"{api}/v1/noticedesc?noticeid={key}", "resourceLinks": None,
            "uiLink": f"https://sam.gov/workspace/contract/opp/{key}/view",
            "links": [{"rel": "self", "href": f"{api}/v2/search?noticeid={key}&limit=1"}], **other,
        }  # fmt: skip
        self.notices.append(notice)
        return notice

    def answer(self, asked: Asked) -> object:
        """The notices asked for, a page at a time; 404 where there is none."""
        if "api_key" not in asked.query:
            raise Refusal(404, "No api_key was supplied")
        if asked.one("api_key") != self.key:
            raise Refusal(403, {"error": {"code": "API_KEY_INVALID", "message": "An invalid api_key was supplied"}})
        if len(self.requests) > self.quota:
            message = "You have exceeded your quota. You can access API after the next UTC midnight"
            raise Refusal(429, {"code": "900804", "message": "Message throttled out", "description": message})
        known(asked, self.PARAMETERS)
        start, end = (as_date(asked.one(name), "%m/%d/%Y") for name in ("postedFrom", "postedTo"))
        if not asked.one("postedFrom") or not asked.one("postedTo"):
            raise Refusal(400, "PostedFrom and PostedTo are mandatory")
        if start is None or end is None:
            raise Refusal(400, "Invalid Date Entered. Expected date format is MM/dd/yyyy")
        if (end - start).days > 365:
            raise Refusal(400, "Date range must be 1 year(s) apart")
        if not asked.one("limit").isdecimal() or int(asked.one("limit")) > 1000:
            raise Refusal(400, "Limit valid range is 0-1000. Please provide valid input.")
        found = [n for n in self.notices if start.isoformat() <= n["postedDate"] <= end.isoformat() and self._wanted(asked, n)]
        if not found:
            raise Refusal(404, "No Data found")
        size, page = min(int(asked.one("limit")), self.most), int(asked.one("offset", "0"))
        links = [{"rel": "self", "href": f"{self.url}?limit={size}"}]
        shown = found[page * size : (page + 1) * size]
        return {"totalRecords": len(found), "limit": size, "offset": page, "opportunitiesData": shown, "links": links}

    def _wanted(self, asked: Asked, notice: dict[str, Any]) -> bool:
        return (
            asked.one("title").lower() in notice["title"].lower() and asked.one("ncode") in ("", notice["naicsCode"])
            and (not asked.one("ptype") or self.TYPES[asked.one("ptype")] == notice["type"])
            and asked.one("organizationName").lower() in notice["fullParentPathName"].lower()
        )  # fmt: skip
