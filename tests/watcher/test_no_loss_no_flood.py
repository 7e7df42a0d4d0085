"""No loss, no flood: what publishers do to their feeds, told as polls, each over the whole way from bytes to rows of a real store.

A story says how many items are kept in the end, how many of them may ring, and how many notices the operator gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import pytest
from sqlalchemy import select

from tests.fakes.feedforms import Entry, Form, render
from watcher.ask import Answer
from watcher.decide import Policy
from watcher.errors import FetchError, FetchReason
from watcher.poll import write_answers
from watcher.sources.feed import FeedSource, read_feed
from watcher.sources.steps import Reading
from watcher.state import SourceState
from watcher.store import Store
from watcher.store.sources import load_states
from watcher.store.tables import items, notices

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAUSE = timedelta(minutes=15)
SOURCE = FeedSource(id="lab", url="https://lab.example/feed")
POLICY = Policy(max_age=timedelta(hours=48))
HOME = "https://lab.example/"

Poll = Sequence[Entry] | FetchError


def entry(n: int, hours: float = 30, **changes: Any) -> Entry:
    """The n-th entry of the feed, published `hours` before the first poll."""
    made = Entry(f"id-{n}", f"Title number {n} of the lab", "A sum", "", f"{HOME}news/{n}", "", START - timedelta(hours=hours))
    return replace(made, **changes)


def some(*numbers: int, hours: float = 30, **changes: Any) -> list[Entry]:
    """Entries of these numbers, all changed alike."""
    return [entry(n, hours, **changes) for n in numbers]


def now_at(poll: int) -> datetime:
    """The moment of a poll, counted from 0."""
    return START + poll * PAUSE


def renamed(server: str, numbers: Sequence[int]) -> list[Entry]:
    """Entries as one of a publisher's servers names them."""
    return [entry(n, id=f"{server}-{n}") for n in numbers]


@dataclass(frozen=True, slots=True)
class Story:
    """Polls in their order, and what has to come of them."""

    name: str
    polls: Sequence[Poll]
    kept: int
    ring: int
    told: int = 0
    form: Form = Form.RSS

    def __str__(self) -> str:
        return self.name


TEN, TWENTY = range(10), range(20)
OLD = some(*TEN)
MOVED = [entry(n, id=f"new-{n}", url=f"{HOME}2026/{n}", title=f"{n} as it was said anew by editors") for n in TWENTY]
MANY = some(*range(5_050))
STORIES = [
    Story("the same feed again and again", [OLD, OLD, OLD], kept=10, ring=0),
    Story("news is news once", [OLD, [entry(10, 0), *OLD], [entry(10, 0), *OLD]], kept=11, ring=1),
    Story("ten entries under one id, at the first poll", [some(*TEN, id="same"), some(*TEN, id="same")], kept=10, ring=0),
    Story("ten entries under one id, later", [[], some(*TEN, hours=0, id="same"), some(*TEN, hours=0, id="same")], kept=10, ring=10),
    Story("one more under the id of all", [some(*TEN, id="same"), [entry(10, 0, id="same"), *some(*TEN, id="same")]], kept=11, ring=1),
    Story("one entry twice in a document", [[], [entry(1, 0), entry(1, 0)]], kept=1, ring=1),
    Story("ids change", [OLD, renamed("b", TEN), renamed("c", TEN)], kept=10, ring=0),
    Story("ids change from poll to poll between two servers", [renamed("ab"[n % 2], TEN) for n in range(8)], kept=10, ring=0),
    Story(
        "two servers, each with its own ids and addresses",
        [[entry(n, id=f"{at}-{n}", url=f"https://{at}.lab.example/news/{n}") for n in TEN] for at in "abab"], kept=10, ring=0,
    ),
    Story("titles change", [OLD, [entry(n, title=f"Corrected headline {n}") for n in TEN]], kept=10, ring=0),
    Story("a title changes twice", [OLD, [entry(0, title="Second words"), *OLD[1:]], [entry(0, title="Third"), *OLD[1:]]], kept=10, ring=0),
    Story("addresses change", [OLD, [entry(n, url=f"{HOME}moved/{n}") for n in TEN]], kept=10, ring=0),
    Story("addresses gain parameters", [OLD, [entry(n, url=f"{HOME}news/{n}?utm_source=rss") for n in TEN]], kept=10, ring=0),
    Story("dates are touched", [OLD, some(*TEN, hours=0), some(*TEN, hours=-0.2)], kept=10, ring=0),
    Story("undated entries", [some(*TEN, published=None), [entry(10, published=None), *some(*TEN, published=None)]], kept=11, ring=1),
    Story("entries dated ahead", [OLD, [entry(10, -72), *OLD], [entry(10, -72), *OLD]], kept=11, ring=1),
    Story("a year ahead at the first poll", [some(*TEN, hours=-9000), some(*TEN, hours=-9000)], kept=10, ring=0),
    Story("a fresh entry with an old date", [OLD, [entry(10, 24 * 365), *OLD]], kept=11, ring=0),
    Story("empty for one poll", [OLD, [], OLD], kept=10, ring=0),
    Story("shrinks for one poll", [OLD, OLD[:2], OLD], kept=10, ring=0),
    Story("shrinks for one poll, and news came meanwhile", [OLD, OLD[:1], [entry(10, -0.4), *OLD]], kept=11, ring=1),
    Story("empty at the first poll", [[], [entry(1, 0)]], kept=1, ring=1),
    Story("an error for one poll", [OLD, FetchError(FetchReason.HTTP, "500", status=500), [entry(10, 0), *OLD]], kept=11, ring=1),
    Story("an error at the first poll", [FetchError(FetchReason.TIMEOUT, "no answer"), OLD, OLD], kept=10, ring=0),
    Story("the past comes back under new names", [some(*TWENTY), MOVED, MOVED], kept=40, ring=0, told=1),
    Story("news beside the past that comes back", [some(*TWENTY), [entry(99, -0.2), *MOVED], MOVED], kept=41, ring=1, told=1),
    Story(
        "an undated past comes back under new names", [some(*TWENTY), [replace(e, published=None) for e in MOVED]], kept=40, ring=0, told=1
    ),
    Story("all links lead home", [some(*TEN, url=HOME), [entry(10, 0, url=HOME), *some(*TEN, url=HOME)]], kept=11, ring=1),
    Story("all links lead home, and there are no ids", [some(*TEN, url=HOME, id=""), some(*TEN, 10, url=HOME, id="")], kept=11, ring=1),
    Story("all titles are equal", [some(*TEN, title="Update"), some(*TEN, 10, title="Update")], kept=11, ring=1),
    Story("neither id nor title", [some(*TEN, id="", title=""), some(*TEN, 10, id="", title="")], kept=11, ring=1),
    Story("more entries than are read", [MANY, [entry(9_999, 0), *MANY]], kept=5_001, ring=1, form=Form.JSON),
    Story(
        "a bridge's error for one poll", [OLD, [Entry("e", "Bridge returned error 500! (20123)", url=HOME)], [entry(10, 0), *OLD]],
        kept=11, ring=1,
    ),
    Story(
        "a bridge's error among the news of every poll",
        [[Entry(f"e{n}", f"Bridge returned error 500! ({20123 + n})", url=HOME), *OLD] for n in range(3)], kept=10, ring=0,
    ),
]  # fmt: skip


