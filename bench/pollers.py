"""Who is measured by `bench.polling`, each in a process of its own: a line `round` on standard input polls every feed once, and a line of
JSON says what it took. `python -m bench.pollers concordat URLS FOLDER`; newsboat is driven from here, reader from `bench/reader_side.py`.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

AT_ONCE = 256  # requests under way, as many as the watcher allows itself
THREADS = 100  # of newsboat


def rounds() -> Iterator[None]:
    """One item for each round that is asked for."""
    for line in sys.stdin:
        if line.strip() != "round":
            return
        yield


def cpu_of(pid: int | None) -> float:
    """Seconds of processor time that a process beside us has taken."""
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_of(pid: int | None) -> float:
    """Megabytes that it took at the most."""
    if pid is None:
        return 0.0
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def own_cpu() -> float:
    """Seconds of ours and of our children that have ended."""
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def own_peak() -> float:
    """Megabytes: our peak, and that of the children that run."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 + sum(peak_of(int(pid)) for pid in children)


@contextmanager
def measured(beside: int | None = None) -> Iterator[None]:
    """Say what the block took; `beside` is another process that works for us."""
    began, cpu = time.perf_counter(), own_cpu() + cpu_of(beside)
    yield
    seconds, used = time.perf_counter() - began, own_cpu() + cpu_of(beside) - cpu
    print(json.dumps({"seconds": seconds, "cpu": used, "peak": own_peak() + peak_of(beside)}), flush=True)


async def concordat(urls: Sequence[str], folder: Path) -> None:
    """The watcher itself, with its store and its private Redis, whose costs count; the empty database was made beforehand."""
    from concordat.runtime import running, settings_for
    from watcher.fetch import Client
    from watcher.service import Watcher
    from watcher.sources.feed import FeedSource

    (folder / "concordat.yaml").write_text("allow_private_addresses: true\nbuiltin_sources: false\n")
    sources = [FeedSource(id=f"f{i}", url=url) for i, url in enumerate(urls)]
    settings = settings_for(folder, quiet=True)
    making = "import sys, pathlib; from concordat.runtime import *; open_store(settings_for(pathlib.Path(sys.argv[1]), quiet=True)).close()"
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", making, str(folder)], check=True)
    async with running(settings) as runtime, Client(user_agent="Concordat/bench", allow_private=True) as client:
        beside = int((settings.data / "redis.pid").read_text())
        watcher = Watcher(settings, runtime.store, runtime.bus, client, sources)
        print(json.dumps({"ready": len(urls)}), flush=True)
        await _each_round(lambda: watcher.once(lambda _source, _outcome: None), beside)


async def bare(urls: Sequence[str], _: Path) -> None:
    """Our HTTP client alone: fetch, unpack, keep the validators."""
    from watcher.fetch import Client, Fetched, Request

    tags: dict[str, str] = {}
    async with Client(user_agent="bare/bench", allow_private=True) as client:
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(url: str) -> None:
            async with limit:
                got = await client.fetch(Request(url, tags.get(url)))
                if isinstance(got, Fetched):
                    tags[url] = got.headers["etag"]

        async def all_of_them() -> None:
            async with asyncio.TaskGroup() as group:
                for url in urls:
                    group.create_task(one(url))

        print(json.dumps({"ready": len(urls)}), flush=True)
        await _each_round(all_of_them, None)


async def _each_round(poll: Callable[[], Awaitable[None]], beside: int | None) -> None:
    for _ in rounds():
        with measured(beside):
            await poll()


def newsboat(urls: Sequence[str], folder: Path) -> None:
    """`newsboat -x reload`, a process a round, as its users run it from cron."""
    (folder / "urls").write_text("\n".join(urls) + "\n")
    (folder / "config").write_text(f"reload-threads {THREADS}\nmax-items 0\nauto-reload no\n")
    command = ["newsboat", "-q", "-u", str(folder / "urls"), "-C", str(folder / "config"), "-c", str(folder / "cache.db"), "-x", "reload"]
    print(json.dumps({"ready": len(urls)}), flush=True)
    for _ in rounds():
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = status
        words = {"seconds": time.perf_counter() - began, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss / 1024}
        print(json.dumps(words), flush=True)


def main() -> None:
    """`python -m bench.pollers NAME URLS FOLDER`."""
    name, urls, folder = sys.argv[1], Path(sys.argv[2]).read_text().split(), Path(sys.argv[3])
    if name == "newsboat":
        newsboat(urls, folder)
    else:
        asyncio.run({"concordat": concordat, "bare": bare}[name](urls, folder))


if __name__ == "__main__":
    main()
