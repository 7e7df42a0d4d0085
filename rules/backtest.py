"""The archive replayed through a rule set, in as many processes as there are cores. Reads the store, writes nothing.

Matching is the work, and items are matched one without the other: each process takes stretches of the archive, and sends back only
items with a match. Stories hang together, so they are formed here, in order of arrival.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from multiprocessing import get_context

from rules.archive import Stretch, read, stretches
from rules.drafts import Decided
from rules.load import Recipe
from rules.matcher import Matcher
from rules.replay import Replay, Replayed
from rules.ruleset import RuleSet
from rules.stories import StoryIndex
from watcher.errors import ConcordatError
from watcher.store import Store

SIZE = 400  # items of one stretch
ALONE = 4 * SIZE  # so few items are matched sooner than another process has loaded the packs


class CannotReplayError(ConcordatError):
    """A process that matched a part of the archive ended before its work was done."""


@dataclass(frozen=True, slots=True)
class Past:
    """Which items are replayed: those of `store` that were read since that moment; `parts` are its stretches."""

    store: Store
    since: datetime
    parts: tuple[Stretch, ...]

    @classmethod
    def of(cls, store: Store, since: datetime) -> Past:
        """What stands there now."""
        with store.reading() as conn:
            return cls(store, since, tuple(stretches(conn, since, SIZE)))

    @property
    def items(self) -> int:
        """How many there are."""
        return sum(p.count for p in self.parts)


def backtest(
    past: Past,
    recipe: Recipe,
    ruleset: RuleSet,
    *,
    only: frozenset[str] = frozenset(),
    processes: int | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> Replayed:
    """What the rule set makes of the past; of `only` these rules, as if there were no others, when some are named.

    `ruleset` is what `recipe` makes. `told` hears how many items more were looked at. Raises CannotReplayError.
    """
    replay = Replay(StoryIndex.of(ruleset))
    with _decisions(past, recipe, ruleset, only, processes or _processes(past.items)) as found:
        for part, decided in zip(past.parts, found, strict=True):
            replay.add(decided, part.count)
            told(part.count)
    return replay.result


def cores() -> int:
    """How many processes can work at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processes(items: int) -> int:
    return 1 if items <= ALONE else cores()


@contextmanager
def _decisions(
    past: Past, recipe: Recipe, ruleset: RuleSet, only: frozenset[str], processes: int
) -> Iterator[Iterator[Sequence[Decided]]]:
    """The items with a match of each stretch, in order."""
    if processes == 1:
        worker = _Worker(past.store, Matcher(ruleset), past.since, only)
        yield map(worker.decide, past.parts)
        return
    url = past.store.url.render_as_string(hide_password=False)
    begin = partial(_begin, url, recipe, past.since, only)
    pool = ProcessPoolExecutor(processes, get_context("spawn"), begin)  # not forked: threads may hold locks
    try:
        yield pool.map(_decide, past.parts)
    except BrokenProcessPool:
        what = "a process that replays the archive ended before its work was done"
        raise CannotReplayError(f"{what}; where memory is short, try --jobs 1") from None
    finally:
        pool.shutdown(cancel_futures=True)


class _Worker:
    """Matches stretches of one archive."""

    def __init__(self, store: Store, matcher: Matcher, since: datetime, only: frozenset[str]) -> None:
        self._store, self._matcher, self._since, self._only = store, matcher, since, only

    def decide(self, stretch: Stretch) -> list[Decided]:
        """The items of a stretch that a rule matches."""
        match, only = self._matcher.match, self._only
        with self._store.reading() as conn:
            decided = (Decided(p, match(p.item)) for p in read(conn, stretch, self._since))
            return [d for each in decided if (d := _of(each, only) if only else each).result.matches]


def _of(decided: Decided, only: frozenset[str]) -> Decided:
    """What these rules alone say."""
    return replace(decided, result=replace(decided.result, matches=tuple(m for m in decided.result.matches if m.rule in only)))


_here: list[_Worker] = []  # of a process that works for another


def _begin(url: str, recipe: Recipe, since: datetime, only: frozenset[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever began this process is interrupted, and ends it
    _here.append(_Worker(Store(url), Matcher(recipe.build()), since, only))
    gc.freeze()  # a rule set is no garbage to look through again and again


def _decide(stretch: Stretch) -> list[Decided]:
    return _here[0].decide(stretch)
