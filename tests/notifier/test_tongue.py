"""Promises of notifier.tongue: everything that is said can be said in every language, with the same values and the right plural forms."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter

import pytest
from babel import Locale

from notifier.bot.intents import COMMANDS
from notifier.feedback import Why
from notifier.mailboxes import Asked
from notifier.notices import KINDS
from notifier.richtext import bold
from notifier.tongue import LANGUAGES, tongue
from notifier.wanting import Reason
from notifier.wishes import Of, Tier

NOTIFIER = Path(__file__).parent.parent.parent / "notifier"
CODES = sorted(LANGUAGES)


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _texts(code: str, key: str) -> list[str]:
    found = tongue(code).keys()[key]
    return [found] if isinstance(found, str) else list(found.values())


@pytest.mark.parametrize("code", CODES)
def test_every_language_has_every_text(code: str) -> None:
    """The keys are those of English, no text is empty, and each names the same values."""
    english = tongue("en").keys()
    assert tongue(code).keys().keys() == english.keys()
    for key in english:
        assert all(text.strip(" ,·") for text in _texts(code, key)), key
        assert {v for t in _texts(code, key) for v in _values(t)} == {v for t in _texts("en", key) for v in _values(t)}, key


@pytest.mark.parametrize("code", CODES)
def test_plural_forms_are_those_of_the_language(code: str) -> None:
    """A text with forms has each that whole numbers take, and no other; one that depends on a number has forms wherever English has."""
    spoken, locale = tongue(code), Locale(code)
    forms = {locale.plural_form(n) for n in range(1000)}  # CLDR's `many` of French and Spanish is for millions
    for key, found in spoken.keys().items():
        assert isinstance(found, str) == isinstance(tongue("en").keys()[key], str), key
        if not isinstance(found, str):
            assert set(found) == forms, key


def test_what_is_said_is_there_and_what_is_there_is_said() -> None:
    """Every key in the code is a text, and every text is named in the code, in full or by its family."""
    files = [*NOTIFIER.rglob("*.py"), *NOTIFIER.rglob("*.j2")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in files)
    keys = set(tongue("en").keys())
    families = {key.split(".")[0] for key in keys}
    named = {k for k in re.findall(r"[\"']([a-z]+\.[a-z_0-9]+)[\"']", source) if k.split(".")[0] in families}
    made = {*(f"command.{v}" for v in COMMANDS), *(f"reason.{r.name.lower()}" for r in Reason), *(f"vote.{w}" for w in Why)}
    made |= {f"of.{o}" for o in Of if o not in {Of.ALL, Of.STORY}} | {f"tier.{t}" for t in Tier} | {"time.8h", "time.3d", "time.ever"}
    made |= {f"urgency.{p}{t}" for p in ("", "is_") for t in Tier} | {"mute.all_forever", "mute.done_forever"}
    made |= {f"notices.{k}" for k in (*KINDS, "rest")} | {k for k in keys if k.startswith("page.")} | {f"email.{a}" for a in Asked}
    made |= {f"letter.{w}" for w in ("blocked", "failing", "silent")}
    labels = {f"alert.{name}" for name in re.findall(r"(?<![.\w])label\(\s*\"([^\"]+)\"", source)}
    made |= {k for k in keys if k.startswith("alert.")}
    assert (named | labels) - keys == set()
    assert keys - named - made == set()


def test_numbers_plurals_and_dates() -> None:
    """Each language writes numbers, plurals, dates and ages its own way; one that we do not speak is spoken to in English."""
    at = datetime(2025, 1, 30, 14, 5, tzinfo=UTC)
    assert [tongue(c)("settings.a_day", n=1234) for c in CODES] == [
        "1.234 Meldungen am Tag", "1,234 alerts a day", "1.234 alertas al día", "1\u202f234 alertes par jour",
    ]  # fmt: skip
    assert [tongue(c)("settings.a_day", n=0) for c in ("en", "fr")] == ["0 alerts a day", "0 alerte par jour"]
    assert tongue("fr").moment(at, "Europe/Paris").startswith("30 janv. 2025")
    assert tongue("de").ago(timedelta(minutes=3)) == "vor 3 Minuten"
    assert tongue("es").several(["a", "b", "c"]) == "a, b y c"
    assert tongue("fr").country("DE") == "Allemagne"
    assert [tongue(c).code for c in ("pt-br", "", "FR-ca", "de_AT", "zh-hans")] == ["en", "en", "fr", "de", "en"]


def test_rich_values_keep_their_styles() -> None:
    """A bold value stays bold where the sentence puts it, and braces of foreign text are just text."""
    said = tongue("en").rich("follow.near", what=bold("{x}"))
    assert said.text == "I know no “{x}”. Did you mean one of these?"
    assert [(said.text[s.start : s.end], s.style) for s in said.spans] == [("{x}", "bold")]
