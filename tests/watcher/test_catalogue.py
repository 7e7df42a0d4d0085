"""The built-in sources: it loads without an operator's help, and every source in it says where, whose and in which language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath
from urllib.parse import urlsplit

import pytest

from watcher.model import Source
from watcher.sources.files import Text, catalogue
from watcher.sources.load import Roster, load_sources, read_roster
from watcher.urls import canonical
from watcher.yamlfile import parse

TEXTS = catalogue()
# what kind of body speaks: the tags that rules and subscribers choose by; the second tag says where it is at home
BODIES = {"lab", "government", "federal_register", "procurement", "company", "press"}


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


@pytest.fixture(scope="module")
def roster() -> Roster:
    """The catalogue as it is without a home."""
    return read_roster(TEXTS)


@pytest.fixture(scope="module")
def sources(roster: Roster) -> tuple[Source, ...]:
    """Every source of the catalogue, read or not."""
    return tuple(each.source for each in roster.listed)


def test_an_empty_home_reads_the_catalogue() -> None:
    """Without a folder of their own, operators get at least eighty enabled sources, and none of them when they say so."""
    assert len(load_sources(None)) >= 80
    assert load_sources(None, builtin=False) == ()


def test_no_id_stands_twice() -> None:
    """Ids are unique over all files: a second one would be refused, and an operator's override would be ambiguous."""
    ids = [entry["id"] for text in TEXTS for entry in parse(text.text, text.file).data["sources"]]
    assert ids
    assert _twice(ids) == []


def test_no_feed_is_read_twice(sources: tuple[Source, ...]) -> None:
    """Two spellings of one address would fetch everything twice."""
    assert _twice(canonical(s.url) for s in sources) == []


def test_every_address_is_https_and_whole(sources: tuple[Source, ...]) -> None:
    """No address goes over the wire in the clear, carries credentials or still holds a placeholder."""
    for source in sources:
        parts = urlsplit(source.url)
        assert parts.scheme == "https", source.id
        assert parts.hostname, source.id
        assert "@" not in parts.netloc, source.id
        assert not re.search(r"[<>{}…\s]", source.url), source.id


def test_every_source_says_what_it_is(sources: tuple[Source, ...]) -> None:
    """Each has a title, a language by its two letters, and at least two different tags, just one of which names the kind of body."""
    for source in sources:
        assert source.title.strip(), source.id
        assert re.fullmatch("[a-z]{2}", source.lang), source.id
        assert len(set(source.tags)) == len(source.tags) >= 2, source.id
        assert len(BODIES & set(source.tags)) == 1, source.id


def test_no_title_stands_twice(sources: tuple[Source, ...]) -> None:
    """Readers of a digest see titles, not ids: each must say which source it is."""
    assert _twice(s.title.casefold() for s in sources) == []


@pytest.mark.parametrize("text", TEXTS, ids=lambda t: t.file)
def test_every_file_opens_with_what_it_holds(text: Text) -> None:
    """A file of the catalogue begins with a comment for whoever opens it, and holds at least one source."""
    assert text.text.startswith("# ")
    assert parse(text.text, text.file).data["sources"]


@pytest.mark.parametrize("text", TEXTS, ids=lambda t: t.file)
def test_every_file_is_a_group(text: Text, roster: Roster) -> None:
    """Each file is one group, named as the file and with a title, so that an operator who reads it knows what to switch."""
    name = PurePath(text.file).stem
    ids = {entry["id"] for entry in parse(text.text, text.file).data["sources"]}
    assert ids == {each.source.id for each in roster.of_group(name)}
    assert roster.groups[name].title


def test_no_group_has_the_name_of_a_source(roster: Roster) -> None:
    """A command that is given a name must know what it means."""
    assert set(roster.groups) & {each.source.id for each in roster.listed} == set()
