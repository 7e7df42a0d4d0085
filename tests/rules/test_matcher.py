"""What rules make of items."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.conditions import where
from rules.files import Text
from rules.load import build
from rules.matcher import Matcher, judge
from tests.rules.packs import fired, matcher
from watcher.model import Facts, Item

SMALL = matcher()
LAB = "ai-company-national-lab"


def rules_of(title: str, summary: str = "", **fields: str) -> list[str]:
    """The rules of the small pack that fire."""
    return [m.rule for m in SMALL.match(Item(id="1", title=title, summary=summary, **fields)).matches]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "title",
    [
        "OpenAI s'associe au laboratoire national de Los Alamos",
        "OpenAI partners with LANL",
        "OpenAI se asocia con Los Alamos",
        "オープンAIとロスアラモスが提携",
        "오픈AI, Los Alamos와 협력하기로",
        "LANL and OpenAI: MoU",
    ],
)
def test_the_seed_event_fires_in_every_language(title: str) -> None:
    """One rule reads them all."""
    assert rules_of(title) == [LAB]


@pytest.mark.parametrize(
    ("title", "summary"),
    [
        ("OpenAI meets LANL", "Partners rejoice elsewhere."),
        ("OpenAI sues its partner Los Alamos", ""),
        ("OpenAI has no plans to partner with Los Alamos", ""),
        ("OpenAI and LANL: mou", ""),
        ("Los Alamos has partners", ""),
    ],
)
def test_near_misses_stay_quiet(title: str, summary: str) -> None:
    """Clauses must hold in one sentence, and nothing that speaks against them may stand there."""
    assert rules_of(title, summary) == []


def test_words_of_another_language_do_not_count() -> None:
    """"Firma" signs in Spanish and is a company in English text."""
    assert rules_of("OpenAI firma con Los Alamos", lang="es") == [LAB]
    assert rules_of("OpenAI firma con Los Alamos", lang="en") == []


def test_words_of_a_lexicon_do_not_count_inside_a_name() -> None:
    """A name that holds the word "Firma" is no deal."""
    assert rules_of("OpenAI, Firma AI, Los Alamos", lang="de") == []


def test_a_match_says_why() -> None:
    """Evidence is places of the given text, clauses are as they were written; the score is the sum of its named parts."""
    found = SMALL.match(Item(id="1", title="OpenAI s’associe à Los Alamos")).matches[0]
    assert found.evidence == (("title", 0, 6), ("title", 7, 16), ("title", 19, 29))
    assert found.clauses == ("entity: ai_org", "entity: national_lab, supercomputer", "lexicon: partnership")
    assert found.score == pytest.approx(sum(p.value for p in found.contributions))
    assert 0 < found.score <= 1
    assert (found.severity, found.topics) == ("high", ("partnerships", "labs"))


def test_a_headline_scores_higher_than_a_remark() -> None:
    """Title and closeness are worth something."""
    headline = SMALL.match(Item(id="1", title="OpenAI partners with LANL")).matches[0]
    remark = SMALL.match(Item(id="1", title="News", summary=f"OpenAI {'again ' * 30} partners with LANL")).matches[0]
    assert headline.score > remark.score


@pytest.mark.parametrize(
    ("rule", "title", "summary", "fires"),
    [
        ("when: {words: signs}", "He signs", "", True),
        ("when: {all: [{words: signs}], within: title}", "News", "He signs.", False),
        ("when: {all: [{words: signs}], within: title}", "", "He signs. More.", True),
        ("when: {all: [{words: a1}, {words: b1}], within: lead}", "a1", "x. y. b1", True),
        ("when: {all: [{words: a1}, {words: b1}], within: lead}", "a1", f"{'x ' * 90} b1", False),
        ("when: {all: [{words: a1}, {words: b1}], within: lead}", "", "a1. b1", True),
        ("when: {all: [{words: a1}, {words: b1}], within: 3}", "a1 x b1", "", True),
        ("when: {all: [{words: a1}, {words: b1}], within: 3}", "a1 x y b1", "", False),
        ("when: {all: [{words: a1}, {words: b1}], within: 3}", "b1 x a1", "", True),
        ("when: {all: [{words: a1}, {words: b1}], within: 3}", "x a1", "b1", False),
        ("when: {any: [{words: a1}, {words: b1}, {words: c1}], min: 2}", "c1 a1", "", True),
        ("when: {any: [{words: a1}, {words: b1}, {words: c1}], min: 2}", "c1 c1", "", False),
        ("when: {all: [{words: a1}, {none: [{words: b1}]}], within: sentence}", "News", "a1 here. B1 there.", True),
        ("when: {all: [{words: a1}, {none: [{words: b1}], within: item}], within: sentence}", "News", "a1 here. B1 there.", False),
        ("when: {all: [{words: a1}, {any: [{words: b1}], within: title}]}", "b1", "a1", True),
        ("when: {regex: 'v[0-9]+\\.[0-9]'}", "Model V4.5", "", True),
        ("when: {entity: {country: US, type: national_lab}}", "LANL", "", True),
        ("when: {entity: {country: IS}}", "LANL", "", False),
        ("when: {entity: {id: lanl}}", "Los Alamos", "", True),
        ("when: {words: {text: IT, case: exact}}", "it is", "", False),
        ("when: {words: {text: IT, case: exact}}", "The IT budget", "", True),
    ],
)
def test_conditions_nest_and_keep_their_place(rule: str, title: str, summary: str, fires: bool) -> None:
    """all, any, none, min and within mean what the manual says."""
    assert fired(rule, Item(id="1", title=title, summary=summary)) is fires


@pytest.mark.parametrize(
    ("wanted", "fires"),
    [
        ("lang: [en, fr]", True), ("lang: de", False), ("tags: [press]", True), ("tags: [blog]", False), ("source: doe-news", True),
        ("source: other", False), ("kind: register", True), ("kind: feed", False), ("amount: '>= 1m'", True),
        ("amount: '< 1_000_000'", False),
        ("stage: award", True), ("stage: [tender]", False), ("buyer: department of energy", True), ("supplier: Palantir", False),
        ("supplier: carahsoft", True), ("vendor: [Palantir, OpenAI]", True), ("vendor: Carahsoft", False), ("currency: usd", True),
        ("currency: [EUR, GBP]", False), ("award_id: 47qtca25d0001", True), ("award_id: 47QTCA", False),
    ],
)
def test_where_asks_what_the_source_says(wanted: str, fires: bool) -> None:
    """Language, tags, source, kind and the facts of a notice."""
    facts = Facts(
        amount=2e6, currency="USD", buyer="U.S. Department of Energy", supplier="Carahsoft Technology Corp.", vendor="OpenAI",
        award_id="47QTCA25D0001", stage="award",
    )  # fmt: skip
    item = Item(id="1", title="He signs", lang="fr-FR", tags=("press", "x"), source="doe-news", kind="register", facts=facts)
    assert fired(f"when: {{words: signs}}, where: {{{wanted}}}", item) is fires


PACT = "{id: pact, words: {fr: accord, any: memorandum}}, {id: deed, words: {fr: signe, sw: yasaini}}, {id: both, includes: [pact, deed]}"


@pytest.mark.parametrize(
    ("wanted", "langs"),
    [("pact", {"fr", ""}), ("deed", {"fr", "sw", ""}), ("both", {"fr", "sw", ""}), ("[pact, deed]", {"fr", ""})],
)
def test_a_family_without_words_in_the_language_is_told_from_words_that_are_missing(wanted: str, langs: set[str]) -> None:
    """`speaks` holds where each family has words in the language of the item, also by what it takes in, or the language cannot be told."""
    rule = f"{{id: r, when: {{words: OpenAI}}, where: {{speaks: {wanted}}}, cases: [{{fires: OpenAI}}, {{quiet: y}}]}}"
    made = Matcher(build([Text("own.yaml", f"lexicons: [{PACT}]\nrules: [{rule}]")]))
    assert {lang for lang in ("fr", "sw", "ta", "") if made.match(Item(id="1", title="OpenAI", lang=lang)).matches} == langs


def test_words_that_every_language_borrows_count_in_every_one() -> None:
    """What stands under `any` is found whatever the language of the item; other words in Latin letters in their own alone."""
    rule = "{id: r, when: {lexicon: pact}, cases: [{fires: memorandum}, {quiet: y}]}"
    made = Matcher(build([Text("own.yaml", f"lexicons: [{PACT}]\nrules: [{rule}]")]))
    said = {title: bool(made.match(Item(id="1", title=title, lang="sw")).matches) for title in ("memorandum", "accord")}
    assert said == {"memorandum": True, "accord": False}


def test_a_hostile_expression_stalls_nobody() -> None:
    """RE2 runs in linear time whatever an operator writes."""
    assert not fired("when: {regex: '(a+)+$'}", Item(id="1", title="a" * 5000 + "!"))


PIECES = ["OpenAI", "LANL", "partners", "sues", "deal", "Venado", "supercomputer", ". The", "\n", "no plans to go", "提携", "ロスアラモス"]


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.lists(st.sampled_from(PIECES), max_size=12))
def test_the_index_never_hides_a_rule(title: list[str], summary: list[str]) -> None:
    """Looking at the rules whose anchor was found gives what looking at every rule gives."""
    item = Item(id="1", title=" ".join(title), summary=" ".join(summary))
    everything = [judge(rule, INDEXED.read(item)) for rule in INDEXED.ruleset.rules]
    assert list(INDEXED.match(item).matches) == [m for m in everything if m is not None]


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_text_breaks_the_matcher(title: str, summary: str) -> None:
    """Every text is read, and every span lies within its field."""
    item = Item(id="1", title=title, summary=summary)
    for entity in INDEXED.match(item).entities:
        assert all(0 <= a < b <= len(getattr(item, field)) for field, a, b in entity.spans)
    reading = INDEXED.read(item)
    assert all(lo < hi for lo, hi in where(INDEXED.ruleset.rules[0].when, reading))


INDEXED: Matcher = matcher(
    "when: {any: [{words: deal}, {entity: {id: venado}}]}",
    "when: {all: [{lexicon: partnership}, {any: [{words: sues}, {regex: 'plans'}]}], within: 6}",
    "when: {all: [{entity: supercomputer}], none: [{words: deal}], within: title}",
    "when: {regex: 'no plans'}",
)


@pytest.mark.parametrize(
    "piece", ["OpenAI ", "OpenAI partners with LANL. ", "提携ロスアラモス", "e\u0301", ". ", "OpenAI DOE Run deal with Iceland signs "]
)
def test_a_text_that_repeats_itself_stalls_nobody(piece: str) -> None:
    """Time grows with the length of a text, not with its square: 200 KB are read in well under the bound."""
    began = time.perf_counter()
    INDEXED.match(Item(id="1", summary=piece * (200_000 // len(piece.encode()))))
    assert time.perf_counter() - began < 10
