"""Damage honest feeds at random and read them, until the time is up: `python -m bench.fuzz [SECONDS [SEED]]`.

The same damage as in `tests/watcher/test_worst_feeds.py`, more of it. Prints each fault with what makes it again, and exits 1 at any.
"""

from __future__ import annotations

import random
import sys
import time

from tests.watcher.test_worst_feeds import ALL_CHARSETS, ALL_HOWS, GOLDEN, MEDIA, assert_sound, mutated, read
from watcher.sources.steps import Reading

SLOW = 5.0  # seconds; nothing honest of this size takes a tenth of it


def main(seconds: float = 60.0, seed: int = 0) -> int:
    """How many faults were found."""
    chance = random.Random(seed)
    until, count, faults = time.monotonic() + seconds, 0, 0
    while time.monotonic() < until:
        golden, media = chance.choice(GOLDEN), chance.choice(MEDIA)
        body = honest = golden.read_bytes()
        changes = [
            (chance.choice(ALL_HOWS), chance.random(), chance.random(), chance.choice(ALL_CHARSETS)) for _ in range(chance.randint(1, 6))
        ]
        for change in changes:
            body = mutated(body, *change)
        begun = time.monotonic()
        try:
            before = read(honest, "application/xml")
            assert_sound(read(body, media))
            assert_sound(read(body, media, (before.seen or b"") if isinstance(before, Reading) else b""))
            assert time.monotonic() - begun < SLOW, "it takes long"
        except Exception as e:  # noqa: BLE001  whatever it is, it is what is looked for
            faults += 1
            print(f"{golden.name} as {media!r} after {changes}: {type(e).__name__}: {str(e)[:300]}", flush=True)
        count += 1
    print(f"{count} feeds read, {faults} faults")
    return faults


if __name__ == "__main__":
    sys.exit(bool(main(*(float(a) if i == 0 else int(a) for i, a in enumerate(sys.argv[1:3])))))  # type: ignore[arg-type]
