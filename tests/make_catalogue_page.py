"""Write the table of built-in sources into docs/sources/catalogue.md: `python -m tests.make_catalogue_page`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from watcher.sources.load import Roster, load_roster
from watcher.urls import host_of

PAGE = Path(__file__).parent.parent / "docs" / "sources" / "catalogue.md"
COLUMNS = "| id | title | kind | host | language | tags |\n|---|---|---|---|---|---|\n"
MARK = "<!-- From here on the page is written by `python -m tests.make_catalogue_page`. -->\n"


def page(now: str, roster: Roster) -> str:
    """The page with its tables made anew; what stands before the mark is kept."""
    head, found, _ = now.partition(MARK)
    assert found, f"{PAGE} has no mark"
    parts = [head, MARK, _summary(roster)]
    for group in sorted(roster.groups.values(), key=lambda g: g.name):
        parts.append(f"\n### `{group.name}`\n\n{group.title}.\n\n{COLUMNS}")
        for each in roster.of_group(group.name):
            s = each.source
            off = " (off)" if s.enabled is False else f" (waits for {', '.join(f'`{w}`' for w in each.waits)})" if each.waits else ""
            title = s.title.replace("|", "\\|")
            parts.append(f"| `{s.id}` | {title}{off} | {s.kind} | {host_of(s.url)} | {s.lang or 'several'} | {', '.join(s.tags)} |\n")
    return "".join(parts)


def _summary(roster: Roster) -> str:
    kinds = Counter(each.source.kind for each in roster.listed)
    said = ", ".join(f"{n} `{kind}`" for kind, n in sorted(kinds.items(), key=lambda k: (-k[1], k[0])))
    read = len(roster.active)
    return f"\n{len(roster.listed)} sources in {len(roster.groups)} groups, {read} of them read in a new home: {said}.\n"


def catalogue_without_settings() -> Roster:
    """The catalogue as a home without any setting has it."""
    return load_roster(None, given=())


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), catalogue_without_settings()), encoding="utf-8")
