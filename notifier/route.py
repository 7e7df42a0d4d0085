"""Whom a story reaches, and what becomes of the alert they have: a pure decision for one story and one subscriber, with its reason.

Whether and when a person wants an alert is `notifier.wanting`; here is what follows from what they were told already.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifier.model import Change, State, Story, Subscriber, Told, rank
from notifier.wanting import NOTHING_LATELY, Course, Lately, Reason, wants
from notifier.wanting import Decision as Wanted

_SILENT = {State.SHELVED: "the alert was left to the digest", State.TOLD: "told as part of another story"}  # no message of its own
WORTH_TELLING = (Change.RISE, Change.ENDED, Change.OFFICIAL)  # the weightiest first


class Verdict(StrEnum):
    """What is to be done: ring, answer the alert because something real changed, show the newest state in place, leave it to the digest,
    or nothing.
    """

    RING = "ring"
    ANSWER = "answer"
    EDIT = "edit"
    SHELVE = "shelve"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and why, in words.

    `at` is when to ring, where not at once. `told` is the delivery to be edited or answered; `before` the severity that it told.
    `spent` when it is left to the digest because the day's budget is. `hasten` asks for an alert that waits to ring now.
    """

    verdict: Verdict
    reason: str
    told: Told | None = None
    at: datetime | None = None
    changes: tuple[Change, ...] = ()
    before: str = ""
    spent: bool = False
    hasten: bool = False


def route(
    story: Story,
    subscriber: Subscriber,
    existing: Sequence[Told],
    now: datetime,
    lately: Lately = NOTHING_LATELY,
    silenced: Collection[str] = frozenset(),
) -> Decision:
    """Decide from the story as it is now; `existing` are its deliveries to this subscriber, oldest first."""
    alerts = [t for t in existing if t.change is None]
    last = next((t for t in reversed(alerts) if t.state is not State.TOLD), alerts[-1] if alerts else None)
    if not subscriber.active:
        return Decision(Verdict.NOTHING, f"subscriber is {subscriber.state}", last)
    wanted = wants(subscriber.wishes, story, now, lately, silenced)
    loudest = max((t.severity for t in existing), key=rank, default="")
    rises = bool(existing) and rank(story.severity) > rank(loudest)
    if last is None or (last.state in _SILENT and rises):
        return _first(wanted, last)
    if last.state in {State.DROPPED, State.DEAD, *_SILENT}:
        return Decision(Verdict.NOTHING, _SILENT.get(last.state, f"the alert was {last.state}"), last)
    if last.state is State.PENDING:
        return _edit(story, last, hasten=rises and wanted.course is Course.NOW)
    return _answer(story, existing, wanted, last, loudest, rises=rises)


def alert_key(story: int, subscriber: int, severity: str | None = None) -> str:
    """What makes an alert one: the first of a story to a subscriber, or the one that a rise to `severity` rings after it was shelved."""
    return f"alert:{story}:{subscriber}" + (f":{severity}" if severity else "")


def answer_key(story: Story, subscriber: int, changes: Sequence[Change]) -> str:
    """What makes an answer one: each change of a story is told to a subscriber once, a rise once for each severity."""
    what = story.severity if changes[0] is Change.RISE else str(changes[0])
    return f"alert:{story.id}:{subscriber}:{what}"


def _first(wanted: Wanted, last: Told | None) -> Decision:
    """The alert itself. What is left to the digest is written down only where the reason passes: no later report may ring for it."""
    if wanted.rings:
        return Decision(Verdict.RING, str(wanted), last, at=wanted.at)
    passing = wanted.reason in {Reason.TIER, Reason.BUDGET, Reason.MUTED_ALL}
    spent = wanted.reason is Reason.BUDGET
    return Decision(Verdict.SHELVE if passing and last is None else Verdict.NOTHING, str(wanted), last, spent=spent)


def _answer(story: Story, existing: Sequence[Told], wanted: Wanted, last: Told, before: str, *, rises: bool) -> Decision:
    told = {c for t in existing for c in t.told} | {t.change for t in existing if t.change}
    seen = {Change.RISE} if rises else set[Change]()
    changes = tuple(c for c in WORTH_TELLING if c in seen | (story.changes - told))
    if not changes or not wanted.rings:
        return _edit(story, last)
    grown = f"severity rose from {before} to {story.severity}"
    said = {Change.RISE: grown, Change.ENDED: "it was called off or ended", Change.OFFICIAL: "an official source confirms it"}
    later = wanted.at if wanted.reason is Reason.QUIET else None
    return Decision(Verdict.ANSWER, "; ".join(said[c] for c in changes), last, at=later, changes=changes, before=before)


def _edit(story: Story, last: Told, *, hasten: bool = False) -> Decision:
    if story.revision > last.revision:
        return Decision(Verdict.EDIT, "the story changed", last, hasten=hasten)
    return Decision(Verdict.NOTHING, "told already", last)

