"""Error items of feed bridges: a failure that a service for making feeds writes as if it were news. It is the source's health. Pure.

Bridges (RSS-Bridge, RSSHub, FetchRSS, rss.app and their like) make feeds of pages that have none. Where they cannot, many answer with
status 200 and an entry that says so. An entry is taken for one by its form alone only where nobody else writes so; else its link has to
lead back to the service or to the feed itself as well, where no article stands. In doubt it is an article.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from watcher.errors import FetchError, FetchReason
from watcher.identity import Keys
from watcher.sources.entry import Entry, Parsed
from watcher.text import one_line
from watcher.urls import canonical, host_of

_LONGEST_HOST = 253  # characters
_SHOWN = 120  # characters of the bridge's own words in a message
_FORMS = re.compile(  # whole titles that only a bridge writes
    r"(?i)(\w+: )?bridge returned error -?\d+! ?\(\d+\)|"  # RSS-Bridge; the number in brackets counts days, for a new id on each
    r"(error: )?this route is empty, please check the original site.*|"  # RSSHub
    r"(your )?(free )?trial (has )?expired\. please upgrade your plan\.?"  # rss.app
)
_SERVICES = re.compile(r"(?i)(^|\.)(fetchrss\.com|rss\.app|politepau?l\.com|politepol\.com|feed43\.com|rssground\.com|rsshub\b.*)$")
_UPGRADE = re.compile(
    r"(?i)\b(upgrade|renew) (your|this|the) (plan|account|subscription|feed)|\b(trial|subscription|plan|account|feed) (has |is )?(been )?"
    r"(expired|suspended|disabled|deactivated|inactive|no longer active|paused)|looks like something went wrong|please (upgrade|subscribe)"
)
_ERROR = re.compile(
    r"(?i)(\w+ )?(error|exception|failure)\b|(failed|unable) to (fetch|load|parse|generate|create|get)\b|http (error )?[45]\d\d\b"
)


def without_errors(parsed: Parsed, url: str) -> Parsed:
    """A feed fetched from `url` without what its bridge reports, which becomes its warning.

    Raises FetchError (UNREADABLE) where nothing else is in it, so that an answer of errors alone is a failure and no feed that emptied.
    """
    wrong = [is_error(entry, url) for entry in parsed.entries]
    if not any(wrong):
        return parsed
    entry = parsed.entries[wrong.index(True)]
    said = f"the bridge reports an error: {one_line(entry.title or entry.summary, _SHOWN)}"
    if all(wrong) and not parsed.standing:
        raise FetchError(FetchReason.UNREADABLE, said)
    return replace(
        parsed,
        entries=tuple(e for e, w in zip(parsed.entries, wrong, strict=True) if not w),
        keys=_without(parsed.keys, wrong),
        dropped=parsed.dropped + sum(wrong),
        warning=f"{parsed.warning} {said}".strip(),
    )


def is_error(entry: Entry, url: str) -> bool:
    """Whether an entry of the feed at `url` is a bridge's word that it failed."""
    title = entry.title or entry.summary
    if _FORMS.fullmatch(title):
        return True
    if _of_service(host_of(entry.url or url)[:_LONGEST_HOST]) and _UPGRADE.search(title):
        return True
    return bool(_ERROR.match(title)) and bool(entry.url) and canonical(entry.url) == canonical(url)


def _without(keys: tuple[Keys, ...] | None, wrong: list[bool]) -> tuple[Keys, ...] | None:
    return None if keys is None else tuple(k for k, w in zip(keys, wrong, strict=True) if not w)


@lru_cache(maxsize=1_000)
def _of_service(host: str) -> bool:
    return _SERVICES.search(host) is not None
