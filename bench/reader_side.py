"""`reader` (the Python library) for `bench.polling`, run by the interpreter that has it installed; knows nothing of ours.

A line `round` on standard input updates every feed once, with 40 workers; a line of JSON says what it took.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from reader import make_reader  # type: ignore[import-not-found]  # of another environment

WORKERS = 40


def main() -> None:
    """`python bench/reader_side.py URLS FOLDER`."""
    urls, folder = Path(sys.argv[1]).read_text().split(), Path(sys.argv[2])
    reader = make_reader(str(folder / "reader.sqlite"))
    for url in urls:
        reader.add_feed(url)
    print(json.dumps({"ready": len(urls)}), flush=True)
    for line in sys.stdin:
        if line.strip() != "round":
            break
        before = resource.getrusage(resource.RUSAGE_SELF)
        began = time.perf_counter()
        reader.update_feeds(scheduled=False, workers=WORKERS)
        seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": after.ru_maxrss / 1024}), flush=True)
    reader.close()


if __name__ == "__main__":
    main()
