"""The command line: one file for each family of commands, wired together here. No business logic."""

from concordat.cli.app import app, main

__all__ = ["app", "main"]
