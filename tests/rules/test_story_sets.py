"""Promises of stories with the built-in packs: reports of one event in many languages join, near twins stay apart."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
import yaml

from rules.load import load_ruleset
from rules.matcher import Matcher
from rules.stories import StoryIndex
from tests.rules.stories_world import DATA, START, b_cubed
from watcher.model import Item

Told = list[tuple[Item, str]]
COUNTRIES = {  # in English, French, German, Japanese
    "gr": ("Greece", "la Grèce", "Griechenland", "ギリシャ"), "ee": ("Estonia", "l'Estonie", "Estland", "エストニア"),
    "au": ("Australia", "l'Australie", "Australien", "オーストラリア"), "ca": ("Canada", "le Canada", "Kanada", "カナダ"),
}  # fmt: skip
AGENCIES = ("the Navy", "the Army", "the Air Force", "the State Department", "the Department of Veterans Affairs")
LABS = ("Argonne National Laboratory", "Oak Ridge National Laboratory", "Sandia National Laboratories")
VENDORS = ("OpenAI", "Anthropic", "Mistral AI")


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    """The built-in rules and packs."""
    return Matcher(load_ruleset())


def b_cubed_of(matcher: Matcher, told: Told) -> tuple[float, float]:
    """Precision and recall of the stories that these items form, in this order."""
    index = StoryIndex.of(matcher.ruleset)
    return b_cubed([index.assign(item, matcher.match(item)) for item, _ in told], [event for _, event in told])


def reports() -> Told:
    """The items of tests/data/stories/reports.yaml in order of time, each with its event."""
    events = yaml.safe_load((DATA / "reports.yaml").read_text("utf-8"))["events"]
    pairs = [(_item(f"{event['id']}-{n}", **i), event["id"]) for event in events for n, i in enumerate(event["items"])]
    return sorted(pairs, key=lambda pair: (pair[0].published or START, pair[0].id))


def _item(number: str, *, at: str, lang: str, title: str, summary: str) -> Item:
    return Item(id=number, title=title, summary=summary, lang=lang, published=datetime.fromisoformat(at))


def said(event: str, lang: str, title: str, summary: str) -> tuple[Item, str]:
    """A report of an event, some hours into the week."""
    hours = random.Random(event).uniform(0, 60) + len(lang + title) % 7
    return Item(id=f"{event}-{lang}", title=title, summary=summary, lang=lang, published=START + timedelta(hours=hours)), event


def form_letters() -> Told:
    """The same words about other countries, agencies and laboratories, in several languages, within four days."""
    found = []
    for vendor in VENDORS:
        for code, (en, fr, de, ja) in COUNTRIES.items():
            event = f"{vendor}-{code}"
            found += [
                said(event, "en", f"{en} and {vendor} agree on AI partnership", "Ministers said civil servants get access this year."),
                said(event, "fr", f"{vendor} signe un protocole d’entente avec {fr}", "Le gouvernement testera les modèles."),
                said(event, "de", f"{vendor} und {de} unterzeichnen Absichtserklärung", "Die Verwaltung will die Modelle erproben."),
                said(event, "ja", f"{vendor}、{ja}政府と覚書を締結", "行政サービスでモデルを試験導入する。"),
            ]
        found += [said(f"{vendor}-{a}", "en", f"{vendor} wins contract from {a}", "Officials said work starts soon.") for a in AGENCIES]
        found += [said(f"{vendor}-{lab}", "en", f"{lab} adopts {vendor} models", "Scientists get access this month.") for lab in LABS]
    return sorted(found, key=lambda pair: (pair[0].published or START, pair[0].id))


@pytest.mark.parametrize("seed", range(3))
def test_reports_of_one_event_join_across_languages(matcher: Matcher, seed: int) -> None:
    """In any order, of thirty events hardly one report is lost, and none strays."""
    told = reports()
    if seed:
        random.Random(seed).shuffle(told)
    precision, recall = b_cubed_of(matcher, told)
    assert precision >= 0.98
    assert recall >= 0.95


def test_form_letters_about_others_stay_apart(matcher: Matcher) -> None:
    """One vendor signs with many in the same words: no two of the deals become one, and most reports of each still join."""
    precision, recall = b_cubed_of(matcher, form_letters())
    assert precision == 1.0
    assert recall >= 0.85
