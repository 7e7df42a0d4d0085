"""Source files: layers, overrides, groups and switches, what sources wait for, and every mistake with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.errors import OperatorError
from watcher.sources.files import Layer, Text, write_file
from watcher.sources.load import Roster, load_roster, load_sources, read_roster

BUILT_IN = Text(
    "built-in/sources/labs.yaml",
    """group: labs
title: Laboratories
sources:
  - {id: alpha, url: "https://alpha.example/feed", tags: [lab]}
  - {id: beta, url: "https://beta.example/feed", every: 10m}
""",
    Layer.BUILTIN,
)


def roster(*own: str, switches: str = "") -> Roster:
    """The built-in sources above, files of an operator, and what the commands wrote."""
    texts = [Text(f"own{i}.yaml", text) for i, text in enumerate(own)]
    return read_roster([BUILT_IN, *texts, Text("switches.yaml", switches, Layer.SWITCHES)])


def problems(*own: str) -> list[str]:
    """What is wrong with files of an operator."""
    with pytest.raises(OperatorError) as caught:
        roster(*own)
    return [str(p) for p in caught.value.problems]


def active(found: Roster) -> list[str]:
    """The ids that are read."""
    return [s.id for s in found.active]


def test_sources_of_a_file_are_in_its_group() -> None:
    """A file's group holds for every source in it that names none of its own."""
    one, two = "{id: one, url: https://a.example/}", "{id: two, url: https://b.example/, group: labs}"
    found = roster(f"group: mine\ntitle: My own\nsources:\n  - {one}\n  - {two}")
    assert [each.source.id for each in found.of_group("mine")] == ["one"]
    assert [each.source.id for each in found.of_group("labs")] == ["alpha", "beta", "two"]
    assert (found.groups["labs"].title, found.groups["mine"].title) == ("Laboratories", "My own")


def test_an_override_stays_in_its_group() -> None:
    """Changing a key of a built-in source does not move it into the group of the file that changes it."""
    found = roster("group: mine\nsources:\n  - {id: alpha, override: true, every: 5m}")
    assert [each.source.id for each in found.of_group("labs")] == ["alpha", "beta"]
    assert "mine" not in found.groups


def test_a_group_is_switched_off_as_a_whole() -> None:
    """Its sources are listed, not read, and say where they were switched off."""
    found = roster("groups: {labs: false}")
    assert active(found) == []
    assert [each.off for each in found.listed] == ["its group labs is switched off at own0.yaml:1:16"] * 2


def test_a_group_of_the_catalogue_can_be_off_by_default() -> None:
    """Then the reason says how to switch it on, and any word of the operator's does."""
    off = Text("built-in/x.yaml", "group: x\ngroups: {x: false}\nsources:\n  - {id: gamma, url: https://c.example/}", Layer.BUILTIN)
    (gamma,) = read_roster([off]).listed
    assert gamma.off == "its group is off by default; `concordat sources enable x` switches it on"
    assert active(read_roster([off, Text("own.yaml", "groups: {x: true}")])) == ["gamma"]


def test_a_source_wins_over_its_group() -> None:
    """`enabled` on a source holds against the switch of its group, both ways."""
    found = roster("groups: {labs: false}\nsources:\n  - {id: alpha, override: true, enabled: true}")
    assert active(found) == ["alpha"]
    off = roster("groups: {labs: true}\nsources:\n  - {id: alpha, override: true, enabled: false}")
    assert active(off) == ["beta"]
    assert off.listed[0].off == "switched off at own0.yaml:3:42"


def test_switches_of_the_commands_win() -> None:
    """What `sources enable` wrote holds against the operator's files, which hold against the catalogue."""
    found = roster("groups: {labs: false}", switches="groups: {labs: true}\nsources:\n  - {id: beta, override: true, enabled: false}")
    assert active(found) == ["alpha"]


def test_switches_outlive_what_they_switched() -> None:
    """A source or group that is no longer there makes no mistake of a file that a command wrote."""
    found = roster(switches="groups: {gone: false}\nsources:\n  - {id: gone, override: true, enabled: false}")
    assert active(found) == ["alpha", "beta"]


def test_mistakes_of_groups_are_told_with_place_and_hint() -> None:
    """Unknown groups, switches that are none, a second word on one group, and names that no group can have: all at once."""
    bad = "group: Bad Name\nsources:\n  - {id: x, url: https://x.example/}"
    told = problems("groups:\n  lasb: false\n  labs: maybe\n", "groups: {labs: true}\n", "groups: {labs: false}\n", bad)
    assert told == [
        "own0.yaml:2:9: there is no group 'lasb', did you mean 'labs'?",
        "own0.yaml:3:9: group 'labs' is 'maybe', write true or false",
        "own2.yaml:1:16: group 'labs' is switched already, at own1.yaml:1:16, keep one of the two",
        "own3.yaml:1:8: group: String should match pattern '^[a-z0-9][a-z0-9._-]{0,63}$'",
    ]


def test_unknown_keys_are_told_with_a_hint() -> None:
    """A misspelt key of a file is named where it stands."""
    assert problems("gruop: mine\n") == ["own0.yaml:1:8: unknown key 'gruop', did you mean 'group'?"]
    assert problems("groups: [labs]\n") == ["own0.yaml:1:9: `groups:` switches groups, write `groups: {name: false}`"]
    assert problems("group: [labs]\n") == ["own0.yaml:1:8: group is ['labs'], write text"]


def test_a_mistake_is_told_where_the_key_was_written() -> None:
    """A wrong value in an override is told at the override, not where the source was defined."""
    assert problems("sources:\n  - id: beta\n    override: true\n    every: 10\n") == [
        "own0.yaml:4:12: every: 10 has no unit; write a duration such as 30s, 10m, 48h or 7d"
    ]


def test_overrides_of_nothing_get_a_hint() -> None:
    """A misspelt id beside `override` is told with the nearest one."""
    assert problems("sources:\n  - {id: alhpa, override: true}\n") == [
        "own0.yaml:2:27: there is no source 'alhpa' to override, did you mean 'alpha'?"
    ]


def test_one_id_twice_names_both_places() -> None:
    """Two files of an operator may not define the same source."""
    entry = "sources:\n  - {id: x, url: https://x.example/}\n"
    assert problems(entry, entry) == ["own1.yaml:2:10: source 'x' is there already, at own0.yaml:2:5, choose another id"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of sources that switches a built-in group."""
    write_file(tmp_path / "mine.yaml", "groups: {press-en: false}\n")
    return tmp_path


def test_switches_of_built_in_groups_are_fine_without_the_catalogue(folder: Path) -> None:
    """`builtin_sources: false` makes no mistake of a file that was right before; a group that nobody has stays one."""
    assert load_sources(folder, builtin=False) == ()
    write_file(folder / "mine.yaml", "groups: {pres-en: false}\n")
    with pytest.raises(OperatorError, match="did you mean 'press-en'"):
        load_roster(folder, builtin=False)


def test_switches_file_is_read_last(folder: Path) -> None:
    """Whatever the other files are called."""
    write_file(folder / "zz.yaml", "sources:\n  - {id: nist, override: true, enabled: false}\n")
    write_file(folder / "switches.yaml", "groups: {press-en: true}\nsources:\n  - {id: nist, override: true, enabled: true}\n")
    assert {"nist", "techcrunch"} <= set(active(load_roster(folder)))


def test_a_written_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    """Nothing is left beside it, and permissions stay as the operator set them."""
    path = tmp_path / "a.yaml"
    path.write_text("old")
    path.chmod(0o600)
    write_file(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
