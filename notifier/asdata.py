"""Stories and digests as plain data, for programs: what webhooks and the JSON feed carry. Pure.

Names stay; what is added later does not break who reads them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from notifier.digest import Digest
from notifier.model import Story
from notifier.richtext import one_line, web_address
from notifier.since import what_changed


def story_data(story: Story) -> dict[str, Any]:
    """One story: what, who, for how much, and every report of it."""
    return {
        "id": story.id, "revision": story.revision, "title": one_line(story.title), "url": _web(story.url), "severity": story.severity,
        "topics": list(story.topics), "rules": list(story.rules), "at": moment(story.created_at), "published": moment(story.published_at),
        "parties": [{"id": p.id, "name": one_line(p.name), "type": p.type, "country": p.country} for p in story.parties],
        "facts": dict(story.facts),
        "reports": [
            {"outlet": one_line(r.outlet), "title": one_line(r.title), "url": _web(r.url), "lang": r.lang, "at": moment(r.at),
             "voice": str(r.voice)}
            for r in story.reports
        ],
    }  # fmt: skip


def digest_data(digest: Digest) -> dict[str, Any]:
    """A whole digest."""
    covered = digest.coverage
    return {
        "from": moment(digest.from_at), "to": moment(digest.to_at), "stories": [story_data(s) for s in digest.stories],
        "changes": [{"story": story_data(c.story), "what": list(what_changed(c))} for c in digest.changes],
        "closing": [{"story": story_data(c.story), "at": moment(c.at)} for c in digest.closing],
        "coverage": {
            "read": covered.read, "items": covered.items, "failing": list(covered.failing), "blocked": list(covered.blocked),
            "silent": list(covered.silent),
        },
    }  # fmt: skip


def moment(at: datetime | None) -> str | None:
    """A moment as RFC 3339."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def _web(url: str) -> str:
    return url if web_address(url) else ""
