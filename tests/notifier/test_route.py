"""Promises of notifier.route: whom a story reaches, and why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.model import SEVERITIES, Standing, State, Told, rank
from notifier.route import Verdict, alert_key, route
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


@given(LEVELS, LEVELS, st.sampled_from(State), st.integers(1, 3), st.integers(1, 3))
def test_a_story_that_was_told_rings_only_louder(now: str, then: str, state: State, revision: int, told: int) -> None:
    """What was told once rings again only when its severity rose; everything else is shown in place."""
    decision = route(a_story(severity=now, revision=revision), a_person(min_severity="low"), [Told(5, state, then, told)], NOW)
    assert decision.verdict is not Verdict.RING
    if decision.verdict is Verdict.RING_AGAIN:
        assert rank(now) > rank(then)
    if decision.verdict is Verdict.EDIT:
        assert revision > told
        assert state not in {State.DROPPED, State.DEAD}


def test_keys() -> None:
    """One key for a story's first alert, another for each rise."""
    assert alert_key(3, 7) == "alert:3:7"
    assert alert_key(3, 7, "critical") == "alert:3:7:critical"
