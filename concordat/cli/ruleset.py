"""The rule set a command works with: the home's settings and folders, or the folders given on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rules.load import load_ruleset
from rules.ruleset import RuleSet
from watcher.errors import OperatorError, SettingsError
from watcher.settings import load_settings

CONFIGURATION_ERROR = 2
RulesOption = Annotated[Path | None, typer.Option("--rules", help="Folder of rule files, instead of the home's.")]
EntitiesOption = Annotated[Path | None, typer.Option("--entities", help="Folder of entity files, instead of the home's.")]
HomeOption = Annotated[Path | None, typer.Option("--home", envvar="CONCORDAT_HOME", help="The home folder.")]


def load_for_cli(home: Path | None, rules: Path | None = None, entities: Path | None = None) -> RuleSet:
    """The compiled rule set; on mistakes, one line for each on standard error and exit code 2."""
    try:
        settings = load_settings(home)
        for given in (rules, entities):
            if given is not None and not given.is_dir():
                raise SettingsError(f"{given} is not a folder; name a folder that holds YAML files")
        return load_ruleset(
            rules or settings.home / "rules",
            entities or settings.home / "entities",
            builtin_rules=settings.builtin_rules,
            builtin_entities=settings.builtin_entities,
        )
    except (OperatorError, SettingsError) as e:
        typer.echo(str(e), err=True)
        raise typer.Exit(CONFIGURATION_ERROR) from None
