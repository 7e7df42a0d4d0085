"""The command tree, and the one place where errors become a line and an exit code.

A command's module is loaded when the command is asked for: `match` need not wait for the libraries of `up`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from concordat import __version__
from watcher.errors import ConcordatError

COMMANDS = {
    "demo": "demo:demo_command",
    "init": "init:init_command",
    "up": "run:up_command",
    "once": "run:once_command",
    "match": "match:match_command",
    "rules": "rules:rules_app",
    "stories": "stories:stories_app",
    "why": "why:why_command",
    "why-not": "why:why_not_command",
    "sources": "sources:sources_app",
    "subscribers": "delivery:subscribers_app",
    "digest": "digest:digest_app",
    "deliveries": "delivery:deliveries_app",
    "dead": "delivery:dead_app",
    "doctor": "doctor:doctor_command",
}


class LazyCommands(TyperGroup):
    """The commands of COMMANDS, each imported when it is needed."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  the port of Click
        """Every name, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  as above
        """The command of this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        found = getattr(import_module(f"concordat.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            command: Any = get_group(found)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name)(found)
            command = get_command(alone)
        command.name = cmd_name
        return command


app = typer.Typer(
    name="concordat",
    cls=LazyCommands,
    help="Watches the world for partnerships between AI companies and governments, and tells people within seconds.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"concordat {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    del version


def main() -> None:
    """Run a command; errors of ours are one clear line and exit code 2."""
    try:
        app()
    except ConcordatError as e:
        sys.stderr.write(f"{e}\n")
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
