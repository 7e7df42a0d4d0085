"""What follows when a channel did not take a message: a pure decision, with its reason. Time and chance are arguments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from watcher.errors import DeliveryError, DeliveryReason

FIRST = 1.0  # seconds before the second try
MOST = 300.0
GIVE_UP = timedelta(hours=48)  # an outage that lasts longer makes news old
AUTH_PAUSE = 60.0


class Course(StrEnum):
    """What to do with the delivery."""

    AGAIN = "again"
    MOVE = "move"
    GONE = "gone"
    BURY = "bury"


@dataclass(frozen=True, slots=True)
class Next:
    """The course and why; `wait` in seconds for AGAIN, `counts` whether it was a try, `hold` when the whole chat must wait."""

    course: Course
    reason: str
    wait: float = 0.0
    counts: bool = True
    hold: bool = False


def after_failure(error: DeliveryError, attempts: int, age: timedelta, chance: float) -> Next:
    """Decide after try number `attempts` of a delivery made `age` ago; `chance` in [0, 1) spreads the retries."""
    reason = f"{error.reason}: {error}"
    if error.moved_to:
        return Next(Course.MOVE, reason)
    if error.reason is DeliveryReason.RATE_LIMITED:
        return Next(Course.AGAIN, reason, error.retry_after or FIRST, counts=False, hold=True)
    if error.reason is DeliveryReason.AUTH:
        return Next(Course.AGAIN, reason, AUTH_PAUSE, counts=False)
    if error.reason in {DeliveryReason.BLOCKED, DeliveryReason.GONE}:
        return Next(Course.GONE, reason)
    if error.permanent:
        return Next(Course.BURY, reason)
    if age > GIVE_UP:
        return Next(Course.BURY, f"given up after {age.total_seconds() / 3600:.0f} hours: {reason}")
    return Next(Course.AGAIN, reason, max(error.retry_after or 0.0, backoff(attempts, chance)))


def backoff(attempts: int, chance: float) -> float:
    """Seconds before the next try: doubling from `FIRST` to `MOST`, of which half is left to chance."""
    whole: float = min(MOST, FIRST * 2 ** min(max(attempts, 1) - 1, 20))
    return whole * (0.5 + chance / 2)
