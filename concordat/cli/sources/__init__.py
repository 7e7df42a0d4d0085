"""`sources`: what is read, how it is doing, and everything that changes it."""

from __future__ import annotations

import typer

from concordat.cli.sources.add import add_command
from concordat.cli.sources.check import check_command
from concordat.cli.sources.listing import groups_command, list_command
from concordat.cli.sources.lists import export_command, import_command
from concordat.cli.sources.switch import disable_command, enable_command

sources_app = typer.Typer(help="What is read, and how it is doing.", no_args_is_help=True)
sources_app.command("list")(list_command)
sources_app.command("check")(check_command)
sources_app.command("groups")(groups_command)
sources_app.command("enable")(enable_command)
sources_app.command("disable")(disable_command)
sources_app.command("add")(add_command)
sources_app.command("import")(import_command)
sources_app.command("export")(export_command)
