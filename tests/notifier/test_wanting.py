"""Promises of notifier.wanting and notifier.wishes: who wants a story, when it may ring, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.lately import lately
from notifier.model import Report, Story
from notifier.routing import route_alerts
from notifier.schedule import midnight, next_digest, quiet_until
from notifier.wanting import BUNDLE, Course, Lately, Reason, concerns, says, wants
from notifier.wishes import Follow, Mute, Of, Quiet, Tier, Wishes, as_json, from_json, rank
from rules.spec import SEVERITIES
from tests.notifier.world import NOW, a_story, join, tell
from watcher.store import Store

LABS, OPENAI, FRANCE = Follow(Of.TOPIC, "labs"), Follow(Of.ENTITY, "openai"), Follow(Of.COUNTRY, "FR")
NIGHT = Quiet("22:00", "07:00", "Europe/Paris")
MIDNIGHT = datetime(2025, 1, 30, 23, 30, tzinfo=UTC)  # half past midnight in Paris
NAMES = st.sampled_from(["labs", "policy", "openai", "FR", "ai-state", "quantum computing"])
FOLLOWS = st.builds(Follow, st.sampled_from([o for o in Of if o not in {Of.ALL, Of.STORY}]), NAMES)
MOMENTS = st.integers(1_704_067_200, 1_798_675_200).map(lambda s: datetime.fromtimestamp(s, UTC))  # 2024 to 2026
MUTES = st.builds(Mute, st.sampled_from(Of), NAMES, st.none() | MOMENTS)
HOURS = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
ZONES = st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu"])
QUIETS = st.builds(Quiet, HOURS, HOURS, ZONES).filter(lambda q: q.start != q.end)
TIERS = st.tuples(*(st.sampled_from(Tier) for _ in SEVERITIES))
WISHES = st.builds(
    Wishes, st.none() | st.lists(FOLLOWS, max_size=5).map(tuple), st.lists(MUTES, max_size=5).map(tuple), st.sampled_from(SEVERITIES),
    TIERS, st.none() | QUIETS, st.booleans(), st.none() | st.integers(0, 99), st.booleans(), st.none() | HOURS,
    st.lists(st.integers(0, 6), unique=True).map(tuple), ZONES, st.sampled_from(["", "fr"]),
)  # fmt: skip
STORIES = st.builds(
    lambda severity, topics, rules: a_story(severity=severity, topics=tuple(topics), rules=tuple(rules)),
    st.sampled_from(SEVERITIES), st.lists(NAMES, unique=True, max_size=3), st.lists(NAMES, unique=True, max_size=2),
)  # fmt: skip


@given(WISHES)
def test_wishes_are_kept_whole(wishes: Wishes) -> None:
    """What is written down and read again is the same wish; what is as by default takes no room."""
    assert from_json(as_json(wishes)) == wishes
    assert as_json(Wishes()) == {}


@pytest.mark.parametrize(
    ("follow", "found"),
    [
        (LABS, True), (Follow(Of.TOPIC, "policy"), False), (OPENAI, True), (Follow(Of.ENTITY, "mistral"), False),
        (Follow(Of.COUNTRY, "US"), True), (FRANCE, False), (Follow(Of.RULE, "ai-company-national-lab"), True),
        (Follow(Of.WORDS, "LABORATOIRE  national"), True), (Follow(Of.WORDS, "labo"), False), (Follow(Of.WORDS, "…"), False),
        (Follow(Of.WORDS, "superordinateur"), True),
    ],
)  # fmt: skip
def test_each_thing_that_can_be_followed(follow: Follow, found: bool) -> None:
    """Topics, entities, countries, rules, and whole words of titles and summaries, case and accents aside."""
    story = a_story()
    parties = tuple(replace(p, country="US") for p in story.parties)
    reports = (*story.reports, Report("lanl.gov", "Venado", "https://lanl.gov/1", summary="Un súperordinateur."))
    told = replace(story, parties=parties, reports=reports)
    assert concerns(Wishes(follows=(follow,)), told, NOW).wanted is found


def test_words_of_scripts_without_spaces() -> None:
    """Japanese and Chinese words are found within a line."""
    assert says(a_story(title="オープンAIが国立研究所と連携を発表"), "連携")
    assert not says(a_story(title="オープンAIが国立研究所と連携を発表"), "提携")


@given(WISHES, MOMENTS)
def test_what_is_muted_never_comes(wishes: Wishes, now: datetime) -> None:
    """No story comes that names a muted entity, or all of whose topics or rules are muted, whatever is followed besides."""
    told = a_story(severity="critical", topics=("labs",), rules=("r",))
    for mute in (Mute(Of.ENTITY, "openai"), Mute(Of.TOPIC, "labs"), Mute(Of.RULE, "r"), Mute(Of.STORY, "1")):
        assert not concerns(wishes.muting(mute, now), told, now).wanted
        assert concerns(Wishes().muting(replace(mute, until=now), now), told, now).wanted


def test_a_mute_of_one_topic_leaves_the_other() -> None:
    """A story of two topics comes for the sake of the one that is not muted."""
    assert concerns(Wishes(mutes=(Mute(Of.TOPIC, "labs"),)), a_story(), NOW).wanted
    only = Wishes(follows=(LABS,), mutes=(Mute(Of.TOPIC, "labs"),))
    assert concerns(only, a_story(), NOW).reason is Reason.NOT_FOLLOWED


@given(WISHES, STORIES, MOMENTS, st.integers(0, 20), st.none() | st.integers(-60, 60), st.booleans())
def test_a_decision_keeps_every_wish(wishes: Wishes, story: Story, now: datetime, today: int, ago: int | None, held: bool) -> None:
    """Nothing rings below the level, beyond the budget, in quiet hours, or for a rule that is held; every decision has its words."""
    spent = Lately(today, now - timedelta(minutes=ago) if ago is not None else None)
    decision = wants(wishes, story, now, spent, story.rules if held else ())
    assert str(decision)
    assert "{" not in str(decision)
    if decision.rings:
        assert rank(story.severity) >= rank(wishes.min_severity)
        assert wishes.alerts
        assert wishes.tier(story.severity) is not Tier.DIGEST
        assert wishes.budget is None or today < wishes.budget or story.severity == "critical"
        assert not (held and story.rules)
    if decision.course is Course.LATER:
        assert decision.at
        assert decision.at > now
    through = story.severity == "critical" and wishes.loud_quiet
    if decision.course is Course.NOW and wishes.quiet and not through:
        assert quiet_until(wishes.quiet, now) is None


@pytest.mark.parametrize(
    ("wishes", "severity", "spent", "course", "reason"),
    [
        (Wishes(quiet=NIGHT), "high", Lately(), Course.LATER, Reason.QUIET),
        (Wishes(quiet=NIGHT), "critical", Lately(), Course.LATER, Reason.QUIET),
        (Wishes(quiet=NIGHT, loud_quiet=True), "critical", Lately(), Course.NOW, Reason.FOLLOWS_ALL),
        (Wishes(budget=8), "high", Lately(8), Course.DIGEST, Reason.BUDGET),
        (Wishes(budget=8), "critical", Lately(8), Course.NOW, Reason.FOLLOWS_ALL),
        (Wishes(mutes=(Mute(Of.ALL),)), "critical", Lately(), Course.DIGEST, Reason.MUTED_ALL),
        (Wishes(alerts=False), "high", Lately(), Course.DIGEST, Reason.ALERTS_OFF),
        (Wishes(tiers=(Tier.DIGEST, Tier.DIGEST, Tier.NOW, Tier.NOW)), "normal", Lately(), Course.DIGEST, Reason.TIER),
    ],
)
def test_when_it_may_ring(wishes: Wishes, severity: str, spent: Lately, course: Course, reason: Reason) -> None:
    """Quiet hours hold back, the budget and the tier send to the digest; critical alerts pass the budget, and quiet hours if so chosen."""
    decision = wants(wishes, a_story(severity=severity), MIDNIGHT, spent)
    assert (decision.course, decision.reason) == (course, reason)


def test_bundles() -> None:
    """The first rings at once, what follows within 15 minutes waits for the end of that time, and joins what waits already."""
    wishes = Wishes(tiers=(Tier.NOW, Tier.NOW, Tier.BUNDLE, Tier.NOW))
    assert wants(wishes, a_story(), NOW).course is Course.NOW
    last = NOW - timedelta(minutes=5)
    assert wants(wishes, a_story(), NOW, Lately(1, last)).at == last + BUNDLE
    assert wants(wishes, a_story(), NOW, Lately(2, last + BUNDLE)).at == last + BUNDLE
    assert wants(wishes, a_story(), NOW, Lately(1, NOW - BUNDLE)).course is Course.NOW


@given(QUIETS, MOMENTS)
def test_quiet_hours_end_at_their_hour(quiet: Quiet, now: datetime) -> None:
    """Within them the end is ahead, less than 26 hours away, shows the hour that was asked for, and is no longer quiet."""
    ends = quiet_until(quiet, now)
    if ends is None:
        return
    assert now < ends <= now + timedelta(hours=26)
    shown = ends.astimezone(ZoneInfo(quiet.tz))
    wanted = datetime.combine(shown.date(), time.fromisoformat(quiet.end), tzinfo=ZoneInfo(quiet.tz))
    assert shown.strftime("%H:%M") == quiet.end or wanted.astimezone(UTC) == ends  # an hour that the clocks skip lies after the gap
    assert quiet_until(quiet, ends) is None


@pytest.mark.parametrize(
    ("quiet", "now", "ends"),
    [
        (NIGHT, "2025-01-30T20:59", None), (NIGHT, "2025-01-30T21:00", "2025-01-31T06:00"), (NIGHT, "2025-01-31T05:59", "2025-01-31T06:00"),
        (NIGHT, "2025-01-31T06:00", None), (NIGHT, "2025-03-30T00:30", "2025-03-30T05:00"), (NIGHT, "2025-10-26T00:30", "2025-10-26T06:00"),
        (Quiet("12:00", "13:30"), "2025-01-30T12:15", "2025-01-30T13:30"), (Quiet("12:00", "13:30"), "2025-01-30T14:00", None),
    ],
)  # fmt: skip
def test_quiet_hours_over_midnight_and_clock_changes(quiet: Quiet, now: str, ends: str | None) -> None:
    """They cross midnight, and last an hour less or more when the clocks change."""
    found = quiet_until(quiet, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == (datetime.fromisoformat(ends).replace(tzinfo=UTC) if ends else None)


@given(MOMENTS, HOURS, ZONES, st.sets(st.integers(0, 6), min_size=1))
def test_digests_on_weekdays(now: datetime, at: str, tz: str, days: set[int]) -> None:
    """The next digest is on one of the days, within eight days, and no day among them is left out."""
    following = next_digest(now, at, tz, days)
    assert now < following <= now + timedelta(days=8, hours=2)
    every = next_digest(now, at, tz)
    while every < following:
        assert every.astimezone(ZoneInfo(tz)).weekday() not in days
        every = next_digest(every, at, tz)


@given(MOMENTS, ZONES)
def test_a_day_begins_at_midnight(now: datetime, tz: str) -> None:
    """The day's beginning is not ahead, and at most a long day ago."""
    assert now - timedelta(hours=26) < midnight(now, tz) <= now


def test_what_was_sent_lately(store: Store) -> None:
    """Alerts count from the reader's own midnight, and only for those who set a budget or take bundles."""
    now = datetime(2025, 1, 30, 4, 0, tzinfo=UTC)  # still the 29th in New York
    with store.begin() as conn:
        ada, bob = join(conn, 7, budget=8, tz="America/New_York"), join(conn, 8, budget=8)
        cleo = join(conn, 9)
        route_alerts(conn, [tell(conn, at=now - timedelta(hours=6))], now - timedelta(hours=6))
        found = lately(conn, (ada, bob, cleo), now)
    assert {i: f.today for i, f in found.items()} == {ada.id: 1, bob.id: 0}
    assert found[bob.id].last == now - timedelta(hours=6)
