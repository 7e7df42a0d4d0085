"""Link headers (RFC 8288): which addresses an answer names, and what each of them is to it. Pure."""

from __future__ import annotations

import re

from watcher.urls import absolute

MOST = 8_192  # characters of a header that are looked at
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w!#$&+.^`|~*-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]*))?)*)', re.ASCII)
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))', re.IGNORECASE)


def links(header: str, base: str) -> list[tuple[frozenset[str], str]]:
    """The relations (in lower case) and the address of each link of a `Link` header, in order; what is not http(s) is left out.

    Several headers of that name are one, joined by commas. Never raises.
    """
    found = []
    for match in _LINK.finditer(header[:MOST]):
        relation = _REL.search(match[2])  # the first counts (3.3)
        url = absolute(match[1], base)
        if relation and url:
            found.append((frozenset((relation[1] or relation[2] or "").lower().split()), url))
    return found


def related(header: str, relation: str, base: str) -> str | None:
    """The first address of this relation, or None."""
    return next((url for relations, url in links(header, base) if relation in relations), None)
