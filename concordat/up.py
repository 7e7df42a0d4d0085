"""The supervisor of `up`: starts the stages in one process, restarts one that fails, drains and stops on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog

from concordat import __version__
from concordat.console.app import build_app, listen, serve
from concordat.health import Health
from concordat.runtime import Runtime, running
from notifier.bot.vocabulary import following_words
from notifier.service import run_notifier
from rules.live import Folders, LiveRules
from rules.service import RulesStage
from watcher.fetch import Client
from watcher.model import Source
from watcher.service import Watcher, user_agent
from watcher.settings import Settings
from watcher.sources.load import roster_of

log = structlog.get_logger("up")

STAGES = ("watcher", "rules", "notifier", "console")
RESTART, RESTART_MAX = 1.0, 30.0  # seconds before a failed stage is started again; doubles

Stage = Callable[[asyncio.Event], Awaitable[None]]


async def up(settings: Settings, only: Sequence[str], ready: Callable[[str], None]) -> None:
    """Run the stages named in `only` until SIGTERM or SIGINT; a second signal ends the process at once.

    `ready` is told the console's address. Raises SettingsError, OperatorError, RedisError or StoreError when it cannot start.
    """
    stop = asyncio.Event()
    _on_signals(stop)
    for name in ("sources", "rules", "entities"):
        with contextlib.suppress(OSError):  # a home that is mounted read-only is fine; what is not there is not watched
            (settings.home / name).mkdir(parents=True, exist_ok=True)
    health = Health()
    sock = listen(settings) if "console" in only else None
    for part in only:
        health.stage(part, "starting")
    async with running(settings) as runtime:
        stages = _stages(runtime, only, health)
        async with asyncio.TaskGroup() as group:
            if sock is not None:
                group.create_task(serve(build_app(settings, health, runtime.store, runtime.bus), sock, stop))
                health.stage("console", "")
                host, port = sock.getsockname()[:2]
                ready(f"http://{host}:{port}")
            for name, stage in stages.items():
                group.create_task(_kept_running(name, stage, stop, health))
            log.info("up", stages=list(only), version=__version__)
            await stop.wait()
            log.info("stopping: work in hand is finished first")


def _stages(runtime: Runtime, only: Sequence[str], health: Health) -> dict[str, Stage]:
    settings, store, bus = runtime.settings, runtime.store, runtime.bus
    stages: dict[str, Stage] = {}
    if "watcher" in only:
        folder = settings.home / "sources"
        sources = _sources(settings)

        async def watch(stop: asyncio.Event) -> None:
            agent = user_agent(__version__, settings.public_url)
            async with Client(user_agent=agent, allow_private=settings.allow_private_addresses) as client:
                watcher = Watcher(settings, store, bus, client, sources)
                async with asyncio.TaskGroup() as group:
                    group.create_task(watcher.run(stop))
                    group.create_task(watcher.follow(folder, partial(_sources, settings), stop))

        stages["watcher"] = watch
    live = LiveRules(Folders.of(settings)) if {"rules", "notifier"} & set(only) else None
    if "rules" in only and live is not None:
        stages["rules"] = RulesStage(store, bus, live).run
    if "notifier" in only and live is not None:
        words = following_words(live)
        alone = "rules" not in only

        async def notify(stop: asyncio.Event) -> None:
            async with asyncio.TaskGroup() as group:
                if alone:  # the rules stage, which follows the files, is another process
                    group.create_task(live.follow(stop))
                await run_notifier(
                    settings, store, bus, stop, health=health.channel, words=words, refused=lambda: live.refused, version=__version__
                )

        stages["notifier"] = notify
    return stages


def _sources(settings: Settings) -> tuple[Source, ...]:
    """What is read; those that wait for a setting are named in the log."""
    roster = roster_of(settings)
    for wanted, waiting in roster.waiting.items():
        log.info("sources wait", until=" and ".join(wanted), sources=[each.source.id for each in waiting])
    return roster.active


async def _kept_running(name: str, stage: Stage, stop: asyncio.Event, health: Health) -> None:
    pause = RESTART
    while not stop.is_set():
        try:
            health.stage(name, "")
            await stage(stop)
            return
        except Exception as e:
            health.stage(name, f"restarting after {type(e).__name__}")
            log.exception("stage failed, it is started again", stage=name, seconds=pause)
        try:
            await asyncio.wait_for(stop.wait(), pause)
        except TimeoutError:
            pause = min(pause * 2, RESTART_MAX)


def _on_signals(stop: asyncio.Event) -> None:
    def caught() -> None:
        if stop.is_set():
            os._exit(130)  # the second signal: at once; what was not written is done again at the next start
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, caught)
