"""The built-in sources: it loads without an operator's help, and every source in it says where, whose and in which language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath
from urllib.parse import urlsplit

import pytest

from tests import make_catalogue_page
from watcher.model import Source
from watcher.sources.files import Text, catalogue
from watcher.sources.importing import address_key
from watcher.sources.load import Roster, load_roster, load_sources, read_roster
from watcher.urls import site_of
from watcher.yamlfile import parse

TEXTS = catalogue()
# what kind of body speaks: the tags that rules and subscribers choose by; the second tag says where it is at home
BODIES = {"lab", "government", "federal_register", "procurement", "company", "press", "social"}
MANY_TONGUES = {"bluesky", "mastodon", "ted", "x"}  # kinds whose entries name their own language
OF_ONE_SITE = 8  # sources at the most: they are asked one after the other


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
    assert _twice(map(address_key, sources)) == []


def test_every_address_is_https_and_whole(sources: tuple[Source, ...]) -> None:
    """No address goes over the wire in the clear, carries credentials or still holds a placeholder."""
    for source in sources:
        parts = urlsplit(source.url)
        assert parts.scheme == "https", source.id
        assert parts.hostname, source.id
        assert "@" not in parts.netloc, source.id
        assert not re.search(r"[<>{}…\s]", source.url), source.id


def test_every_source_says_what_it_is(sources: tuple[Source, ...]) -> None:
    """Each has a title, a language by its two letters unless its entries say theirs, and at least two different tags, just one of which
    names the kind of body."""
    for source in sources:
        assert source.title.strip(), source.id
        assert re.fullmatch("[a-z]{2}", source.lang) or (source.kind in MANY_TONGUES and not source.lang), source.id
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


def test_what_costs_or_refuses_is_off(roster: Roster) -> None:
    """Without an operator's word nothing is read that is paid, that refuses most readers, or whose links lead through a redirector."""
    off = {each.source.id for each in roster.listed if each.off}
    wanted = {each.source.id for each in roster.listed if each.source.kind in {"x", "reddit"} or "discovery" in each.source.tags}
    assert wanted
    assert wanted <= off


def test_no_site_has_many_sources(roster: Roster) -> None:
    """One request at a time goes to a site: the more sources it has, the longer each waits."""
    count = Counter(site_of(s.url) for s in roster.active)
    assert {site: n for site, n in count.items() if n > OF_ONE_SITE} == {}


def test_nothing_is_broken_for_want_of_a_key() -> None:
    """In a home without any key what needs one waits, and says for what; with all of them it is read."""
    without, given = load_roster(None, given=()), load_roster(None)
    needy = {each.source.id for each in given.listed if each.source.needs and not each.off}
    assert needy
    assert {each.source.id for each in without.listed if each.off.startswith("waits for CONCORDAT_")} == needy
    assert needy & {s.id for s in without.active} == set()
    assert needy <= {s.id for s in given.active}


def test_the_page_of_the_documents_is_the_catalogue() -> None:
    """docs/sources/catalogue.md lists what is there; `python -m tests.make_catalogue_page` writes it."""
    now = make_catalogue_page.PAGE.read_text(encoding="utf-8")
    assert now == make_catalogue_page.page(now, make_catalogue_page.catalogue_without_settings())


def test_no_group_has_the_name_of_a_source(roster: Roster) -> None:
    """A command that is given a name must know what it means."""
    assert set(roster.groups) & {each.source.id for each in roster.listed} == set()
