"""What a source's answer means: what is new, what may ring, and how the source is doing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.cadence import FIRST_JITTER, JITTER, Pace, after_failure, after_success, next_time
from watcher.decide import Policy, Quiet, decide_entries, decide_failure, decide_interrupted, decide_unchanged
from watcher.errors import FetchError, FetchReason
from watcher.identity import keys_of
from watcher.sources.entry import Entry, Hints, Parsed
from watcher.state import Health, SourceState

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
POLICY = Policy(max_age=timedelta(hours=48))
FRESH = SourceState("s", "https://h.example/f")
SEEN = SourceState("s", "https://h.example/f", first_ok_at=NOW - timedelta(days=9), last_ok_at=NOW - timedelta(hours=1), health=Health.OK)


def entry(n: int, published: datetime | None = NOW) -> Entry:
    """The n-th entry of a feed."""
    return Entry(f"id-{n}", f"https://h.example/{n}", f"Title number {n}", published=published)


def test_a_new_source_is_quiet() -> None:
    """What stood there before the first poll rings nobody, and is kept."""
    outcome = decide_entries(FRESH, Parsed((entry(1), entry(2))), {}, {}, POLICY, NOW)
    assert [i.quiet for i in outcome.items] == [Quiet.FIRST_POLL] * 2
    assert outcome.state.first_ok_at == NOW


def test_a_first_poll_that_finds_nothing_counts_as_the_first() -> None:
    """An empty feed was read too: what comes next is news."""
    empty = decide_entries(FRESH, Parsed(()), {}, {}, POLICY, NOW)
    later = decide_entries(empty.state, Parsed((entry(1),)), {}, {}, POLICY, NOW + timedelta(seconds=1))
    assert [i.quiet for i in later.items] == [None]


def test_a_failure_is_no_first_poll() -> None:
    """A source that answers for the first time after an outage is still new, and quiet."""
    failed = decide_failure(FRESH, FetchError(FetchReason.TIMEOUT, "no answer"), POLICY, NOW)
    back = decide_entries(failed.state, Parsed((entry(1),)), {}, {}, POLICY, NOW)
    assert [i.quiet for i in back.items] == [Quiet.FIRST_POLL]


def test_old_entries_are_archived_in_silence() -> None:
    """Published longer ago than max_age: kept, never rung."""
    outcome = decide_entries(SEEN, Parsed((entry(1, NOW - timedelta(hours=49)), entry(2, NOW - timedelta(hours=47)))), {}, {}, POLICY, NOW)
    assert [i.quiet for i in outcome.items] == [Quiet.TOO_OLD, None]


def test_the_future_becomes_now() -> None:
    """A date ahead of time is clamped to the moment it was read."""
    outcome = decide_entries(SEEN, Parsed((entry(1, NOW + timedelta(days=3)),)), {}, {}, POLICY, NOW)
    assert outcome.items[0].entry.published == NOW


def test_undated_entries_are_news() -> None:
    """Without a date an entry is as new as we first saw it."""
    outcome = decide_entries(SEEN, Parsed((entry(1, None),)), {}, {}, POLICY, NOW)
    assert [i.quiet for i in outcome.items] == [None]


def test_the_same_entry_twice_in_one_answer_is_one() -> None:
    """Doubled entries of a document are written once."""
    assert len(decide_entries(SEEN, Parsed((entry(1), entry(1))), {}, {}, POLICY, NOW).items) == 1


def test_a_feed_that_renews_its_past_is_held() -> None:
    """Old entries under new ids and addresses ring nobody, and the operator is told; a true piece of news beside them rings."""
    past = tuple(entry(n, NOW - timedelta(hours=30)) for n in range(20))
    outcome = decide_entries(SEEN, Parsed((*past, entry(99))), {}, {}, POLICY, NOW)
    assert sum(i.quiet is Quiet.RENEWED for i in outcome.items) == 20
    assert [i.quiet for i in outcome.items if i.entry.entry_id == "id-99"] == [None]
    assert any("20 entries" in n or "21 entries" in n for n in outcome.notices)


def test_a_busy_feed_is_not_mistaken_for_a_renewed_one() -> None:
    """Fifty entries since the last poll are fifty news."""
    outcome = decide_entries(SEEN, Parsed(tuple(entry(n, NOW - timedelta(minutes=n)) for n in range(50))), {}, {}, POLICY, NOW)
    assert all(i.quiet is None for i in outcome.items)


def test_where_ids_are_sure_nothing_else_tells_entries_apart() -> None:
    """Notices of one day under one title are all new, also when a register brings many of yesterday's at once; the same id is known."""
    notices = tuple(Entry(f"n-{n}", "https://h.example/award", "Software licences", published=NOW - timedelta(hours=20)) for n in range(30))
    first, rest = Parsed(notices[:1], sure_ids=True), Parsed(notices, sure_ids=True)
    known = {k: 7 for keys in keys_of(first.entries, sure_ids=True) for k in keys.all()}
    outcome = decide_entries(SEEN, rest, known, {}, POLICY, NOW)
    assert [i.entry.entry_id for i in outcome.items] == [f"n-{n}" for n in range(1, 30)]
    assert {i.quiet for i in outcome.items} == {None}
    assert outcome.notices == ()


