"""Find a Tender: notices of the United Kingdom of every size, under the Procurement Act 2023. No key."""

from __future__ import annotations

import re
from typing import Literal

from watcher.sources.ocds import OcdsSource, releases
from watcher.sources.steps import Situation, Steps

_NOTICE = re.compile(r"\d{1,9}-\d{4}")


class FindATenderSource(OcdsSource):
    """Notices that hold any of `words`."""

    kind: Literal["find_a_tender"] = "find_a_tender"
    url: str = "https://www.find-tender.service.gov.uk/api/1.0/ocdsReleasePackages"


def read(source: FindATenderSource, at: Situation) -> Steps:
    """The releases updated since the last reading."""
    return releases(source, at, "Find a Tender", ("updatedFrom", "updatedTo"), page_of)


def page_of(release_id: str) -> str:
    """The page of a release for people."""
    return f"https://www.find-tender.service.gov.uk/Notice/{release_id}" if _NOTICE.fullmatch(release_id) else ""