class Watched:
    """A source and the store that it is kept in."""

    def __init__(self, store: Store, form: Form = Form.RSS) -> None:
        self.store, self.form = store, form
        self.polls = 0

    def poll(self, found: Poll) -> None:
        """One poll, from the document to the rows, with what the one before left."""
        now = now_at(self.polls)
        with self.store.begin() as conn:
            state = load_states(conn).get(SOURCE.id, SourceState(SOURCE.id, SOURCE.url))
            write_answers(conn, [self._answer(found, state)], {SOURCE.id: POLICY}, now, lambda: 0.5)
        self.polls += 1

    def _answer(self, found: Poll, state: SourceState) -> Answer:
        """What a reading makes of a document; none is byte for byte the one before, so that each is read."""
        if isinstance(found, FetchError):
            return Answer(SOURCE, error=found)
        headers = {"content-type": self.form.value}
        body = render(self.form, f"Lab, poll {self.polls}", HOME, found)
        try:
            parsed, seen = read_feed(body, headers, SOURCE.url, state.seen or b"")
        except FetchError as e:
            return Answer(SOURCE, error=e)
        return Answer(SOURCE, Reading(parsed, seen=seen), headers=headers, body_hash=blake2b(body, digest_size=16).digest())

    def kept(self) -> list[tuple[str, datetime | None, str | None]]:
        """Title, date and quiet of every item."""
        with self.store.reading() as conn:
            return [tuple(r) for r in conn.execute(select(items.c.title, items.c.published_at, items.c.quiet).order_by(items.c.id))]

    def told(self) -> list[str]:
        """What the operator was told of entries that came back."""
        with self.store.reading() as conn:
            return [t for t in conn.scalars(select(notices.c.text)) if "came back" in t]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_nothing_is_lost_and_nobody_is_flooded(store: Store, story: Story) -> None:
    """What is kept, what may ring and what the operator hears, after all polls."""
    lab = Watched(store, story.form)
    for found in story.polls:
        lab.poll(found)
    kept = lab.kept()
    ringing = [title for title, _, quiet in kept if quiet is None]
    assert (len(kept), len(ringing), len(lab.told())) == (story.kept, story.ring, story.told)


@pytest.mark.parametrize("story", [s for s in STORIES if s.kept < 1_000], ids=str)
def test_whatever_happened_news_still_rings(store: Store, story: Story) -> None:
    """No story leaves a source deaf: what is new after it is kept and may ring, once."""
    lab = Watched(store, story.form)
    for found in story.polls:
        lab.poll(found)
    last = story.polls[-1]
    assert not isinstance(last, FetchError)
    news = entry(777, -len(story.polls) / 4, title="News at last")
    for _ in range(2):
        lab.poll([news, *last])
    assert [quiet for title, _, quiet in lab.kept() if title == news.title] == [None]


def test_a_date_ahead_becomes_the_moment_of_reading(store: Store) -> None:
    """Order and windows hold, whatever zone a publisher believes to be in."""
    lab = Watched(store)
    lab.poll([])
    lab.poll([entry(1, -72)])
    assert [at for _, at, _ in lab.kept()] == [now_at(1)]
