"""A real PostgreSQL from a wheel, on loopback, for as long as a test needs it.

The wheel's own Python adds a user when it runs as root; only its binaries are used here, as an unprivileged user where we are root.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.program import free_port

NOBODY = 65534


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database; the server ends with the block."""
    spec = importlib.util.find_spec("pgserver")
    assert spec is not None and spec.submodule_search_locations, "the wheel pgserver is not installed"  # noqa: PT018
    folder = Path(tempfile.mkdtemp(prefix="concordat-pg-"))
    try:
        # copied, because another user need not be able to read our virtual environment; its libraries are looked for beside it
        package = Path(spec.submodule_search_locations[0])
        shutil.copytree(package / "pginstall", folder / "pgserver" / "pginstall", symlinks=True)
        shutil.copytree(package.with_name("pgserver.libs"), folder / "pgserver.libs", symlinks=True)
        port = free_port()
        if os.getuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        data = folder / "data"
        _run(folder, "initdb", "-D", data, "-U", "concordat", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {folder} -p {port} -c listen_addresses=127.0.0.1 -c fsync=off"
        _run(folder, "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
        try:
            _run(folder, "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "concordat", "concordat")
            yield f"postgresql://concordat@127.0.0.1:{port}/concordat"
        finally:
            _run(folder, "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, program: str, *args: str | Path) -> None:
    ids = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    command = [str(folder / "pgserver" / "pginstall" / "bin" / program), *map(str, args)]
    with (folder / "out").open("w+b") as out:  # a file: a server that stays would keep a pipe open
        done = subprocess.run(command, stdout=out, stderr=out, cwd=folder, timeout=60, check=False, **ids)  # type: ignore[call-overload]
    assert done.returncode == 0, (folder / "out").read_text(errors="replace")
