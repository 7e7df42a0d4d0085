"""Contracts Finder: notices of the United Kingdom below the thresholds, and all those before 24 February 2025. No key."""

from __future__ import annotations

import re
from typing import Literal

from watcher.sources.ocds import OcdsSource, releases
from watcher.sources.steps import Situation, Steps

_NOTICE = re.compile(r"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?:-\d+)?")  # a release's id counts on from its notice's


class ContractsFinderSource(OcdsSource):
    """Notices that hold any of `words`."""

    kind: Literal["contracts_finder"] = "contracts_finder"
    url: str = "https://www.contractsfinder.service.gov.uk/Published/Notices/OCDS/Search"


def read(source: ContractsFinderSource, at: Situation) -> Steps:
    """The releases published since the last reading."""
    return releases(source, at, "Contracts Finder", ("publishedFrom", "publishedTo"), page_of)


def page_of(release_id: str) -> str:
    """The page of a release for people."""
    match = _NOTICE.fullmatch(release_id)
    return f"https://www.contractsfinder.service.gov.uk/Notice/{match[1]}" if match else ""
