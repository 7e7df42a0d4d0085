"""The command tree, and the one place where errors become a line and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from concordat import __version__
from concordat.cli.delivery import dead_app, deliveries_app, digest_app, subscribers_app
from concordat.cli.demo import demo_command
from concordat.cli.doctor import doctor_command
from concordat.cli.init import init_command
from concordat.cli.match import match_command
from concordat.cli.rules import rules_app
from concordat.cli.run import once_command, up_command
from concordat.cli.sources import sources_app
from concordat.cli.why import why_command
from watcher.errors import ConcordatError

app = typer.Typer(
    name="concordat",
    help="Watches the world for partnerships between AI companies and governments, and tells people within seconds.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("demo")(demo_command)
app.command("init")(init_command)
app.command("up")(up_command)
app.command("once")(once_command)
app.command("match")(match_command)
app.command("why")(why_command)
app.command("doctor")(doctor_command)
app.add_typer(rules_app, name="rules")
app.add_typer(sources_app, name="sources")
app.add_typer(subscribers_app, name="subscribers")
app.add_typer(digest_app, name="digest")
app.add_typer(deliveries_app, name="deliveries")
app.add_typer(dead_app, name="dead")


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
