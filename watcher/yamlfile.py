"""YAML that people write, with the place of every value, and every mistake at once. Pure: text in, values or Problems out.

Three differences from plain YAML, each because operators' files are written by hand and read by us alone:
only `true` and `false` are booleans (`no` is Norwegian, not false); `08:30` stays text; anchors and aliases are refused, so that no
small file can unfold into a large one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from watcher.errors import OperatorError, Place, Problem

MAX_BYTES = 8_000_000  # our largest entity pack is a twentieth of this
MAX_DEPTH = 40

Path = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

_INT = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?([0-9][0-9_]*)?\.[0-9]+([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")
_NUMERIC = frozenset("0123456789+-.")  # what a number may begin with
_PLAIN = {"": None, "~": None, "null": None, "true": True, "false": False}
# Where an anchor or an alias may begin: after nothing, a space or a bracket, and with a name. The sign comes first, to be skipped to.
_ANCHOR = re.compile(r"[&*](?<![^\s\[\]{},:\ufeff][&*])[^\s,\[\]{}]")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the class is chosen when imported
    """Composes nodes without working out what plain text means; `_scalar` does so by our own rules."""

    def resolve(self, _kind: Any, _value: Any, _implicit: Any) -> str:
        return ""

    def descend_resolver(self, _node: Any, _index: Any) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass


# Where a value begins (line and column in one number), with the marks of what it holds.
_Mark = tuple[int, "list[_Mark] | dict[str, _Mark] | None"]
_COLUMN_BITS = 24


class _Places(Mapping[Path, Place]):
    """The places of a file's values, made when asked for: hardly any ever is."""

    def __init__(self, file: str, root: _Mark) -> None:
        self._file = file
        self._root = root

    def __getitem__(self, path: Path) -> Place:
        position, held = self._root
        for part in path:
            if isinstance(held, dict) and part in held:
                position, held = held[str(part)]
            elif isinstance(held, list) and isinstance(part, int) and 0 <= part < len(held):
                position, held = held[part]
            else:
                raise KeyError(path)
        return _place(self._file, position)

    def __iter__(self) -> Iterator[Path]:
        return (path for path, _ in _walk((), self._root))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _walk(path: Path, mark: _Mark) -> Iterator[tuple[Path, _Mark]]:
    yield path, mark
    held = mark[1] or ()
    for part, below in held.items() if isinstance(held, dict) else enumerate(held):
        yield from _walk((*path, part), below)


