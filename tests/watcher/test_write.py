"""Source entries as YAML: what is written reads back the same, and a file that is added to keeps everything it had."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.errors import OperatorError
from watcher.model import ID
from watcher.sources.files import Layer, Text
from watcher.sources.load import read_roster
from watcher.sources.switches import Switches, switched
from watcher.sources.write import Ids, entry_text, slug, value_text, with_entries
from watcher.yamlfile import parse

SCALARS = st.one_of(st.booleans(), st.integers(-1000, 1000), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
KEYS = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=4), st.dictionaries(KEYS, SCALARS, max_size=3))
ENTRIES = st.dictionaries(KEYS, VALUES, max_size=5).map(lambda d: {"id": "x", **d})
TRICKY = [
    "true", "No", "1e5", "08:30", "10m", "~", "", " a", "a ", "a: b", "a:", "a #b", "#a", "- a", "[x]", "a, b", "it's", 'say "x"',
    "a\nb", "a\u2028b", "🙂", "&a", "*a", "%a", "@a", "?a", "é", "\x85",
]  # fmt: skip


def test_the_form_is_a_person_s() -> None:
    """Keys in the usual order, one a line, and no quotes where none are needed."""
    raw = {"lang": "fr", "url": "https://a.example/feed?x=1&y=2", "tags": ["press", "fr"], "every": "10m"}
    assert entry_text({**raw, "id": "l-usine", "title": "L'Usine Digitale"}) == (
        "  - id: l-usine\n    title: L'Usine Digitale\n    url: https://a.example/feed?x=1&y=2\n"
        "    tags: [press, fr]\n    lang: fr\n    every: 10m\n"
    )


@pytest.mark.parametrize("text", TRICKY)
def test_text_stays_text(text: str) -> None:
    """Whatever YAML would make of it, alone or in a list."""
    assert parse(f"a: {value_text(text)}\nb: {value_text([text, text])}", "x").data == {"a": text, "b": [text, text]}


@given(ENTRIES, st.integers(0, 6))
def test_entries_read_back_the_same(raw: dict[str, Any], indent: int) -> None:
    """Any entry, at any indentation."""
    assert parse("sources:\n" + entry_text(raw, indent), "x").data == {"sources": [raw]}


@given(st.lists(ENTRIES, max_size=3), st.lists(ENTRIES, min_size=1, max_size=3), st.sampled_from([0, 2, 4]))
def test_adding_keeps_what_was_there(before: list[dict[str, Any]], new: list[dict[str, Any]], indent: int) -> None:
    """The old text is still there to the byte, and the new entries follow it."""
    text = "# mine\ngroups: {a: false}\n" + ("sources:\n" if before else "") + "".join(entry_text(e, indent) for e in before)
    whole = with_entries(text, "x", new)
    assert whole.startswith(text)
    assert parse(whole, "x").data == {"groups": {"a": False}, "sources": [*before, *new]}


def test_adding_to_nothing_and_to_an_empty_list() -> None:
    """A file that is empty, or whose list is, becomes one with a list; comments stay."""
    entry = {"id": "x", "url": "https://x.example/"}
    assert with_entries("", "f", [entry]) == "sources:\n  - id: x\n    url: https://x.example/\n"
    assert with_entries("# a\nsources: []\n# b\n", "f", [entry]).startswith("# a\n# b\nsources:\n  - id: x")


@pytest.mark.parametrize("text", ["sources: [{id: a}]\n", "sources:\n  - id: a\ngroups: {b: true}\n", "sources:\n  - id: a\n...\n", "[]\n"])
def test_files_that_cannot_be_added_to_are_told(text: str) -> None:
    """Nothing is guessed: the operator gets the place and what to do."""
    with pytest.raises(OperatorError, match=r"f:\d+:\d+: "):
        with_entries(text, "f", [{"id": "x"}])


@given(st.text(max_size=80), st.sets(st.from_regex(ID, fullmatch=True), max_size=5))
def test_ids_are_valid_and_free(text: str, taken: set[str]) -> None:
    """Made from any text: an id that nobody has."""
    ids = Ids(taken)
    found, another = ids.take(slug(text)), ids.take(slug(text))
    assert len({found, another, *taken}) == 2 + len(taken)
    assert all(re.fullmatch(ID, each) for each in (found, another))


def test_ids_look_like_their_titles() -> None:
    """Accents fall away, and a title without a Latin letter leaves nothing."""
    assert slug("Forschungszentrum Jülich — News!") == "forschungszentrum-julich-news"
    assert slug("文部科学省") == ""
    assert Ids(["a" * 64]).take("a" * 64) == "a" * 62 + "-2"
    assert Ids([]).take_for("文部科学省", "https://www.mext.go.jp/x") == "mext-go-jp"


ENTRY_A, ENTRY_B = "  - {id: a, url: https://a.example/}\n", "  - {id: b, url: https://b.example/}\n"
LABS = Text("built-in/sources/labs.yaml", f"group: labs\nsources:\n{ENTRY_A}{ENTRY_B}", Layer.BUILTIN)


def _switch(texts: list[Text], *names: str, on: bool) -> tuple[Switches, set[str]]:
    found = switched([LABS, *texts], names, on=on)
    roster = read_roster([LABS, *(t for t in texts if t.layer is Layer.OWN), Text("s", found.text(), Layer.SWITCHES)])
    return found, {s.id for s in roster.active}


def test_a_switch_is_written_only_where_it_is_needed() -> None:
    """Off and on again leaves nothing behind; what an own file switched off is switched on against it."""
    off, read = _switch([], "labs", on=False)
    assert (off, read) == (Switches({"labs": False}), set())
    file = Text("s", off.text(), Layer.SWITCHES)
    assert _switch([file], "labs", on=True) == (Switches(), {"a", "b"})
    assert _switch([file], "a", on=True) == (Switches({"labs": False}, {"a": True}), {"a"})
    assert _switch([Text("own", "groups: {labs: false}")], "labs", on=True) == (Switches({"labs": True}), {"a", "b"})


def test_switches_of_what_is_gone_are_dropped() -> None:
    """The file does not fill with the past."""
    old = Text("s", "groups: {gone: true}\nsources:\n  - {id: gone, override: true, enabled: true}", Layer.SWITCHES)
    assert _switch([old], "a", on=False)[0] == Switches({}, {"a": False})


def test_more_than_switches_is_not_written_over() -> None:
    """An entry that somebody wrote into the file of the commands is theirs: it is told of, not lost."""
    full = Text("switches.yaml", "sources:\n  - {id: mine, url: https://m.example/}", Layer.SWITCHES)
    with pytest.raises(OperatorError, match=r"switches.yaml:2:5: .* move it into another file"):
        _switch([full], "a", on=False)
