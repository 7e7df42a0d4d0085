"""The built-in catalogue: it loads without an operator's help, and every source in it says where, whose and in which language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from importlib import resources
from urllib.parse import urlsplit

import pytest

from watcher.model import Source
from watcher.sources.load import Text, load_sources, read_sources
from watcher.urls import canonical
from watcher.yamlfile import parse

FILES = sorted((f for f in (resources.files("watcher.sources") / "catalogue").iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
TEXTS = [Text(f.name, f.read_text(encoding="utf-8"), builtin=True) for f in FILES]
# what kind of body speaks: the tags that rules and subscribers choose by; the second tag says where it is at home
BODIES = {"lab", "government", "federal_register", "procurement", "company", "press"}


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


@pytest.fixture(scope="module")
def catalogue() -> tuple[Source, ...]:
    """Every source of the catalogue, enabled or not."""
    return read_sources(TEXTS)


def test_an_empty_home_reads_the_catalogue() -> None:
    """Without a folder of their own, operators get at least eighty enabled sources, and none of them when they say so."""
    assert len(load_sources(None)) >= 80
    assert load_sources(None, builtin=False) == ()


def test_no_id_stands_twice() -> None:
    """Ids are unique over all files: a second one would be refused, and an operator's override would be ambiguous."""
    ids = [entry["id"] for text in TEXTS for entry in parse(text.text, text.file).data["sources"]]
    assert ids
    assert _twice(ids) == []


def test_no_feed_is_read_twice(catalogue: tuple[Source, ...]) -> None:
    """Two spellings of one address would fetch everything twice."""
    assert _twice(canonical(s.url) for s in catalogue) == []


def test_every_address_is_https_and_whole(catalogue: tuple[Source, ...]) -> None:
    """No address goes over the wire in the clear, carries credentials or still holds a placeholder."""
    for source in catalogue:
        parts = urlsplit(source.url)
        assert parts.scheme == "https", source.id
        assert parts.hostname, source.id
        assert "@" not in parts.netloc, source.id
        assert not re.search(r"[<>{}…\s]", source.url), source.id


def test_every_source_says_what_it_is(catalogue: tuple[Source, ...]) -> None:
    """Each has a title, a language by its two letters, and at least two different tags, just one of which names the kind of body."""
    for source in catalogue:
        assert source.title.strip(), source.id
        assert re.fullmatch("[a-z]{2}", source.lang), source.id
        assert len(set(source.tags)) == len(source.tags) >= 2, source.id
        assert len(BODIES & set(source.tags)) == 1, source.id


def test_no_title_stands_twice(catalogue: tuple[Source, ...]) -> None:
    """Readers of a digest see titles, not ids: each must say which source it is."""
    assert _twice(s.title.casefold() for s in catalogue) == []


@pytest.mark.parametrize("text", TEXTS, ids=lambda t: t.file)
def test_every_file_opens_with_what_it_holds(text: Text) -> None:
    """A file of the catalogue begins with a comment for whoever opens it, and holds at least one source."""
    assert text.text.startswith("# ")
    assert parse(text.text, text.file).data["sources"]
