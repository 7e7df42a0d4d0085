"""The YAML files of a folder as git has them at a revision: `HEAD~1:rules`, `v3:`, `main:./rules`. Reads objects only, through `git`.

What is given is never taken for an option, no file is checked out, and nothing of the repository is run: no filter, no hook, no pager.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from rules.files import SUFFIXES, Text
from watcher.errors import OperatorError, Place, Problem
from watcher.yamlfile import MAX_BYTES

SECONDS = 60.0  # for one call of git
TREE = "tree"


def is_revision(given: str) -> bool:
    """Whether what was given names a revision and a folder in it, and no folder that stands there."""
    return ":" in given and not Path(given).is_dir()


def folder_at(given: str, beside: Path) -> dict[str, list[Text]]:
    """The YAML files of a folder, and of the folders in it, by folder ("" for itself); `beside` is where git looks for its repository.

    Raises OperatorError when git, the repository, the revision or the folder is not there, or a file is too large or no text.
    """
    if "\0" in given:
        raise _refused(given.replace("\0", "?"), "is no folder", "write REVISION:FOLDER")
    tree = _git(given, beside, "rev-parse", "--verify", "--quiet", "--end-of-options", given).decode().strip()
    if _git(given, beside, "cat-file", "-t", tree).decode().strip() not in {TREE, "commit"}:
        raise _refused(given, "is no folder", "name a folder of a revision, such as HEAD~1:rules")
    found: dict[str, list[Text]] = {}
    for line in _git(given, beside, "ls-tree", "-r", "-l", "-z", "--full-tree", tree).decode("utf-8", "surrogateescape").split("\0"):
        about, _, path = line.partition("\t")
        parts = path.split("/")
        if not line or len(parts) > 2 or not parts[-1].endswith(SUFFIXES) or parts[-1].startswith("."):
            continue
        mode, kind, blob, size = about.split()
        if kind != "blob" or mode == "120000":  # a link may lead out of the repository
            continue
        name = f"{given.rstrip('/')}{'' if given.endswith(':') else '/'}{path}"
        if int(size) > MAX_BYTES:
            raise _refused(name, f"is larger than {MAX_BYTES // 1_000_000} MB", "split it")
        try:
            text = _git(name, beside, "cat-file", "blob", blob).decode("utf-8")
        except UnicodeDecodeError:
            raise _refused(name, "cannot be read (not UTF-8 text)", "check the file") from None
        found.setdefault(parts[0] if len(parts) > 1 else "", []).append(Text(name, text))
    return found


def _git(given: str, beside: Path, *words: str) -> bytes:
    """What git says."""
    try:
        done = subprocess.run(  # noqa: S603  no shell, and what is given stands behind --end-of-options or is an object's name
            ["git", "-C", str(beside), "--no-pager", *words], capture_output=True, check=False, timeout=SECONDS,  # noqa: S607
        )  # fmt: skip
    except FileNotFoundError:
        raise _refused(given, "cannot be read: there is no git on this machine", "install it, or name two folders") from None
    except subprocess.TimeoutExpired:
        raise _refused(given, f"was not read within {SECONDS:g} seconds", "name two folders instead") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = f" ({said[-1]})" if said else ""
        raise _refused(given, f"is no folder, and git knows no such revision and path in {beside}{why}", "write REVISION:FOLDER")
    return done.stdout


def _refused(given: str, what: str, fix: str) -> OperatorError:
    return OperatorError([Problem(Place(given), what, fix)])
