"""The rule set in use: loaded at start, loaded anew when a file changes, and never replaced by a bad one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from rules.load import Recipe
from rules.matcher import Matcher
from watcher.errors import OperatorError
from watcher.live import follow
from watcher.settings import Settings

log = structlog.get_logger("rules")


@dataclass(frozen=True, slots=True)
class Folders:
    """Where an operator's rules and entities are, and which built-in ones stand below them."""

    rules: Path
    entities: Path
    builtin_rules: bool = True
    builtin_entities: bool = True

    @classmethod
    def of(cls, settings: Settings) -> Folders:
        """The folders of a home."""
        return cls(settings.home / "rules", settings.home / "entities", settings.builtin_rules, settings.builtin_entities)

    def recipe(self) -> Recipe:
        """The files as they stand there now."""
        return Recipe.read(self.entities, self.rules, builtin_rules=self.builtin_rules, builtin_entities=self.builtin_entities)

    def load(self) -> Matcher:
        """A matcher for what stands there now; raises OperatorError with every mistake."""
        return Matcher(self.recipe().build())


class LiveRules:
    """Holds the matcher that is in force; `follow` exchanges it after each good edit."""

    def __init__(self, folders: Folders) -> None:
        """Load what stands there now; raises OperatorError, for nothing can start without rules."""
        self._folders = folders
        self.matcher = folders.load()
        self.refused = ""  # why the files as they stand now are not in force; empty when they are

    def topics(self) -> tuple[str, ...]:
        """Every topic that the rules in force can give, in alphabetical order."""
        return tuple(sorted({t for rule in self.matcher.ruleset.rules for t in rule.topics}))

    async def follow(self, stop: asyncio.Event, changed: Callable[[], None] = lambda: None) -> None:
        """Watch the folders until `stop`; a change is in force, or refused in the log with its places, within a second."""

        async def edited() -> None:
            await self._reload()
            changed()

        await follow([self._folders.rules, self._folders.entities], edited, stop)

    async def _reload(self) -> None:
        try:
            matcher = await asyncio.to_thread(self._folders.load)
        except OperatorError as e:
            self.refused = str(e)
            for problem in e.problems:
                log.warning("rules not changed, the old ones stay in force", problem=str(problem))
            return
        self.refused = ""
        if matcher.ruleset.version != self.matcher.ruleset.version:
            self.matcher = matcher
            log.info("rules changed", version=matcher.ruleset.version, rules=len(matcher.ruleset.rules))
