"""The rule set a command works with: the home's settings and folders, or the folders given on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from rules.live import Folders
from rules.load import Recipe
from rules.ruleset import RuleSet
from watcher.errors import OperatorError, SettingsError
from watcher.settings import load_settings
from watcher.yamlfile import suggest

CONFIGURATION_ERROR = 2
RulesOption = Annotated[Path | None, typer.Option("--rules", help="Folder of rule files, instead of the home's.")]
EntitiesOption = Annotated[Path | None, typer.Option("--entities", help="Folder of entity files, instead of the home's.")]
HomeOption = Annotated[Path | None, typer.Option("--home", envvar="CONCORDAT_HOME", help="The home folder.")]


def load_for_cli(home: Path | None, rules: Path | None = None, entities: Path | None = None) -> RuleSet:
    """The compiled rule set; on mistakes, one line for each on standard error and exit code 2."""
    return recipe_for_cli(home, rules, entities)[1]


def recipe_for_cli(home: Path | None, rules: Path | None = None, entities: Path | None = None) -> tuple[Recipe, RuleSet]:
    """The files that make a rule set, and the rule set; on mistakes as `load_for_cli`."""
    with mistakes_told():
        settings = load_settings(home)
        for given in (rules, entities):
            if given is not None and not given.is_dir():
                raise SettingsError(f"{given} is not a folder; name a folder that holds YAML files")
        folders = Folders(
            rules or settings.home / "rules", entities or settings.home / "entities", settings.builtin_rules, settings.builtin_entities
        )
        recipe = folders.recipe()
        return recipe, recipe.build()


@contextmanager
def mistakes_told() -> Iterator[None]:
    """What is wrong with files or settings ends the command: one line for each mistake on standard error, and exit code 2."""
    try:
        yield
    except (OperatorError, SettingsError) as e:
        typer.echo(str(e), err=True)
        raise typer.Exit(CONFIGURATION_ERROR) from None


def check_known(ruleset: RuleSet, rules: Iterable[str]) -> None:
    """Leave with exit code 2 and the nearest name when one of these rules does not exist."""
    for rule in rules:
        if ruleset.rule(rule) is None:
            hint = suggest(rule, [r.id for r in ruleset.rules])
            typer.echo(f"there is no rule {rule!r}" + (f", {hint}" if hint else ""), err=True)
            raise typer.Exit(CONFIGURATION_ERROR)
