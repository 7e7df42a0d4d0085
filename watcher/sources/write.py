"""Source entries as the YAML that a person would write: for what commands add to a home. Pure: text in, text out.

What is written here reads back as the same values; files of operators keep their comments and their order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from watcher.errors import OperatorError
from watcher.model import Source
from watcher.urls import host_of
from watcher.yamlfile import parse

ID_LENGTH = 64
_FIRST, _LAST = ("id", "kind", "title", "url"), ("tags", "group", "lang", "every", "fulltext", "override", "enabled")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}  # some readers of YAML see more than text in these
_PLAIN = re.compile(r"[^\W\d_](?:[\w ./@'()+;=%~?&$-]|:(?=[\w/])|,(?=\w))*|(?:\d+(?:ms|[smhdw]))+")


def raw_entry(source: Source) -> dict[str, Any]:
    """A source as it is written: the keys whose values differ from what holds without them."""
    kind = {} if source.kind == "feed" else {"kind": source.kind}
    return {"id": source.id, **kind, **source.model_dump(mode="json", exclude_defaults=True, exclude={"id", "kind"})}


def entry_text(raw: Mapping[str, Any], indent: int = 2) -> str:
    """One item of the list under `sources:`, a key a line."""
    keys = [*(k for k in _FIRST if k in raw), *(k for k in raw if k not in _FIRST + _LAST), *(k for k in _LAST if k in raw)]
    lines = [f"{key}: {value_text(raw[key])}" for key in keys]
    return " " * indent + "- " + f"\n{' ' * (indent + 2)}".join(lines) + "\n"


def value_text(value: Any) -> str:
    """A value on one line."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{value_text(str(k))}: {_inner(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_inner, value)) + "]"
    text = str(value)
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS and text == text.strip() and text.isprintable()
    return text if plain else _quoted(text)


def _inner(value: Any) -> str:
    """A value inside brackets, where a comma would end plain text."""
    return _quoted(value) if isinstance(value, str) and "," in value else value_text(value)


def _quoted(text: str) -> str:
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def with_entries(text: str, file: str, entries: Sequence[Mapping[str, Any]]) -> str:
    """A source file's text with entries added at its end; everything else in it stays as it is, to the byte.

    Raises OperatorError where that cannot be done, as for a list in brackets or one that other keys follow.
    """
    if not entries:
        return text
    document = parse(text, file)
    data = document.data or {}
    if not isinstance(data, dict):
        raise OperatorError([document.problem((), "a source file holds `sources:` and a list under it")])
    before = data.get("sources") or []
    place = document.place(("sources", 0)) if before else None
    added = "".join("\n" + entry_text(e, place.column - 3 if place is not None else 2) for e in entries)
    body = text if not text or text.endswith("\n") else text + "\n"
    if before:
        whole = body.rstrip("\n") + "\n" + added
    else:
        whole = re.sub(r"(?m)^sources:[ \t]*(\[\]|~|null)?[ \t]*(#.*)?\n", "", body) + "sources:\n" + added.removeprefix("\n")
    if _holds(whole, file) == {**data, "sources": [*before, *map(dict, entries)]}:
        return whole
    fix = "write the list last, and each entry below `- id:`"
    raise OperatorError([document.problem(("sources",), "a command cannot add to this list", fix)])


def _holds(text: str, file: str) -> Any:
    try:
        return parse(text, file).data
    except OperatorError:
        return None


def slug(text: str) -> str:
    """What is left of a text in an id: small ASCII letters, digits and dashes; may be empty."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:ID_LENGTH].strip("-")


class Ids:
    """Hands out ids that nobody has."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._last: dict[str, int] = {}  # numbers that were given to each base, so that a thousand equal titles are not counted anew

    def take(self, wanted: str) -> str:
        """`wanted`, or with the next number behind it that makes it new; taken from now on."""
        base = wanted or "source"
        found = base
        while found in self._taken:
            n = self._last[base] = self._last.get(base, 1) + 1
            found = f"{base[: ID_LENGTH - len(str(n)) - 1]}-{n}"
        self._taken.add(found)
        return found

    def take_for(self, title: str, url: str) -> str:
        """An id made from a title, or from the host where the title has no letter for one."""
        return self.take(slug(title) or slug(host_of(url).removeprefix("www.")))
