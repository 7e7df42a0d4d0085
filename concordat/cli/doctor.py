"""`doctor`: is everything there that Concordat needs, and what to do where not."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

import typer

from concordat.cli.common import HomeOption, JsonOption, console, write_json
from concordat.doctor import Finding, examine
from concordat.runtime import settings_for

_MARKS = {True: "[green]ok[/]  ", None: "[dim]–[/]   ", False: "[red]bad[/] "}


def doctor_command(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check Redis, database, Telegram, mail server, rule files and sources. Exit 1 when something is bad."""
    found: list[Finding] = []

    def heard(finding: Finding) -> None:
        found.append(finding)
        if not as_json:
            console.print(_MARKS[finding.ok], end="")
            console.print(f"{finding.what}: {finding.text}", highlight=False, markup=False)

    well = asyncio.run(examine(settings_for(home, quiet=True), heard))
    if as_json:
        write_json([asdict(f) for f in found])
    if not well:
        raise typer.Exit(1)