def test_undated_entries_under_sure_ids_may_be_a_renewal_too() -> None:
    """A register that counts its awards anew brings back its past without dates: held, and told; a few that come late are news."""
    past = tuple(Entry(f"again-{n}", title="An award", published=None) for n in range(20))
    few = decide_entries(SEEN, Parsed(past[:9], sure_ids=True), {}, {}, POLICY, NOW)
    many = decide_entries(SEEN, Parsed(past, sure_ids=True), {}, {}, POLICY, NOW)
    assert ({i.quiet for i in few.items}, {i.quiet for i in many.items}) == ({None}, {Quiet.RENEWED})
    assert many.notices


def test_what_was_read_before_an_error_is_taken() -> None:
    """A reading that ends early gives its entries, and counts as the failure that it is."""
    error = FetchError(FetchReason.RATE_LIMITED, "slow down", retry_after=600)
    outcome = decide_interrupted(SEEN, Parsed((entry(1),)), {}, error, POLICY, NOW)
    assert [i.entry.entry_id for i in outcome.items] == ["id-1"]
    assert (outcome.state.failures, outcome.state.health, outcome.state.items_read) == (1, Health.SLOW, 1)
    assert outcome.interval >= timedelta(seconds=600)
    first = decide_interrupted(FRESH, Parsed((entry(1),)), {}, error, POLICY, NOW)
    assert ([i.quiet for i in first.items], first.state.first_ok_at) == ([Quiet.FIRST_POLL], NOW)
    assert decide_interrupted(FRESH, Parsed(()), {}, error, POLICY, NOW).state.first_ok_at is None


def test_what_a_reader_says_of_an_answer_is_shown_beside_good_health() -> None:
    """A warning is the reason of a healthy source, and goes with the next answer that has none."""
    odd = decide_entries(SEEN, Parsed((), warning="the day's requests are used up"), {}, {}, POLICY, NOW)
    assert (odd.state.health, odd.state.health_reason) == (Health.OK, "the day's requests are used up")
    assert decide_entries(odd.state, Parsed(()), {}, {}, POLICY, NOW).state.health_reason == ""


def test_known_entries_are_not_new_again() -> None:
    """What the store knows comes back as nothing, and a new key of it is remembered."""
    known = dict.fromkeys(keys_of([entry(1)])[0].all(), 7)
    changed = Entry("renewed-id", "https://h.example/1", "Title number 1", published=NOW)
    outcome = decide_entries(SEEN, Parsed((changed,)), known, {}, POLICY, NOW)
    assert outcome.items == ()
    assert [item for _, item in outcome.more_keys] == [7]


@given(st.lists(st.integers(0, 30), max_size=30))
def test_deciding_twice_is_deciding_once(numbers: list[int]) -> None:
    """What was written at the first decision makes the second one empty."""
    parsed = Parsed(tuple(entry(n) for n in numbers))
    first = decide_entries(SEEN, parsed, {}, {}, POLICY, NOW)
    known = {k: i for i, item in enumerate(first.items) for k in item.keys}
    assert decide_entries(first.state, parsed, known, {}, POLICY, NOW).items == ()
    assert len(first.items) == len(set(numbers))


@pytest.mark.parametrize(
    ("reason", "health"),
    [
        (FetchReason.RATE_LIMITED, Health.SLOW), (FetchReason.BLOCKED, Health.BLOCKED), (FetchReason.GONE, Health.GONE),
        (FetchReason.NOT_A_FEED, Health.BROKEN), (FetchReason.TIMEOUT, Health.SLOW),
    ],
)  # fmt: skip
def test_failures_have_names(reason: FetchReason, health: Health) -> None:
    """Each kind of failure is a state that the operator can act on, with the reason in words."""
    outcome = decide_failure(SEEN, FetchError(reason, "what happened"), POLICY, NOW)
    assert (outcome.state.health, outcome.state.health_reason, outcome.state.health_since) == (health, "what happened", NOW)
    assert outcome.state.first_ok_at == SEEN.first_ok_at


