"""What `sources enable` and `sources disable` write: which sources and groups are switched, and nothing else. Pure.

A switch is written only where the files below it say otherwise, so that the file stays as small as what was decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from watcher.errors import ConcordatError, OperatorError
from watcher.sources.files import SWITCHES, Layer, Text, read_file
from watcher.sources.load import Roster, read_roster
from watcher.sources.write import entry_text, value_text
from watcher.yamlfile import suggest

HEADER = """\
# Written by `concordat sources enable` and `concordat sources disable`, which write it anew each time: put what you write yourself
# into another file. What stands here wins over the other files; without this file they hold alone.
"""


@dataclass(frozen=True, slots=True)
class Switches:
    """Groups and sources by name, on or off."""

    groups: Mapping[str, bool] = field(default_factory=dict)
    sources: Mapping[str, bool] = field(default_factory=dict)

    def text(self) -> str:
        """The file that says so."""
        lines = [HEADER]
        lines += ["groups:\n"] if self.groups else []
        lines += [f"  {value_text(name)}: {value_text(on)}\n" for name, on in sorted(self.groups.items())]
        lines += ["sources:\n"] if self.sources else []
        lines += [entry_text({"id": name, "override": True, "enabled": on}) for name, on in sorted(self.sources.items())]
        return "".join(lines)


def switched(texts: Sequence[Text], names: Iterable[str], *, on: bool) -> Switches:
    """The switches after these sources and groups were switched; what is no longer there is dropped.

    `texts` are all files of a home. A name that is both is the source's. Raises OperatorError for mistakes in the files, and
    ConcordatError for names that nobody has.
    """
    below = [t for t in texts if t.layer is not Layer.SWITCHES]
    now = read_roster(texts)
    ids = {each.source.id for each in now.listed}
    wanted = list(dict.fromkeys(names))
    _known(wanted, ids, now)
    before = _read([t for t in texts if t.layer is Layer.SWITCHES])
    groups = {n: o for n, o in before.groups.items() if n in now.groups and (n in ids or n not in wanted)}
    sources = {n: o for n, o in before.sources.items() if n in ids and n not in wanted}
    without = _after(below, groups, sources)
    groups |= {n: on for n in wanted if n not in ids and without.groups[n].on is not on}
    read = {each.source.id for each in _after(below, groups, sources).listed if not each.off}
    sources |= {n: on for n in wanted if n in ids and (n in read) is not on}
    return Switches(groups, sources)


def _after(below: Sequence[Text], groups: Mapping[str, bool], sources: Mapping[str, bool]) -> Roster:
    return read_roster([*below, Text(SWITCHES, Switches(groups, sources).text(), Layer.SWITCHES)])


def _known(names: Iterable[str], ids: set[str], roster: Roster) -> None:
    known = {*ids, *roster.groups}
    wrong = [f"there is no source or group {n!r}, {suggest(n, known) or 'see `concordat sources groups`'}" for n in names if n not in known]
    if wrong:
        raise ConcordatError("\n".join(wrong))


def _read(texts: Sequence[Text]) -> Switches:
    """What the file says now. Raises OperatorError when somebody wrote more into it, which would be lost."""
    found = Switches()
    for text in texts:
        file = read_file(text, [])
        if file is None:
            continue
        for entry in file.entries:
            if set(entry.raw) - {"id", "override", "enabled"}:
                what = "this file is written over by a command, and this entry is more than a switch"
                raise OperatorError([entry.document.problem((), what, "move it into another file")])
        sources = {e.raw["id"]: e.raw["enabled"] for e in file.entries if isinstance(e.raw.get("enabled"), bool)}
        found = Switches(file.switches, sources)
    return found
