"""`concordat rules check · test · explain · schema`: authoring; the other commands on rules stand beside it. No business logic."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from concordat.cli.backtest import backtest_command
from concordat.cli.common import fail
from concordat.cli.people import precision_command
from concordat.cli.proofs import junit, lines, values
from concordat.cli.rulediff import diff_command
from concordat.cli.rulelist import list_command
from concordat.cli.ruleset import (
    CONFIGURATION_ERROR,
    EntitiesOption,
    HomeOption,
    RulesOption,
    check_known,
    load_for_cli,
    mistakes_told,
    recipe_for_cli,
)
from concordat.cli.teach import teach_command
from concordat.cli.why import stored_item
from notifier.provenance import REGISTERS
from rules.cases import run
from rules.explain import explain
from rules.lint import lint
from rules.matcher import Matcher
from rules.spec import SECTIONS_BY_KIND, schema
from watcher.errors import Problem
from watcher.model import Item
from watcher.settings import load_settings
from watcher.sources.kinds import KINDS
from watcher.sources.load import roster_of

rules_app = typer.Typer(help="Write rules: check, test and explain them.", no_args_is_help=True)
rules_app.command(name="list")(list_command)
rules_app.command(name="backtest")(backtest_command)
rules_app.command(name="diff")(diff_command)
rules_app.command(name="teach")(teach_command)
rules_app.command(name="precision")(precision_command)
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@rules_app.command()
def check(
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as mistakes.")] = False,
    rules: RulesOption = None, entities: EntitiesOption = None, home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Read every rule and entity file; name every mistake by file, line and column, and warn of what is probably not meant."""
    recipe, ruleset = recipe_for_cli(home, rules, entities)
    with mistakes_told():
        sources = [each.source for each in roster_of(load_settings(home)).listed]
    warnings = lint(recipe.all_texts, ruleset, sources, KINDS, REGISTERS)
    facts = {
        "version": ruleset.version, "rules": len(ruleset.rules), "entities": len(ruleset.entities),
        "phrases": len(ruleset.phrases), "traps": len(ruleset.traps),
    }  # fmt: skip
    if as_json:
        typer.echo(json.dumps({**facts, "warnings": [_problem(w) for w in warnings]}, ensure_ascii=False))
    else:
        for warning in warnings:
            typer.echo(f"{warning}" if strict else f"{warning.place}: warning: {str(warning).removeprefix(f'{warning.place}: ')}", err=True)
        if not (warnings and strict):
            told = f"; {len(warnings)} warnings" if warnings else ""
            typer.echo("ok: " + ", ".join(f"{value} {name}" for name, value in list(facts.items())[1:]) + told)
    if warnings and strict:
        raise typer.Exit(CONFIGURATION_ERROR)


def _problem(problem: Problem) -> dict[str, Any]:
    place = problem.place
    return {"file": place.file, "line": place.line, "column": place.column, "what": problem.what, "fix": problem.fix}


@rules_app.command(name="test")
def run_tests(
    only: Annotated[list[str] | None, typer.Argument(metavar="[RULE]...", help="Rules to test; by default all, and every trap.")] = None,
    rules: RulesOption = None,
    entities: EntitiesOption = None,
    home: HomeOption = None,
    packs: Annotated[bool, typer.Option("--packs", help="How much of each file the cases and traps reach.")] = False,
    unreached: Annotated[bool, typer.Option("--unreached", help="Every name, word and signal that none of them reaches.")] = False,
    junit_file: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write the results as JUnit's XML too.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Run the cases of the rules and the traps of the packs; say what none of them reaches."""
    matcher = Matcher(load_for_cli(home, rules, entities))
    check_known(matcher.ruleset, only or ())
    report = run(matcher, only or ())
    if junit_file is not None:
        junit_file.write_bytes(junit(report))
    if as_json:
        typer.echo(json.dumps(values(report), ensure_ascii=False))
    else:
        for line in lines(report, packs=packs, unreached=unreached):
            typer.echo(line)
    if not report.passed:
        raise typer.Exit(1)


@rules_app.command(name="explain")
def explain_command(
    rule: Annotated[str, typer.Argument(help="The id of a rule.")],
    text: Annotated[str, typer.Option("--text", help="The title of an item, or its only text.")] = "",
    stored: Annotated[str, typer.Option("--item", "--url", help="A stored item instead, by number or address.")] = "",
    summary: Annotated[str, typer.Option("--summary", help="The text below the title.")] = "",
    lang: Annotated[str, typer.Option("--lang", help="The language of the text, where it is declared.")] = "",
    rules: RulesOption = None,
    entities: EntitiesOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which clauses of a rule a text or a stored item meets and misses; exit 0 when the rule fires, 1 when it does not."""
    if bool(stored) == bool(text or summary):
        raise fail("write --text and --summary, or --item")
    matcher = Matcher(load_for_cli(home, rules, entities))
    check_known(matcher.ruleset, [rule])
    compiled = matcher.ruleset.rule(rule)
    assert compiled is not None
    reading = matcher.read(stored_item(home, stored) if stored else Item(id="text", title=text, summary=summary, lang=lang))
    explanation = explain(compiled, reading)
    if as_json:
        typer.echo(json.dumps({**asdict(explanation), "entities": list(reading.entities)}, ensure_ascii=False))
    else:
        typer.echo("entities: " + (", ".join(e.name for e in matcher.entities(reading)) or "none"))
        for line in explanation.lines():
            typer.echo(line)
    if not explanation.fires:
        raise typer.Exit(1)


@rules_app.command(name="schema")
def schema_command(
    kind: Annotated[str, typer.Argument(help=f"Of which files: {' or '.join(SECTIONS_BY_KIND)}.")] = "rules",
) -> None:
    """Print the JSON Schema of rule or entity files, for editors."""
    if kind not in SECTIONS_BY_KIND:
        typer.echo(f"{kind!r} is no kind of file; write {' or '.join(SECTIONS_BY_KIND)}", err=True)
        raise typer.Exit(CONFIGURATION_ERROR)
    typer.echo(json.dumps(schema(kind), ensure_ascii=False, indent=2))

