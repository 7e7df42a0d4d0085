"""The hour of a digest, on the wall clocks of the world."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.schedule import check_time, check_zone, next_digest, rhythm
from watcher.errors import SettingsError

ZONES = st.sampled_from(
    ["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "Africa/Cairo"]
)
MOMENTS = st.datetimes(datetime(2010, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis adds the zone
HOURS = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))


@given(MOMENTS, HOURS, ZONES)
def test_next_is_later_and_within_two_days(after: datetime, at: str, tz: str) -> None:
    """The next digest lies ahead, and no day is left out but one that a zone itself skipped (Apia did, once)."""
    found = next_digest(after, at, tz)
    assert after < found <= after + timedelta(hours=50)


@given(MOMENTS, HOURS, ZONES)
def test_clock_shows_the_hour(after: datetime, at: str, tz: str) -> None:
    """Clocks in the zone show the wished hour, unless they skip it that day: then it is later by the gap."""
    local = next_digest(after, at, tz).astimezone(ZoneInfo(tz))
    wished = local.replace(hour=int(at[:2]), minute=int(at[3:]), fold=0)
    exists = wished.astimezone(UTC).astimezone(ZoneInfo(tz)).strftime("%H:%M") == at
    assert f"{local:%H:%M}" == at or not exists


@given(MOMENTS, HOURS, ZONES)
def test_one_a_day(after: datetime, at: str, tz: str) -> None:
    """Following the hours one after another gives every local day one digest, across both changes of the clock."""
    seen, moment = [], after
    for _ in range(5):
        moment = next_digest(moment, at, tz)
        seen.append(moment.astimezone(ZoneInfo(tz)).date())
    assert len(set(seen)) == len(seen)


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=2)), HOURS, ZONES)
def test_asking_later_never_goes_back(after: datetime, more: timedelta, at: str, tz: str) -> None:
    """Whoever asks later is told the same moment or a later one."""
    assert next_digest(after + more, at, tz) >= next_digest(after, at, tz)


@pytest.mark.parametrize(
    ("after", "at", "expected"),
    [
        ("2026-03-28T07:00", "08:00", "2026-03-29T06:00"),  # from winter to summer: 23 hours later
        ("2026-03-29T00:00", "02:30", "2026-03-29T01:30"),  # the hour does not exist: clocks show 03:30
        ("2026-10-24T06:00", "08:00", "2026-10-25T07:00"),  # from summer to winter: 25 hours later
        ("2026-10-25T00:00", "02:30", "2026-10-25T00:30"),  # the first of two …
        ("2026-10-25T00:30", "02:30", "2026-10-26T01:30"),  # … and not the second
    ],
)
def test_paris_changes_its_clocks(after: str, at: str, expected: str) -> None:
    """Both changes of the clock, by hand."""
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert next_digest(moment, at, "Europe/Paris") == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_", "read"), [("8", "08:00"), ("8:30", "08:30"), ("18.05", "18:05"), (" 23H59 ", "23:59"), ("00:00", "00:00")]
)
def test_hours_are_read(given_: str, read: str) -> None:
    """Hours as people write them."""
    assert check_time(given_) == read


@pytest.mark.parametrize("wrong", ["24:00", "8:60", "noon", "", "08:00:00", "-1", "٨"])
def test_wrong_hours_are_refused(wrong: str) -> None:
    """What is no hour is refused with an example."""
    with pytest.raises(SettingsError, match="08:00"):
        check_time(wrong)


@pytest.mark.parametrize("wrong", ["Mars/Olympus", "", "../etc/passwd", "Europe/Paris\0", "Europe"])
def test_wrong_zones_are_refused(wrong: str) -> None:
    """What is no zone is refused with an example, and no file is opened for it."""
    with pytest.raises(SettingsError, match="Europe/Paris"):
        check_zone(wrong)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ((), "every day"), (range(7), "every day"), ((4, 3, 2, 1, 0), "Monday to Friday"), ((0,), "every Monday"),
        ((3, 0), "every Monday and Thursday"), ((5, 6, 0), "every Monday, Saturday and Sunday"),
    ],
)  # fmt: skip
def test_weekdays_are_said(days: Collection[int], said: str) -> None:
    """The days of a digest in words."""
    assert rhythm(days) == said
