"""Which entries are the same one, when publishers change what they are known by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from watcher.identity import keys_of, known_as
from watcher.sources.entry import Entry

DAY = datetime(2025, 1, 30, 9, tzinfo=UTC)
FIRST = Entry("guid-1", "https://h.example/los-alamos", "OpenAI signs with Los Alamos", published=DAY)


def known(*entries: Entry) -> dict[bytes, int]:
    """What a store knows after these entries of one document; each entry's number is its place."""
    return {k: i for i, keys in enumerate(keys_of(entries)) for k in keys.all()}


def again(entry: Entry, *before: Entry) -> int | None:
    """The known item that `entry`, alone in its document, is."""
    return known_as(keys_of([entry])[0], known(*(before or (FIRST,))))


def test_the_same_entry_is_known() -> None:
    """Nothing changed, nothing new."""
    assert again(FIRST) == 0


def test_a_new_id_alone_makes_nothing_new() -> None:
    """A publisher that renews its ids brings back nothing."""
    assert again(Entry("guid-99", FIRST.url, FIRST.title, published=DAY)) == 0


def test_a_new_slug_and_id_under_the_same_title_and_day() -> None:
    """The address follows the headline's system, the title and its day stay: the same entry."""
    assert again(Entry("x", "https://h.example/other-slug", FIRST.title, published=DAY + timedelta(hours=2))) == 0


def test_an_edited_title_under_the_same_id() -> None:
    """A corrected headline is no second entry."""
    assert again(Entry("guid-1", FIRST.url, "OpenAI signs with Los Alamos (updated)", published=DAY)) == 0


def test_a_reused_id_hides_nothing() -> None:
    """An id with another address and another title is another entry."""
    assert again(Entry("guid-1", "https://h.example/second", "A second deal", published=DAY)) is None


def test_a_repeated_title_on_another_day_is_new() -> None:
    """“Contracts for today” comes each day and is news each day."""
    daily = Entry("a", "https://h.example/1", "Contracts For Today", published=DAY)
    assert again(Entry("b", "https://h.example/2", "Contracts For Today", published=DAY + timedelta(days=1)), daily) is None


def test_undated_equal_titles_are_new() -> None:
    """Without a day a title says too little to lose an entry over."""
    assert again(Entry("b", "https://h.example/2", "Weekly update"), Entry("a", "https://h.example/1", "Weekly update")) is None


def test_one_id_for_all_entries_of_a_feed() -> None:
    """Ten entries under one repeated id are ten entries, and the same ten at the next poll."""
    entries = [Entry("same", f"https://h.example/{i}", f"Title {i}", published=DAY) for i in range(10)]
    assert len({k for keys in keys_of(entries) for k in keys.all()}) >= 10
    index = known(*entries)
    assert [known_as(k, index) for k in keys_of(entries)] == list(range(10))


def test_one_address_for_all_entries_of_a_feed() -> None:
    """Where every link leads to the home page the link is no key."""
    entries = [Entry(f"id-{i}", "https://h.example/", f"Title {i}", published=DAY) for i in range(3)]
    assert all(k.url is None for k in keys_of(entries))
    assert again(Entry("id-9", "https://h.example/", "Another", published=DAY), *entries) is None