def test_recovery_is_recorded() -> None:
    """An answer after failures makes the source well again and forgets the count."""
    ill = decide_failure(SEEN, FetchError(FetchReason.TIMEOUT, "x"), POLICY, NOW).state
    well = decide_unchanged(ill, {}, POLICY, NOW + timedelta(minutes=5)).state
    assert (well.health, well.failures, well.health_reason) == (Health.OK, 0, "")


def test_a_warning_holds_while_nothing_changes() -> None:
    """What the reader said of an answer is still shown when the host says that it stands, and gone when another says nothing of it."""
    odd = decide_entries(SEEN, Parsed((), warning="the bridge reports an error"), {}, {}, POLICY, NOW).state
    still = decide_unchanged(odd, {}, POLICY, NOW + timedelta(minutes=5)).state
    assert (still.health, still.health_reason) == (Health.OK, "the bridge reports an error")
    well = decide_entries(still, Parsed(()), {}, {}, POLICY, NOW + timedelta(minutes=10)).state
    assert (well.health, well.health_reason) == (Health.OK, "")


def test_every_is_kept() -> None:
    """An interval that the operator wrote is neither stretched nor shortened by what happens."""
    pace = Pace(timedelta(seconds=1), timedelta(hours=1))
    assert after_success(pace, 5, Hints(ttl=600), {"cache-control": "max-age=3600"}) == timedelta(seconds=1)


def test_hosts_are_listened_to() -> None:
    """Without `every`, ttl, sy:, max-age and Expires are lower bounds, six hours at the most."""
    pace = Pace(None, timedelta(minutes=10))
    assert after_success(pace, 9, Hints(ttl=120), {}) == timedelta(hours=2)
    assert after_success(pace, 9, Hints(period=7200), {}) == timedelta(hours=2)
    assert after_success(pace, 9, Hints(), {"cache-control": "public, max-age=1800"}) == timedelta(minutes=30)
    assert after_success(pace, 9, Hints(ttl=600_000), {}) == timedelta(hours=6)
    assert after_success(pace, 9, Hints(), {"cache-control": "max-age=1800", "age": "600"}) == timedelta(minutes=20)
    stale = {"date": "Mon, 23 Nov 2026 12:00:00 GMT", "expires": "Mon, 23 Nov 2026 12:40:00 GMT"}
    assert after_success(pace, 9, Hints(), stale) == timedelta(minutes=40)
    assert after_success(pace, 9, Hints(), {"expires": "0", "date": "soon"}) == timedelta(minutes=5)



@given(st.integers(1, 10_000), st.one_of(st.none(), st.floats(0, 86_400)))
def test_backing_off_never_stops_and_never_hurries(failures: int, asked: float | None) -> None:
    """However many failures, the next try comes within a day, and not before the host allows."""
    pause = after_failure(Pace(None, timedelta(minutes=15)), failures, asked)
    assert timedelta(minutes=15) <= pause <= timedelta(days=1)
    assert pause >= timedelta(seconds=asked or 0)


@given(st.floats(0, 1))
def test_jitter_stays_within_its_share(chance: float) -> None:
    """The next time is never before the interval, which a host may have asked for, and a tenth of it later at the most."""
    moved = next_time(NOW, timedelta(hours=1), chance) - NOW
    assert timedelta(hours=1) <= moved <= timedelta(hours=1 + JITTER)
    first = next_time(NOW, timedelta(hours=1), chance, first=True) - NOW
    assert moved <= first <= timedelta(hours=1 + FIRST_JITTER)


def test_hours_and_days_that_a_source_wants_for_itself_are_left_alone() -> None:
    """skipHours and skipDays move the next time behind them; a source that skips everything is asked all the same."""
    asked = Hints(skip_hours=frozenset({12, 13, 14}))
    moved = next_time(NOW, timedelta(minutes=10), 0.5, asked)
    assert datetime(2026, 11, 23, 15, tzinfo=UTC) <= moved < datetime(2026, 11, 23, 15, 11, tzinfo=UTC)
    monday = Hints(skip_days=frozenset({0}))
    assert next_time(NOW, timedelta(minutes=10), 0.5, monday).date() == datetime(2026, 11, 24, tzinfo=UTC).date()
    never = Hints(skip_hours=frozenset(range(24)))
    assert next_time(NOW, timedelta(minutes=10), 0.0, never) == NOW + timedelta(minutes=10)
