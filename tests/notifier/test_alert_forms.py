"""The forms of an alert, against golden files: what a chat shows, which styles lie where, and the buttons.

A change that is meant is written into the files by `python -m tests.notifier.test_alert_forms`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from notifier.model import Change, Party, Report, Story
from notifier.provenance import Voice
from notifier.render import Message, alert, bundle_body, change_body
from tests.notifier.world import NOW, TITLE, a_story

FOLDER = Path(__file__).parents[1] / "data" / "alerts"
PARTIES = (
    Party("openai", "OpenAI", "ai_org", "US"), Party("lanl", "Los Alamos National Laboratory", "national_lab", "US"),
    Party("venado", "Venado", "supercomputer", "US"),
)  # fmt: skip
LEAD = Report("lemonde.fr", TITLE, "https://lemonde.fr/venado", "fr", NOW, "", Voice.PRESS, ("OpenAI", "s'associe", "laboratoire national"))
POST = Report("bsky.app", "OpenAI x LANL?", "https://bsky.app/p/1", "en", NOW, "", Voice.SOCIAL, ("OpenAI",))
LATER = NOW + timedelta(hours=1)
OFFICIAL = Report("lanl.gov", "LANL partners with OpenAI", "https://www.lanl.gov/news/1", "en", LATER, "", Voice.OFFICIAL)
FURTHER = tuple(Report(o, f"Title of {o}", f"https://{o}/1", "de", NOW) for o in ("spiegel.de", "nikkei.com", "elpais.com"))
FACTS = {
    "amount": 1.234e9, "currency": "EUR", "buyer": "Ministère des Armées", "supplier": "Capgemini", "vendor": "Mistral AI",
    "award_id": "2026-114", "stage": "award",
}  # fmt: skip

FIRST = a_story(parties=PARTIES, reports=(LEAD,))
JOINED = replace(FIRST, reports=(LEAD, *FURTHER), outlets=("elpais.com", "lemonde.fr", "nikkei.com", "spiegel.de"))
CONFIRMED = replace(JOINED, reports=(*JOINED.reports, OFFICIAL), severity="critical")
RUMOUR = replace(FIRST, title=POST.title, url=POST.url, reports=(POST,), outlets=("bsky.app",), severity="normal", parties=PARTIES[:1])
REGISTER = replace(
    FIRST, title="Notice <b>2026-114</b> & [annex](https://evil.example)", url="https://ted.europa.eu/1", facts=FACTS,
    reports=(Report("ted.europa.eu", "Notice", "https://ted.europa.eu/1", "fr", NOW, "", Voice.OFFICIAL),),
    parties=(Party("mistral", "Mistral AI", "ai_org", "FR"), Party("minarm", "Ministère des Armées", "gov_body", "FR")),
)  # fmt: skip
OFF = replace(REGISTER, facts={**FACTS, "stage": "ended"})
FORMS: dict[str, Message] = {
    "first": alert(FIRST, 12),
    "joined": alert(JOINED, 12, "America/New_York"),
    "confirmed": alert(CONFIRMED, 12),
    "social-only": alert(RUMOUR, 12),
    "register-fr": alert(REGISTER, 12, "Europe/Paris", "fr"),
    "register-de": alert(REGISTER, 12, "Europe/Berlin", "de-AT"),
    "register-es": alert(REGISTER, 12, "Europe/Madrid", "es"),
    "called-off": alert(OFF, 12, lang="pt"),
    "answer-rise": Message(change_body(CONFIRMED, [Change.RISE, Change.OFFICIAL], "normal", "de")),
    "answer-official": Message(change_body(CONFIRMED, [Change.OFFICIAL], "high")),
    "answer-ended": Message(change_body(OFF, [Change.ENDED], "high", "fr")),
    "bundle": Message(bundle_body([CONFIRMED, RUMOUR, OFF], "Europe/Paris", "es")),
}


def written(message: Message) -> str:
    """A message as it stands in a golden file: its text, then a line for each style and each row of buttons."""
    text = message.body.text
    raw = text.encode("utf-16-le")
    covered = [(e, raw[e.offset * 2 : (e.offset + e.length) * 2].decode("utf-16-le")) for e in message.body.entities()]
    styles = [f"{e.type} {e.offset}+{e.length} {words!r}" + (f" → {e.url}" if e.url else "") for e, words in covered]
    buttons = [" | ".join(f"{b.text} ({b.data})" for b in row) for row in message.keyboard]
    return "\n".join([text, "", *styles, "", *buttons]).rstrip() + "\n"


@pytest.mark.parametrize("name", list(FORMS))
def test_the_form_is_as_it_was(name: str) -> None:
    """What a chat shows of a story changes only when somebody means it to."""
    assert written(FORMS[name]) == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def test_every_golden_file_is_of_a_form() -> None:
    """No file stays behind that nothing is compared with."""
    assert {f.stem for f in FOLDER.glob("*.txt")} == set(FORMS)


def whole(story: Story) -> str:
    """Everything that a bundle of one shows of a story."""
    return bundle_body([story]).text


def test_a_bundle_leaves_no_story_out() -> None:
    """Ten stories of the longest titles are all there, each with its outlet and time, in one message."""
    long = [replace(FIRST, title=f"{n} " + "very long words 火" * 100) for n in range(10)]
    body = bundle_body(long)
    assert len(body) <= 4096
    assert len(body.entities()) <= 100
    assert [f"▲ {n} very" in body.text for n in range(10)] == [True] * 10
    assert body.text.count("lemonde.fr · 30 Jan 2025 14:05 UTC") == 10
    assert "🏛 lanl.gov" in whole(CONFIRMED)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for each, form in FORMS.items():
        (FOLDER / f"{each}.txt").write_text(written(form), encoding="utf-8")
