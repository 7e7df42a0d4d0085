"""How fast feeds are polled, beside `reader`, newsboat and the bare HTTP client; everything in one run, so that ratios can be trusted.

    python -m bench.polling [--feeds 2000] [--only concordat bare reader newsboat growth] [--reader-python PATH] [--json FILE]

One local host serves synthetic feeds (`bench.feedhost`), each on an address of its own, with a latency of 5 to 200 ms as on the network.
Each contestant polls all of them in a fresh process: `cold` for the first time, `warm` when nothing changed (all 304), `new` when every
feed has one new entry. Seconds are those of the clock; CPU is user and system time of the contestant and of what works for it (its Redis,
too); memory is the peak. See bench/README.md for what the others need, and for figures.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.feedhost import url_of

ROOT = Path(__file__).parent.parent
CONTESTANTS = ("concordat", "bare", "reader", "newsboat")
GROWTH = (200, 2_000, 10_000)
PASSES = ("cold", "warm", "new")
AIMS = (  # who, at what, in which measure of `Took`, at least how many times better than whom
    ("reader", "warm", "seconds", 5.0), ("reader", "warm", "cpu", 8.0),
    ("reader", "new", "seconds", 10.0), ("reader", "cold", "seconds", 6.0),
    ("newsboat", "cold", "seconds", 1.0), ("newsboat", "warm", "seconds", 1.0), ("newsboat", "new", "seconds", 1.0),
    ("bare", "warm", "seconds", 1 / 1.3),
)  # fmt: skip
MOST_MEMORY, GROWTH_MOST = 150.0, 1.2  # megabytes at 2,000 feeds; how much more a poll may cost at the largest than at the smallest


@dataclass(frozen=True)
class Took:
    """What one pass over all feeds took."""

    who: str
    feeds: int
    what: str
    seconds: float
    cpu: float
    peak: float  # megabytes, so far in this process
    answers: dict[str, int]

    def row(self) -> list[str]:
        """As a line of the table."""
        return [
            self.who, f"{self.feeds:,}", self.what, f"{self.seconds:.2f}", f"{self.feeds / self.seconds:,.0f}",
            f"{self.cpu / self.feeds * 1000:.3f}", f"{self.peak:.0f}",
        ]  # fmt: skip


class Line:
    """A process that answers each line with one of JSON."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.first = self._hear()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(self._command)} ended without an answer")
        words: dict[str, Any] = json.loads(line)
        return words

    def ask(self, word: str) -> dict[str, Any]:
        """The answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        return self._hear()

    def close(self) -> None:
        """End it and wait."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@contextmanager
def line(*command: str) -> Iterator[Line]:
    """A process for the block."""
    process = Line(command)
    try:
        yield process
    finally:
        process.close()


def command_of(who: str, reader_python: str | None) -> list[str] | None:
    """How a contestant is started, before its arguments; None where it is not installed."""
    if who == "newsboat" and shutil.which("newsboat") is None:
        return None
    if who != "reader":
        return [sys.executable, "-m", "bench.pollers", who]
    if reader_python is None or subprocess.run([reader_python, "-c", "import reader"], capture_output=True, check=False).returncode:
        return None
    return [reader_python, str(ROOT / "bench" / "reader_side.py")]


def measure(who: str, command: Sequence[str], host: Line, feeds: int, folder: Path) -> Iterator[Took]:
    """All passes of one contestant. newsboat sends validators from its third run on, so it gets one more before it is warm."""
    folder.mkdir()
    urls = folder.parent / "urls.txt"
    with line(*command, str(urls), str(folder)) as contestant:
        host.ask("counts")
        for what in ("cold", "settle", "warm", "new") if who == "newsboat" else PASSES:
            if what == "new":
                host.ask("advance")
            took = contestant.ask("round")
            answers = host.ask("counts")
            if what != "settle":
                yield Took(who, feeds, what, took["seconds"], took["cpu"], took["peak"], answers)


def run(feeds: int, contestants: Sequence[str], args: argparse.Namespace) -> list[Took]:
    """One host, and each contestant in turn."""
    results = []
    with tempfile.TemporaryDirectory(prefix="bench-polling-") as folder:
        print(f"making {feeds:,} feeds …", file=sys.stderr)
        latency = [str(args.latency[0] / 1000), str(args.latency[1] / 1000)]
        with line(sys.executable, "-m", "bench.feedhost", "--feeds", str(feeds), "--latency", *latency) as host:
            port = host.first["port"]
            (Path(folder) / "urls.txt").write_text("\n".join(url_of(i, port) for i in range(feeds)))
            for who in contestants:
                command = command_of(who, args.reader_python)
                if command is None:
                    print(f"!!! {who} IS NOT INSTALLED AND IS LEFT OUT; see bench/README.md", file=sys.stderr)
                    continue
                for took in measure(who, command, host, feeds, Path(folder) / who):
                    print("  ".join(took.row()), took.answers, file=sys.stderr)
                    results.append(took)
    return results


def table(results: Sequence[Took]) -> str:
    """Everything, as Markdown."""
    head = ["who", "feeds", "pass", "s", "feeds/s", "CPU s / 1,000", "peak MB"]
    rows = [head, ["---"] * len(head), *(t.row() for t in results)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def verdicts(results: Sequence[Took], growth: Sequence[Took]) -> Iterator[str]:
    """How the aims are met."""
    found = {(t.who, t.what): t for t in results}
    for who, what, measure, least in AIMS:
        ours, theirs = found.get(("concordat", what)), found.get((who, what))
        if ours is not None and theirs is not None:
            times = getattr(theirs, measure) / getattr(ours, measure)
            yield _verdict(times >= least, f"{what}, {measure}: {times:.2f} times {who} (aim {least:.2f})")
    ours = found.get(("concordat", "new"))
    if ours is not None:
        yield _verdict(ours.peak <= MOST_MEMORY, f"memory: {ours.peak:.0f} MB at {ours.feeds:,} feeds (aim {MOST_MEMORY:.0f})")
    for what in PASSES:
        costs = [t.cpu / t.feeds for t in growth if t.what == what]
        if len(costs) > 1:
            times = costs[-1] / costs[0]
            yield _verdict(times <= GROWTH_MOST, f"{what}: a poll costs {times:.2f} times the CPU at the largest size (aim {GROWTH_MOST})")


def _verdict(met: bool, words: str) -> str:
    return f"{'met   ' if met else 'MISSED'}  {words}"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=2_000)
    parser.add_argument("--only", nargs="+", choices=(*CONTESTANTS, "growth"), default=[*CONTESTANTS, "growth"])
    parser.add_argument("--sizes", type=int, nargs="+", default=GROWTH, help="feeds at which the growth of our cost is shown")
    parser.add_argument("--latency", type=float, nargs=2, default=(5.0, 200.0), metavar=("LOW", "HIGH"), help="milliseconds; 0 0 for none")
    parser.add_argument("--reader-python", help="an interpreter that has `reader` installed")
    parser.add_argument("--json", type=Path, help="write the figures there")
    args = parser.parse_args()
    contestants = [who for who in CONTESTANTS if who in args.only]
    results = run(args.feeds, contestants, args) if contestants else []
    growth = [t for size in args.sizes for t in run(size, ["concordat"], args)] if "growth" in args.only else []
    print(table(results))
    if growth:
        print("\nGrowth:\n" + table(growth))
    print("\n" + "\n".join(verdicts(results, growth)))
    if args.json:
        args.json.write_text(json.dumps({"results": [asdict(t) for t in results], "growth": [asdict(t) for t in growth]}, indent=1))


if __name__ == "__main__":
    main()
