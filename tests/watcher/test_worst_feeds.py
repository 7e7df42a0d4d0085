"""What the worst feeds come to: entries of plain text or a reason, and nothing outside of the document is touched."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.watcher.reading import NOW, source_of
from tests.watcher.worst import WORST, Worst
from watcher.errors import FetchError
from watcher.fetch import Fetched
from watcher.sources.entry import CONTENT_LIMIT, MAX_ENTRIES, SUMMARY_LIMIT, TITLE_LIMIT, Entry
from watcher.sources.kinds import KINDS
from watcher.sources.steps import Ask, Reading, Situation, advance

SOURCE = source_of("feed", url="https://h.example/feed")
SECRET = "what-the-file-holds"
GOLDEN = sorted((Path(__file__).parents[1] / "data" / "feeds").glob("*.xml"))
HTML = "a b i p u br em div img pre svg body code font form head html link meta span base embed input style table iframe script strong"
TAG = re.compile(rf"</?(?:{'|'.join(HTML.split())})(?:[\s/][^<>]*)?>|<(?:script|img|svg|iframe|style)\b", re.IGNORECASE)
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def read(body: bytes, media: str, seen: bytes = b"") -> Reading | FetchError:
    """One reading that is answered with this body."""
    steps = KINDS["feed"].read(SOURCE, Situation(NOW, seen=seen))
    try:
        asked = advance(steps, None)
        assert isinstance(asked, Ask)
        ended = advance(steps, Fetched(SOURCE.url, 200, {"content-type": media}, body))
    except FetchError as e:
        assert str(e)
        assert "\n" not in str(e)
        return e
    assert isinstance(ended, Reading), "one request is all there is"
    return ended


def faults(entry: Entry) -> list[str]:
    """What is wrong with an entry, by the names of its fields."""
    lines = {"lang": entry.lang, "author": entry.author}
    lines |= {f"tag {i}": tag for i, tag in enumerate(entry.tags)}
    texts = {"id": entry.entry_id, "url": entry.url, "title": entry.title, "summary": entry.summary, "content": entry.content}
    found = [name for name, text in (lines | texts).items() if UNSEEN.search(text)]
    found += [name for name, text in (lines | texts).items() if TAG.search(text)]
    found += [name for name, text in (lines | texts).items() if text.lower().startswith(("javascript:", "data:"))]
    found += ["url"] if entry.url and not entry.url.startswith(("http://", "https://")) else []
    limits = ((entry.entry_id, 2_000), (entry.title, TITLE_LIMIT), (entry.summary, SUMMARY_LIMIT), (entry.content, CONTENT_LIMIT))
    return found + [f"{text[:20]}… is too long" for text, limit in limits if len(text) > limit]


def assert_sound(ended: Reading | FetchError) -> None:
    """An error is sound; a reading is when all its entries are."""
    if isinstance(ended, Reading):
        parsed = ended.parsed
        assert len(parsed.entries) <= MAX_ENTRIES
        wrong = [(entry, found) for entry in parsed.entries if (found := faults(entry))]
        assert wrong[:1] == [], wrong[:1]
        assert faults(Entry("", title=parsed.title, lang=parsed.lang)) == []


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port where nobody should call."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.mark.timeout(120)
@pytest.mark.parametrize("worst", WORST, ids=lambda w: w.name)
def test_the_worst_feeds_do_no_harm(worst: Worst, tmp_path: Path, listener: socket.socket) -> None:
    """Each ends with entries of plain, bounded text or with a reason in one line; no file is read and no connection made for it."""
    file = tmp_path / "feed.xml"
    file.write_text(f"<rss version='2.0'><channel><item><title>{SECRET}</title></item></channel></rss>")
    ended = read(worst.aimed(str(file), f"127.0.0.1:{listener.getsockname()[1]}"), worst.media)
    assert_sound(ended)
    assert SECRET not in repr(ended)
    with pytest.raises(BlockingIOError):
        listener.accept()


CHILD = """
import resource
from tests.watcher.test_worst_feeds import WORST, assert_sound, read
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for worst in WORST:
    assert_sound(read(worst.make(), worst.media))
print(len(WORST), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
MEMORY = 300  # MB that reading may take beyond the program itself; what is read apart has a limit of its own


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_worst_feeds_take_bounded_memory() -> None:
    """All of them one after the other, in a process that may not have more than 2 GB, nor 20 seconds for each."""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", CHILD], cwd=root, capture_output=True, text=True, timeout=380, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    count, taken = map(int, done.stdout.split())
    assert count >= 60
    assert taken < MEMORY


def mutated(body: bytes, how: str, at: float, to: float, charset: str) -> bytes:
    """A feed with one thing done to it; `at` and `to` are places as parts of its length."""
    start, end = sorted((int(at * len(body)), int(to * len(body))))
    if how == "flip":
        return body[:start] + bytes(b ^ 0x20 for b in body[start : start + 3]) + body[start + 3 :]
    if how == "cut":
        return body[:start]
    if how == "lose":
        return body[:start] + body[end:]
    if how == "double":
        return body[:end] + body[start:]
    if how == "declare":
        return f"<?xml version='1.0' encoding='{charset}'?>".encode() + re.sub(rb"^\s*<\?xml[^>]*>", b"", body)
    tags = [found.span() for found in re.finditer(rb"</?[\w:]+[^<>]*>", body)]
    if how == "swap" and len(tags) > 1:
        (a, b), (c, d) = sorted((tags[int(at * (len(tags) - 1))], tags[int(to * (len(tags) - 1))]))
        return body[:a] + body[c:d] + body[b:c] + body[a:b] + body[d:] if b <= c else body
    return body


PLACES = st.floats(0, 1)
ALL_CHARSETS = ("utf-8", "utf-16", "utf-7", "latin-1", "shift_jis", "iso-2022-jp", "cp037", "idna", "no-such", "x'y")
ALL_HOWS = ("flip", "cut", "lose", "double", "swap", "swap", "declare")
MEDIA = ("application/rss+xml", "text/html; charset=utf-16", "application/json", "")
CHARSETS, HOWS = st.sampled_from(ALL_CHARSETS), st.sampled_from(ALL_HOWS)
CHANGES = st.lists(st.tuples(HOWS, PLACES, PLACES, CHARSETS), min_size=1, max_size=4)


@pytest.mark.timeout(300)
@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(GOLDEN), CHANGES, st.sampled_from(MEDIA))
def test_damaged_feeds_do_no_harm(golden: Path, changes: list[tuple[str, float, float, str]], media: str) -> None:
    """Whatever happens to an honest feed on its way, read anew or after its honest self, it gives plain entries or a reason."""
    body = honest = golden.read_bytes()
    for how, at, to, charset in changes:
        body = mutated(body, how, at, to, charset)
    before = read(honest, "application/xml")
    assert_sound(read(body, media))
    assert_sound(read(body, media, (before.seen or b"") if isinstance(before, Reading) else b""))