def _place(file: str, position: int) -> Place:
    return Place(file, position >> _COLUMN_BITS, position & (1 << _COLUMN_BITS) - 1)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain data beside the Place of every value in it."""

    file: str
    data: Any
    places: Mapping[Path, Place] = field(default_factory=dict)
    # Who keeps a document may keep here what values were found to be: at a path, as a model, from that very value.
    models: dict[tuple[Path, type[BaseModel]], tuple[Any, Any]] = field(default_factory=dict, repr=False, compare=False)

    def place(self, path: Iterable[str | int] = ()) -> Place:
        """The place of the value at `path`, or of the nearest thing that holds it."""
        at = tuple(path)
        while at not in self.places and at:
            at = at[:-1]
        return self.places.get(at, Place(self.file))

    def problem(self, path: Iterable[str | int], what: str, fix: str = "") -> Problem:
        """A Problem at the value that `path` leads to."""
        return Problem(self.place(path), what, fix)


def parse(text: str, file: str) -> Document:
    """Read one YAML file; raise OperatorError with every mistake of form (syntax, duplicate keys, aliases, size)."""
    if len(text) > MAX_BYTES:
        raise OperatorError([Problem(Place(file), f"the file is larger than {MAX_BYTES // 1_000_000} MB", "split it")])
    try:
        loader = _Loader(text)
        try:
            alias = _first_alias(text)
            if alias is not None:
                what = "anchors and aliases (& and *) are not read here"
                raise OperatorError([Problem(Place(file, *alias), what, "write the value out")])
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as e:
        mark: Any = e.problem_mark or e.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        raise OperatorError([Problem(place, f"not readable as YAML: {e.problem or e.context}", _syntax_hint(str(e.problem)))]) from None
    except (yaml.YAMLError, RecursionError) as e:
        raise OperatorError([Problem(Place(file), f"not readable as YAML: {str(e).splitlines()[0]}")]) from None
    if node is None:
        return Document(file, None)
    problems: list[Problem] = []
    data, mark = _construct(node, 0, file, problems)
    if problems:
        raise OperatorError(problems)
    return Document(file, data, _Places(file, mark))


def _first_alias(text: str) -> tuple[int, int] | None:
    """Line and column of the first anchor or alias, found on the event stream, before anything is unfolded."""
    if not _ANCHOR.search(text):
        return None
    for event in yaml.parse(text, Loader=_Loader):
        if getattr(event, "anchor", None) is not None:
            mark: Any = event.start_mark
            return mark.line + 1, mark.column + 1
    return None


def _syntax_hint(problem: str) -> str:
    if "found character '\\t'" in problem or "cannot start any token" in problem:
        return "indent with spaces, and put quotes around text that starts with @ ` or %"
    if "mapping values are not allowed" in problem:
        return "put quotes around text that holds a colon and a space"
    return "check quotes, indentation and colons on this line"


def _construct(node: yaml.Node, depth: int, file: str, problems: list[Problem]) -> tuple[Any, _Mark]:
    """The value of a node, and its marks."""
    position = _position(node)
    if depth > MAX_DEPTH:
        problems.append(Problem(_place(file, position), f"nested deeper than {MAX_DEPTH} levels", "write it flatter"))
        return None, (position, None)
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node), (position, None)
    if isinstance(node, yaml.SequenceNode):
        children = [_construct(child, depth + 1, file, problems) for child in node.value]
        return [value for value, _ in children], (position, [mark for _, mark in children])
    out: dict[str, Any] = {}
    marks: dict[str, _Mark] = {}
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        if key is None:
            problems.append(Problem(_place(file, _position(key_node)), "a key must be plain text"))
        elif key in out:
            problems.append(Problem(_place(file, _position(key_node)), f"{key!r} is given twice", "keep one of the two"))
        else:
            out[key], marks[key] = _construct(value_node, depth + 1, file, problems)
    return out, (position, marks)


def _position(node: yaml.Node) -> int:
    mark = node.start_mark
    return (mark.line + 1) << _COLUMN_BITS | (mark.column + 1)


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    if node.style:  # quoted or a block: text, whatever it looks like
        return text
    if text in _PLAIN:
        return _PLAIN[text]
    if text[0] not in _NUMERIC:
        return text
    if _INT.fullmatch(text):
        return int(text.replace("_", ""))
    if _FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    return text


def validate(document: Document, path: Path, value: Any, model: type[M], problems: list[Problem]) -> M | None:
    """`value`, found at `path`, as a `model`; on mistakes append a Problem for each to `problems` and return None."""
    try:
        return model.model_validate(value)
    except ValidationError as e:
        problems += [_problem(document, path, model, error) for error in e.errors(include_url=False)]
        return None


def _problem(document: Document, path: Path, model: type[BaseModel], error: Any) -> Problem:
    loc = _real(document, path, error["loc"])
    kind, given = error["type"], error.get("input")
    name = ".".join(str(p) for p in loc if not isinstance(p, int)) or "this entry"
    if kind == "extra_forbidden":
        key = str(error["loc"][-1])
        return document.problem((*path, *loc), f"unknown key {key!r}", suggest(key, _keys(model)) or "remove it")
    if kind == "missing":
        return document.problem(path, f"{error['loc'][-1]!r} is missing", f"add `{error['loc'][-1]}: …`")
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    if str(error["msg"]).startswith("Input should be "):
        return document.problem((*path, *loc), f"{name} is {_shown(given)}", f"write {message}")
    return document.problem((*path, *loc), f"{name}: {message}")


def _keys(model: type[BaseModel]) -> list[str]:
    """Every key that `model`, or a mapping inside it, knows."""
    whole = model.model_json_schema(by_alias=True)
    return [key for part in (whole, *whole.get("$defs", {}).values()) for key in part.get("properties", ())]


def _real(document: Document, path: Path, loc: Iterable[str | int]) -> Path:
    """The part of a pydantic location that names real keys (it also names union members)."""
    real: Path = ()
    for part in loc:
        if (*path, *real, part) in document.places:
            real = (*real, part)
    return real


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def suggest(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?` for the nearest of `known`, or an empty string."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else ""
