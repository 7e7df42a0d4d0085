"""Whom a story reaches: a pure decision for one story and one subscriber, always with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifier.model import State, Story, Subscriber, Told, rank
from notifier.wanting import concerns, wants


class Verdict(StrEnum):
    """What is to be done: ring once, ring again because it grew louder, show the newest state in place, or nothing."""

    RING = "ring"
    RING_AGAIN = "ring_again"
    EDIT = "edit"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and why, in words; `told` is the delivery to be edited, or the one a new ring answers."""

    verdict: Verdict
    reason: str
    told: Told | None = None


def route(story: Story, subscriber: Subscriber, existing: Sequence[Told], now: datetime) -> Decision:
    """Decide from the story as it is now; `existing` are its alerts to this subscriber, oldest first."""
    refusal = unwanted(story, subscriber, now)
    if not existing:
        return Decision(Verdict.NOTHING, refusal) if refusal else Decision(Verdict.RING, wanted(story, subscriber, now))
    own = [t for t in existing if t.state is not State.TOLD]
    last, loudest = (own or existing)[-1], max((t.severity for t in existing), key=rank)
    if not subscriber.active:
        return Decision(Verdict.NOTHING, refusal, last)
    if last.state in {State.DROPPED, State.DEAD}:
        return Decision(Verdict.NOTHING, f"the alert was {last.state}", last)
    if rank(story.severity) > rank(loudest) and last.state is not State.PENDING and not refusal:
        return Decision(Verdict.RING_AGAIN, f"severity rose from {loudest} to {story.severity}", last)
    if not own:
        return Decision(Verdict.NOTHING, "told as part of another story", last)
    if story.revision > last.revision:
        return Decision(Verdict.EDIT, "the story changed", last)
    return Decision(Verdict.NOTHING, "told already", last)


def alert_key(story: int, subscriber: int, severity: str | None = None) -> str:
    """What makes an alert one: the first of a story to a subscriber, or the one that a rise to `severity` rings."""
    return f"alert:{story}:{subscriber}" + (f":{severity}" if severity else "")


def unwanted(story: Story, subscriber: Subscriber, now: datetime) -> str:
    """Why this subscriber wants no alert of the story; empty when they do."""
    if not subscriber.active:
        return f"subscriber is {subscriber.state}"
    decision = wants(subscriber.wishes, story, now)
    return "" if decision.rings else str(decision)


def wanted(story: Story, subscriber: Subscriber, now: datetime) -> str:
    """Why a story that is not unwanted reaches this subscriber."""
    return str(concerns(subscriber.wishes, story, now))
