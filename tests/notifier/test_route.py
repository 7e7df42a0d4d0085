"""Promises of notifier.route: whom a story reaches, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.model import Change, Report, Standing, State, Told, rank
from notifier.provenance import Voice
from notifier.route import Verdict, alert_key, answer_key, route
from notifier.wanting import Lately
from notifier.wishes import Mute, Of, Quiet, Tier, Wishes
from rules.spec import SEVERITIES
from tests.notifier.world import NOW, a_person, a_story

LEVELS = st.sampled_from(SEVERITIES)
TOPICS = st.frozensets(st.sampled_from(["labs", "policy", "compute"]))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": Standing.STOPPED}, "subscriber is stopped"),
        ({"alerts": False}, "wants digests only"),
        ({"min_severity": "critical"}, "high is below critical"),
        ({"topics": ("policy",)}, "follows none of labs, partnerships"),
        ({"muted": ("labs", "partnerships")}, "muted labs, partnerships"),
    ],
)
def test_every_no_has_its_reason(changes: dict[str, object], reason: str) -> None:
    """Who is not reached is told why, in words."""
    decision = route(a_story(), a_person(**changes), (), NOW)
    assert (decision.verdict, decision.reason) == (Verdict.NOTHING, reason)


def test_a_muted_topic_mutes_no_other() -> None:
    """A story of two topics reaches those who muted one of them, for the sake of the other."""
    decision = route(a_story(), a_person(muted=("labs",)), (), NOW)
    assert decision.verdict is Verdict.RING
    assert decision.reason == "follows everything; high is at least normal"


@given(LEVELS, LEVELS, TOPICS, st.none() | TOPICS)
def test_the_first_alert(severity: str, least: str, topics: frozenset[str], followed: frozenset[str] | None) -> None:
    """A story rings where it is loud enough and shares a topic, and nowhere else."""
    story = a_story(severity=severity, topics=tuple(sorted(topics)))
    person = a_person(min_severity=least, topics=tuple(sorted(followed)) if followed is not None else None)
    wanted = rank(severity) >= rank(least) and (followed is None or bool(topics & followed))
    assert (route(story, person, (), NOW).verdict is Verdict.RING) == wanted


CHANGES = st.frozensets(st.sampled_from(Change))
TOLD = st.builds(
    Told, st.integers(1, 99), st.sampled_from(State), LEVELS, st.integers(1, 3), st.none() | st.sampled_from(Change), CHANGES
)  # fmt: skip
OFFICIAL = Report("lanl.gov", "LANL and OpenAI", "https://lanl.gov/1", "en", NOW, "", Voice.OFFICIAL)


@given(LEVELS, st.lists(TOLD, min_size=1, max_size=4), st.integers(1, 3), st.booleans(), st.booleans())
def test_a_story_that_was_told_rings_no_second_time(now: str, told: list[Told], revision: int, official: bool, ended: bool) -> None:
    """What was told is shown in place; only a real change that was not told yet is worth an answer, and only to a message that is there."""
    story = a_story(severity=now, revision=revision, reports=(OFFICIAL,) if official else (), facts={"stage": "ended"} if ended else {})
    decision = route(story, a_person(min_severity="low"), told, NOW)
    alerts = [t for t in told if t.change is None]
    own = [t for t in alerts if t.state is not State.TOLD]
    known = {c for t in told for c in t.told} | {t.change for t in told}
    if decision.verdict is Verdict.RING:
        assert not alerts or ((own or alerts)[-1].state in {State.SHELVED, State.TOLD} and all(rank(now) > rank(t.severity) for t in told))
    if decision.verdict is Verdict.ANSWER:
        assert own[-1].state in {State.SENDING, State.SENT}
        assert not known & (set(decision.changes) - {Change.RISE})
        assert (Change.RISE in decision.changes) == all(rank(now) > rank(t.severity) for t in told)
    if decision.verdict is Verdict.EDIT:
        assert revision > own[-1].revision
        assert own[-1].state not in {State.DROPPED, State.DEAD, State.SHELVED}


def told(severity: str = "normal", state: State = State.SENT, **more: Any) -> Told:
    """An alert that somebody has."""
    return Told(5, state, severity, 1, **more)


def test_changes_that_are_told() -> None:
    """A rise, an official word and an end are told in one answer, the weightiest first, with the severity that was known."""
    story = a_story(severity="critical", reports=(OFFICIAL,), facts={"stage": "ended"}, revision=2)
    decision = route(story, a_person(), [told("high")], NOW)
    assert decision.changes == (Change.RISE, Change.ENDED, Change.OFFICIAL)
    assert (decision.before, decision.told) == ("high", told("high"))
    assert decision.reason == "severity rose from high to critical; it was called off or ended; an official source confirms it"
    answered = [told("high"), replace(told("critical", change=Change.RISE), told=story.changes)]
    assert route(story, a_person(), answered, NOW).verdict is Verdict.EDIT


NIGHT = Quiet("22:00", "07:00")
MIDNIGHT = NOW.replace(hour=23)
BUNDLED = "comes together with what is close behind the last alert"
MORNING = datetime(2025, 1, 31, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wishes", "severity", "now", "verdict", "at", "reason"),
    [
        ({}, "high", MIDNIGHT, Verdict.RING, None, "follows everything; high is at least normal"),
        ({"quiet": NIGHT}, "high", MIDNIGHT, Verdict.RING, MORNING, "quiet hours"),
        ({"quiet": NIGHT}, "high", NOW, Verdict.RING, None, "follows everything; high is at least normal"),
        ({"quiet": NIGHT}, "critical", MIDNIGHT, Verdict.RING, MORNING, "quiet hours"),
        ({"quiet": NIGHT, "loud_quiet": True}, "critical", MIDNIGHT, Verdict.RING, None, "follows everything; critical is at least normal"),
        ({"budget": 3}, "high", NOW, Verdict.SHELVE, None, "the budget of 3 a day is spent"),
        ({"budget": 3}, "critical", NOW, Verdict.RING, None, "follows everything; critical is at least normal"),
        ({"budget": 4}, "high", NOW, Verdict.RING, None, "follows everything; high is at least normal"),
        ({"tiers": (Tier.NOW, Tier.DIGEST, Tier.NOW, Tier.NOW)}, "normal", NOW, Verdict.SHELVE, None, "wants normal in the digest"),
        ({"tiers": (Tier.BUNDLE,) * 4}, "high", NOW, Verdict.RING, NOW + timedelta(minutes=10), BUNDLED),
        ({"mutes": (Mute(Of.ALL, until=NOW + timedelta(hours=8)),)}, "critical", NOW, Verdict.SHELVE, None, "muted everything"),
    ],
)
def test_when_a_first_alert_comes(
    wishes: dict[str, Any], severity: str, now: datetime, verdict: Verdict, at: datetime | None, reason: str
) -> None:
    """Quiet hours hold, a spent budget and a tier leave to the digest, a burst is gathered; what is critical passes as the person says."""
    person = a_person(wishes=Wishes(**wishes))
    decision = route(a_story(severity=severity), person, (), now, Lately(3, NOW - timedelta(minutes=5)))
    assert (decision.verdict, decision.at, decision.reason) == (verdict, at, reason)


def test_what_the_operator_silenced_rings_nobody() -> None:
    """A story that only silenced rules found is told to nobody; one that another rule found too is."""
    decision = route(a_story(), a_person(), (), NOW, silenced={"ai-company-national-lab"})
    assert (decision.verdict, decision.reason) == (Verdict.NOTHING, "the operator silenced ai-company-national-lab")
    assert route(a_story(rules=("ai-company-national-lab", "other")), a_person(), (), NOW, silenced={"other"}).verdict is Verdict.RING


def test_what_was_left_to_the_digest_rings_only_louder() -> None:
    """A report that joins rings for no story of the digest, whatever the budget says by then; a rise of severity does."""
    shelved = [told(state=State.SHELVED)]
    assert route(a_story(severity="normal", revision=2), a_person(), shelved, NOW).reason == "the alert was left to the digest"
    assert route(a_story(severity="high", revision=2), a_person(), shelved, NOW).verdict is Verdict.RING


def test_an_alert_that_waits_and_grows_critical_waits_no_longer() -> None:
    """Held through quiet hours, it rings at once where the person lets critical alerts through."""
    waiting, story = [told("normal", State.PENDING)], a_story(severity="critical", revision=2)
    for loud in (True, False):
        decision = route(story, a_person(quiet=NIGHT, loud_quiet=loud), waiting, MIDNIGHT)
        assert (decision.verdict, decision.hasten) == (Verdict.EDIT, loud)


def test_answers_keep_quiet_hours_and_mutes() -> None:
    """A change at night is told in the morning; who muted the story is told nothing, and the message is brought up to date."""
    story = a_story(severity="critical", revision=2)
    assert route(story, a_person(quiet=NIGHT), [told()], MIDNIGHT).at == MORNING
    muted = a_person(wishes=Wishes(mutes=(Mute(Of.STORY, "1"),)))
    assert route(story, muted, [told()], NOW).verdict is Verdict.EDIT


def test_keys() -> None:
    """One key for a story's first alert, another for each rise and each other change."""
    assert alert_key(3, 7) == "alert:3:7"
    assert alert_key(3, 7, "critical") == "alert:3:7:critical"
    assert answer_key(a_story(severity="critical"), 7, [Change.RISE, Change.ENDED]) == "alert:1:7:critical"
    assert answer_key(a_story(severity="critical"), 7, [Change.ENDED]) == "alert:1:7:ended"
